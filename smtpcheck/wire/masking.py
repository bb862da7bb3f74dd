"""Masks a secret by value, in every form in which a server may send it back."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator, Mapping, Sequence
from urllib.parse import quote, quote_plus

from smtpcheck.model.jsonvalue import Json

MASK = "<hidden>"
_SHORT = 4
"""A secret below this length is masked only where it stands alone: masking every `a` would leave
nothing to read, and such a secret protects nothing."""


class Masker:
    """Replaces what it knows; knows nothing at first."""

    __slots__ = ("_pattern", "_values")

    def __init__(self) -> None:
        self._values: set[str] = set()
        self._pattern: re.Pattern[str] | None = None

    def add(self, *forms: str) -> None:
        """Learns forms of a secret (`sasl.forms_of`)."""
        if not forms:
            return
        self._values.update(form for form in forms if form)
        whole = sorted(self._values, key=lambda form: (-len(form), form))
        self._pattern = re.compile(
            "|".join(
                re.escape(form) if len(form) >= _SHORT else rf"(?<!\w){re.escape(form)}(?!\w)"
                for form in whole
            ),
            re.IGNORECASE,
        )

    def text(self, text: str) -> str:
        """The text with every known form masked."""
        return self._pattern.sub(MASK, text) if self._pattern else text

    def value(self, value: Json) -> Json:
        """A fact with every text in it masked."""
        if self._pattern is None:
            return value
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, Mapping):
            return {key: self.value(each) for key, each in value.items()}
        if isinstance(value, Sequence):
            return [self.value(each) for each in value]
        return value


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
