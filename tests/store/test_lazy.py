"""A mapping that is made when somebody asks."""

from __future__ import annotations

import pickle

from smtpcheck.store.lazy import LazyMapping


def test_it_is_made_once_and_only_when_somebody_asks() -> None:
    asked: list[str] = []

    def make() -> dict[str, int]:
        asked.append("made")
        return {"one": 1, "two": 2}

    lazy = LazyMapping(make)
    assert asked == []
    assert lazy["two"] == 2
    assert lazy == {"one": 1, "two": 2}
    assert (lazy.get("three"), len(lazy), list(lazy)) == (None, 2, ["one", "two"])
    assert repr(lazy) == "{'one': 1, 'two': 2}"
    assert asked == ["made"]


def doubled(number: int) -> dict[str, int]:
    if number < 0:
        raise AssertionError("made, though nobody asked")
    return {"two": 2 * number}


def test_what_nobody_asked_for_is_written_down_unmade() -> None:
    pickle.dumps(LazyMapping(doubled, -1))
    lazy = LazyMapping(doubled, 3)
    assert pickle.loads(pickle.dumps(lazy)) == {"two": 6}  # noqa: S301 - our own bytes
    assert lazy["two"] == 6
    assert pickle.loads(pickle.dumps(lazy)) == {"two": 6}  # noqa: S301 - our own bytes
