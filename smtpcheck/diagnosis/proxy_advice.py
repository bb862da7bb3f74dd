"""Advice about a proxy follows where its settings came from: a profile, a flag, a variable."""

from __future__ import annotations

import re
from typing import Final

from smtpcheck.model.jsonvalue import Facts

_SET: Final = re.compile(
    r"smtpcheck profile set \{profile\|NAME\}((?: proxy\.[a-z]+ (?:'[^']*'|[^\s,;]+))+)"
)
_PAIR: Final = re.compile(r" proxy\.([a-z]+) ('[^']*'|[^\s,;]+)")
_UNSET_KEY: Final = re.compile(r"smtpcheck profile unset \{profile\|NAME\} proxy\.([a-z]+)")
_UNSET: Final = re.compile(r"; then remove it: smtpcheck profile unset \{profile\|NAME\} proxy\b")
_IN_URL: Final = ("type", "host", "port", "username")
_OF_PROFILE: Final = ("", "profile")


def by_origin(step: str, facts: Facts) -> str:
    """A step of a fix, before its placeholders are filled. What the catalogue words for a profile
    is worded for a flag (`--proxy URL`), for `SMTPCHECK_PROXY_*`, or for the variable that
    `--proxy env` follows, where the proxy came from there: what is stronger than the profile would
    make a change of the profile do nothing."""
    origin = facts.get("proxy.from")
    if not isinstance(origin, str) or origin in _OF_PROFILE:
        return step
    step = _UNSET.sub(_removed(origin), step)
    step = _UNSET_KEY.sub(lambda found: _left_out(found[1], origin), step)
    return _SET.sub(lambda found: _given(dict(_PAIR.findall(found[1])), origin, facts), step)


def _given(pairs: dict[str, str], origin: str, facts: Facts) -> str:
    if origin == "environment":
        return "set " + " and ".join(_variable(key, value) for key, value in pairs.items())
    words = []
    if any(key in _IN_URL for key in pairs):
        url = _url(pairs, facts)
        words.append(f"--proxy {url}" if origin == "flag" else f"{origin}={url}")
    for key, value in pairs.items():
        if key not in _IN_URL:
            quote = "'" if value.startswith("'") else ""
            words.append(f"--set {quote}proxy.{key}={value.strip(quote or None)}{quote}")
    return (" " if origin == "flag" else " and ").join(words)


def _variable(key: str, value: str) -> str:
    name = f"SMTPCHECK_PROXY_{key.upper()}"
    return name if key == "password" else f"{name}={value}"


def _url(pairs: dict[str, str], facts: Facts) -> str:
    """The URL of the proxy in use, with other words in their places."""
    kind, host, port, user = (pairs.get(key) or _text(facts, key) for key in _IN_URL)
    if ":" in host:
        host = f"[{host}]"
    return f"{kind}://{f'{user}@' if user else ''}{host}:{port}"


def _text(facts: Facts, key: str) -> str:
    value = facts.get(f"proxy.{key}")
    return str(value) if isinstance(value, (str, int)) else ""


def _removed(origin: str) -> str:
    if origin == "flag":
        return ""  # the command beside it shows how
    what = "the variables SMTPCHECK_PROXY_*" if origin == "environment" else origin
    return f"; then correct or unset {what}"


def _left_out(key: str, origin: str) -> str:
    if origin == "environment":
        return f"unset SMTPCHECK_PROXY_{key.upper()}"
    return f"leave --set proxy.{key} out"
