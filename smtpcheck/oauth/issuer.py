"""One issuer, asked on behalf of one profile: every exchange goes through here.

Values that must not be shown are plain strings on their way to the OAuth library only; what the
issuer echoes of them is masked in its errors.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, Final

from smtpcheck.diagnosis.oauth_settings import impossible
from smtpcheck.model.number import number_in
from smtpcheck.model.profile import OAuth
from smtpcheck.model.secret import Secret
from smtpcheck.model.token import KeptLogin, ServiceKey
from smtpcheck.model.value import dataclass
from smtpcheck.oauth.endpoints import Endpoints, endpoints_of, json_of
from smtpcheck.oauth.http import Clock, new_session
from smtpcheck.oauth.refusal import no_issuer, refused, settings
from smtpcheck.wire.masking import Masker, encodings
from smtpcheck.wire.sasl import for_issuer
from smtpcheck.wire.token import claims_of

if TYPE_CHECKING:
    from authlib.integrations.requests_client import OAuth2Session

_LONGEST_TOKEN: Final = 65_536
_LONGEST_LIFE: Final = 10 * 365 * 86_400


@dataclass(frozen=True, slots=True, kw_only=True)
class Client:
    """Who asks for a token: the settings of a profile and the secrets that they name."""

    oauth: OAuth
    username: str
    ca_file: str = ""
    secret: Secret | None = None
    key: ServiceKey | None = None


class _Told:
    """A token response in which the library finds no number that is none."""

    status_code = 200

    def __init__(self, told: dict[str, Any]) -> None:
        self._told = told

    def json(self) -> dict[str, Any]:
        """The JSON object."""
        return self._told


class Issuer:
    """An issuer and the application that it knows. Every method raises TokenUnavailableError."""

    def __init__(self, client: Client, clock: Clock) -> None:
        self.client = client
        self.clock = clock
        self._masker = Masker()
        secret = self.hidden(for_issuer(client.secret)()) if client.secret else None
        self.session: OAuth2Session = new_session(
            clock,
            client.ca_file,
            client_id=client.oauth.client_id,
            client_secret=secret,
            code_challenge_method="S256",
        )
        self.endpoints: Endpoints = endpoints_of(client.oauth, self.session)
        if secret:
            self.session.token_endpoint_auth_method = self.endpoints.client_auth
            self.session.revocation_endpoint_auth_method = self.endpoints.client_auth
        for each in ("access_token_response", "refresh_token_response"):
            self.session.register_compliance_hook(each, self._checked)

    def hidden(self, value: str) -> str:
        """The value; no error of this issuer will show it from now on."""
        self._masker.add(*encodings(value.encode()))
        return value

    def post(self, url: str, what: str, **fields: str) -> dict[str, Any]:
        """The JSON object that the issuer answers to a form of the application."""
        auth: Any = self.session.client_auth(self.session.token_endpoint_auth_method)
        response = self.session.request("POST", url, withhold_token=True, data=fields, auth=auth)
        told = json_of(response, what)
        self._raise_error(told, response.status_code)
        return told

    def login(self, **fields: str) -> KeptLogin:
        """A login from the token endpoint; `fields` are those of the grant."""
        told = self.session.fetch_token(self.endpoints.token, **fields)
        return self.made(dict(told))

    def made(self, told: dict[str, Any], before: KeptLogin | None = None) -> KeptLogin:
        """The login that a token response (RFC 6749 section 5.1) stands for."""
        access, refresh = told.get("access_token"), told.get("refresh_token")
        if not _is_token(access):
            raise no_issuer("the issuer's answer holds no usable access token")
        if str(told.get("token_type", "bearer")).lower() != "bearer":
            raise no_issuer("the issuer gave a token of another type than Bearer")
        now = time.time()
        claims = claims_of(str(access))
        own = claims_of(told["id_token"]) if isinstance(told.get("id_token"), str) else None
        scope = told.get("scope")
        asked = tuple(self.endpoints.scopes.split())
        # RFC 6749 section 5.1: without `scope` it is what was asked for.
        granted = tuple(scope.split()[:40]) if isinstance(scope, str) else asked
        life = _seconds(told.get("expires_in"))
        earlier = before.refresh if before else None
        account = claims.account or (own.account if own else "")
        return KeptLogin(
            issuer=self.client.oauth.issuer,
            client_id=self.client.oauth.client_id,
            flow=self.client.oauth.flow,
            access=Secret(str(access)),
            refresh=Secret(str(refresh)) if _is_token(refresh) else earlier,
            scopes=granted,
            account=account or (before.account if before else ""),
            expires=claims.expires or (now + life if life else 0.0),
            obtained=now,
        )

    def _checked(self, response: Any) -> Any:
        """The library's hook: an answer that it may read."""
        told = json_of(response, "the token endpoint")
        self._raise_error(told, response.status_code)
        life = _seconds(told.get("expires_in"))
        return _Told({**told, "expires_in": int(life), "expires_at": None})

    def _raise_error(self, told: dict[str, Any], status: int) -> None:
        if "error" not in told:
            return
        description = told.get("error_description")
        masked = self._masker.text(description) if isinstance(description, str) else ""
        word = told["error"]
        shown = self._masker.text(word) if isinstance(word, str) else ""
        raise refused(shown, masked, status)


def checked_settings(oauth: OAuth) -> None:
    """Raises TokenUnavailableError where these settings never lead to a token."""
    for each in impossible(oauth):
        raise settings(each.message, each.help)


def _is_token(value: object) -> bool:
    """One word of visible ASCII (RFC 6750 section 2.1)."""
    if not isinstance(value, str) or not 0 < len(value) <= _LONGEST_TOKEN:
        return False
    return value.isascii() and value.isprintable() and " " not in value


def _seconds(value: object) -> float:
    """`expires_in`; some issuers write it as text."""
    if isinstance(value, str) and value.isascii() and value.isdigit():
        value = int(value[:12])
    return number_in(value, 0, _LONGEST_LIFE) or 0.0
