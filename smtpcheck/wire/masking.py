"""Masks a secret by value, in every form in which a server may send it back."""

from __future__ import annotations

import base64
from collections.abc import Iterator, Mapping, Sequence
from urllib.parse import quote, quote_plus

from smtpcheck.model.jsonvalue import Json
from smtpcheck.wire.disguise import readings_of

MASK = "<hidden>"
_SHORT = 4
"""A secret below this length is masked only where it stands alone: masking every `a` would leave
nothing to read, and such a secret protects nothing."""


class Masker:
    """Replaces what it knows; knows nothing at first."""

    __slots__ = ("_forms", "_octets")

    def __init__(self) -> None:
        self._forms: dict[str, None] = {}
        self._octets: dict[bytes, None] = {}

    def add(self, *forms: str) -> None:
        """Learns forms of a secret (`sasl.forms_of`)."""
        for form in filter(None, forms):
            self._forms[_lower(form)] = None
            if len(form) >= _SHORT:
                octets = form.encode("utf-8", "replace")
                self._octets |= {octets: None, octets.replace(b" ", b"+"): None}

    def text(self, text: str) -> str:
        """The text with every known form masked."""
        if not self._forms:
            return text
        lowered = _lower(text)
        spans = [span for form in self._forms for span in _spans_of(form, lowered)]
        for reading in readings_of(text):
            spans += [span for form in self._octets for span in reading.spans_of(form)]
        return _masked(text, spans) if spans else text

    def value(self, value: Json) -> Json:
        """A fact with every text in it masked."""
        if not self._forms:
            return value
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, Mapping):
            return {key: self.value(each) for key, each in value.items()}
        if isinstance(value, Sequence):
            return [self.value(each) for each in value]
        return value


def _lower(text: str) -> str:
    """In small letters, each at the place of its own."""
    lowered = text.lower()
    if len(lowered) == len(text):
        return lowered
    return "".join(each if len(each.lower()) > 1 else each.lower() for each in text)


def _spans_of(form: str, text: str) -> Iterator[tuple[int, int]]:
    at = text.find(form)
    while at >= 0:
        end = at + len(form)
        if len(form) >= _SHORT or not (
            _is_word(text[at - 1 : at]) or _is_word(text[end : end + 1])
        ):
            yield at, end
            at = text.find(form, end)
        else:
            at = text.find(form, at + 1)


def _is_word(letter: str) -> bool:
    return letter.isalnum() or letter == "_"


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
