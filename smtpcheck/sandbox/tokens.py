"""The access token that a sandbox gives out, and what it thinks of one that comes back."""

from __future__ import annotations

import base64
import hmac
import json
import secrets
import time
from enum import StrEnum

SCOPE = "smtp"
"""What a token must hold."""
_LASTS = 3600


class TokenState(StrEnum):
    """What is wrong with the token of a run."""

    GOOD = "good"
    EXPIRED = "expired"
    """It does not show: only the server knows."""
    WRONG_SCOPE = "wrong-scope"
    WRONG_USER = "wrong-user"


class Tokens:
    """The one token of a run: for whom it is, and whether it is good."""

    def __init__(self, user: str, state: TokenState = TokenState.GOOD) -> None:
        self._state = state
        self.owner = _another(user) if state is TokenState.WRONG_USER else user
        """Who may log in with it."""
        self.value = (
            secrets.token_urlsafe(24) if state is TokenState.EXPIRED else _jwt(self.owner, state)
        )

    def __repr__(self) -> str:
        return f"Tokens({self.owner}, {self._state})"

    def refusal(self, user: str, token: str) -> str:
        """The error of RFC 6750 section 3.1; empty for a token that lets the user in."""
        if not hmac.compare_digest(self.value.encode(), token.encode()):
            return "invalid_token"
        if self._state is TokenState.WRONG_SCOPE:
            return "insufficient_scope"
        good = self._state is TokenState.GOOD and user in ("", self.owner)
        return "" if good else "invalid_token"


def _another(user: str) -> str:
    _, at, domain = user.partition("@")
    return f"somebody-else{at}{domain}"


def _jwt(owner: str, state: TokenState) -> str:
    """A JWT that says of itself what it is; signed with a key that is thrown away, since the
    sandbox knows its token by heart."""
    claims = {
        "preferred_username": owner,
        "scope": "profile" if state is TokenState.WRONG_SCOPE else SCOPE,
        "exp": int(time.time()) + _LASTS,
    }
    parts = [_encoded(json.dumps(each).encode()) for each in ({"alg": "HS256"}, claims)]
    signed = ".".join(parts)
    return f"{signed}.{_encoded(hmac.digest(secrets.token_bytes(32), signed.encode(), 'sha256'))}"


def _encoded(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")
