"""Our `dataclass` does what the standard library's does."""

from __future__ import annotations

import copy
import dataclasses
import pickle
from collections.abc import Callable
from dataclasses import FrozenInstanceError, field, fields, replace
from typing import Any

import pytest

from smtpcheck.model import value

Decorate = Callable[..., Any]


class Point:
    """A point."""

    x: int
    y: int = 2
    note: str = field(default="", compare=False)
    hidden: tuple[str, ...] = field(default=(), repr=False)
    more: list[int] = field(default_factory=list, hash=False, compare=False)

    @property
    def sum(self) -> int:
        return self.x + self.y


class Named:
    name: str = "n"

    def __repr__(self) -> str:
        return "own"

    def __eq__(self, other: object) -> bool:
        return True

    def __hash__(self) -> int:
        return 1


class Empty:
    pass


def made(plain: type, decorate: Decorate, **wishes: bool) -> Any:
    """The class decorated, from the same body."""
    body = {k: v for k, v in vars(plain).items() if k not in ("__dict__", "__weakref__")}
    body |= {k: copy.copy(v) for k, v in body.items() if isinstance(v, dataclasses.Field)}
    return decorate(frozen=True, slots=True, **wishes)(type(plain.__name__, (), body))


@pytest.fixture(params=["ours", "standard"])
def decorate(request: pytest.FixtureRequest) -> Decorate:
    return {"ours": value.dataclass, "standard": dataclasses.dataclass}[request.param]


def test_values_compare_hash_and_show_by_their_fields(decorate: Decorate) -> None:
    cls = made(Point, decorate)
    one, same, other = cls(1), cls(1, note="x"), cls(1, hidden=("y",))
    assert (one == same, one == other, one != other, one == (1, 2)) == (True, False, True, False)
    assert hash(one) == hash(same)
    assert len({one, same, other}) == 2
    assert repr(same) == "Point(x=1, y=2, note='x', more=[])"
    assert one != made(Point, decorate)(1), "another class"
    assert one.sum == 3


def test_values_cannot_be_changed(decorate: Decorate) -> None:
    point = made(Point, decorate)(1)
    with pytest.raises(FrozenInstanceError):
        point.x = 5
    with pytest.raises(FrozenInstanceError):
        del point.x
    with pytest.raises((AttributeError, TypeError)):
        point.z = 5
    assert point.x == 1
    assert not hasattr(point, "__dict__")


def test_values_are_replaced_copied_and_matched(decorate: Decorate) -> None:
    cls = made(Point, decorate)
    point = cls(1, more=[1])
    assert replace(point, y=9) == cls(1, 9)
    assert copy.copy(point) == copy.deepcopy(point) == point
    assert [each.name for each in fields(cls)] == ["x", "y", "note", "hidden", "more"]
    match point:
        case cls(1, second):
            assert second == 2
        case _:
            pytest.fail("not matched by position")


def test_what_a_class_defines_itself_stays(decorate: Decorate) -> None:
    named = made(Named, decorate)()
    assert (repr(named), hash(named), named == 5) == ("own", 1, True)


def test_wishes_are_kept(decorate: Decorate) -> None:
    with pytest.raises(TypeError):
        made(Point, decorate, kw_only=True)(1)
    cls = made(Point, decorate, eq=False)
    assert cls(1) != cls(1)
    assert len({cls(1), cls(1)}) == 2
    empty = made(Empty, decorate)
    assert empty() == empty()
    assert hash(empty()) == hash(empty())
    ordered = decorate(frozen=True, slots=True, order=True)(type("O", (), dict(vars(Empty))))
    assert ordered() <= ordered()


@value.dataclass(frozen=True, slots=True)
class AtTop:
    """One that pickle can find."""

    x: int


def test_values_can_be_pickled() -> None:
    assert pickle.loads(pickle.dumps(AtTop(3))) == AtTop(3)  # noqa: S301 - our own bytes


class Computed:
    given: int
    later: int = field(init=False)
    fixed: str = field(default="f", init=False)
    made: list[int] = field(default_factory=lambda: [7], init=False)
    by_name: int = field(default=3, kw_only=True)

    def __post_init__(self) -> None:
        object.__setattr__(self, "later", self.given + self.by_name)


def test_fields_that_nobody_gives_are_filled(decorate: Decorate) -> None:
    cls = made(Computed, decorate)
    one, other = cls(1), cls(1, by_name=5)
    assert (one.later, one.fixed, one.made, other.later) == (4, "f", [7], 6)
    assert one.made is not other.made
    assert cls.__match_args__ == ("given",)
    for wrong in ({"later": 1}, {"fixed": "x"}, {"unknown": 1}):
        with pytest.raises(TypeError):
            cls(1, **wrong)
    with pytest.raises(TypeError):
        cls(1, 2)
