"""The steps of the auth stage: which mechanism, and one try with it."""

from __future__ import annotations

from smtpcheck.model.jsonvalue import Json
from smtpcheck.model.reply import Reply
from smtpcheck.model.secret import Secret, SecretUnavailableError
from smtpcheck.model.stage import Outcome
from smtpcheck.probe.link import Trust
from smtpcheck.probe.recorder import Ended
from smtpcheck.probe.run import Run
from smtpcheck.probe.session import heard_facts, words
from smtpcheck.probe.token_step import method_of, username_form
from smtpcheck.wire.sasl import (
    MECHANISMS,
    Credentials,
    EncodingFaultError,
    Login,
    choose,
    forms_of,
    login,
    password_shape,
)


def choose_step(run: Run) -> Ended:
    """auth.choose: everything that can be known before a secret is read"""
    auth = run.profile.auth
    offered = run.offered.mechanisms
    link = run.talk.link
    before = run.hello_in_clear.mechanisms if run.hello_in_clear else ()
    facts: dict[str, Json] = {
        "method": auth.method,
        "offered": list(offered),
        "offered_before_tls": list(before),
        "trust": link.trust,
        "insecure_allowed": auth.allow_insecure,
    }
    if link.trust is not Trust.VERIFIED and not auth.allow_insecure:
        how = "without TLS" if link.trust is Trust.NONE else "over TLS that is not verified"
        return _failed(facts, "insecure", f"no login {how}: it would show the password")
    if not offered:
        return _failed(facts, "not-offered", "the server offers no login")
    method = method_of(auth, offered, token=run.profile.uses_token)
    mechanism = choose(method, offered, verified=link.trust is Trust.VERIFIED)
    if mechanism is None:
        wanted = method if method != "auto" else "one that smtpcheck can use"
        said = f"the server offers {', '.join(offered)}, not {wanted}"
        return _failed(facts, "no-common-mechanism", said)
    facts["mechanism"] = mechanism
    facts["reason"] = _reason(run, mechanism)
    if link.trust is not Trust.VERIFIED:
        said = "the login went over a connection that is not verified TLS"
        run.note(f"{said}, as auth.allow_insecure says")
        return Ended(Outcome.WARNED, f"{mechanism}, not over verified TLS", facts)
    return Ended(Outcome.PASSED, f"{mechanism}: {facts['reason']}", facts)


def login_step(run: Run) -> Ended:
    """auth.login: the secret is read here and not before"""
    auth = run.profile.auth
    chosen = choose(
        method_of(auth, run.offered.mechanisms, token=run.profile.uses_token),
        run.offered.mechanisms,
        verified=run.talk.link.trust is Trust.VERIFIED,
    )
    facts: dict[str, Json] = {"mechanism": chosen, "username_form": username_form(auth.username)}
    if not auth.username or (auth.password is None and run.secret is None):
        lacking = "user name" if not auth.username else "password"
        return _failed(facts, "credentials-missing", f"the profile has no {lacking}")
    try:
        secret = run.secret = run.secret or _read(run)
    except SecretUnavailableError as error:
        kind = "credentials-missing" if error.kind == "missing" else "secret-unavailable"
        facts["help"] = list(error.help)
        return _failed(facts, kind, error.reason)
    run.recorder.masker.add(*forms_of(secret, auth.username))
    facts["password_shape"] = password_shape(secret)
    login_ = (run.profile.server.host or run.profile.server.socket, auth.username, secret)
    try:
        with run.refused.turn(login_, run.deadline) as before:
            if before is not None:
                return _held(run, before, facts)
            outcome, fallback = _try(run, str(chosen), Credentials(auth.username, secret))
            if isinstance(outcome.heard, Reply) and outcome.refused:
                run.refused.remember(login_, outcome.heard)
    except EncodingFaultError as error:
        return _failed(facts, "encoding", str(error))
    except TimeoutError as error:
        return _failed(facts, "held", f"not tried: {error}")
    if fallback:
        facts |= {"mechanism": outcome.mechanism, "fallback_from": fallback}
    return _judged(run, outcome, facts)


def _judged(run: Run, outcome: Login, facts: dict[str, Json]) -> Ended:
    """What the server made of the login."""
    telling = outcome.broken_by or outcome.heard
    facts |= run.talk.facts(telling, "AUTH")
    facts["challenges"] = outcome.challenges
    if outcome.last_challenge and not outcome.accepted:
        from smtpcheck.wire.token import refusal_of

        told = refusal_of(outcome.last_challenge)
        facts |= {"oauth": told} if told else {}
    if outcome.fault:
        said = f"the login broke off: {outcome.fault}"
        return _failed(facts, outcome.fault, said, run.talk.event_of(telling))
    if not outcome.accepted:
        return Ended(Outcome.FAILED, words(outcome.heard), facts)
    # Other programs stop at the first mechanism that is offered and cannot be used.
    state = Outcome.WARNED if "fallback_from" in facts else Outcome.PASSED
    return Ended(state, f"{outcome.mechanism}: {words(outcome.heard)}", facts)


def _held(run: Run, before: Reply, facts: dict[str, Json]) -> Ended:
    """What the server said to the same login a moment ago holds for this one too."""
    said = f"not tried: this login was refused here before, with {words(before)}"
    event = run.recorder.note(said)
    told = heard_facts(before, "AUTH", event)
    return Ended(Outcome.FAILED, said, {**facts, **told, "challenges": 0, "held": True})


def _try(run: Run, mechanism: str, who: Credentials) -> tuple[Login, str]:
    """One try. A 50x to PLAIN judged no credential, so LOGIN may follow where `auto` chose."""
    done = run.talk.run(login(mechanism, who))
    again = mechanism == "PLAIN" and "LOGIN" in run.offered.mechanisms
    if done.unjudged and again and run.profile.auth.method == "auto":
        run.recorder.note("PLAIN was refused before any credential was judged: trying LOGIN")
        return run.talk.run(login("LOGIN", who)), "PLAIN"
    return done, ""


def _read(run: Run) -> Secret:
    if run.profile.auth.password is None:
        raise SecretUnavailableError("the profile has no password", "missing")
    return run.read_secret(run.profile.auth.password)


def _reason(run: Run, mechanism: str) -> str:
    if run.profile.auth.method != "auto":
        return "set as auth.method, and offered"
    if run.profile.uses_token:
        return "offered, for the token of the kept login"
    return _why(mechanism, run.talk.link.trust)


def _why(mechanism: str, trust: Trust) -> str:
    if trust is Trust.VERIFIED:
        return "the first that is offered in the order of smtpcheck"
    if mechanism == "CRAM-MD5":
        return "it does not show the password on a connection that others may read"
    return "nothing better is offered"


def _failed(facts: dict[str, Json], kind: str, said: str, event: int = 0) -> Ended:
    error: dict[str, Json] = {"kind": kind, "message": said}
    if event:
        error["event"] = event
    return Ended(Outcome.FAILED, said, {**facts, "error": error})


def speaks(method: str) -> bool:
    """Whether this program can log in with a method that a profile may name."""
    return method in ("auto", "none") or method.upper() in MECHANISMS
