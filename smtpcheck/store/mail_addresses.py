"""Checks a mail address as the envelope allows it (RFC 5321 section 4.1.2, RFC 6531)."""

from __future__ import annotations

import re
from functools import lru_cache

from smtpcheck.store import host_names
from smtpcheck.store.wrong_value import WrongValueError

ALLOWED = "a mail address such as alerts@example.com"

# Written by what is excluded: classes that reach to U+10FFFF take milliseconds to compile.
_ATEXT = r"""[^\x00-\x20\x7f-\x9f()<>\[\]:;@\\,."]"""
_DOT_STRING = re.compile(rf"{_ATEXT}+(?:\.{_ATEXT}+)*\Z")
_QUOTED = re.compile(r'"(?:[^\x00-\x1f\x7f-\x9f"\\]|\\[ -~])*"\Z')
_ONE_ADDRESS = re.compile(r"[^\s<>,;\"]+@[^\s<>,;\"]+")


@lru_cache(maxsize=256)
def address(text: str) -> str:
    """The address as it is. A quoted local part, an address literal, a domain of one label and
    non-ASCII text are valid. Raises WrongValueError."""
    _refuse_more_than_an_address(text)
    local, at, domain = text.rpartition("@")
    if not at:
        raise WrongValueError("is not a mail address: it has no @", ALLOWED)
    _check_local(local)
    _check_domain(domain)
    if len(text.encode("utf-8", "surrogatepass")) > 254:
        raise WrongValueError("is longer than the 254 octets that a path may have", ALLOWED)
    return text


def _refuse_more_than_an_address(text: str) -> None:
    found = _ONE_ADDRESS.findall(text)
    if "<" in text or ">" in text:
        hint = f'write the address alone: "{found[0]}"' if found else ""
        raise WrongValueError("has angle brackets in it", ALLOWED, hint)
    if text.startswith('"'):
        return
    if text.lower().startswith("mailto:"):
        hint = f'did you mean "{text[7:]}"?' if found else ""
        raise WrongValueError("holds a mailto: link", ALLOWED, hint)
    if len(found) > 1 and re.search(r"[,;\s]", text):
        raise WrongValueError("holds more than one address", ALLOWED)
    if any(c.isspace() for c in text):
        hint = f'did you mean "{found[0]}"?' if found else ""
        raise WrongValueError("has a blank in it", ALLOWED, hint)


def _check_local(local: str) -> None:
    if not local:
        raise WrongValueError("has nothing before the @", ALLOWED)
    if len(local.encode("utf-8", "surrogatepass")) > 64:
        raise WrongValueError("has more than 64 octets before the @", ALLOWED)
    if local.startswith('"'):
        if not _QUOTED.match(local):
            raise WrongValueError("has a quoted part that is not closed or not allowed", ALLOWED)
        return
    if _DOT_STRING.match(local):
        return
    if local.startswith(".") or local.endswith(".") or ".." in local:
        raise WrongValueError(
            "has a dot at the edge of its local part, or two in a row",
            ALLOWED,
            "an address that really is so is written with quotation marks, "
            'as in "\\"a..b\\"@example.com"',
        )
    if "@" in local:
        raise WrongValueError("has more than one @", ALLOWED)
    raise WrongValueError("has a character before the @ that needs quotation marks", ALLOWED)


def _check_domain(domain: str) -> None:
    if not domain:
        raise WrongValueError("has nothing behind the @", ALLOWED)
    if domain.endswith("."):
        raise WrongValueError("has a dot at its end", ALLOWED, "leave the last dot away")
    try:
        host_names.domain(domain)
    except WrongValueError as error:
        raise WrongValueError(
            f"has a domain that {error.reason}", ALLOWED, error.suggestion
        ) from None
