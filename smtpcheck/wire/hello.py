"""EHLO and what a server offers (RFC 5321 section 4.1.1.1)."""

from __future__ import annotations

import re
from dataclasses import field
from functools import lru_cache

from smtpcheck.model.reply import Defect, Heard, Reply
from smtpcheck.model.value import dataclass
from smtpcheck.wire.command import Dialogue, ask, command
from smtpcheck.wire.reply_parser import sound

_MASKED = re.compile(r"X{4,}[A-Z]?\Z")
_KEYWORD = re.compile(r"[A-Za-z0-9][A-Za-z0-9-]*")


@dataclass(frozen=True, slots=True)
class Hello:
    """What a server answered to EHLO, HELO or LHLO."""

    verb: str
    heard: Heard
    name: str = ""
    """The name that the server gives itself."""
    extensions: dict[str, str] = field(default_factory=dict)
    """Keyword in upper case to its parameters; several AUTH lines are one."""

    @property
    def accepted(self) -> bool:
        """Whether the session may go on."""
        return isinstance(self.heard, Reply) and _welcomed(self.heard) and sound(self.heard)

    @property
    def mechanisms(self) -> tuple[str, ...]:
        """SASL mechanisms offered, upper case, in the server's order."""
        return _mechanisms(self.extensions.get("AUTH", ""))

    @property
    def size(self) -> int:
        """Largest message in bytes (RFC 1870), 0 where the server names none."""
        words = self.extensions.get("SIZE", "").split()
        return int(words[0]) if words and words[0].isascii() and words[0].isdigit() else 0

    @property
    def masked(self) -> tuple[str, ...]:
        """Keywords that something on the way has painted over: `XXXXXXXA`."""
        return tuple(w for w in self.extensions if w.startswith("XXXX") and _MASKED.match(w))

    def offers(self, keyword: str) -> bool:
        """Whether an extension is offered."""
        return keyword in self.extensions


def hello(name: str, *, lmtp: bool = False) -> Dialogue[Hello]:
    """EHLO, and HELO where the server does not know EHLO (RFC 5321 section 3.2)."""
    verb = "LHLO" if lmtp else "EHLO"
    heard = yield from ask(command(verb, name))
    if not lmtp and isinstance(heard, Reply) and sound(heard) and heard.code in (500, 502, 504):
        refusal = heard
        heard = yield from ask(command("HELO", name))
        if isinstance(heard, Reply) and not _welcomed(heard):
            heard = refusal  # a server that refuses both says why to the first
        else:
            verb = "HELO"
    return read_hello(verb, heard)


def read_hello(verb: str, heard: Heard) -> Hello:
    """The extensions in a reply to EHLO; none where it refuses, or came before it was asked for."""
    if not isinstance(heard, Reply) or not _welcomed(heard):
        return Hello(verb, heard)
    if Defect.UNSOLICITED in heard.defects:
        return Hello(verb, heard)
    first, *rest = (line.text for line in heard.lines)
    extensions: dict[str, str] = {}
    for text in rest if verb != "HELO" else ():
        keyword, words = _extension(text)
        if keyword == "AUTH" and keyword in extensions:
            words = f"{extensions[keyword]} {words}".strip()
        if keyword:
            extensions[keyword] = words
    return Hello(verb, heard, next(iter(first.split()), ""), extensions)


@lru_cache(maxsize=256)
def _extension(text: str) -> tuple[str, str]:
    """Keyword and parameters of a line; servers have nearly all of them in common."""
    found = _KEYWORD.match(text.strip())
    if not found:
        return "", ""
    # `AUTH=LOGIN` is older than RFC 4954.
    return found[0].upper(), found.string[found.end() :].lstrip("= \t").strip()


@lru_cache(maxsize=64)
def _mechanisms(words: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(words.upper().split()))


def _welcomed(heard: Reply) -> bool:
    """250 and no other: a 220 here is a second greeting, and the answer to EHLO comes behind it."""
    return heard.code == 250
