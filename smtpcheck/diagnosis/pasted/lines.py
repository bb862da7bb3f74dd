"""Takes off what loggers, terminals and quoting put around the words, line by line."""

from __future__ import annotations

import re
from typing import Final

from smtpcheck.model.value import dataclass

MOST_CHARACTERS: Final = 200_000
MOST_LINES: Final = 4000
_LONGEST_LINE: Final = 4000
_ANSI: Final = re.compile(r"\x1b\[[0-9;?]{0,20}[A-Za-z]|\x1b\][^\x07\x1b]{0,200}(?:\x07|\x1b\\)")
_TAG: Final = re.compile(
    r"</?(?:br|p|div|span|td|tr|table|tbody|li|ul|ol|b|i|strong|em|pre|code|font|html|body|h[1-6])"
    r"(?:\s[^<>]{0,200})?/?>",
    re.IGNORECASE,
)
_BREAK: Final = re.compile(r"</?(?:br|p|div|tr|li|pre)(?:\s[^<>]{0,200})?/?>", re.IGNORECASE)
_ENTITY: Final = re.compile(r"&(?:lt|gt|quot|amp|apos|nbsp|#\d{1,5}|#x[0-9a-fA-F]{1,4});")
# A backslash and n: a line feed, unless a path follows (C:\projects\node_modules\x).
_ESCAPED_FEED: Final = re.compile(
    r"(?:\\{1,2}r)?\\{1,2}n(?![A-Za-z0-9_.-]{1,60}[\\/.])|\\{1,2}r(?=[\"'\s]|$)"
)
_ESCAPED_LETTER: Final = re.compile(r"\\{1,2}u([0-9a-fA-F]{4})")
_BYTE_TEXT: Final = re.compile(r"\\x([0-9a-fA-F]{2})")
_MONTH: Final = "(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)"
_TIME: Final = r"\(?\d{1,2}:\d\d(?::\d\d)?\)?(?:[.,]\d{1,9})?(?:\s?(?:[AP]M|Z|UTC|[+-]\d\d:?\d\d))?"
_LEVEL: Final = (
    "TRACE|DEBUG|INFO|NOTICE|WARN(?:ING)?|ERR(?:OR)?|FATAL|CRITICAL|SEVERE|"
    "trace|debug|info|notice|warn(?:ing)?|error|crit"
)
_DAY: Final = rf"(?:(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun),? )?{_MONTH}\s{{1,2}}\d{{1,2}},? (?:\d{{4}} )?"
_DOCKER: Final = r"[\w./-]{1,60}\s{1,30}\|(?:\s|$)"
_SYSLOG: Final = (
    rf"{_MONTH}\s{{1,2}}\d{{1,2}}(?: \d{{4}})? {_TIME}(?: [\w.:-]{{1,80}})? "
    r"[\w./()@-]{1,60}(?:\[\d{1,9}\])?: "
)
_YEAR_FIRST: Final = rf"[\[(<]?\d{{4}}[-/.]\d\d[-/.]\d\d(?:[T ,_-]{{1,3}}{_TIME})?[\])>]?[ ,:]?"
_DAY_FIRST: Final = (
    rf"[\[(<]?\d{{1,2}}[-/.](?:\d\d|{_MONTH})[-/.]\d{{4}}(?:[T ,_:-]{{1,3}}{_TIME})?[\])>]?[ ,:]?"
)
_PREFIXES: Final = tuple(
    re.compile(pattern)
    for pattern in (
        _DOCKER,
        _SYSLOG,
        _YEAR_FIRST,
        _DAY_FIRST,
        rf"[\[(<]?{_DAY}{_TIME}(?: \d{{4}})?[\])>]?[ ,:]?",
        rf"[\[(<]?{_TIME}[\])>]?(?=\s|$)",
        rf"[\[(<]?(?:{_LEVEL})\s?[\])>]?:?(?=[\s\[(])",
        r"[A-Za-z]\w{0,30}[./\-]?\w{0,30}\[\d{1,9}\]:? ",
        r"\[[\w./-]{4,60}(?::[\w./-]{1,40}){0,3}\](?::|,)?(?=[\s\[])",
        r"--? ?:\s",
        r"\[\d{4,9}\](?=\s)",
    )
)
_JOINED: Final = re.compile(
    r"(?<=\S) (?=(?:\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\s)?(?:SERVER -> CLIENT|CLIENT -> SERVER|"
    r"SMTP ERROR|SMTP NOTICE|SMTP INBOUND): )|(?<=\S) (?=\d{4}-\d\d-\d\d \d\d:\d\d:\d\d SMTP )"
)
"""Where the lines of a PHPMailer log were run together."""
_QMAIL: Final = re.compile(r"\b(?:deferral|failure|success): (?=\S{12,}$)")
"""qmail-send writes a sentence without blanks, and a line feed as a stroke."""
_QUOTING: Final = re.compile(r"(?:[>|*#`] ?){1,3}(?=[A-Za-z0-9<{(\[\"'])")


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the paste."""

    number: int
    """1-based, in the text as it was given."""
    raw: str
    """As it stood there, without terminator; what evidence shows."""
    text: str
    """Without what a logger put in front."""


def lines_of(text: str) -> list[Line]:
    """The lines that hold anything, in order. A line that carries others in escapes (`\\n`) is
    given once for each of them, under one number. Of a text that is too long the head and the tail
    are read."""
    if len(text) > MOST_CHARACTERS:
        text = text[: MOST_CHARACTERS // 2] + "\n" + text[-MOST_CHARACTERS // 2 :]
    found: list[Line] = []
    for number, raw in enumerate(text.splitlines()[:MOST_LINES], start=1):
        shown = _ANSI.sub("", raw[:_LONGEST_LINE]).rstrip()
        for part in unescaped(shown).split("\n"):
            bare = without_prefix(part)
            if bare:
                found.append(Line(number, shown, bare))
    return found


def unescaped(line: str) -> str:
    """The line with escapes of loggers, JSON, HTML and Python as the characters they stand for."""
    if "\\" in line:
        line = _ESCAPED_FEED.sub("\n", line)
        line = _ESCAPED_LETTER.sub(lambda found: chr(int(found[1], 16)), line)
        line = line.replace('\\"', '"').replace("\\/", "/").replace("\\'", "'").replace("\\t", " ")
        line = _decoded(line)
    if "LIENT" in line:
        line = _JOINED.sub("\n", line)
    if "_" in line and (found := _QMAIL.search(line)):
        line = line[: found.end()] + line[found.end() :].replace("_", " ").replace("/", "\n")
    if "<" in line:
        line = _TAG.sub(" ", _BREAK.sub("\n", line))
    if "&" in line and _ENTITY.search(line):
        from html import unescape

        line = unescape(line)
    return line


def without_prefix(line: str) -> str:
    """The line without times, levels, names of programs and containers, and marks of quoting."""
    rest = line.strip(" \t\r\ufeff\u200b")
    for _ in range(8):
        before = rest
        for prefix in _PREFIXES:
            found = prefix.match(rest)
            if found and found.end() and not _is_reply(found[0]):
                rest = rest[found.end() :].lstrip(" \t")
        if rest == before:
            break
    return rest


def unquoted(line: str) -> str:
    """The line without the marks that a mail program or a forum puts before quoted lines."""
    found = _QUOTING.match(line)
    return line[found.end() :] if found else line


def _is_reply(prefix: str) -> bool:
    """`[503]` is what some programs make of a reply code."""
    return bool(re.fullmatch(r"\[[2-5]\d\d\]\s?", prefix))


def _decoded(line: str) -> str:
    """Bytes that Python printed as `\\xe6\\x88`: UTF-8, or the GBK of Chinese providers."""
    if not _BYTE_TEXT.search(line):
        return line

    def decode(found: re.Match[str]) -> str:
        raw = bytes(int(each, 16) for each in _BYTE_TEXT.findall(found[0]))
        for charset in ("utf-8", "gb18030"):
            try:
                return raw.decode(charset)
            except UnicodeDecodeError:
                continue
        return found[0]

    return re.sub(r"(?:\\x[0-9a-fA-F]{2}){2,400}", decode, line)
