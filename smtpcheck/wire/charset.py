"""Character sets of a message: their names in mail, and text in them."""

from __future__ import annotations

import codecs
import unicodedata

# Python's names where mail has others (IANA character sets, preferred MIME names).
_NAMES = {
    "ascii": "us-ascii",
    "utf-8-sig": "utf-8",
    "cp932": "windows-31j",
    "cp949": "ks_c_5601-1987",
    "cp874": "windows-874",
    "cp437": "ibm437",
    "cp850": "ibm850",
    "cp858": "ibm00858",
    "mac-roman": "macintosh",
    "hz": "hz-gb-2312",
    "shift_jis": "shift_jis",
}


class CharsetError(ValueError):
    """The text and its character set do not go together."""


def mime_name(charset: str) -> str:
    """The name that a Content-Type may give (RFC 2046 section 4.1.2). Raises CharsetError for
    one whose line ends are not CR LF, LookupError for one that is not known."""
    codec = codecs.lookup(charset).name
    if codec.startswith(("utf-16", "utf-32")):
        raise CharsetError(f"{charset} cannot be used in the text of a mail (RFC 2781 section 3.2)")
    if codec != "utf-8-sig" and "a\r\n".encode(codec) != b"a\r\n":
        raise CharsetError(
            f"{charset} cannot be used in the text of a mail (RFC 2046 section 4.1.1)"
        )
    if codec in _NAMES:
        return _NAMES[codec]
    if codec.startswith("iso8859"):
        return f"iso-8859{codec[7:]}"
    if codec.startswith("cp125"):
        return f"windows-{codec[2:]}"
    return codec.replace("iso2022_", "iso-2022-").replace("_", "-")


def encoded(text: str, charset: str, what: str) -> bytes:
    """The text in this character set. Raises CharsetError with the first character that it does
    not have, and LookupError; `what` says whose text it is."""
    codec = "utf-8" if codecs.lookup(charset).name == "utf-8-sig" else charset
    try:
        return text.encode(codec)
    except UnicodeEncodeError as error:
        character = text[error.start]
        name = unicodedata.name(character, "a character without a name")
        shown = f"{character!r}, " if character.isprintable() else ""
        raise CharsetError(
            f"{what} holds {shown}U+{ord(character):04X} {name}, which {charset} does not have"
        ) from None
