"""The secret behind a login as it stands now: whether a refused one was replaced since."""

from __future__ import annotations

from typing import TYPE_CHECKING

from smtpcheck.model.profile import Profile
from smtpcheck.model.secret import Secret, SecretRef, SecretUnavailableError

if TYPE_CHECKING:
    from smtpcheck.store.origin import LoadedProfile


def standing_secret(loaded: LoadedProfile, purpose: str, *, seconds: float) -> Secret | None:
    """What logs in at `auth.password` or `proxy.password`: the password, the kept token, or what
    gets a token without anybody. Nobody is asked. None where it cannot be read in that time."""
    try:
        profile = loaded.profile
        if purpose == "auth.password" and profile.uses_kept_login:
            return _behind_the_token(loaded, seconds)
        ref = profile.auth.password
        if purpose == "proxy.password":
            ref = profile.proxy.password if profile.proxy else None
        return _read(loaded, ref, purpose, seconds) if ref is not None else None
    except SecretUnavailableError:
        return None


def _behind_the_token(loaded: LoadedProfile, seconds: float) -> Secret | None:
    from smtpcheck.api.login import CLIENT_SECRET, kept
    from smtpcheck.oauth.unattended import UNATTENDED

    oauth = loaded.profile.auth.oauth
    if oauth is None:
        return None
    if oauth.flow not in UNATTENDED:
        login = kept(loaded)
        return login.access if login is not None else None
    if oauth.flow == "service-account":
        from smtpcheck.store.service_account import service_key

        return service_key(oauth.key_file).key
    if oauth.client_secret is None:
        return None
    return _read(loaded, oauth.client_secret, CLIENT_SECRET, seconds)


def _read(loaded: LoadedProfile, ref: SecretRef, purpose: str, seconds: float) -> Secret:
    from smtpcheck.store.secrets import LIMIT, owner_of, read_secret

    return read_secret(
        ref,
        purpose=purpose,
        profile_name=loaded.name,
        username=owner_of(loaded.profile, purpose),
        ask=None,
        limit=min(LIMIT, max(0.1, seconds)),
    )


def prompted(profile: Profile) -> tuple[str, ...]:
    """The keys whose secret somebody would have to type."""
    from smtpcheck.model.secret import SecretSource

    oauth = profile.auth.oauth
    references = {
        "auth.password": profile.auth.password,
        "tls.client_key_password": profile.tls.client_key_password,
        "proxy.password": profile.proxy.password if profile.proxy else None,
        "auth.oauth.client_secret": oauth.client_secret if oauth else None,
    }
    return tuple(
        key
        for key, ref in references.items()
        if ref is not None and ref.source is SecretSource.PROMPT
    )
