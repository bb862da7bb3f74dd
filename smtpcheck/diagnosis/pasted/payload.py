"""Base64 of a login, decoded here and never shown: what is wrong with it is told in a word."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterator, Sequence
from typing import Final

from smtpcheck.diagnosis.pasted.lines import Line
from smtpcheck.diagnosis.pasted.said import without_mark

MASK: Final = "<hidden>"
_TOKEN: Final = re.compile(
    r"(?<![\w+/=.-])(?=[A-Za-z0-9+/]*[A-Z0-9+/=])[A-Za-z0-9+/]{8,4000}={0,2}(?![\w+/=.@-])"
)
_ASKED: Final = re.compile(
    r"\b334\b|\bAUTH (?:PLAIN|LOGIN|XOAUTH2|OAUTHBEARER|CRAM-MD5|NTLM)\b", re.IGNORECASE
)
_STATUS: Final = re.compile(r"\A\{.{0,200}\"status\": ?\"(\w{1,40})\"", re.DOTALL)
_PROMPTS: Final = ("username", "password", "user name")
_CREDENTIAL: Final = re.compile(
    r"(?P<key>(?:pass(?:word|wd)?|pwd|secret|token|api[_-]?key|user ?pass|bearer|"
    r"authorization)['\"]?\s{0,3}(?:=>|[:=])\s{0,3})"
    r"(?P<value>['\"]?[^\s,;'\"<>{}]{3,200})",
    re.IGNORECASE,
)
_IN_URL: Final = re.compile(r"(?P<head>://[^\s:/@]{1,120}:)[^\s/@]{1,200}(?=@)")


def oddities_of(lines: Sequence[Line]) -> list[str]:
    """What is odd about the user name or the password that a conversation shows in base64:
    `newline-at-end`, `blank-at-end`, `placeholder`, `empty`, `non-ascii`; nothing else is kept."""
    found: list[str] = []
    for token in _login_tokens(lines):
        for value in _decoded(token).split("\0"):
            for oddity in _oddities(value):
                if oddity not in found:
                    found.append(oddity)
    return found


def oauth_status_of(lines: Sequence[Line]) -> str:
    """The status in the JSON that a server sends with a 334 when it refuses a token (Google,
    RFC 7628 section 3.2.2); empty for none."""
    for line in lines:
        if "334" not in line.text:
            continue
        for token in _TOKEN.findall(line.text):
            found = _STATUS.search(_decoded(token))
            if found:
                return found[1]
    return ""


def masked(text: str) -> str:
    """A line that may be shown: passwords, tokens and base64 of a login are taken out."""
    text = _CREDENTIAL.sub(lambda found: f"{found['key']}{MASK}", text)
    text = _IN_URL.sub(lambda found: f"{found['head']}{MASK}", text)
    return _TOKEN.sub(lambda found: MASK if _hides_something(found[0]) else found[0], text)


def _login_tokens(lines: Sequence[Line]) -> Iterator[str]:
    asked = False
    for line in lines:
        bare = without_mark(line.text)
        for token in _TOKEN.findall(bare):
            prompt = _decoded(token).lower().rstrip(": \0")
            if prompt not in _PROMPTS and (asked or _ASKED.search(bare)):
                yield token
        asked = bool(_ASKED.search(bare))


def _oddities(value: str) -> Iterator[str]:
    if value[-1:] in ("\r", "\n"):
        yield "newline-at-end"
    elif value[-1:] in (" ", "\t"):
        yield "blank-at-end"
    if value.strip().lower() in (
        "undefined",
        "null",
        "none",
        "nil",
        "[object object]",
        "false",
        "${smtp_user}",
    ):
        yield "placeholder"
    if not value.isascii():
        yield "non-ascii"


def _decoded(token: str) -> str:
    try:
        raw = base64.b64decode(token + "=" * (-len(token) % 4), validate=True)
        return raw.decode("utf-8")
    except (binascii.Error, ValueError):
        return ""


def _hides_something(token: str) -> bool:
    """Whether a run of base64 letters may be a secret: it decodes to text, or is long and mixed."""
    if len(token) < 12 or token.isdigit():
        return False
    plain = _decoded(token)
    if plain.lower().rstrip(": \0") in _PROMPTS:
        return False
    if plain and all(char.isprintable() or char in "\0\r\n\x01" for char in plain):
        return True
    mixed = sum(bool(re.search(kind, token)) for kind in ("[a-z]", "[A-Z]", "[0-9]", "[+/=]"))
    return len(token) >= 24 and mixed >= 3
