"""Where an issuer is asked: Microsoft and Google by heart, any other by its metadata (RFC 8414,
OpenID Connect Discovery)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote, urlsplit, urlunsplit

from smtpcheck.model.profile import OAuth
from smtpcheck.model.value import dataclass
from smtpcheck.oauth.http import checked_url
from smtpcheck.oauth.refusal import no_issuer, plain, settings

if TYPE_CHECKING:
    from authlib.integrations.requests_client import OAuth2Session

_AUTHORITIES: Final = {
    "public": "https://login.microsoftonline.com",
    "us-gov": "https://login.microsoftonline.us",
    "china": "https://login.partner.microsoftonline.cn",
}
_RESOURCES: Final = {
    # Microsoft's page names one host for users and the other for applications (2026-01).
    "public": ("https://outlook.office.com", "https://outlook.office365.com"),
    "us-gov": ("https://outlook.office365.us", "https://outlook.office365.us"),
    "china": ("https://partner.outlook.cn", "https://partner.outlook.cn"),
}
_TYPES: Final = ("text/html", "text/plain", "application/json", "application/xml", "text/xml")
_OPENID: Final = "/.well-known/openid-configuration"
_OAUTH: Final = "/.well-known/oauth-authorization-server"


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoints:
    """What an issuer offers; an empty URL is not offered."""

    token: str
    device: str = ""
    authorize: str = ""
    revoke: str = ""
    issuer: str = ""
    """The name by which the issuer calls itself, where it is known."""
    scopes: str = ""
    """What a login asks for."""
    client_auth: str = "client_secret_post"
    """How the application shows its secret."""


def endpoints_of(oauth: OAuth, session: OAuth2Session) -> Endpoints:
    """The endpoints for these settings; metadata are fetched. Raises TokenUnavailableError."""
    if oauth.issuer == "microsoft":
        return _microsoft(oauth)
    if oauth.issuer == "google":
        return _google(oauth)
    return _discovered(oauth, session)


def _microsoft(oauth: OAuth) -> Endpoints:
    tenant = quote(oauth.tenant or "organizations", safe="")
    base = f"{_AUTHORITIES[oauth.cloud]}/{tenant}/oauth2/v2.0"
    user, app = _RESOURCES[oauth.cloud]
    alone = oauth.flow == "client-credentials"
    usual = f"{app}/.default" if alone else f"{user}/SMTP.Send offline_access"
    return Endpoints(
        token=checked_url(f"{base}/token", "token endpoint"),
        device=f"{base}/devicecode",
        authorize=f"{base}/authorize",
        scopes=oauth.scope or usual,
    )


def _google(oauth: OAuth) -> Endpoints:
    alone = oauth.flow == "service-account"
    # With openid Google says whose token it is, which an opaque token does not.
    usual = "https://mail.google.com/" if alone else "https://mail.google.com/ openid email"
    return Endpoints(
        token="https://oauth2.googleapis.com/token",
        authorize="https://accounts.google.com/o/oauth2/v2/auth",
        revoke="https://oauth2.googleapis.com/revoke",
        issuer="https://accounts.google.com",
        scopes=oauth.scope or usual,
    )


def _discovered(oauth: OAuth, session: OAuth2Session) -> Endpoints:
    told: dict[str, Any] | None = None
    tried = _metadata_urls(checked_url(oauth.issuer, "issuer"))
    for url, issuer in tried:
        told = _fetched(url, session)
        if told is not None:
            _must_be(issuer, told, url)
            break
    if told is None:
        urls = " nor ".join(url for url, _ in tried)
        raise no_issuer(f"there are no metadata of an issuer at {urls}")

    def named(name: str, what: str) -> str:
        return checked_url(told[name], what) if told and told.get(name) else ""

    token = named("token_endpoint", "token endpoint")
    if not token:
        raise no_issuer("the issuer's metadata name no token endpoint")
    methods = told.get("token_endpoint_auth_methods_supported")
    posts = isinstance(methods, list) and "client_secret_post" in methods
    return Endpoints(
        token=token,
        device=named("device_authorization_endpoint", "device endpoint"),
        authorize=named("authorization_endpoint", "authorization endpoint"),
        revoke=named("revocation_endpoint", "revocation endpoint"),
        issuer=str(told["issuer"]),
        scopes=oauth.scope or _usual_scopes(oauth.flow, told.get("scopes_supported")),
        # RFC 8414 section 2: without a list the method is client_secret_basic.
        client_auth="client_secret_post" if posts else "client_secret_basic",
    )


def _usual_scopes(flow: str, supported: object) -> str:
    if flow in ("client-credentials", "service-account"):
        return ""
    wanted = ("openid", "email", "offline_access")
    known = supported if isinstance(supported, list) else wanted
    return " ".join(each for each in wanted if each in known)


def _metadata_urls(url: str) -> list[tuple[str, str]]:
    """Where the metadata may be, each with the issuer that they must then name."""
    parts = urlsplit(url)
    if _OPENID in parts.path or _OAUTH in parts.path:
        word = _OPENID if _OPENID in parts.path else _OAUTH
        path = parts.path.replace(word, "", 1)
        return [(url, urlunsplit((parts.scheme, parts.netloc, path, "", "")))]
    path = parts.path.rstrip("/")
    host = (parts.scheme, parts.netloc)
    return [
        (urlunsplit((*host, f"{path}{_OPENID}", "", "")), url),
        (urlunsplit((*host, f"{_OAUTH}{path}", "", "")), url),
    ]


def _fetched(url: str, session: OAuth2Session) -> dict[str, Any] | None:
    """The metadata; None where there are none at this address."""
    response = session.request("GET", url, withhold_token=True)
    status = response.status_code
    if status in (404, 405, 410):
        return None
    if status != 200:
        raise no_issuer(f"the issuer's metadata at {url}: HTTP {status}", status)
    return json_of(response, "the issuer's metadata")


def json_of(response: Any, what: str) -> dict[str, Any]:
    """The JSON object of an answer. Raises TokenUnavailableError."""
    status = response.status_code
    try:
        told = response.json()
    except (ValueError, RecursionError):
        told = None
    if not isinstance(told, dict):
        # Whatever else an answer holds may repeat what was sent.
        kind = response.headers.get("Content-Type", "").partition(";")[0].strip().lower()
        kind = kind if kind in _TYPES else "another type"
        raise no_issuer(f"{what}: HTTP {status} with {kind}, where JSON belongs", status)
    if status >= 400 and "error" not in told:
        raise no_issuer(f"{what}: HTTP {status}", status)
    return told


def _must_be(issuer: str, told: dict[str, Any], url: str) -> None:
    """RFC 8414 section 3.3: metadata that name another issuer may be an impostor's."""
    named = told.get("issuer")
    if not isinstance(named, str) or named.rstrip("/") != issuer.rstrip("/"):
        raise settings(
            f"{url} holds the metadata of another issuer: {plain(str(named))}",
            "set auth.oauth.issuer to the name that the issuer gives itself there",
        )
