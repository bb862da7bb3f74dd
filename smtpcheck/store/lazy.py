"""A mapping that is made when somebody asks: lines and origins, of which a probe that passes needs
none."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import TypeVar

K = TypeVar("K")
V = TypeVar("V")


class LazyMapping(Mapping[K, V]):
    """What `make` gives, asked once."""

    __slots__ = ("_made", "_make")

    def __init__(self, make: Callable[[], Mapping[K, V]]) -> None:
        self._make: Callable[[], Mapping[K, V]] | None = make
        self._made: Mapping[K, V] = {}

    def _all(self) -> Mapping[K, V]:
        make = self._make
        if make is not None:
            self._made = make()
            self._make = None  # and with it all that it holds
        return self._made

    def __getitem__(self, key: K) -> V:
        return self._all()[key]

    def __iter__(self) -> Iterator[K]:
        return iter(self._all())

    def __len__(self) -> int:
        return len(self._all())

    def __repr__(self) -> str:
        return repr(self._all())

    def __reduce__(self) -> tuple[type, tuple[dict[K, V]]]:
        """What is written down is what it holds, not how it is made."""
        return dict, (dict(self._all()),)
