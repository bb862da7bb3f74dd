"""The browser flow: authorization code with PKCE on a loopback address (RFC 7636, RFC 8252)."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from hmac import compare_digest

from smtpcheck.model.token import KeptLogin
from smtpcheck.oauth.issuer import Issuer
from smtpcheck.oauth.loopback import Loopback
from smtpcheck.oauth.refusal import no_issuer, refused, settings
from smtpcheck.wire.token import claims_of


def browser_login(issuer: Issuer, show: Callable[[str], None]) -> KeptLogin:
    """Has `show` open the sign-in page, waits for the browser to come back, and redeems the code.
    Raises TokenUnavailableError."""
    endpoints, oauth = issuer.endpoints, issuer.client.oauth
    if not endpoints.authorize:
        raise settings("the issuer offers no sign-in page", "set auth.oauth.flow to device")
    verifier = issuer.hidden(secrets.token_urlsafe(48))
    state, nonce = secrets.token_urlsafe(24), secrets.token_urlsafe(24)
    with Loopback() as listener:
        # Microsoft lets the port of a registered http://localhost be any, others that of the
        # address (RFC 8252 section 7.3).
        home = "localhost" if oauth.issuer == "microsoft" else "127.0.0.1"
        back = f"http://{home}:{listener.port}" + ("" if home == "localhost" else "/")
        url, _ = issuer.session.create_authorization_url(
            endpoints.authorize,
            state=state,
            code_verifier=verifier,
            redirect_uri=back,
            scope=endpoints.scopes,
            **_besides(issuer, nonce),
        )
        show(url)
        answer = listener.wait(state, issuer.clock)
    if "error" in answer:
        raise refused(answer["error"], answer.get("error_description", ""))
    named = answer.get("iss", "")
    if named and endpoints.issuer and named != endpoints.issuer:
        raise no_issuer("the browser came back from another issuer")  # RFC 9207
    code = issuer.hidden(answer["code"])
    told = issuer.session.fetch_token(
        endpoints.token,
        grant_type="authorization_code",
        code=code,
        code_verifier=verifier,
        redirect_uri=back,
    )
    own = told.get("id_token")
    # Straight from the token endpoint over TLS, so the signature need not be checked (OpenID
    # Connect Core section 3.1.3.7).
    if isinstance(own, str) and not compare_digest(claims_of(own).nonce, nonce):
        raise no_issuer("the issuer's answer belongs to another sign-in")
    return issuer.made(dict(told))


def _besides(issuer: Issuer, nonce: str) -> dict[str, str]:
    """What an issuer wants so that the login can be renewed, and the right account is offered."""
    more = {"login_hint": issuer.client.username} if issuer.client.username else {}
    if "openid" in issuer.endpoints.scopes.split():
        more["nonce"] = nonce
    if issuer.client.oauth.issuer == "google":
        return {**more, "access_type": "offline", "prompt": "consent"}
    if "offline_access" in issuer.endpoints.scopes and issuer.client.oauth.issuer != "microsoft":
        more["prompt"] = "consent"  # OpenID Connect Core section 11
    return more
