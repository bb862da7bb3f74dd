"""The step of the auth stage that has an access token in hand, and judges it before it is sent."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import replace

from smtpcheck.model.jsonvalue import Json
from smtpcheck.model.secret import SecretUnavailableError
from smtpcheck.model.stage import Outcome
from smtpcheck.model.token import Token, TokenUnavailableError
from smtpcheck.probe.recorder import Ended
from smtpcheck.probe.run import Run
from smtpcheck.wire.sasl import bare_token, forms_of, token_claims

_WORDS = {
    "expired": "the token has expired",
    "not-yet-valid": "the token is not valid yet",
    "wrong-audience": "the token is made for another service",
}


def username_form(username: str) -> str:
    """The shape of a user name, which providers are particular about."""
    if not username:
        return "empty"
    if "\\" in username:
        return "domain-backslash"
    return "address" if "@" in username else "plain"


def token_step(run: Run) -> Ended:
    """auth.token: the token is read, or got from its issuer, here and not before"""
    auth = run.profile.auth
    given: dict[str, Json] = {}
    if auth.password is not None or not auth.username:
        given["username_form"] = username_form(auth.username)
    if not auth.username:
        return _failed(given, "credentials-missing", "the profile has no user name")
    try:
        token = _token(run)
    except SecretUnavailableError as error:
        kind = "credentials-missing" if error.kind == "missing" else "secret-unavailable"
        return _failed({**given, "help": list(error.help)}, kind, error.reason)
    except TokenUnavailableError as error:
        facts = {**error.facts, "help": list(error.help)} if error.help else error.facts
        return _failed(facts, error.kind, run.recorder.masker.text(error.reason))
    run.recorder.masker.add(*forms_of(token.secret, auth.username))
    try:
        bare, off = bare_token(token.secret)
    except ValueError as error:
        said = f"the {token.source} gives no access token: {error}"
        return _failed(given, "token-malformed", said)
    if off:
        token = replace(token, secret=bare)
        run.recorder.masker.add(*forms_of(bare, auth.username))
        run.note(f"the {token.source} gives more than the token: {off} is left away")
    run.secret = token.secret
    if token.note:
        run.note(token.note)
    return _judged(run, token)


def _judged(run: Run, token: Token) -> Ended:
    from smtpcheck.diagnosis.token import FATAL, facts_of_token, problems_of

    now = time.time()
    claims = token_claims(token.secret)
    problems = problems_of(
        claims, token, provider=_provider(run), username=run.profile.auth.username, now=now
    )
    facts: dict[str, Json] = {"token": facts_of_token(claims, token, problems, now)}
    facts |= {"refreshed": True} if token.refreshed else {}
    fatal = next((each for each in problems if each in FATAL), None)
    if fatal is not None:
        return _failed(facts, FATAL[fatal], f"{_WORDS[fatal]}: it is not sent")
    return Ended(Outcome.PASSED, _summary(token, claims.expires or token.expires, now), facts)


def _summary(token: Token, expires: float, now: float) -> str:
    said = "got a new token" if token.refreshed else f"from the {token.source}"
    if not expires:
        return said
    left = round(expires - now)
    return f"{said}, good for {left // 60} min" if left >= 120 else f"{said}, good for {left} s"


def _token(run: Run) -> Token:
    auth = run.profile.auth
    if run.secret is not None:
        return Token(secret=run.secret, source="first connection")
    if auth.password is not None:
        return Token(secret=run.read_secret(auth.password), source=auth.password.describe())
    if auth.oauth is None or run.read_token is None:
        raise SecretUnavailableError("the profile has no access token", "missing")
    return run.read_token(run.deadline.remaining())


def _provider(run: Run) -> str:
    from smtpcheck.diagnosis.provider import provider_of
    from smtpcheck.diagnosis.token import CLOUDS

    known = {"server.host": run.name, "provider": run.provider}
    found = provider_of(known, _greeting(run), ())
    oauth = run.profile.auth.oauth
    if found or oauth is None or oauth.issuer != "microsoft":
        return found
    return CLOUDS[oauth.cloud]


def _greeting(run: Run) -> str:
    """What the server greeted with: as the verdict of the run will see it."""
    for stage in run.recorder.stages:
        for step in stage.steps:
            reply = step.facts.get("reply")
            if step.step in ("tcp.greeting", "tls.greeting") and isinstance(reply, Mapping):
                return str(reply.get("text", ""))
    return ""


def _failed(facts: dict[str, Json], kind: str, said: str) -> Ended:
    return Ended(Outcome.FAILED, said, {**facts, "error": {"kind": kind, "message": said}})
