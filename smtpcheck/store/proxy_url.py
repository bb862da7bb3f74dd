"""A proxy in one word: a URL, `none`, or what the environment variables of other programs say."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Mapping
from urllib.parse import quote, unquote, urlsplit

from smtpcheck.model.errors import UsageError
from smtpcheck.model.secret import Secret
from smtpcheck.model.value import dataclass

NONE = "none"
FROM_ENVIRONMENT = "env"
_TYPES = {
    "socks4": "socks4",
    "socks4a": "socks4a",
    "socks5": "socks5",
    "socks5h": "socks5",
    "socks": "socks5",
    "http": "http",
}
_SCHEMES = "socks5://, socks5h://, socks4://, socks4a:// and http://"
_SOCKS_PORT = 1080
_SAFE_WAYS = (
    "give the user name alone: smtpcheck asks for the password on a terminal",
    "or name a source: --set 'proxy.password={env=\"NAME\"}'",
    "or set the environment variable SMTPCHECK_PROXY_PASSWORD",
    "or keep it in a profile: smtpcheck profile set NAME proxy.password '{env=\"NAME\"}'",
)
_VARIABLES = {
    "none": ("smtp_proxy", "SMTP_PROXY"),
    "starttls": ("smtp_proxy", "SMTP_PROXY"),
    "tls": ("smtps_proxy", "SMTPS_PROXY"),
}


@dataclass(frozen=True, slots=True)
class Found:
    """What the environment says of the way to a host."""

    url: str
    """Without a password; `none` where there is to be no proxy."""
    variable: str
    """Which variable said so; empty where none did."""
    secret: Secret | None = None


def proxy_settings(text: str) -> dict[str, str]:
    """The settings of the table [proxy] that a word means, by full key; none of them for `none`.

    Raises UsageError for what is no URL of a proxy, or holds a password.
    """
    if text.strip().lower() in (NONE, ""):
        return {}
    if "://" not in text:
        raise UsageError(
            f"--proxy {_without_user(text)} is not the URL of a proxy",
            [f"use one of {_SCHEMES}, or none, or env", f"for example --proxy socks5://{text}"]
            if "@" not in text
            else [f"use one of {_SCHEMES}, or none, or env"],
        )
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError as error:
        raise UsageError(f"--proxy {_without_user(text)}: {error}") from None
    kind = _TYPES.get(parts.scheme)
    if kind is None:
        secure = parts.scheme == "https"
        why = ": TLS to the proxy itself is not spoken" if secure else ""
        raise UsageError(f"--proxy {parts.scheme}:// is not supported{why}", [f"use {_SCHEMES}"])
    if parts.password is not None:
        raise UsageError(
            "a password in the URL of a proxy is seen by everybody on this machine", _SAFE_WAYS
        )
    if parts.path not in ("", "/") or parts.query or parts.fragment or not parts.hostname:
        help_ = ["give scheme://[user@]host:port alone"]
        raise UsageError(f"--proxy {_without_user(text)} is not scheme://host:port", help_)
    if port is None and kind == "http":
        raise UsageError(
            f"--proxy {_without_user(text)} names no port",
            ["an HTTP proxy has no usual one; many use 3128 or 8080"],
        )
    settings = {
        "proxy.type": kind,
        "proxy.host": parts.hostname,
        "proxy.port": str(port or _SOCKS_PORT),
    }
    if parts.username:
        settings["proxy.username"] = unquote(parts.username)
        if kind in ("socks5", "http"):
            settings["proxy.password"] = "{ prompt = true }"
    return settings


def proxy_from_environment(host: str, security: str, environment: Mapping[str, str]) -> Found:
    """The proxy that curl would use for SMTP to this host: `smtp_proxy` (`smtps_proxy` with
    implicit TLS) or `all_proxy`, in either case, unless `no_proxy` names the host. Raises
    UsageError for a variable that holds no URL of a proxy."""
    names = (*_VARIABLES[security], "all_proxy", "ALL_PROXY")
    variable = next((name for name in names if environment.get(name)), "")
    if not variable:
        return Found(NONE, "")
    for name in ("no_proxy", "NO_PROXY"):
        if _excepted(host, environment.get(name, "")):
            return Found(NONE, name)
    text = environment[variable]
    if "://" not in text:
        text = f"http://{text}"
    try:
        parts = urlsplit(text)
        word = unquote(parts.password) if parts.password else ""
        netloc = parts.netloc.rpartition("@")[2]
        if parts.username:
            netloc = f"{quote(unquote(parts.username), safe='')}@{netloc}"
        url = parts._replace(netloc=netloc, path="" if parts.path == "/" else parts.path).geturl()
        proxy_settings(url)
    except UsageError as error:
        said = error.message.removeprefix("--proxy ")
        raise UsageError(f"the environment variable {variable}: {said}", error.help) from None
    except ValueError as error:
        raise UsageError(f"the environment variable {variable} is no URL: {error}") from None
    return Found(url, variable, Secret(word) if word else None)


def _excepted(host: str, names: str) -> bool:
    """Whether NO_PROXY, as curl reads it, names the host: a list of names, each with all below it,
    of addresses, also with a prefix length, or an asterisk for all."""
    host = host.lower().removesuffix(".")
    for each in re.split(r"[,\s]+", names.lower()):
        name = each.lstrip(".").removesuffix(".").strip("[]")
        if not name:
            continue
        if name in ("*", host) or host.endswith(f".{name}"):
            return True
        try:
            if ipaddress.ip_address(host) in ipaddress.ip_network(name, strict=False):
                return True
        except ValueError:
            continue
    return False


def _without_user(text: str) -> str:
    return f"...@{text.rpartition('@')[2]}" if "@" in text else text
