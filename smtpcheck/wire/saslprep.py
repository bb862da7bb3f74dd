"""SASLprep (RFC 4013): user names and passwords in the one form that both sides hash."""

from __future__ import annotations

import stringprep
import unicodedata

_PROHIBITED = (
    stringprep.in_table_c12,
    stringprep.in_table_c21_c22,
    stringprep.in_table_c3,
    stringprep.in_table_c4,
    stringprep.in_table_c5,
    stringprep.in_table_c6,
    stringprep.in_table_c7,
    stringprep.in_table_c8,
    stringprep.in_table_c9,
    stringprep.in_table_a1,
)


def saslprep(text: str) -> str:
    """The prepared form of a stored or entered string. Raises ValueError, whose message shows
    nothing of the text, for what RFC 4013 prohibits: control characters, code points without an
    assignment in Unicode 3.2, right-to-left text mixed with the other kind."""
    if text.isascii() and text.isprintable():
        return text
    mapped = "".join(
        " " if stringprep.in_table_c12(char) else char
        for char in text
        if not stringprep.in_table_b1(char)
    )
    prepared = unicodedata.ucd_3_2_0.normalize("NFKC", mapped)
    if any(wrong(char) for char in prepared for wrong in _PROHIBITED):
        raise ValueError("it holds a character that SASLprep (RFC 4013) prohibits")
    if any(stringprep.in_table_d1(char) for char in prepared):
        inward = any(stringprep.in_table_d2(char) for char in prepared)
        ends = stringprep.in_table_d1(prepared[0]) and stringprep.in_table_d1(prepared[-1])
        if inward or not ends:
            raise ValueError("it mixes text of both directions, which SASLprep prohibits")
    return prepared
