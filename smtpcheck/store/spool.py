"""A sequence that keeps what is many in a temporary file of its own instead of in memory.

The file has no name where a system can do without one, belongs to this process alone and is gone
with it. What may not be written down, a Secret above all, stays in memory.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterator, Sequence
from io import FileIO
from threading import Lock
from typing import TypeVar, cast, overload
from weakref import finalize

T = TypeVar("T")

FEW = 64
"""So many values stay as they are."""


class Spool(Sequence[T]):
    """So many values by number, each put once, in any order and from any thread.

    Who asks for one of many gets a value made anew. `missing` makes those that were never put.
    `on_disk`: else all stay in memory, for who drops most of them soon.
    """

    def __init__(
        self, count: int, missing: Callable[[int], T] | None = None, *, on_disk: bool = True
    ) -> None:
        self._count = count
        self._missing = missing
        self._lock = Lock()
        self._was_put = bytearray(count)
        self._kept: dict[int, T] = {}
        filed = count if on_disk and count > FEW else 0
        self._places = array("Q", bytes(8 * filed))
        self._sizes = array("Q", bytes(8 * filed))
        self._end = 0
        self._file: FileIO | None = None
        self._closed = False

    def put(self, number: int, value: T, record: bytes | None = None) -> bool:
        """Keeps the value. Returns whether it was taken: the first of its number is, until the
        spool is closed. `record`: the value as octets, where they are at hand."""
        if self._sizes and record is None:
            from smtpcheck.store.record import packed

            record = packed(value)
        with self._lock:
            if self._closed or self._was_put[number]:
                return False
            if not self._sizes or record is None or not self._filed(number, record):
                self._kept[number] = value
            self._was_put[number] = 1
            return True

    def drop(self, number: int) -> None:
        """Forgets a value of those in memory; it is not taken a second time, and whoever asks for
        it gets a KeyError."""
        with self._lock:
            self._kept.pop(number, None)

    def close(self) -> None:
        """Nothing more is taken."""
        with self._lock:
            self._closed = True

    def has(self, number: int) -> bool:
        """Whether this value was put."""
        return bool(self._was_put[number])

    def record(self, number: int) -> bytes | None:
        """A value that was put, as it lies on disk; None where it is in memory."""
        with self._lock:
            if self._file is None or number in self._kept:
                return None
            self._file.seek(self._places[number])
            return self._file.read(self._sizes[number])

    def __len__(self) -> int:
        return self._count

    @overload
    def __getitem__(self, index: int) -> T: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[T]: ...
    def __getitem__(self, index: int | slice) -> T | Sequence[T]:
        if isinstance(index, slice):
            return tuple(self[number] for number in range(*index.indices(self._count)))
        number = range(self._count)[index]
        if not self._was_put[number]:
            if self._missing is None:
                raise KeyError(number)
            return self._missing(number)
        record = self.record(number)
        if record is None:
            return self._kept[number]
        from smtpcheck.store.record import unpacked

        return cast(T, unpacked(record))

    def __iter__(self) -> Iterator[T]:
        return (self[number] for number in range(self._count))

    def _filed(self, number: int, record: bytes) -> bool:
        """Whether the record is in the file now. A disk that is full or not there costs memory,
        and no result."""
        import tempfile

        try:
            if self._file is None:
                self._file = tempfile.TemporaryFile(buffering=0)  # noqa: SIM115 - stays open
                finalize(self, self._file.close)
            self._file.seek(self._end)
            if self._file.write(record) != len(record):
                return False
        except OSError:
            return False
        self._places[number], self._sizes[number] = self._end, len(record)
        self._end += len(record)
        return True
