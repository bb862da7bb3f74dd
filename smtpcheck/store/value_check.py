"""Checks one value against the rule of its key and returns it typed and normalised."""

from __future__ import annotations

import ipaddress
import math
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

from smtpcheck.model.settings import Kind
from smtpcheck.store import host_names, mail_addresses
from smtpcheck.store.keys import Key, nearest
from smtpcheck.store.method_words import hint_for_method
from smtpcheck.store.secret_reference import secret_reference
from smtpcheck.store.wrong_value import WrongValueError, shown

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
_CHARSET_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:+-]*\Z")
# Codecs that Python counts as text and no mail can name.
_NO_CHARSETS = frozenset(
    {"idna", "punycode", "raw-unicode-escape", "unicode-escape", "undefined", "mbcs", "oem"}
)
_SECURITY_WORDS = {
    "ssl": "tls",
    "ssl/tls": "tls",
    "smtps": "tls",
    "implicit": "tls",
    "true": "tls",
    "plain": "none",
    "plaintext": "none",
    "off": "none",
    "false": "none",
    "explicit": "starttls",
}


def checked(key: Key, value: Any, folder: Path) -> Any:
    """The value as the profile holds it. Relative paths lie in `folder`.

    Raises WrongValueError.
    """
    rule = key.rule
    if rule.many:
        return _array(key, value, folder)
    if rule.kind is Kind.SECRET:
        return secret_reference(value, key.name, folder)
    if rule.kind is Kind.FLAG:
        return _flag(value)
    if rule.kind in (Kind.INTEGER, Kind.NUMBER):
        return _number(key, value)
    return _text(key, value, folder)


def allowed_words(key: Key) -> str:
    """What the key may hold, in words."""
    rule = key.rule
    one = _ALLOWED[rule.kind]
    if rule.choices:
        one = "one of " + ", ".join(choice or '""' for choice in rule.choices)
    elif rule.kind in (Kind.INTEGER, Kind.NUMBER):
        what = "a whole number" if rule.kind is Kind.INTEGER else "a number"
        one = f"{what} from {rule.low:g} to {rule.high:.15g}"
    return f"an array, each {one}" if rule.many else one


_ALLOWED = {
    Kind.TEXT: "one line of text",
    Kind.HOST: host_names.HOST_ALLOWED,
    Kind.ADDRESS: mail_addresses.ALLOWED,
    Kind.RECIPIENT: f'{mail_addresses.ALLOWED}, or "self"',
    Kind.IP: "an IPv4 or IPv6 address",
    Kind.DOMAIN: host_names.DOMAIN_ALLOWED,
    Kind.PATH: "the path of a file",
    Kind.FINGERPRINT: "a SHA-256 fingerprint: 64 hexadecimal digits, with or without colons",
    Kind.INTEGER: "a whole number",
    Kind.NUMBER: "a number",
    Kind.FLAG: "true or false",
    Kind.CHOICE: "one of the words of this key",
    Kind.SECRET: "where the secret is kept",
    Kind.CHARSET: "a character set that Python and mail know, such as utf-8",
}


def _array(key: Key, value: Any, folder: Path) -> tuple[Any, ...]:
    allowed = allowed_words(key)
    if isinstance(value, str):
        name = key.field
        raise WrongValueError("is not an array", allowed, f'did you mean {name} = ["..."]?')
    if not isinstance(value, list | tuple):
        raise WrongValueError("is not an array", allowed)
    found = []
    for index, item in enumerate(value):
        try:
            found.append(_element(key, item, folder))
        except WrongValueError as error:
            reason = f"{error.reason} in element {index + 1}"
            raise WrongValueError(reason, allowed, error.suggestion, index=index) from None
    return tuple(found)


def _element(key: Key, item: Any, folder: Path) -> str:
    text = _text(key, item, folder)
    if not text.strip():
        raise WrongValueError("is empty", allowed_words(key))
    return text


def _flag(value: Any) -> bool:
    if isinstance(value, bool):
        return value
    words = {"true": "true", "yes": "true", "on": "true", "1": "true"}
    words |= {"false": "false", "no": "false", "off": "false", "0": "false"}
    meant = words.get(shown(value).strip('" ').lower(), "")
    raise WrongValueError(
        "is not true or false",
        "true or false, without quotation marks",
        f"did you mean {meant}?" if meant else "",
    )


def _number(key: Key, value: Any) -> int | float:
    allowed = allowed_words(key)
    whole = key.rule.kind is Kind.INTEGER
    if isinstance(value, str):
        bare = re.fullmatch(r"\s*[0-9]+\s*" if whole else r"\s*[0-9.]+\s*", value)
        hint = f"write {key.field} = {value.strip()} without quotation marks" if bare else ""
        raise WrongValueError(f"is text, not {_a_number(whole=whole)}", allowed, hint)
    if isinstance(value, bool) or not isinstance(value, int if whole else int | float):
        raise WrongValueError(f"is not {_a_number(whole=whole)}", allowed)
    low, high = key.rule.low, key.rule.high
    if isinstance(value, float) and math.isnan(value):
        raise WrongValueError("is not a number", allowed)
    if low is not None and value < low:
        raise WrongValueError("is too small", allowed)
    if high is not None and value > high:
        newer = "it was written for a newer smtpcheck" if key.name == "schema" else ""
        raise WrongValueError("is too large", allowed, newer)
    return value if whole else float(value)


def _a_number(*, whole: bool) -> str:
    return "a whole number" if whole else "a number"


def _text(key: Key, value: Any, folder: Path) -> str:
    rule = key.rule
    if not isinstance(value, str):
        hint = ""
        if isinstance(value, int | float) and not isinstance(value, bool):
            hint = f'write it in quotation marks: "{shown(value)}"'
        raise WrongValueError("is not text", allowed_words(key), hint)
    if not value and (key.default == "" and not rule.many):
        return value
    if found := _CONTROL.search(value):
        raise WrongValueError(
            f"has the control character U+{ord(found[0]):04X} in it", allowed_words(key)
        )
    for character in rule.forbid:
        if character in value:
            raise WrongValueError(
                f"has {character} in it", f"one line of text without {' and '.join(rule.forbid)}"
            )
    return _BY_KIND[rule.kind](key, value, folder)


def _plain(_key: Key, value: str, _folder: Path) -> str:
    return value


def _path(_key: Key, value: str, folder: Path) -> str:
    if not value.strip():
        raise WrongValueError("is blank", _ALLOWED[Kind.PATH])
    try:
        return str(folder / Path(value).expanduser())
    except RuntimeError:
        raise WrongValueError("names a home folder that does not exist", "a path") from None


def _host(key: Key, value: str, _folder: Path) -> str:
    return host_names.host(value, key=key.field)


def _domain(_key: Key, value: str, _folder: Path) -> str:
    return host_names.domain(value)


def _address(_key: Key, value: str, _folder: Path) -> str:
    return mail_addresses.address(value)


def _recipient(_key: Key, value: str, _folder: Path) -> str:
    return value if value == "self" else mail_addresses.address(value)


def _ip(_key: Key, value: str, _folder: Path) -> str:
    try:
        return str(ipaddress.ip_address(value))
    except ValueError:
        raise WrongValueError("is not an IP address", _ALLOWED[Kind.IP]) from None


def _choice(key: Key, value: str, _folder: Path) -> str:
    choices = key.rule.choices
    if value in choices:
        return value
    near = nearest(value, choices)
    if key.name == "server.security":
        near = _SECURITY_WORDS.get(value.lower(), near)
    hint = f'did you mean "{near}"?' if near else ""
    if key.name == "auth.method":
        hint = hint_for_method(value) or hint
    raise WrongValueError("is not one of the words it may be", allowed_words(key), hint)


def _fingerprint(_key: Key, value: str, _folder: Path) -> str:
    digits = value.replace(":", "").lower()
    if re.fullmatch(r"[0-9a-f]{64}", digits):
        return digits
    hint = ""
    if re.fullmatch(r"[0-9a-f]{40}", digits):
        hint = "this is the length of a SHA-1 fingerprint"
    elif re.fullmatch(r"[0-9a-f]{32}", digits):
        hint = "this is the length of an MD5 fingerprint"
    elif "=" in value:
        hint = "leave the words before the digits away"
    raise WrongValueError("is not a SHA-256 fingerprint", _ALLOWED[Kind.FINGERPRINT], hint)


def _charset(_key: Key, value: str, _folder: Path) -> str:
    if _CHARSET_NAME.match(value) and _is_charset(value):
        return value
    near = nearest(value, ("utf-8", "us-ascii", "iso-8859-1", "iso-8859-15", "windows-1252"))
    raise WrongValueError(
        "is not a known character set",
        _ALLOWED[Kind.CHARSET],
        f'did you mean "{near}"?' if near else "",
    )


def _is_charset(value: str) -> bool:
    import codecs

    try:
        found = codecs.lookup(value)
        "".encode(found.name)  # refuses codecs of bytes, such as base64 and rot13
    except (LookupError, UnicodeError):
        return False
    return found.name.replace("_", "-") not in _NO_CHARSETS


_BY_KIND: dict[Kind, Callable[[Key, str, Path], str]] = {
    Kind.TEXT: _plain,
    Kind.HOST: _host,
    Kind.ADDRESS: _address,
    Kind.RECIPIENT: _recipient,
    Kind.IP: _ip,
    Kind.DOMAIN: _domain,
    Kind.PATH: _path,
    Kind.FINGERPRINT: _fingerprint,
    Kind.CHOICE: _choice,
    Kind.CHARSET: _charset,
}
