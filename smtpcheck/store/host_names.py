"""Checks and normalises names of hosts and what EHLO may carry (RFC 1123, 5321, 5891)."""

from __future__ import annotations

import ipaddress
import re

from smtpcheck.store.wrong_value import WrongValueError

HOST_ALLOWED = "a host name or an IP address, without scheme, port or path"
DOMAIN_ALLOWED = "a domain name, or an address in brackets such as [192.0.2.1]"

_LABEL = re.compile(r"[A-Za-z0-9_](?:[A-Za-z0-9_-]*[A-Za-z0-9_])?\Z")
_NUMBER = re.compile(r"(?:[0-9]+|0[xX][0-9A-Fa-f]*)\Z")
_QUOTES = "\"'`“”‘’„«»"


def host(text: str, *, key: str = "host") -> str:
    """The host in its ASCII form, without a trailing dot or brackets.

    Names with an underscore and IP addresses pass unchanged. Raises WrongValueError; `key` is
    named in its suggestions.
    """
    literal = text[1:-1] if text.startswith("[") and text.endswith("]") else text
    if _is_ip(literal):
        return literal
    _refuse_more_than_a_host(text, key)
    return _ascii(text, HOST_ALLOWED)


def domain(text: str) -> str:
    """What EHLO may carry: a domain in its ASCII form, or an address literal (RFC 5321 4.1.3).

    Raises WrongValueError.
    """
    if text.startswith("[") and text.endswith("]"):
        return address_literal(text)
    if _is_ip(text):
        version = "IPv6:" if ":" in text else ""
        raise WrongValueError(
            "holds a bare IP address",
            DOMAIN_ALLOWED,
            f'write the address in brackets: "[{version}{text}]"',
        )
    _refuse_more_than_a_host(text, "")
    return _ascii(text, DOMAIN_ALLOWED)


def address_literal(text: str) -> str:
    """An address literal with its brackets, as it is. Raises WrongValueError."""
    inner = text[1:-1]
    if inner.upper().startswith("IPV6:"):
        if _is_ip(inner[5:], 6):
            return text
    elif _is_ip(inner, 4):
        return text
    elif _is_ip(inner, 6):
        raise WrongValueError(
            "lacks the tag of an IPv6 address", DOMAIN_ALLOWED, f'did you mean "[IPv6:{inner}]"?'
        )
    raise WrongValueError("holds brackets without an IP address", DOMAIN_ALLOWED)


def _is_ip(text: str, version: int = 0) -> bool:
    try:
        found = ipaddress.ip_address(text)
    except ValueError:
        return False
    return version in (0, found.version)


def _refuse_more_than_a_host(text: str, key: str) -> None:
    if not text.strip():
        raise WrongValueError("is blank", HOST_ALLOWED)
    if any(quote in text for quote in _QUOTES):
        raise WrongValueError("has quotation marks inside the value", HOST_ALLOWED)
    bare, port = _taken_apart(text)
    hint = f'did you mean {key} = "{bare}"?' if key and bare else ""
    if port and key == "host":
        hint = f'did you mean {key} = "{bare}" and port = {port}?'
    if "://" in text or re.match(r"(?i)(?:https?|smtps?|mailto):", text):
        raise WrongValueError("holds a URL", HOST_ALLOWED, hint)
    if "@" in text:
        raise WrongValueError(
            "holds a mail address, not a host",
            HOST_ALLOWED,
            "name the provider's SMTP server, for example smtp.example.com",
        )
    if any(c.isspace() for c in text):
        raise WrongValueError("has a blank in it", HOST_ALLOWED, hint)
    if "/" in text or "\\" in text:
        raise WrongValueError("holds a path", HOST_ALLOWED, hint)
    if port:
        raise WrongValueError("holds a port", HOST_ALLOWED, hint)
    if "," in text or ";" in text:
        raise WrongValueError("holds more than one host", HOST_ALLOWED, "name one host")
    if ":" in text:
        raise WrongValueError("is neither a host name nor an IPv6 address", HOST_ALLOWED)
    if "[" in text or "]" in text:
        raise WrongValueError("holds brackets without an IP address", HOST_ALLOWED)


def _taken_apart(text: str) -> tuple[str, str]:
    """The host and the port that a longer text was most likely meant to name; either may be
    empty."""
    rest = re.sub(r"^[A-Za-z][A-Za-z0-9+.-]*:/*(?=[^0-9])", "", text.strip())
    rest = re.split(r"[/\\]", rest, maxsplit=1)[0].strip()
    if "@" in rest:
        return "", ""
    found = re.fullmatch(r"(\[[^\]]*\]|[^\s:,]+)(?:[:,]\s*([0-9]{1,5}))?", rest)
    if not found:
        return "", ""
    return found[1].strip("[]"), found[2] or ""


def _ascii(text: str, allowed: str) -> str:
    name = text[:-1] if text.endswith(".") and text != "." else text
    if not name.isascii():
        name = _from_idna(name, allowed)
    labels = name.split(".")
    if "" in labels:
        raise WrongValueError("has an empty label: two dots in a row, or a dot in front", allowed)
    if _NUMBER.match(labels[-1]):
        raise WrongValueError("is not an IPv4 address", allowed, "four numbers from 0 to 255")
    for label in labels:
        if len(label) > 63:
            raise WrongValueError("has a label of more than 63 characters", allowed)
        if not _LABEL.match(label):
            raise WrongValueError(
                f"has a part that no host name has: {label}", allowed, _label_hint(label)
            )
    if len(name) > 253:
        raise WrongValueError("is longer than 253 characters", allowed)
    return name


def _label_hint(label: str) -> str:
    if "*" in label:
        return "a wildcard cannot be connected to: name the server itself"
    if "{" in label or "<" in label or "$" in label:
        return "put the real name in place of the placeholder"
    return "letters, digits, hyphens inside, underscores"


def _from_idna(name: str, allowed: str) -> str:
    """The A-labels of a name (RFC 5891); a label in ASCII, with an underscore say, stays."""
    import idna

    try:
        mapped = idna.uts46_remap(name, std3_rules=False, transitional=False)
        return ".".join(
            label if label.isascii() else idna.alabel(label).decode("ascii")
            for label in mapped.split(".")
        )
    except idna.IDNAError as error:
        raise WrongValueError(
            f"is not a valid internationalised name: {_printable(error)}", allowed
        ) from None


def _printable(error: Exception) -> str:
    return "".join(c if c.isprintable() else f"U+{ord(c):04X}" for c in str(error))
