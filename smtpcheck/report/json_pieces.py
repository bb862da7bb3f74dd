"""A saved report read back target by target: that of thousands of targets need not be in memory."""

from __future__ import annotations

import codecs
import json
import re
from collections.abc import Iterator

from smtpcheck.model.errors import UsageError
from smtpcheck.model.jsonvalue import Json
from smtpcheck.model.report import TargetReport
from smtpcheck.report.json_reading import report_from_data, target_from_data

_LARGEST = 256 << 20
"""Characters that are held at once: a target, or what a file holds that is no report."""
_SPACE = re.compile(r"[ \t\r\n]*")


class SavedReport:
    """What `--format json` wrote, from its bytes in pieces."""

    def __init__(self, pieces: Iterator[bytes]) -> None:
        self.started = ""
        """When the run began; known once its targets were read."""
        self._text = _Text(pieces)

    def targets(self) -> Iterator[TargetReport]:
        """Each target, in its order. Raises UsageError for what is no report, and ValueError or
        RecursionError for what is no JSON."""
        text, head = self._text, dict[str, Json]()
        if text.next() != "{":
            report_from_data(text.value())  # says what it is instead
        text.take("{")
        while text.next() != "}":
            if head:
                text.take(",")
            key = text.value()
            text.take(":")
            if key == "targets" and text.next() == "[":
                if head.get("schema") != 1:  # what a target is, that version knows
                    report_from_data({"targets": [], **head})
                for at, each in enumerate(text.members()):
                    yield target_from_data(each, at)
                head["targets"] = []
            else:
                head[str(key)] = text.value()
        text.take("}")
        if text.next():
            raise ValueError("more than one document")
        self.started = report_from_data(head).started


class _Text:
    """JSON that is read only as far as it is needed."""

    def __init__(self, pieces: Iterator[bytes]) -> None:
        self._pieces = pieces
        first = next(pieces, b"")
        self._decoder = codecs.getincrementaldecoder(json.detect_encoding(first))()
        self._buffer = self._decoder.decode(first)
        self._at = 0
        self._scan = json.JSONDecoder().raw_decode

    def next(self) -> str:
        """The next character that is no space; empty at the end."""
        while True:
            found = _SPACE.match(self._buffer, self._at)
            self._at = found.end() if found else self._at
            if self._at < len(self._buffer) or not self._more():
                return self._buffer[self._at : self._at + 1]

    def take(self, wanted: str) -> None:
        """Goes past this character. Raises ValueError where there is another."""
        if self.next() != wanted:
            raise ValueError(f"no {wanted}")
        self._at += 1

    def value(self) -> Json:
        """The value that begins here."""
        self.next()
        while True:
            try:
                value, end = self._scan(self._buffer, self._at)
            except ValueError:
                if not self._more():
                    raise
                continue
            if end == len(self._buffer) and self._more():  # a number may go on
                continue
            self._at = end
            made: Json = value
            return made

    def members(self) -> Iterator[Json]:
        """The members of the list that begins here."""
        self.take("[")
        first = True
        while self.next() != "]":
            if not first:
                self.take(",")
            first = False
            yield self.value()
        self.take("]")

    def _more(self) -> bool:
        """Reads on, as much again as is waiting to be understood. False at the end."""
        kept = self._buffer[self._at :]
        if len(kept) > _LARGEST:
            raise UsageError("a target of it is too large for a report")
        read, wanted = [kept], len(kept) + 1
        while wanted > 0 and (piece := next(self._pieces, b"")):
            read.append(self._decoder.decode(piece))
            wanted -= len(piece)
        self._buffer, self._at = "".join(read), 0
        return len(self._buffer) > len(kept)
