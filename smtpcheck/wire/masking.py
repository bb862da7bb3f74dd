"""Masks a secret by value, in every form in which a server may send it back."""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Final
from urllib.parse import quote, quote_plus

from smtpcheck.model.jsonvalue import Facts, Json
from smtpcheck.wire.disguise import readings_of

MASK = "<hidden>"
_SHORT = 4
"""A secret below this length is masked only where it stands alone: masking every `a` would leave
nothing to read, and such a secret protects nothing."""
_LONG = 8
"""Fewer digits are masked where no digit stands beside them: a port is a part of many numbers."""


_COMMON_WORDS = (
    "access account accepted admin auth authentication authenticated authenticate bad client "
    "command connection credential credentials data denied domain email error external fail "
    "failed failure hello helo ehlo host invalid key local login mail message password pass "
    "permission plain postfix queue quit ready recipient refused reject rejected relay root rset "
    "sender secret secure security server service smtp starttls submission success temporary test "
    "token unknown user username verify welcome wrong"
)
_COMMON: Final = frozenset(_COMMON_WORDS.split())
"""Words that any server says to anybody. As a secret such a word is masked where it stands alone
and written like the secret: its mask in every `authentication` would show what the secret is."""
_OURS_WORDS = (
    "reply.command reply.defects silence.kind silence.command error.kind error.reason kind "
    "problems.kind mechanism method other_method fallback_from fallback_method username_form "
    "password_shape password_kind trust verb protocol type phase family resolved_by status at "
    "goal token.kind token.problems scram.channel_binding changes.key"
)
OURS: Final = frozenset(_OURS_WORDS.split())
"""Facts in words of this program, none of which a server chooses: what is judged by them must not
depend on what the password is."""


class Masker:
    """Replaces what it knows; knows nothing at first."""

    __slots__ = ("_common", "_forms", "_octets")

    def __init__(self) -> None:
        self._forms: dict[str, None] = {}
        self._common: dict[str, None] = {}
        self._octets: dict[bytes, None] = {}

    def add(self, *forms: str) -> None:
        """Learns forms of a secret (`sasl.forms_of`)."""
        for form in filter(None, forms):
            if _lower(form) in _COMMON:
                self._common[form] = None
            else:
                self._forms[_lower(form)] = None
            if len(form) >= _SHORT:
                octets = form.encode("utf-8", "replace")
                self._octets |= {octets: None, octets.replace(b" ", b"+"): None}

    def text(self, text: str) -> str:
        """The text with every known form masked."""
        if not (self._forms or self._common):
            return text
        lowered = _lower(text)
        spans = [span for form in self._forms for span in _spans_of(form, lowered)]
        spans += [span for form in self._common for span in _spans_of(form, text)]
        for reading in readings_of(text):
            spans += [span for form in self._octets for span in reading.spans_of(form)]
        return _masked(text, spans) if spans else text

    def facts(self, facts: Facts) -> dict[str, Json]:
        """The facts of a step, masked but for the words of our own (`OURS`)."""
        if not (self._forms or self._common):
            return dict(facts)
        return {key: self.value(value, key) for key, value in facts.items()}

    def value(self, value: Json, name: str = "") -> Json:
        """A fact with every text in it masked; `name` is its dotted one."""
        if name in OURS or not (self._forms or self._common):
            return value
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, Mapping):
            return {key: self.value(each, f"{name}.{key}") for key, each in value.items()}
        if isinstance(value, Sequence):
            return [self.value(each, name) for each in value]
        return value


def _lower(text: str) -> str:
    """In small letters, each at the place of its own."""
    lowered = text.lower()
    if len(lowered) == len(text):
        return lowered
    return "".join(each if len(each.lower()) > 1 else each.lower() for each in text)


def _spans_of(form: str, text: str) -> Iterator[tuple[int, int]]:
    at = text.find(form)
    if at < 0:
        return
    part_of_more = _part_of_more(form)
    while at >= 0:
        end = at + len(form)
        if part_of_more(text[at - 1 : at] if at else "") or part_of_more(text[end : end + 1]):
            at = text.find(form, at + 1)
        else:
            yield at, end
            at = text.find(form, end)


def _part_of_more(form: str) -> Callable[[str], bool]:
    """Whether, beside this letter, the form would be but a part of another word."""
    if len(form) < _SHORT:
        return lambda letter: letter.isalnum() or letter == "_"
    if form.isdecimal() and len(form) < _LONG:
        return str.isdecimal
    return str.isalpha if _lower(form) in _COMMON else _never


def _never(_: str) -> bool:
    return False


def _masked(text: str, spans: list[tuple[int, int]]) -> str:
    """What overlaps becomes one mask."""
    parts: list[str] = []
    at = 0
    for start, end in sorted(spans):
        if start >= at:
            parts += (text[at:start], MASK)
        at = max(at, end)
    return "".join((*parts, text[at:]))


def encodings(value: bytes) -> Iterator[str]:
    """A secret in plain, base64 at each of its three alignments, hex and URL form.

    Shifted by one or two bytes, base64 shares only its middle with the secret's own: what depends
    on the neighbours is cut off at both ends.
    """
    yield value.decode("utf-8", "backslashreplace")
    yield value.hex()
    yield quote(value, safe="")
    yield quote_plus(value)
    for shift in range(3):
        encoded = base64.b64encode(b"\0" * shift + value).decode()
        start = -(-shift * 8 // 6)
        end = (shift + len(value)) * 8 // 6
        middle = encoded[start:end]
        if len(middle) >= _SHORT:
            yield middle
            yield middle.replace("+", "-").replace("/", "_")
