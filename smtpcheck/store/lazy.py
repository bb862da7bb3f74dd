"""A mapping that is made when somebody asks: lines and origins, of which a probe that passes needs
none."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, TypeVar

K = TypeVar("K")
V = TypeVar("V")


class LazyMapping(Mapping[K, V]):
    """What `make` gives for `given`, asked once."""

    __slots__ = ("_made", "_way")

    def __init__(self, make: Callable[..., Mapping[K, V]], *given: Any) -> None:
        self._way: tuple[Callable[..., Mapping[K, V]], tuple[Any, ...]] | None = make, given
        self._made: Mapping[K, V] = {}

    def _all(self) -> Mapping[K, V]:
        way = self._way
        if way is not None:
            make, given = way
            self._made = make(*given)
            self._way = None  # and with it all that it holds
        return self._made

    def __getitem__(self, key: K) -> V:
        return self._all()[key]

    def __iter__(self) -> Iterator[K]:
        return iter(self._all())

    def __len__(self) -> int:
        return len(self._all())

    def __repr__(self) -> str:
        return repr(self._all())

    def __reduce__(self) -> tuple[type, tuple[Any, ...]]:
        """What nobody has asked for is not made to be written down."""
        way = self._way
        return (LazyMapping, (way[0], *way[1])) if way else (dict, (dict(self._made),))
