"""What a command works on: a profile, a file, or a server named on the command line."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Mapping
from urllib.parse import unquote, urlsplit

from smtpcheck.model.errors import UsageError
from smtpcheck.model.profile import DEFAULT_PORTS, security_for_port
from smtpcheck.model.value import dataclass

_SCHEMES = {
    "smtp": ("", 25),
    "submission": ("starttls", 587),
    "tls": ("starttls", 587),
    "smtps": ("tls", 465),
    "submissions": ("tls", 465),
    "ssl": ("tls", 465),
}
_SAFE_WAYS = (
    "give the user name alone: smtpcheck asks for the password on a terminal",
    "or keep it in a profile: smtpcheck profile init, then smtpcheck secret set PROFILE",
    "or name a source: --set 'auth.password={env=\"NAME\"}'",
)
PROFILE_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}\Z")

_QUOTING = re.compile(r"""['"\\#\n]""")
"""What makes of a line more than words between blanks."""


@dataclass(frozen=True, slots=True)
class ProfileFile:
    """A profile by its path."""

    path: str


@dataclass(frozen=True, slots=True)
class Named:
    """A bare word: the profile of that name, else a host."""

    name: str


@dataclass(frozen=True, slots=True)
class Address:
    """A server named on the command line."""

    host: str
    port: int
    security: str
    username: str = ""
    explicit: bool = False
    """Whether the scheme said so: `security` is no mere guess from the port."""


Target = ProfileFile | Named | Address


def parse_target(text: str) -> Target:
    """Reads every notation of a target. Raises UsageError for what is none."""
    if not text:
        raise UsageError("the target is empty", ["name a profile, a file, a URL or a host"])
    if text != text.strip() or any(ord(c) < 32 or c in " \u2028\u2029" for c in text):
        raise UsageError(f"{text!r} is not a target: blanks or control characters in it")
    if "://" in text:
        return _from_url(text)
    if "/" in text or "\\" in text or text.endswith(".toml"):
        return ProfileFile(text)
    if text.startswith("["):
        return _bracketed(text)
    for separator in (",", ":"):
        if text.count(separator) == 1:
            host, _, port = text.partition(separator)
            return _address(host, port, text)
    if text.count(":") > 1:
        return _literal(text)
    return Named(text)


def split_settings(text: str) -> tuple[str, dict[str, str]]:
    """A target and the settings behind it, `notify server.host=smtp1.example.com`, quoted as in a
    shell; a `#` behind a blank begins a comment. Raises UsageError, without a word of a value."""
    target, *words = _words(text) or [""]
    settings: dict[str, str] = {}
    for word in words:
        key, equals, value = word.partition("=")
        if not equals or not key:
            raise UsageError(
                f"{target!r} is followed by what is no setting",
                ["write KEY=VALUE behind a target, for example server.port=2525"],
            )
        settings[key] = value
    return target, settings


def _words(text: str) -> list[str]:
    if not _QUOTING.search(text):
        return [word for word in re.split("[ \t]", text) if word]
    import shlex

    # shlex takes a # within a word for a comment too.
    reader = shlex.shlex(re.sub(r"(?<=\S)#", "\n", text), posix=True)
    reader.whitespace, reader.whitespace_split = " \t", True
    try:
        return [word.replace("\n", "#") for word in reader]
    except ValueError:
        raise UsageError(
            "a quotation mark is not closed", ["quote as in a shell: sender.name='A B'"]
        ) from None


def with_settings(target: str, settings: Mapping[str, str]) -> str:
    """The two in one text."""
    import shlex

    words = [f"{key}={value}" for key, value in settings.items()]
    return shlex.join((target, *words)) if words else target


def as_address(name: str) -> Address:
    """A bare host name: submission with STARTTLS."""
    return Address(_host(name, name), DEFAULT_PORTS["starttls"], "starttls")


def _from_url(text: str) -> Address:
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError as error:
        raise UsageError(f"{_without_userinfo(text)} is not a usable URL: {error}") from None
    if parts.scheme not in _SCHEMES:
        allowed = ", ".join(f"{scheme}://" for scheme in _SCHEMES)
        raise UsageError(f"{parts.scheme}:// is not a mail URL", [f"use one of {allowed}"])
    if parts.password is not None:
        raise UsageError("a password in a URL is seen by everybody on this machine", _SAFE_WAYS)
    if parts.path not in ("", "/") or parts.query or parts.fragment:
        raise UsageError(
            f"{_without_userinfo(text)} has more than a server in it",
            ["give scheme://[user@]host[:port] alone"],
        )
    security, usual = _SCHEMES[parts.scheme]
    if port == 0 or parts.netloc.endswith(":"):
        what = "no port behind its colon" if port is None else "port 0"
        raise UsageError(
            f"{_without_userinfo(text)} has {what}",
            [f"leave the colon away for port {usual}, or give a number from 1 to 65535"],
        )
    number = port or usual
    return Address(
        _host(parts.hostname or "", text),
        number,
        security or security_for_port(number),
        unquote(parts.username or ""),
        explicit=bool(security),
    )


def _without_userinfo(text: str) -> str:
    return re.sub(r"//.*@", "//...@", text)


def _bracketed(text: str) -> Address:
    found = re.fullmatch(r"\[([^\]]+)\](?:[:,](.*))?", text)
    if not found:
        raise UsageError(f"{text} is not a target", ["write an IPv6 address as [2001:db8::1]:587"])
    _ip(found[1], text)
    return _address(found[1], found[2] if found[2] is not None else "587", text)


def _literal(text: str) -> Address:
    _ip(text, text)
    return Address(text, DEFAULT_PORTS["starttls"], "starttls")


def _ip(host: str, text: str) -> None:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        raise UsageError(
            f"{text} is neither host:port nor an IPv6 address",
            ["write host:port, or [2001:db8::1]:587"],
        ) from None


def _address(host: str, port: str, text: str) -> Address:
    if "@" in host:
        raise UsageError(f"{text} has a user in it", ["write submission://user@host:port"])
    if not port.isascii() or not port.isdigit() or not 1 <= int(port) <= 65535:
        raise UsageError(
            f"{port!r} in {text} is not a port", ["a port is a number from 1 to 65535"]
        )
    return Address(_host(host, text), int(port), security_for_port(int(port)))


def _host(host: str, text: str) -> str:
    if not host:
        raise UsageError(f"{_without_userinfo(text)} names no host")
    if "@" in host:
        raise UsageError(
            f"{host} is a mail address, not a server",
            ["name the provider's SMTP server, for example smtp.example.com"],
        )
    return host
