"""What an issuer answers when it says no, as an error whose facts the catalogue knows."""

from __future__ import annotations

import re
from typing import Final

from smtpcheck.model.jsonvalue import Json
from smtpcheck.model.token import TokenUnavailableError

EXTRA: Final = "pip install 'smtpcheck[oauth]'"
_CODE: Final = re.compile(r"\bAADSTS\d{4,8}\b")
_WORD: Final = re.compile(r"[A-Za-z0-9_.:-]{1,60}\Z")
# Microsoft ends with ids and times of the request, which say nothing to the reader.
_TAIL: Final = re.compile(r"\s*\b(?:Trace ID|Correlation ID|Timestamp):.*", re.DOTALL)
_LONGEST: Final = 300


def refused(error: object, description: object, status: int = 0) -> TokenUnavailableError:
    """The error for an answer with `error` (RFC 6749 section 5.2)."""
    word = error if isinstance(error, str) and _WORD.match(error) else "unknown"
    text = plain(_TAIL.sub("", description) if isinstance(description, str) else "")
    found = _CODE.search(text)
    facts: dict[str, Json] = {"oauth.error": word}
    facts |= {"oauth.code": found[0]} if found else {}
    facts |= {"oauth.description": text} if text else {}
    facts |= {"oauth.http_status": status} if status else {}
    said = f"the issuer refused: {word}" + (f" ({text})" if text else "")
    return TokenUnavailableError(said, "token-refused", facts=facts)


def plain(text: str) -> str:
    """An issuer's words, which may be anything, as one short line."""
    line = " ".join(text.split())
    return "".join(c if c.isprintable() else "?" for c in line)[:_LONGEST]


def no_issuer(reason: str, status: int = 0) -> TokenUnavailableError:
    """Whoever answered is no issuer, or does not behave as one."""
    facts: dict[str, Json] = {"oauth.http_status": status} if status else {}
    return TokenUnavailableError(reason, "issuer-answer", facts=facts)


def unreachable(reason: str) -> TokenUnavailableError:
    """The issuer could not be asked."""
    return TokenUnavailableError(reason, "issuer-unreachable")


def nobody() -> TokenUnavailableError:
    """Whoever was to sign in did not, in all the time that there was."""
    facts: dict[str, Json] = {"oauth.error": "expired_token"}
    return TokenUnavailableError("nobody signed in in time", "token-refused", facts=facts)


def settings(reason: str, *help_: str) -> TokenUnavailableError:
    """The profile's settings do not lead to a token."""
    return TokenUnavailableError(reason, "oauth-settings", help_)
