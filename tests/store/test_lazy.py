"""A mapping that is made when somebody asks."""

from __future__ import annotations

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
