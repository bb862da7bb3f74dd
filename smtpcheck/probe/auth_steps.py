"""The step auth.login: one try with the chosen mechanism."""

from __future__ import annotations

from smtpcheck.model.jsonvalue import Json
from smtpcheck.model.reply import Reply
from smtpcheck.model.secret import Secret, SecretUnavailableError
from smtpcheck.model.stage import Outcome
from smtpcheck.probe.auth_choice import choice_of, other_method
from smtpcheck.probe.link import Trust
from smtpcheck.probe.recorder import Ended
from smtpcheck.probe.run import Run
from smtpcheck.probe.session import heard_facts, words
from smtpcheck.probe.token_step import username_form
from smtpcheck.wire.mechanisms import Connection
from smtpcheck.wire.sasl import (
    Credentials,
    Login,
    forms_of,
    login,
    password_kind,
    password_shape,
)
from smtpcheck.wire.sasl_choice import PLUS, Choice
from smtpcheck.wire.sasl_fault import EncodingFaultError
from smtpcheck.wire.scram import ITERATIONS_FEW

_FAULTS = {
    "server-signature": "the server did not prove that it knows the password",
    "too-many-iterations": "the server asks for more rounds of hashing than is sane",
}


def login_step(run: Run) -> Ended:
    """auth.login: the secret is read here and not before"""
    auth = run.profile.auth
    choice = choice_of(run)
    if choice is None:
        raise RuntimeError("auth.choose found nothing to log in with")
    facts: dict[str, Json] = {
        "mechanism": choice.mechanism,
        "username_form": username_form(auth.username),
    }
    if choice.mechanism == "EXTERNAL":
        done, _ = _try(run, choice, Credentials(auth.username))
        return _judged(run, done, facts)
    if not auth.username or (auth.password is None and run.secret is None):
        lacking = "user name" if not auth.username else "password"
        return _failed(facts, "credentials-missing", f"the profile has no {lacking}")
    try:
        secret = _secret(run)
    except SecretUnavailableError as error:
        kind = "credentials-missing" if error.kind == "missing" else "secret-unavailable"
        facts["help"] = list(error.help)
        return _failed(facts, kind, error.reason)
    facts |= {"password_shape": password_shape(secret), "password_kind": password_kind(secret)}
    login_ = (run.profile.server.host or run.profile.server.socket, auth.username, secret)
    try:
        with run.refused.turn(login_, run.deadline) as before:
            if before is not None:
                return _held(run, before, facts)
            outcome, fallback = _try(run, choice, Credentials(auth.username, secret))
            if isinstance(outcome.heard, Reply) and outcome.refused:
                run.refused.remember(login_, outcome.heard)
            if outcome.accepted:
                run.refused.accept(login_)
    except EncodingFaultError as error:
        facts["other_method"] = other_method(run, choice.mechanism)
        return _failed(facts, "encoding", str(error))
    except TimeoutError as error:
        return _failed(facts, "held", f"not tried: {error}")
    facts["mechanism"] = outcome.mechanism
    facts["other_method"] = other_method(run, choice.mechanism, fallback, outcome.mechanism)
    if fallback:
        facts |= {
            "fallback_from": fallback,
            "fallback_method": outcome.mechanism.removesuffix(PLUS).lower(),
        }
    return _judged(run, outcome, facts)


def _secret(run: Run) -> Secret:
    """Reads it once, and lets nothing show it from then on. Raises SecretUnavailableError."""
    secret, reference = run.secret, run.profile.auth.password
    if secret is None:
        if reference is None:
            raise SecretUnavailableError("the profile has no password", "missing")
        secret = run.secret = run.read_secret(reference)
    run.recorder.masker.add(*forms_of(secret, run.profile.auth.username))
    return secret


def _judged(run: Run, outcome: Login, facts: dict[str, Json]) -> Ended:
    """What the server made of the login."""
    telling = outcome.broken_by or outcome.heard
    facts |= run.talk.facts(telling, "AUTH")
    facts["challenges"] = outcome.challenges
    if outcome.facts:
        facts["scram"] = dict(outcome.facts)
    if outcome.last_challenge and not outcome.accepted:
        from smtpcheck.wire.token import refusal_of

        told = refusal_of(outcome.last_challenge)
        facts |= {"oauth": told} if told else {}
    if outcome.fault:
        said = f"the login broke off: {_FAULTS.get(outcome.fault, outcome.fault)}"
        return _failed(facts, outcome.fault, said, run.talk.event_of(telling))
    if not outcome.accepted:
        return Ended(Outcome.FAILED, words(outcome.heard), facts)
    rounds = outcome.facts.get("iterations")
    few = isinstance(rounds, int) and rounds < ITERATIONS_FEW
    # Other programs stop at the first mechanism that is offered and cannot be used.
    state = Outcome.WARNED if "fallback_from" in facts or few else Outcome.PASSED
    return Ended(state, f"{outcome.mechanism}: {words(outcome.heard)}", facts)


def _held(run: Run, before: Reply, facts: dict[str, Json]) -> Ended:
    """What the server said to the same login a moment ago holds for this one too."""
    said = f"not tried: this login was refused here before, with {words(before)}"
    event = run.recorder.note(said)
    told = heard_facts(before, "AUTH", event)
    return Ended(Outcome.FAILED, said, {**facts, **told, "challenges": 0, "held": True})


def _try(run: Run, choice: Choice, who: Credentials) -> tuple[Login, str]:
    """One try, and the mechanism that the server refused before it judged a credential, if any:
    what is next in the order may follow then, or where SCRAM cannot carry the password."""
    refused = ""
    left = [choice.mechanism, *choice.rest]
    while True:
        name = left.pop(0)
        try:
            done = run.talk.run(login(name, who, _connection(run, name)))
        except EncodingFaultError as error:
            if not left or not name.startswith("SCRAM"):
                raise
            run.recorder.note(f"{error}: trying {left[0]} instead of {name}")
            continue
        if name == "LOGIN" and not refused and _wants_name(done):
            run.recorder.note("AUTH LOGIN was refused as incomplete: giving the user name with it")
            return run.talk.run(login(name, who, _connection(run, name), name_first=True)), refused
        left = _left_after(done, left) if not refused else []
        if not left:
            return done, refused
        refused = name
        said = f"{name} was refused before any credential was judged: trying {left[0]}"
        run.recorder.note(said)


def _wants_name(done: Login) -> bool:
    """Whether the command without the user name was refused for its syntax: nothing was judged."""
    return done.unjudged and isinstance(done.heard, Reply) and done.heard.code == 501


def _left_after(done: Login, left: list[str]) -> list[str]:
    """What may follow: nothing where a credential was judged; where the channel binding alone was
    refused, the same without it; else another kind, since who lacks one SCRAM lacks all."""
    if not done.unjudged:
        return []
    if "server_error" in done.facts:
        return left
    return [name for name in left if not name.startswith("SCRAM")]


def _connection(run: Run, mechanism: str) -> Connection:
    link = run.talk.link
    binds = mechanism.endswith(PLUS) or mechanism == "NTLM"
    return Connection(
        host=run.name,
        # NTLM ties a login to the certificate alone ([MS-NLMP] section 3.1.5.1.2).
        binding=link.binding(by_certificate=mechanism == "NTLM") if binds else None,
        bindable=link.trust is not Trust.NONE
        and not binds
        and mechanism + PLUS not in run.offered.mechanisms,
    )


def _failed(facts: dict[str, Json], kind: str, said: str, event: int = 0) -> Ended:
    error: dict[str, Json] = {"kind": kind, "message": said}
    if event:
        error["event"] = event
    return Ended(Outcome.FAILED, said, {**facts, "error": error})
