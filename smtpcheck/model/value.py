"""`dataclass` as in the standard library, made in a third of the time.

The standard library compiles six methods for each frozen class with slots; a hundred classes took a
quarter of the time of a whole probe. Here the classes share those methods, and only `__init__` is
compiled; it fills the slots past the `__setattr__` that refuses. Type checkers see the standard
library's own; a test holds the two to the same behaviour.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from operator import attrgetter
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from dataclasses import dataclass as dataclass  # noqa: PLC0414 - exported
else:

    def dataclass(cls: type | None = None, /, **wishes: bool) -> Any:
        """The decorator. Whatever is not frozen with slots is left to the standard library."""

        def make(cls: type) -> type:
            if wishes.keys() <= _SHARED and wishes.get("frozen") and wishes.get("slots"):
                return _made(cls, kw_only=wishes.get("kw_only", False), eq=wishes.get("eq", True))
            return dataclasses.dataclass(cls, **wishes)

        return make if cls is None else make(cls)


_SHARED = {"frozen", "slots", "kw_only", "eq"}
_Slots = tuple[Callable[[Any], tuple[Any, ...]], tuple[Callable[[Any, Any], None], ...]]
_WRITTEN_DOWN = {"__getstate__", "__setstate__", "__reduce__", "__reduce_ex__"}
_compared: dict[type, Callable[[Any], Any]] = {}
_slots: dict[type, _Slots] = {}


def _made(cls: Any, *, kw_only: bool, eq: bool) -> Any:
    methods = {"__setattr__": _set_once, "__delattr__": _refuse_to_delete}
    if not _WRITTEN_DOWN & cls.__dict__.keys():
        methods |= {"__getstate__": _state, "__setstate__": _take_state}
    if "__repr__" not in cls.__dict__:
        methods["__repr__"] = _repr
    if eq and "__eq__" not in cls.__dict__:
        methods["__eq__"] = _eq
        if "__hash__" not in cls.__dict__:
            methods["__hash__"] = _hash
    cls.__doc__ = cls.__doc__ or cls.__name__  # else the standard library writes a signature
    own_init = "__init__" in cls.__dict__
    made = dataclasses.dataclass(cls, init=False, slots=True, kw_only=kw_only, eq=False, repr=False)
    if not own_init:
        methods["__init__"] = _init_of(made)
    for name, method in methods.items():
        setattr(made, name, method)
    return made


def _init_of(cls: Any) -> Callable[..., None]:
    """`__init__` with a parameter for each field. A slot's own `__set__` fills it: through
    `__setattr__` a probe would spend a tenth of its time here."""
    scope: dict[str, Any] = {"_absent": object()}
    by_place, lines = ["self"], []
    by_name: list[str] = []
    for each in dataclasses.fields(cls):
        name, value = each.name, each.name
        scope[f"_set_{name}"] = getattr(cls, name).__set__
        parameter = name
        if each.default_factory is not dataclasses.MISSING:
            scope[f"_make_{name}"] = each.default_factory
            parameter = f"{name}=_absent"
            value = f"_make_{name}() if {name} is _absent else {name}"
        elif each.default is not dataclasses.MISSING:
            scope[f"_default_{name}"] = each.default
            parameter = f"{name}=_default_{name}"
        elif not each.init:
            continue  # left to `__post_init__`
        if each.init:
            (by_name if each.kw_only else by_place).append(parameter)
        else:
            value = f"_make_{name}()" if f"_make_{name}" in scope else f"_default_{name}"
        lines.append(f" _set_{name}(self, {value})")
    if hasattr(cls, "__post_init__"):
        lines.append(" self.__post_init__()")
    parameters = ", ".join([*by_place, *(["*", *by_name] if by_name else [])])
    exec(f"def __init__({parameters}):\n" + "\n".join(lines or [" pass"]), scope)  # noqa: S102 - names of our own fields
    made: Callable[..., None] = scope["__init__"]
    made.__qualname__ = f"{cls.__qualname__}.__init__"
    return made


def _repr(self: Any) -> str:
    shown = [f"{each.name}={getattr(self, each.name)!r}" for each in _fields(self) if each.repr]
    return f"{type(self).__qualname__}({', '.join(shown)})"


def _eq(self: Any, other: object) -> Any:
    return _key(self) == _key(other) if type(other) is type(self) else NotImplemented


def _hash(self: Any) -> int:
    return hash(_key(self))


def _key(self: Any) -> Any:
    """What takes part in comparisons."""
    key = _compared.get(type(self))
    if key is None:
        names = [each.name for each in _fields(self) if each.compare]
        key = _compared[type(self)] = attrgetter(*names) if names else type
    return key(self)


def _state(self: Any) -> tuple[Any, ...]:
    """What pickle writes down: the values in their order. Names and values, as of any other object
    with slots, take twice the octets, and `__setattr__` for each value to read them."""
    return _slots_of(type(self))[0](self)


def _take_state(self: Any, state: tuple[Any, ...]) -> None:
    """Fills what pickle made empty."""
    for fill, value in zip(_slots_of(type(self))[1], state, strict=False):
        fill(self, value)


def _slots_of(cls: Any) -> _Slots:
    """How the values of all fields are read and filled."""
    slots = _slots.get(cls)
    if slots is None:
        names = [each.name for each in dataclasses.fields(cls)]
        # The getter gives a value alone as it is: with one that is there beside it they are two.
        read = attrgetter(*names, *["__class__"] * (len(names) < 2))
        slots = _slots[cls] = read, tuple(getattr(cls, name).__set__ for name in names)
    return slots


def _fields(self: Any) -> tuple[dataclasses.Field[Any], ...]:
    return dataclasses.fields(self)


def _set_once(self: Any, name: str, value: object) -> None:
    """A slot is empty until `__init__` has filled it."""
    if hasattr(self, name):
        raise dataclasses.FrozenInstanceError(f"cannot assign to field {name!r}")
    object.__setattr__(self, name, value)


def _refuse_to_delete(_self: Any, name: str) -> None:
    raise dataclasses.FrozenInstanceError(f"cannot delete field {name!r}")
