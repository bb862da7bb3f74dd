"""Tokens for which nobody has to sign in: refreshing, client credentials, service accounts."""

from __future__ import annotations

import secrets
import time
from typing import Any

from smtpcheck.model.token import KeptLogin, ServiceKey
from smtpcheck.oauth.issuer import Issuer
from smtpcheck.oauth.refusal import settings
from smtpcheck.wire.sasl import for_issuer

UNATTENDED = ("client-credentials", "service-account")
"""The flows that need nobody."""
_ASSERTION_LIVES = 600
"""Seconds; Google allows 3,600, and it is used at once."""
_JWT_BEARER = "urn:ietf:params:oauth:grant-type:jwt-bearer"


def refreshed(issuer: Issuer, login: KeptLogin) -> KeptLogin:
    """A fresh login in place of this one (RFC 6749 section 6). An issuer that gives a new refresh
    token has ended the old one."""
    if login.refresh is None:
        return unattended(issuer)
    value = issuer.hidden(for_issuer(login.refresh)())
    told = issuer.session.refresh_token(issuer.endpoints.token, refresh_token=value)
    return issuer.made(dict(told), login)


def unattended(issuer: Issuer) -> KeptLogin:
    """A login of the application itself."""
    if issuer.client.oauth.flow == "service-account":
        return _service_account(issuer)
    if issuer.client.oauth.flow != "client-credentials":
        raise settings("the issuer gave no refresh token, so that this login cannot be renewed")
    scopes = issuer.endpoints.scopes
    return issuer.login(grant_type="client_credentials", **({"scope": scopes} if scopes else {}))


def revoked(issuer: Issuer, login: KeptLogin) -> bool:
    """Whether the issuer offers to end a login (RFC 7009), which it has now done."""
    url = issuer.endpoints.revoke
    if not url:
        return False
    secret, hint = (
        (login.refresh, "refresh_token") if login.refresh else (login.access, "access_token")
    )
    token = issuer.hidden(for_issuer(secret)())
    session: Any = issuer.session
    response = session.revoke_token(url, token=token, token_type_hint=hint)
    # A token that the issuer knows no more is as good as revoked: it answers 200 (section 2.2).
    return bool(response.status_code == 200)


def _service_account(issuer: Issuer) -> KeptLogin:
    """RFC 7523 section 2.1, with the mailbox as subject (Google: domain-wide delegation)."""
    key, client, endpoints = issuer.client.key, issuer.client, issuer.endpoints
    if key is None:
        raise settings("the key of the service account was not read")
    now = int(time.time())
    claims = {
        "iss": key.email,
        "sub": client.username,
        "aud": endpoints.token,
        "iat": now,
        "exp": now + _ASSERTION_LIVES,
        "jti": secrets.token_urlsafe(24),
        **({"scope": endpoints.scopes} if endpoints.scopes else {}),
    }
    assertion = issuer.hidden(_signed(key, claims, client.oauth.key_file))
    return issuer.login(grant_type=_JWT_BEARER, assertion=assertion)


def _signed(key: ServiceKey, claims: dict[str, object], path: str) -> str:
    from joserfc import jwt
    from joserfc.errors import JoseError
    from joserfc.jwk import RSAKey

    header = {"alg": "RS256", **({"kid": key.key_id} if key.key_id else {})}
    try:
        return jwt.encode(header, claims, RSAKey.import_key(for_issuer(key.key)()))
    except (ValueError, TypeError, JoseError):
        raise settings(f"{path} holds no usable private key") from None
