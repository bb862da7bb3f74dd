"""Reads settings out of Python without running it: assignments of literals, dictionaries, and
look-ups in the environment."""

from __future__ import annotations

import ast
import re
import warnings
from collections.abc import Iterator
from typing import Any

from smtpcheck.store.foreign.code_text import Placed, flat, plain
from smtpcheck.store.foreign.entry import Entry, Lookup, Source

_UNKNOWN = Lookup({}, words="code, which is not run")
_ENVIRONMENT = re.compile(
    r"(?i)(?:^|[._])(?:environ\.get|getenv|env|config|get_?var)(?:_?(?:bool|int|str|float|flag))?$"
    r"|(?:^|\.)env\.(?:str|int|bool|float|url|get_value)$"
)
"""Functions that look a name up in the environment: `os.getenv`, `env.int`, `_env_bool`."""
_TYPES = ("str", "int", "bool", "float", "strtobool", "json.loads")
_DEEPEST = 30


def read_python(source: Source) -> list[Entry] | None:
    """Every setting: `X = 1` as `X`, also within classes and branches, `app.config["X"] = 1` and
    `app.config.update(X=1)` as `X`, and what is in a dictionary as `X.key`. None for a text that is
    not Python."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tree = ast.parse(source.text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None
    return list(_Reader().entries(tree.body))


def looks_like_python(source: Source) -> bool:
    """Whether a text is written as Python, and not as `NAME=value` lines."""
    if source.file.endswith(".py"):
        return True
    telling = (
        r"""(?m)^(?:import|from|class|def)\s|^[A-Za-z_]\w*(?:\[.*\])? = [("'\[{]|\.config[\[.]"""
    )
    return re.search(telling, source.text) is not None


class _Reader:
    """Goes through the statements in their order."""

    def __init__(self) -> None:
        self._known: dict[str, Any] = {}

    def entries(self, body: list[ast.stmt], depth: int = 0) -> Iterator[Entry]:
        """The settings of these statements and of those within them."""
        for statement in body:
            if isinstance(statement, ast.Assign):
                for target in statement.targets:
                    yield from self._assigned(target, statement.value)
            elif isinstance(statement, ast.AnnAssign) and statement.value is not None:
                yield from self._assigned(statement.target, statement.value)
            elif isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Call):
                yield from self._called(statement.value)
            elif depth < _DEEPEST:
                for field in ("body", "orelse", "handlers", "finalbody"):
                    inner = getattr(statement, field, [])
                    yield from self.entries(inner, depth + 1)

    def _assigned(self, target: ast.expr, value: ast.expr) -> Iterator[Entry]:
        name = _name(target)
        if name:
            found = self._read(value, 0)
            if isinstance(found, str | int | float | Lookup):
                self._known[name] = found
            yield from flat(name, found, target.lineno)

    def _called(self, call: ast.Call) -> Iterator[Entry]:
        """`app.config.update(X=1)`, `app.config.from_mapping({...})`."""
        if not isinstance(call.func, ast.Attribute):
            return
        if call.func.attr not in ("update", "from_mapping", "setdefault"):
            return
        for keyword in call.keywords:
            if keyword.arg:
                found = self._read(keyword.value, 0)
                yield from flat(keyword.arg, found, keyword.value.lineno)
        for argument in call.args:
            if isinstance(argument, ast.Dict):
                yield from flat("", self._read(argument, 0), argument.lineno)

    def _read(self, node: ast.expr, depth: int) -> Any:
        if depth > _DEEPEST:
            return _UNKNOWN
        match node:
            case ast.Constant(value=value) if isinstance(value, str | int | float | None):
                return value
            case ast.Name(id=name):
                return self._known.get(name, Lookup({}, words=name))
            case ast.List(elts=items) | ast.Tuple(elts=items):
                return [self._read(each, depth + 1) for each in items]
            case ast.Dict():
                return self._dictionary(node, depth)
        return self._looked_up(node, depth)

    def _looked_up(self, node: ast.expr, depth: int) -> Any:
        """A value from the environment or a file; anything else is not run."""
        match node:
            case ast.Subscript(value=ast.Attribute(attr="environ"), slice=ast.Constant(value=name)):
                return _variable(name, None)
            case ast.Call():
                return self._call(node, depth)
            case ast.BoolOp(op=ast.Or(), values=[first, second]):
                return self._either(first, second, depth)
            case ast.Compare(left=left, ops=[ast.Eq() | ast.In() as how], comparators=[right]):
                return self._compared(left, right, depth, one=isinstance(how, ast.Eq))
        return _UNKNOWN

    def _compared(self, left: ast.expr, right: ast.expr, depth: int, *, one: bool) -> Any:
        """`os.getenv("X", "True") == "True"`, `in ("1", "true")`: what the default gives."""
        value, wanted = self._read(left, depth + 1), self._read(right, depth + 1)
        if not isinstance(value, Lookup) or not value.place or isinstance(wanted, Lookup):
            return _UNKNOWN
        words = [str(each).lower() for each in ([wanted] if one else plain(wanted) or ())]
        known = value.default is not None
        return Lookup(value.place, str(value.default).lower() in words if known else None)

    def _dictionary(self, node: ast.Dict, depth: int) -> dict[str, Any]:
        return {
            key.value: Placed(self._read(value, depth + 1), key.lineno)
            for key, value in zip(node.keys, node.values, strict=True)
            if isinstance(key, ast.Constant) and isinstance(key.value, str)
        }

    def _either(self, first: ast.expr, second: ast.expr, depth: int) -> Any:
        value, default = self._read(first, depth + 1), self._read(second, depth + 1)
        if isinstance(value, Lookup) and value.place:
            return Lookup(value.place, None if isinstance(default, Lookup) else default)
        return value or default

    def _call(self, node: ast.Call, depth: int) -> Any:
        """A look-up in the environment, or the conversion of one; anything else is not run."""
        if isinstance(node.func, ast.Attribute) and node.func.attr in ("lower", "strip", "upper"):
            return self._read(node.func.value, depth + 1)
        name = _dotted(node.func)
        arguments = [self._read(each, depth + 1) for each in node.args]
        if name in _TYPES and arguments:
            return arguments[0]
        if _ENVIRONMENT.search(name) and arguments:
            given = [self._read(each.value, 0) for each in node.keywords if each.arg == "default"]
            default = plain([*arguments[1:2], *given, None][0])
            return _variable(arguments[0] if arguments else None, default)
        path = _file_of(node)
        return Lookup({"file": path}) if path else _UNKNOWN


def _name(target: ast.expr) -> str:
    """`X`, of `app.config["X"]` too; empty for any other target."""
    match target:
        case ast.Name(id=name):
            return name
        case ast.Subscript(slice=ast.Constant(value=str(name))):
            return name
    return ""


def _dotted(node: ast.expr) -> str:
    words: list[str] = []
    while isinstance(node, ast.Attribute):
        words.append(node.attr)
        node = node.value
    return ".".join(reversed([*words, node.id])) if isinstance(node, ast.Name) else ""


def _variable(name: Any, default: Any) -> Lookup:
    if not isinstance(name, str) or re.fullmatch(r"[A-Za-z_]\w*", name, re.ASCII) is None:
        return _UNKNOWN
    return Lookup({"env": name}, None if isinstance(default, Lookup | dict | list) else default)


def _file_of(node: ast.Call) -> str:
    """The path of `open("PATH").read().strip()` and `Path("PATH").read_text()`."""
    read = False
    found: ast.expr = node
    while isinstance(found, ast.Call) and isinstance(found.func, ast.Attribute):
        read = read or found.func.attr in ("read", "read_text", "readline")
        if found.func.attr not in ("read", "read_text", "readline", "strip", "rstrip"):
            return ""
        found = found.func.value
    match found:
        case ast.Call(args=[ast.Constant(value=str(path)), *_]) if read:
            return path if _dotted(found.func) in ("open", "Path", "pathlib.Path") else ""
    return ""
