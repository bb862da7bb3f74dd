"""The failures of a mail log by cause: counted while the log streams past, in constant memory."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from smtpcheck.catalog.cause import Catalog
from smtpcheck.diagnosis.explain import explain_text
from smtpcheck.diagnosis.pasted.payload import masked
from smtpcheck.model.diagnosis import Diagnosis

LOG_FROM: Final = 256 * 1024
"""Characters from which any text is taken for a log."""
_MOST_SHAPES: Final = 20_000
_MOST_JUDGED: Final = 4_000
"""Different shapes of lines that are judged; a log that has more repeats no message at all."""
_LONGEST: Final = 4_000
_DELIVERED: Final = (b"status=sent", b"stat=Sent", b" => ", b" -> ")
_FAILED: Final = re.compile(
    rb"status=(?:deferred|bounced|expired|undeliverable|soft-bounce)|reject: |"
    rb"stat=(?!Sent)|reject=|SASL \S+ authentication failed"
    rb"|TLS library problem| (?:==|\*\*) \S+@|rejected (?:RCPT|MAIL|EHLO|HELO|after DATA|"
    rb"connection)|fatal: |panic: "
)
_MAYBE: Final = re.compile(
    rb"(?i)error|fail|refus|reject|denied|timed out|timeout|unable|cannot|could not|"
    rb"exception|[ '\"(>:-][45]\d\d[ -]\S"
)
_MTA: Final = re.compile(
    rb"postfix[/-]|sendmail\[|\bexim|sm-mta\[|opensmtpd|smtpd\[|"
    rb"^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d \w{6}-\w{6,11}-\w{2,4} "
)
# What differs from message to message and does not matter: addresses, hosts, times, ids.
_VARIABLE: Final = re.compile(
    rb"[^\s<>()=,:;\"']+@[^\s<>(),;:\"']+|\[[0-9a-fA-F.:]+\]|"
    rb"[\w-]+(?:\.[\w-]+)*\.[A-Za-z][\w-]+|(?:\d{1,3}\.){3}\d{1,3}"
    rb"|\b\d{4,}\b|\b(?=[A-Za-z]*\d)[0-9A-Za-z]{8,}\b|(?<![\d.])\d{1,2}(?![\d.])"
)
_QUEUE_ID: Final = re.compile(rb"(?:\]|smtp\S*): ([0-9A-F]{6,14}|[0-9B-Zb-z]{10,16}): ")
_TIME: Final = re.compile(
    r"[A-Z][a-z]{2}\s+\d{1,2} \d\d:\d\d:\d\d|"
    r"\d{4}[-/]\d\d[-/]\d\d[T ]\d\d:\d\d(?::\d\d)?(?:\.\d{1,9})?(?:Z|[+-]\d\d:?\d\d)?"
)


@dataclass(slots=True)
class Group:
    """All lines of a log that have one cause."""

    diagnosis: Diagnosis
    sample: str
    """The first of its lines, what may be secret masked."""
    count: int = 0
    first_line: bytes = b""
    last_line: bytes = b""

    @property
    def first(self) -> str:
        """When it was seen first, as the log writes times; empty where it has none."""
        return _time_of(self.first_line)

    @property
    def last(self) -> str:
        """When it was seen last."""
        return _time_of(self.last_line)


@dataclass(slots=True)
class _Shape:
    """One kind of line, once judged."""

    cause: str
    """Empty: it has none."""


@dataclass(slots=True)
class MailLog:
    """Takes a log piece by piece."""

    catalog: Catalog
    groups: dict[str, Group] = field(default_factory=dict)
    lines: int = 0
    delivered: int = 0
    unexplained: int = 0
    """Lines that tell of a failure and have no known cause."""
    _rest: bytes = b""
    _shapes: dict[bytes, _Shape] = field(default_factory=dict)
    _judged: int = 0
    _mta: bool | None = None

    def feed(self, piece: bytes) -> None:
        """Reads the next piece; it may end in the middle of a line."""
        whole = self._rest + piece
        cut = whole.rfind(b"\n") + 1
        self._rest = whole[cut:] if len(whole) - cut <= _LONGEST * 4 else b""
        self._read(whole[:cut])

    def finish(self) -> list[Group]:
        """Reads what is left, and gives the groups, the largest first."""
        self._read(self._rest)
        self._rest = b""
        return sorted(self.groups.values(), key=lambda group: (-group.count, group.diagnosis.cause))

    def _read(self, block: bytes) -> None:
        if self._mta is None and block:
            self._mta = bool(_MTA.search(block))
        interesting = _FAILED if self._mta else _MAYBE
        lines = block.splitlines()
        self.lines += len(lines)
        for line in lines:
            if interesting.search(line):
                self._count(line[:_LONGEST])
            elif any(word in line for word in _DELIVERED):
                self.delivered += 1

    def _count(self, line: bytes) -> None:
        shape = _VARIABLE.sub(b"#", _told(line))
        known = self._shapes.get(shape)
        if known is None:
            known = self._judge(line, shape)
        if not known.cause:
            self.unexplained += 1
            return
        group = self.groups[known.cause]
        group.count += 1
        group.first_line = group.first_line or line
        group.last_line = line

    def _judge(self, line: bytes, shape: bytes) -> _Shape:
        made = _Shape("")
        if self._judged < _MOST_JUDGED:
            self._judged += 1
            text = line.decode("utf-8", "replace")
            found = explain_text(text, self.catalog).diagnoses
            if found:
                made.cause = found[0].cause
                self.groups.setdefault(made.cause, Group(found[0], masked(text.strip())))
        if len(self._shapes) >= _MOST_SHAPES:
            self._shapes.clear()
        self._shapes[shape] = made
        return made


def is_log(head: bytes) -> bool:
    """Whether a text that begins so is the log of many messages: several queue ids, or too much
    text to be one failure."""
    if len(head) >= LOG_FROM:
        return True
    if not _MTA.search(head):
        return False
    ids = {found[1] for found in _QUEUE_ID.finditer(head)}
    failed = sum(1 for _ in _failures(head))
    return failed >= 4 and len(ids) >= 4


def _failures(head: bytes) -> Iterator[bytes]:
    return (line for line in head.splitlines() if _FAILED.search(line))


def _told(line: bytes) -> bytes:
    """What a line tells, without who, when and how long."""
    for mark in (
        b"status=",
        b"stat=",
        b"reject: ",
        b"reject=",
        b" rejected ",
        b" warning: ",
        b" == ",
        b" ** ",
    ):
        at = line.find(mark)
        if at >= 0:
            return line[at:]
    return line[16:]


def _time_of(line: bytes) -> str:
    found = _TIME.search(line[:120].decode("utf-8", "replace"))
    return found[0] if found else ""
