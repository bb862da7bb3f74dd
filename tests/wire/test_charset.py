"""Character sets of a message."""

from __future__ import annotations

import pytest

from smtpcheck.wire.charset import CharsetError, encoded, mime_name


@pytest.mark.parametrize(
    ("given", "name"),
    [
        ("utf-8", "utf-8"),
        ("utf_8_sig", "utf-8"),
        ("latin1", "iso-8859-1"),
        ("iso8859-15", "iso-8859-15"),
        ("cp1252", "windows-1252"),
        ("Windows-1251", "windows-1251"),
        ("shift_jis", "shift_jis"),
        ("cp932", "windows-31j"),
        ("euc_jp", "euc-jp"),
        ("iso2022_jp", "iso-2022-jp"),
        ("GB18030", "gb18030"),
        ("big5", "big5"),
        ("koi8-r", "koi8-r"),
        ("ascii", "us-ascii"),
    ],
)
def test_the_name_is_the_one_that_mail_has(given: str, name: str) -> None:
    assert mime_name(given) == name


@pytest.mark.parametrize("charset", ["utf-16", "UTF-32LE", "cp037", "cp500"])
def test_a_charset_without_the_line_ends_of_mail_is_refused(charset: str) -> None:
    with pytest.raises(CharsetError, match="cannot be used in the text of a mail"):
        mime_name(charset)


@pytest.mark.parametrize(
    ("text", "charset", "words"),
    [
        ("10 €", "iso-8859-1", "the text holds '€', U\\+20AC EURO SIGN, which iso-8859-1"),
        ("ä", "us-ascii", "U\\+00E4 LATIN SMALL LETTER A WITH DIAERESIS"),
        ("日\u2028", "cp1252", "'日', U\\+65E5"),
        ("\udc80", "utf-8", "holds U\\+DC80 a character without a name"),
    ],
)
def test_a_character_that_a_charset_does_not_have_is_named(
    text: str, charset: str, words: str
) -> None:
    with pytest.raises(CharsetError, match=words):
        encoded(text, charset, "the text")


def test_no_byte_order_mark_is_written() -> None:
    assert encoded("ü", "utf-8-sig", "the text") == b"\xc3\xbc"
