"""Reads YAML with the lines of its values, and writes texts in it.

Every scalar stays the text that stands there (`0123`, `yes`), but for null: what a setting means is
decided by whoever takes it. Aliases and merge keys are followed within bounds.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Any

from smtpcheck.model.errors import UsageError
from smtpcheck.store.foreign.code_text import Placed
from smtpcheck.store.foreign.entry import Source

_MOST = 60_000
"""Nodes of one text, with aliases filled in."""
_DEEPEST = 60
_NULL = ("", "~", "null", "Null", "NULL")
_UNPRINTABLE = re.compile("[\x7f-\xa0\u2028\u2029\ud800-\udfff\ufeff\ufffe\uffff]")


def read_yaml(source: Source) -> list[Any]:
    """The documents of a text: dicts and lists of Placed values, texts, and None. Raises UsageError
    with the line of what is not YAML, and without the extra `yaml`."""
    found = _documents(source.text)
    if isinstance(found, tuple):
        what, line = found
        raise UsageError(
            f"{source.file}, line {line}: {what}",
            ["mend the file there, or say what format it is in: --format F"],
        )
    return found


def is_manifest(text: str) -> bool:
    """Whether this is a file of Compose or Kubernetes, which may hold settings of any program."""
    return re.search(r"(?m)^(?:services:|kind:[ \t]*[A-Z]\w+)", text) is not None


def value_at(tree: Any, *path: str) -> Any:
    """What stands under these keys; None where there is nothing."""
    for name in path:
        tree = bare(tree)
        tree = tree.get(name) if isinstance(tree, dict) else None
    return bare(tree)


def mappings(tree: Any) -> Iterator[dict[str, Any]]:
    """Every mapping, those around others first: charts have the settings of programs below keys of
    their own."""
    tree = bare(tree)
    if isinstance(tree, dict):
        yield tree
    inner = tree.values() if isinstance(tree, dict) else tree if isinstance(tree, list) else ()
    for each in inner:
        yield from mappings(each)


def bare(value: Any) -> Any:
    """A value without its line; what is in it keeps its own."""
    return value.value if isinstance(value, Placed) else value


def yaml_quoted(value: str) -> str:
    """A text in double quotes, as every reader of YAML 1.1 and 1.2 takes it."""
    escaped = json.dumps(value, ensure_ascii=False)
    return _UNPRINTABLE.sub(lambda found: f"\\u{ord(found[0]):04x}", escaped)


@lru_cache(maxsize=1)
def _documents(text: str) -> list[Any] | tuple[str, int]:
    try:
        import yaml
    except ImportError:
        raise UsageError(
            "reading YAML needs the Python package PyYAML",
            ["install it: pip install 'smtpcheck[yaml]'"],
        ) from None

    class Composer(yaml.SafeLoader):
        depth = 0

        def compose_node(self, parent: yaml.Node | None, index: Any) -> yaml.Node | None:
            self.depth += 1
            if self.depth > _DEEPEST:
                raise yaml.MarkedYAMLError(problem_mark=self.get_mark())
            node = super().compose_node(parent, index)
            self.depth -= 1
            return node

    tree = _Tree()
    try:
        return [tree.of(node, 0) for node in yaml.compose_all(text, Composer)]
    except yaml.MarkedYAMLError as error:
        return _what_is_wrong(text, error.problem_mark.line + 1 if error.problem_mark else 1)
    except yaml.reader.ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        return "a character that YAML does not allow", line
    except _TooLargeError:
        return "its aliases make it too large", 1


def _what_is_wrong(text: str, line: int) -> tuple[str, int]:
    """In words of our own: those of the parser quote the text, which may hold the password."""
    lines = text.split("\n")
    there = lines[line - 1] if line <= len(lines) else ""
    if "\t" in there[: len(there) - len(there.lstrip())]:
        return "a tab before the text, where YAML takes blanks alone", line
    if "{{" in text:
        return "a template, not YAML: give what it is rendered to", line
    return "not YAML, or nested too deeply", line


class _TooLargeError(Exception):
    pass


class _Tree:
    """Makes plain values of nodes."""

    def __init__(self) -> None:
        self._made = 0

    def of(self, node: Any, depth: int) -> Any:
        """The value of a node and of all below it."""
        self._made += 1
        if self._made > _MOST or depth > 2 * _DEEPEST:
            raise _TooLargeError
        if node.id == "mapping":
            found: dict[str, Any] = {}
            for name, value in self._pairs(node, depth):
                found[name] = Placed(self.of(value, depth + 1), value.start_mark.line + 1)
            return found
        if node.id == "sequence":
            return [
                Placed(self.of(each, depth + 1), each.start_mark.line + 1) for each in node.value
            ]
        return None if node.style is None and node.value in _NULL else node.value

    def _pairs(self, node: Any, depth: int) -> Iterator[tuple[str, Any]]:
        """Keys and nodes, those of `<<` first: what stands there itself wins."""
        for key, value in node.value:
            if key.id == "scalar" and key.value == "<<" and key.style is None:
                for each in value.value if value.id == "sequence" else [value]:
                    self._made += 1
                    if self._made > _MOST or depth > _DEEPEST:
                        raise _TooLargeError
                    if each.id == "mapping":
                        yield from self._pairs(each, depth + 1)
        for key, value in node.value:
            if key.id == "scalar" and not (key.value == "<<" and key.style is None):
                yield key.value, value
