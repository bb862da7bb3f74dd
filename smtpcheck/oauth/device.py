"""The device flow (RFC 8628): the user signs in with a browser anywhere and types a short code."""

from __future__ import annotations

import re
import time
from collections.abc import Callable

from smtpcheck.model.number import number_in
from smtpcheck.model.token import KeptLogin, TokenUnavailableError
from smtpcheck.model.value import dataclass
from smtpcheck.oauth.http import checked_url
from smtpcheck.oauth.issuer import Issuer
from smtpcheck.oauth.refusal import no_issuer, nobody, settings

_GRANT = "urn:ietf:params:oauth:grant-type:device_code"
_CODE = re.compile(r"[A-Za-z0-9][A-Za-z0-9 -]{2,30}\Z")
_USUAL = 5.0
_SLOWER = 5.0
"""Seconds that slow_down adds (RFC 8628 section 3.5)."""
_SLOWEST = 60.0
_LONGEST = 1_800.0
"""Seconds that a code may live; the issuers known give 900 or 1,800."""


@dataclass(frozen=True, slots=True)
class DeviceCode:
    """What the user is to do."""

    url: str
    code: str
    seconds: float
    """How long the code holds."""


def device_login(
    issuer: Issuer,
    tell: Callable[[DeviceCode], None],
    wait: Callable[[float], None] = time.sleep,
) -> KeptLogin:
    """Gets a code, has the user told of it, and asks until the user has signed in. Raises
    TokenUnavailableError."""
    if not issuer.endpoints.device:
        raise settings("the issuer offers no device flow", "set auth.oauth.flow to browser")
    told = issuer.post(
        issuer.endpoints.device,
        "the device endpoint",
        scope=issuer.endpoints.scopes,
    )
    code, user_code = told.get("device_code"), told.get("user_code")
    url = checked_url(told.get("verification_uri", told.get("verification_url")), "sign-in page")
    if not isinstance(code, str) or not code or not isinstance(user_code, str):
        raise no_issuer("the device endpoint gave no code")
    if not _CODE.match(user_code):
        raise no_issuer("the device endpoint gave a code that nobody can type")
    issuer.hidden(code)
    lives = min(_number(told.get("expires_in"), 900.0), _LONGEST)
    tell(DeviceCode(url, user_code, min(lives, issuer.clock.remaining())))
    return _asked(issuer, code, min(_number(told.get("interval"), _USUAL), _SLOWEST), lives, wait)


def _asked(
    issuer: Issuer, code: str, interval: float, lives: float, wait: Callable[[float], None]
) -> KeptLogin:
    lost: TokenUnavailableError | None = None
    while True:
        if issuer.clock.remaining() <= interval or lives <= interval:
            raise lost or nobody()
        wait(interval)
        lives -= interval
        try:
            return issuer.login(grant_type=_GRANT, device_code=code)
        except TokenUnavailableError as error:
            word = error.facts.get("oauth.error")
            if word == "slow_down":
                interval = min(interval + _SLOWER, _SLOWEST)
            elif word != "authorization_pending" and error.kind != "issuer-unreachable":
                raise
            lost = error if error.kind == "issuer-unreachable" else None


def _number(value: object, otherwise: float) -> float:
    known = number_in(value, -1e9, 1e9)
    return otherwise if known is None else max(1.0, known)
