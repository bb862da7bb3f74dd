"""One source of settings: what it says for which key, checked, with its place for messages."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from smtpcheck.model.errors import Problem
from smtpcheck.model.profile import SECTIONS
from smtpcheck.model.settings import Kind
from smtpcheck.model.value import dataclass as value_class
from smtpcheck.store.keys import ENVIRONMENT_PREFIX, KEYS, VARIABLES, Key, meant, nearest
from smtpcheck.store.origin import Origin, Source
from smtpcheck.store.positions import KeyPath
from smtpcheck.store.secret_reference import found_words
from smtpcheck.store.text_value import value_from_text
from smtpcheck.store.value_check import allowed_words, checked
from smtpcheck.store.wrong_value import WrongValueError, shown

COMMAND_LINE = "command line"
_IN_A_TABLE = f"a key of one of the tables {', '.join(SECTIONS)}"
_RESERVED = frozenset({"SMTPCHECK_CONFIG_DIR", "SMTPCHECK_PASSWORD"})


@value_class(frozen=True, slots=True)
class Giver:
    """What is left of a source of settings once a profile is made: which keys it gave."""

    source: Source
    name: str
    lines: Mapping[KeyPath, int]
    keys: tuple[str, ...]
    written: tuple[str, ...]
    """Those that stand there themselves."""

    def origin(self, key: str) -> Origin:
        """Where the value of a key came from."""
        if self.source is Source.ENVIRONMENT:
            return Origin(self.source, KEYS[key].variable)
        return Origin(self.source, self.name, self.lines.get(KEYS[key].path, 0))


@dataclass(slots=True)
class Layer:
    """What one source of settings says."""

    source: Source
    file: str
    """Names the source in a Problem: a path, `command line`, or an environment variable."""
    folder: Path
    """Where relative paths lie."""
    lines: Mapping[KeyPath, int] = field(default_factory=dict)
    name: str = ""
    """Of the file or the preset, for origins."""
    raw: dict[str, Any] = field(default_factory=dict)
    """As written, by full key."""
    values: dict[str, Any] = field(default_factory=dict)
    """Checked, by full key; keys with a problem are missing."""
    problems: list[Problem] = field(default_factory=list)
    replaces: set[str] = field(default_factory=set)
    """Tables of which nothing of a weaker layer is used."""
    suspects: set[str] = field(default_factory=set)
    """Keys whose value is not known: those with a problem, and what a mistyped key meant."""

    def as_giver(self) -> Giver:
        """What is to be known of the layer for origins."""
        return Giver(self.source, self.name, self.lines, tuple(self.values), tuple(self.raw))

    def place(self, key: str) -> tuple[str, int]:
        """The file and line to name in a Problem; the line of the table where the key is not."""
        if self.source is Source.ENVIRONMENT and key in KEYS:
            return f"environment variable {KEYS[key].variable}", 0
        path: KeyPath = tuple(key.split("."))
        while path and path not in self.lines:
            path = path[:-1]
        return self.file, self.lines.get(path, 0)

    def check(self) -> None:
        """Fills `values` and adds a Problem for every wrong value."""
        for name, value in self.raw.items():
            key = KEYS[name]
            try:
                self.values[name] = checked(key, value, self.folder)
            except WrongValueError as error:
                self.problems.append(self.problem_of(key, value, error))
                self.suspects.add(name)

    def problem_of(self, key: Key, value: Any, error: WrongValueError) -> Problem:
        """The Problem of one wrong value; a secret's text is never quoted."""
        file, line = self.place(key.name)
        if key.rule.kind is Kind.SECRET:
            found = found_words(value)
        elif error.index is not None:
            line = self.lines.get((*key.path, error.index), line)
            found = shown(value[error.index])
        else:
            found = shown(value)
        message = f"{key.name} {error.reason}"
        return Problem(file, line, key.name, found, error.allowed, message, error.suggestion)


def layer_of_tables(
    tables: Mapping[str, Any],
    layer: Layer,
) -> Layer:
    """Fills a layer from nested tables, as a file holds them, and checks it."""
    _flatten(tables, (), layer)
    layer.check()
    return layer


def _flatten(tables: Mapping[str, Any], parents: tuple[str, ...], layer: Layer) -> None:
    for word, value in tables.items():
        path = (*parents, word)
        name = ".".join(path)
        known = "." not in word
        if known and name in SECTIONS:
            if isinstance(value, dict):
                _flatten(value, path, layer)
            else:
                layer.problems.append(_not_a_table(name, value, path, layer))
                layer.suspects.update(key for key in KEYS if key.startswith(f"{name}."))
        elif known and name in KEYS:
            layer.raw[name] = value
        else:
            layer.problems.append(_unknown(path, value, layer))


def _not_a_table(name: str, value: Any, path: KeyPath, layer: Layer) -> Problem:
    hint = f"write [{name}] and its keys below it"
    if isinstance(value, list):
        hint = f"write [{name}], not [[{name}]]"
    line = layer.lines.get(path, 0)
    # Of a value that stands where a table belongs nobody knows what it is: it is not quoted.
    found = "an array" if isinstance(value, list) else "a single value"
    return Problem(layer.file, line, name, found, "a table", f"{name} is not a table", hint)


def _unknown(path: tuple[str, ...], value: Any, layer: Layer) -> Problem:
    name = ".".join(path)
    what = "table" if isinstance(value, dict) else "key"
    parent = ".".join(path[:-1])
    siblings = [
        known.rpartition(".")[2]
        for known in (*KEYS, *SECTIONS)
        if known.rpartition(".")[0] == parent
    ]
    guess = meant(name, table=isinstance(value, dict))
    if guess in (*KEYS, *SECTIONS):
        layer.suspects.add(guess)
        layer.suspects.update(key for key in KEYS if key.startswith(f"{guess}."))
    quoted = "." in path[-1] and name in (*KEYS, *SECTIONS)
    hint = "write the key without quotation marks" if quoted else ""
    if guess and not quoted:
        hint = f"did you mean {guess}?"
    safe = shown(name)[1:-1]
    return Problem(
        file=layer.file,
        line=layer.lines.get(path, 0),
        key=safe,
        found=shown(path[-1])[1:-1],
        allowed=f"one of {', '.join(siblings)}" if siblings else _IN_A_TABLE,
        message=f"unknown {what} {safe}",
        suggestion=hint,
    )


def layer_of_overrides(overrides: Mapping[str, str]) -> Layer:
    """The settings that flags give, `server.port` to `587`, checked. `proxy` is a whole table in
    one word, a URL or `none`. Raises UsageError for a word that is neither."""
    layer = Layer(Source.FLAG, COMMAND_LINE, Path.cwd())
    if "proxy" in overrides:
        from smtpcheck.store.proxy_url import proxy_settings

        layer.replaces.add("proxy")
        overrides = {**proxy_settings(overrides["proxy"]), **overrides}
    for name, text in overrides.items():
        if name == "proxy":
            continue
        if name in KEYS:
            layer.raw[name] = value_from_text(text, KEYS[name].rule)
        elif name in SECTIONS:
            layer.problems.append(_not_a_key(name))
        else:
            layer.problems.append(_unknown(tuple(name.split(".")), text, layer))
    layer.check()
    return layer


def _not_a_key(name: str) -> Problem:
    keys = [key.name for key in KEYS.values() if key.section == name]
    allowed = f"one of {', '.join(keys)}"
    message = f"{name} is not a key but a table"
    return Problem(
        COMMAND_LINE, 0, name, name, allowed, message, f"name one of its keys: {keys[0]}"
    )


def layer_of_environment(
    environment: Mapping[str, str], note: Callable[[str], None] = lambda _text: None
) -> Layer:
    """The settings of the `SMTPCHECK_*` variables, checked. An empty variable sets nothing.

    The variable of a secret either holds a table (`{ file = "..." }`) or is itself the place of
    the secret. A variable whose name is nearly that of a key is given to `note`.
    """
    layer = Layer(Source.ENVIRONMENT, "environment", Path.cwd())
    for variable in environment:
        if not variable.startswith(ENVIRONMENT_PREFIX) or variable in _RESERVED:
            continue
        text = environment[variable]
        if not text:
            continue
        key = VARIABLES.get(variable)
        if key is None:
            if near := nearest(variable, VARIABLES, 0.85):
                note(f"{variable} is not a setting; did you mean {near}?")
            continue
        value = value_from_text(text, key.rule)
        if key.rule.kind is Kind.SECRET and isinstance(value, str):
            value = {"env": variable}
        layer.raw[key.name] = value
    layer.check()
    return layer


def key_problem(layer: Layer, key: str, message: str, suggestion: str) -> Problem:
    """A Problem of a key whose value is well formed and all the same not usable."""
    file, line = layer.place(key)
    allowed = allowed_words(KEYS[key])
    return Problem(file, line, key, shown(layer.raw.get(key, "")), allowed, message, suggestion)
