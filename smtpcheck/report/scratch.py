"""Text that is written now and read later, and does not stay in memory meanwhile: for formats in
which what comes first, or stands together, is known only once every target was seen.
"""

from __future__ import annotations

from collections.abc import Iterator
from tempfile import SpooledTemporaryFile

_IN_MEMORY = 128 * 1024
"""Octets; what is longer goes to a temporary file without a name."""
_CHUNK = 64 * 1024


class Scratch:
    """A text that grows at its end; who made it closes it."""

    def __init__(self) -> None:
        # The text of every format is ASCII or has been escaped, so that UTF-8 can say it.
        self._file = SpooledTemporaryFile(  # noqa: SIM115 - closed by `close`
            _IN_MEMORY, mode="w+", encoding="utf-8", newline="", prefix="smtpcheck-"
        )
        self.is_empty = True

    def write(self, text: str) -> None:
        """Adds the text. Raises OSError where the disk takes no more."""
        self.is_empty = self.is_empty and not text
        self._file.write(text)

    def chunks(self) -> Iterator[str]:
        """All of it, from its start."""
        self._file.seek(0)
        while chunk := self._file.read(_CHUNK):
            yield chunk

    def close(self) -> None:
        """Forgets the text."""
        self._file.close()
