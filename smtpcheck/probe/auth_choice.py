"""The step auth.choose: what the server offers against what there is to log in with."""

from __future__ import annotations

from dataclasses import replace

from smtpcheck.model.jsonvalue import Json
from smtpcheck.model.stage import Outcome
from smtpcheck.probe.link import Trust
from smtpcheck.probe.recorder import Ended
from smtpcheck.probe.run import Run
from smtpcheck.wire.sasl_choice import (
    PLUS,
    TOKEN_MECHANISMS,
    Choice,
    Means,
    choose,
    options,
    weaker,
)


def choose_step(run: Run) -> Ended:
    """auth.choose: everything that can be known before a secret is read"""
    auth, link = run.profile.auth, run.talk.link
    offered = run.offered.mechanisms
    means = means_of(run)
    choice = choose(offered, means)
    facts = _facts(run, means)
    certificate = auth.method == "external" or (choice and choice.mechanism == "EXTERNAL")
    if link.trust is not Trust.VERIFIED and not auth.allow_insecure and not certificate:
        how = "without TLS" if link.trust is Trust.NONE else "over TLS that is not verified"
        return _failed(facts, "insecure", f"no login {how}: it would show the password")
    if not offered:
        return _failed(facts, "not-offered", "the server offers no login")
    if choice is None:
        return _nothing_fits(run, means, facts)
    facts |= {"mechanism": choice.mechanism, "other_method": other_method(run, choice.mechanism)}
    facts["reason"] = choice.reason
    return _chosen(run, choice, facts)


def other_method(run: Run, *tried: str) -> str:
    """What else than the mechanisms that were tried `auth.method` could be here: the next in the
    order of `auto` that is of another kind; a SCRAM has the server's stored keys in common with
    every other."""
    kinds = {name.partition("-")[0] for name in tried}
    others = tuple(name for name in run.offered.mechanisms if name.partition("-")[0] not in kinds)
    return _named(choose(others, replace(means_of(run), method="auto")))


def _named(choice: Choice | None) -> str:
    """The choice in the words of `auth.method`; empty for none."""
    return choice.mechanism.removesuffix(PLUS).lower() if choice else ""


def choice_of(run: Run) -> Choice | None:
    """The mechanism for this run, on this connection."""
    return choose(run.offered.mechanisms, means_of(run))


def means_of(run: Run) -> Means:
    """What profile and connection bring to a login."""
    from smtpcheck.wire.ntlm import ntlm_installed

    profile, link = run.profile, run.talk.link
    offered = run.offered.mechanisms
    shown = bool(profile.tls.client_cert) and link.trust is not Trust.NONE
    return Means(
        method=profile.auth.method,
        verified=link.trust is Trust.VERIFIED,
        password=profile.auth.password is not None,
        token=profile.uses_token,
        certificate=shown or bool(profile.server.socket),
        bindable=any(name.endswith(PLUS) for name in offered) and link.binding() is not None,
        ntlm="NTLM" in offered and ntlm_installed(),
    )


def certificate_login(run: Run) -> bool:
    """Whether a profile that names no login has one all the same: its client certificate, at a
    server that takes it as one."""
    profile = run.profile
    if profile.wants_login or profile.auth.method != "auto" or not profile.tls.client_cert:
        return False
    return run.hello is not None and "EXTERNAL" in run.hello.mechanisms


def _facts(run: Run, means: Means) -> dict[str, Json]:
    before = run.hello_in_clear.mechanisms if run.hello_in_clear else ()
    offered = run.offered.mechanisms
    secured = run.talk.link.trust is not Trust.NONE
    listed = options((*offered, *(name for name in before if name not in offered)), means)
    facts: dict[str, Json] = {
        "method": run.profile.auth.method,
        "offered": list(offered),
        "offered_before_tls": list(before),
        "trust": run.talk.link.trust,
        "insecure_allowed": run.profile.auth.allow_insecure,
        "token_method": next((each.lower() for each in TOKEN_MECHANISMS if each in offered), ""),
        "usable": [each.name for each in listed if not each.reason and each.name in offered],
        "choices": [
            {
                "name": each.name,
                "before_tls": each.name in before,
                "offered": each.name in offered,
                "usable": not each.reason and each.name in offered,
                "reason": each.reason if each.name in offered else "only offered before TLS",
            }
            for each in listed
        ],
    }
    if before and secured:
        facts["mechanisms_gained"] = [name for name in offered if name not in before]
        facts["mechanisms_lost"] = [name for name in before if name not in offered]
        facts["weaker_in_tls"] = weaker(before, offered)
    return facts


def _nothing_fits(run: Run, means: Means, facts: dict[str, Json]) -> Ended:
    offered, method = run.offered.mechanisms, run.profile.auth.method
    facts |= _instead(run, means)
    if "NTLM" in offered and not means.ntlm and method in ("auto", "ntlm"):
        facts["missing_extra"] = "ntlm"
    if method != "external" and _only_bound(offered, means):
        facts["binding_missing"] = True
    if method == "external" and "EXTERNAL" in offered:
        said = "EXTERNAL needs a client certificate, and none is shown on this connection"
        return _failed(facts, "certificate-missing", said)
    wanted = method if method != "auto" else "one that this profile can use"
    said = f"the server offers {', '.join(offered)}, not {wanted}"
    return _failed(facts, "no-common-mechanism", said)


def _instead(run: Run, means: Means) -> dict[str, Json]:
    """What `auth.method` could be where what it is does not fit: with the secret that there is,
    else with a password in place of a token."""
    offered, auth = run.offered.mechanisms, run.profile.auth
    other = _named(choose(offered, replace(means, method="auto")))
    password = ""
    if means.token and not other:
        with_password = replace(means, method="auto", token=False, password=True)
        other = _named(choose(offered, with_password))
        password = "password" if other else ""
    kept = auth.oauth is not None and auth.password is None
    by_itself = choose(offered, replace(means, method="auto", token=kept))
    auto = "auto" if by_itself and auth.method != "auto" and not password else ""
    return {"other_method": other, "other_secret": password, "auto_method": auto}


def _only_bound(offered: tuple[str, ...], means: Means) -> bool:
    """Whether something would fit if only there were a channel binding."""
    return (
        choose(offered, means) is None
        and choose(offered, replace(means, bindable=True)) is not None
    )


def _chosen(run: Run, choice: Choice, facts: dict[str, Json]) -> Ended:
    if run.talk.link.trust is not Trust.VERIFIED and choice.mechanism != "EXTERNAL":
        said = "the login went over a connection that is not verified TLS"
        run.note(f"{said}, as auth.allow_insecure says")
        return Ended(Outcome.WARNED, f"{choice.mechanism}, not over verified TLS", facts)
    if facts.get("weaker_in_tls"):
        said = f"{choice.mechanism}; the server offered stronger mechanisms before TLS"
        return Ended(Outcome.WARNED, said, facts)
    return Ended(Outcome.PASSED, f"{choice.mechanism}: {choice.reason}", facts)


def _failed(facts: dict[str, Json], kind: str, said: str) -> Ended:
    return Ended(Outcome.FAILED, said, {**facts, "error": {"kind": kind, "message": said}})
