"""Getting, keeping and renewing OAuth tokens: where profile, keyring and issuer meet."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

from smtpcheck.model.jsonvalue import Facts
from smtpcheck.model.profile import OAuth, Profile
from smtpcheck.model.secret import SecretUnavailableError
from smtpcheck.model.token import KeptLogin, ServiceKey, Token, TokenUnavailableError

if TYPE_CHECKING:
    from smtpcheck.model.diagnosis import Diagnosis
    from smtpcheck.oauth.device import DeviceCode
    from smtpcheck.oauth.issuer import Client, Issuer
    from smtpcheck.store.origin import LoadedProfile
    from smtpcheck.store.secrets import Ask

T = TypeVar("T")
LEEWAY = 60.0
"""Seconds before its end at which a token is renewed."""
_GRACE = 2.0
CLIENT_SECRET = "auth.oauth.client_secret"


@dataclass(frozen=True, slots=True)
class Guide:
    """How whoever signs in is told what to do."""

    show_code: Callable[[DeviceCode], None]
    show_url: Callable[[str], None]
    wait: Callable[[float], None] = time.sleep
    """How the seconds between two questions to the issuer pass."""


def log_in(
    loaded: LoadedProfile, guide: Guide, *, seconds: float, ask: Ask | None = None
) -> KeptLogin:
    """Gets a token as the profile's `[auth.oauth]` says and keeps it in the keyring.

    Raises TokenUnavailableError, and SecretUnavailableError where it cannot be kept: then nobody
    was asked to sign in.
    """
    from smtpcheck.oauth.browser import browser_login
    from smtpcheck.oauth.device import device_login
    from smtpcheck.oauth.issuer import checked_settings
    from smtpcheck.oauth.unattended import unattended
    from smtpcheck.store.login_store import keep_login, keyring_works

    oauth = _oauth(loaded.profile)
    checked_settings(oauth)
    keyring_works()
    issuer = _issuer(loaded, seconds, ask)
    flows: dict[str, Callable[[], KeptLogin]] = {
        "device": lambda: device_login(issuer, guide.show_code, guide.wait),
        "browser": lambda: browser_login(issuer, guide.show_url),
    }
    # A flow ends by itself, and says why; the second bound is for an issuer that sends for ever.
    login = _in_time(seconds + _GRACE, flows.get(oauth.flow, lambda: unattended(issuer)))
    keep_login(loaded.name or "", loaded.profile.auth.username, login)
    return login


def log_out(loaded: LoadedProfile, *, seconds: float, ask: Ask | None = None) -> tuple[bool, str]:
    """Takes the login out of the keyring, after the issuer was told to end it. Returns whether
    there was one, and why the issuer did not end it; empty where it did. Raises
    SecretUnavailableError."""
    from smtpcheck.oauth.unattended import revoked
    from smtpcheck.store.login_store import forget_login, kept_login

    name, username = loaded.name or "", loaded.profile.auth.username
    login = kept_login(name, username)
    why = ""
    if login is not None:
        try:
            issuer = _issuer(loaded, seconds, ask)
            done = _in_time(seconds, lambda: revoked(issuer, login))
            why = "" if done else "the issuer offers no way to end it from here"
        except (TokenUnavailableError, SecretUnavailableError) as error:
            why = error.reason
    return forget_login(name, username), why


def kept(loaded: LoadedProfile) -> KeptLogin | None:
    """The login that is kept for these settings; None also for one of another issuer or
    application. Raises SecretUnavailableError."""
    from smtpcheck.store.login_store import kept_login

    oauth = loaded.profile.auth.oauth
    if loaded.name is None or oauth is None:
        return None
    login = kept_login(loaded.name, loaded.profile.auth.username)
    fits = login and (login.issuer, login.client_id) == (oauth.issuer, oauth.client_id)
    return login if fits else None


def token_for(loaded: LoadedProfile, *, seconds: float, ask: Ask | None = None) -> Token:
    """The access token for a probe: the kept one, renewed where it ends within a minute, or got
    where nobody has to sign in. `seconds` bounds all of it. Raises TokenUnavailableError."""
    end = time.monotonic() + seconds
    oauth = _oauth(loaded.profile)
    login = _kept_or_none(loaded, oauth)
    if login is not None and not login.due(time.time(), LEEWAY):
        return _token(login, oauth)
    from smtpcheck.oauth.unattended import UNATTENDED, refreshed, unattended

    if login is None and oauth.flow not in UNATTENDED:
        raise _no_login(loaded)
    if login is not None and login.refresh is None and oauth.flow not in UNATTENDED:
        # Nothing can renew it; it may still hold for some seconds, and its end is judged.
        return _token(login, oauth)

    def get() -> KeptLogin:
        issuer = _issuer(loaded, end - time.monotonic(), ask)
        return refreshed(issuer, login) if login is not None else unattended(issuer)

    fresh = _in_time(end - time.monotonic(), get)
    note = _keep(loaded, fresh) if login is not None else ""
    return _token(fresh, oauth, note=note, refreshed=True)


def doubts(loaded: LoadedProfile, login: KeptLogin) -> tuple[str, ...]:
    """What speaks against a login that was just got, in words."""
    from smtpcheck.diagnosis.provider import provider_by_host
    from smtpcheck.diagnosis.token import problems_of
    from smtpcheck.wire.sasl import token_claims

    profile = loaded.profile
    provider = loaded.preset.provider if loaded.preset else provider_by_host(profile.server.host)
    problems = problems_of(
        token_claims(login.access),
        _token(login, _oauth(profile)),
        provider=provider,
        username=profile.auth.username,
        now=time.time(),
    )
    words = {
        "wrong-audience": "the token is made for another service than mail: see auth.oauth.scope",
        "scope-missing": "the token does not hold the scope for sending mail: see auth.oauth.scope",
        "role-missing": "the token does not hold the role SMTP.SendAsApp",
        "other-account": f"the token is of {login.account}, and auth.username is "
        f"{profile.auth.username}: right only where that account may use the mailbox",
    }
    return tuple(words[each] for each in problems if each in words)


def diagnosed(loaded: LoadedProfile, error: TokenUnavailableError) -> tuple[Diagnosis, ...]:
    """Why there is no token, by the rules that judge the same failure in a probe."""
    from smtpcheck.api.job import Job, settings_of
    from smtpcheck.api.judging import judged
    from smtpcheck.catalog.flat import flat
    from smtpcheck.model.observation import Observations, StageResult, Step
    from smtpcheck.model.plan import Plan
    from smtpcheck.model.stage import Outcome, Stage

    facts = {**error.facts, "error.kind": error.kind, "error.message": error.reason}
    step = Step("auth.token", Outcome.FAILED, 0.0, error.reason, flat(facts))
    settings = settings_of(Job(loaded.name or "", loaded, Plan()))
    return judged(Observations(settings, (StageResult(Stage.AUTH, Outcome.FAILED, (step,)),)))


def _oauth(profile: Profile) -> OAuth:
    if profile.auth.oauth is None:
        raise TokenUnavailableError("the profile has no table [auth.oauth]", "oauth-settings")
    return profile.auth.oauth


def _kept_or_none(loaded: LoadedProfile, oauth: OAuth) -> KeptLogin | None:
    from smtpcheck.oauth.unattended import UNATTENDED

    try:
        return kept(loaded)
    except SecretUnavailableError as error:
        if oauth.flow in UNATTENDED:
            return None  # nothing of it needs a keyring
        raise TokenUnavailableError(error.reason, "secret-unavailable", error.help) from None


def _no_login(loaded: LoadedProfile) -> TokenUnavailableError:
    name = loaded.name
    if name is None:
        return TokenUnavailableError(
            "the keyring keeps logins by profile name, and this profile has none",
            "credentials-missing",
        )
    return TokenUnavailableError(
        f"no login is kept for profile {name}",
        "credentials-missing",
        (
            f"sign in: smtpcheck login {name}",
            f"or use a password: smtpcheck profile set {name} auth.password '{{keyring=true}}'",
        ),
    )


def _keep(loaded: LoadedProfile, login: KeptLogin) -> str:
    """Keeps a renewed login. Returns why that could not be done, or nothing: the token in hand
    is good all the same."""
    from smtpcheck.store.login_store import keep_login

    try:
        keep_login(loaded.name or "", loaded.profile.auth.username, login)
    except SecretUnavailableError as error:
        return f"the renewed login could not be kept ({error.reason}): sign in again before long"
    return ""


def _token(login: KeptLogin, oauth: OAuth, *, note: str = "", refreshed: bool = False) -> Token:
    return Token(
        secret=login.access,
        source=f"login at {oauth.issuer}",
        refreshed=refreshed,
        scopes=login.scopes,
        account=login.account,
        expires=login.expires,
        note=note,
    )


def _issuer(loaded: LoadedProfile, seconds: float, ask: Ask | None) -> Issuer:
    from smtpcheck.oauth.http import Clock
    from smtpcheck.oauth.issuer import Issuer, checked_settings

    checked_settings(_oauth(loaded.profile))
    client = _client(loaded, seconds, ask)
    return _in_time(seconds, lambda: Issuer(client, Clock(seconds)))


def _client(loaded: LoadedProfile, seconds: float, ask: Ask | None) -> Client:
    from smtpcheck.oauth.issuer import Client
    from smtpcheck.store.secrets import LIMIT, owner_of, read_secret
    from smtpcheck.store.service_account import service_key

    profile, oauth = loaded.profile, _oauth(loaded.profile)
    key: ServiceKey | None = None
    secret = None
    try:
        if oauth.flow == "service-account":
            key = service_key(oauth.key_file)
        elif oauth.client_secret is not None:
            secret = read_secret(
                oauth.client_secret,
                purpose=CLIENT_SECRET,
                profile_name=loaded.name,
                username=owner_of(profile, CLIENT_SECRET),
                ask=ask,
                limit=min(LIMIT, max(0.1, seconds)),
            )
    except SecretUnavailableError as error:
        kind = "credentials-missing" if error.kind == "missing" else "secret-unavailable"
        lacking = "key_file" if oauth.flow == "service-account" else "client_secret"
        facts: Facts = {"oauth.lacking": lacking}
        raise TokenUnavailableError(error.reason, kind, error.help, facts) from None
    return Client(
        oauth=oauth,
        username=profile.auth.username,
        ca_file=profile.tls.ca_file,
        secret=secret,
        key=key,
    )


def _in_time(seconds: float, work: Callable[[], T]) -> T:
    """What the work returns: an issuer that drips its answer byte by byte is left alone when the
    time is over. Raises TokenUnavailableError."""
    from smtpcheck.store.bounded import bounded

    try:
        return bounded(max(0.1, seconds), work)
    except TimeoutError:
        raise TokenUnavailableError(
            "the issuer did not answer within the time that there was", "issuer-unreachable"
        ) from None
