"""Access tokens as values: what a login left behind, and why there is no token."""

from __future__ import annotations

from collections.abc import Mapping

from smtpcheck.model.jsonvalue import Json
from smtpcheck.model.secret import Secret
from smtpcheck.model.value import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptLogin:
    """What `smtpcheck login` keeps. Times are seconds since 1970 in UTC; 0 is not known."""

    issuer: str
    """`microsoft`, `google`, or the metadata URL, as the profile names it."""
    client_id: str
    flow: str
    access: Secret
    refresh: Secret | None = None
    """None where the next token is got without one: by a client secret or a key."""
    scopes: tuple[str, ...] = ()
    """As the issuer granted them; empty where it did not say."""
    account: str = ""
    """Whose token it is, where the issuer says so."""
    expires: float = 0.0
    obtained: float = 0.0

    def due(self, now: float, leeway: float) -> bool:
        """Whether the token ends within `leeway` seconds."""
        return bool(self.expires) and self.expires - now <= leeway


@dataclass(frozen=True, slots=True, kw_only=True)
class Token:
    """An access token for one try to log in, with what the issuer said of it."""

    secret: Secret
    source: str
    """In words: `login at microsoft`, `environment variable SMTP_TOKEN`."""
    refreshed: bool = False
    """It was got just now."""
    scopes: tuple[str, ...] = ()
    account: str = ""
    expires: float = 0.0
    note: str = ""
    """What the reader must know besides: the new token could not be kept."""


class TokenUnavailableError(Exception):
    """There is no token. The message says why and never holds any part of a secret."""

    def __init__(
        self,
        reason: str,
        kind: str,
        help_: tuple[str, ...] = (),
        facts: Mapping[str, Json] | None = None,
    ) -> None:
        super().__init__(reason)
        self.reason = reason
        self.kind = kind
        """`credentials-missing`, `secret-unavailable`, `token-refused` (the issuer said no),
        `issuer-unreachable`, `issuer-answer` (no answer of an issuer), `oauth-settings`,
        `oauth-extra-missing`."""
        self.help = help_
        self.facts = dict(facts or {})
        """`oauth.error`, `oauth.code`, `oauth.description`, `oauth.http_status`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Claims:
    """What a token says of itself, unchecked: nobody here looks at its signature."""

    kind: str
    """`jwt`, or `opaque` for one that only its issuer can read."""
    audience: tuple[str, ...] = ()
    scopes: tuple[str, ...] = ()
    roles: tuple[str, ...] = ()
    account: str = ""
    app: str = ""
    """Id of the application (`appid`, `azp`, `client_id`)."""
    tenant: str = ""
    issuer: str = ""
    nonce: str = ""
    app_only: bool = False
    """A token of the application itself, without a user."""
    expires: float = 0.0
    not_before: float = 0.0
    error: str = ""
    """Why it looks like a JWT and cannot be read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceKey:
    """The key of a service account, as Google hands it out."""

    email: str
    key: Secret
    """PEM."""
    key_id: str = ""
