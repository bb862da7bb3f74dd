"""Reads the YAML of a web configuration with the line of every entry.

Every value stays the text that stands there; a table is a list of entries, a list a tuple of texts.
"""

from __future__ import annotations

from typing import Any

import yaml

from smtpcheck.model.errors import Problem
from smtpcheck.model.value import dataclass

_LARGEST = 1 << 20
_NULL = ("", "~", "null", "Null", "NULL")


@dataclass(frozen=True, slots=True)
class Entry:
    """A key and what stands behind it: a text, a tuple of texts, a list of entries, or None."""

    key: str
    value: Any
    line: int


def read_entries(content: bytes, file: str, problems: list[Problem]) -> list[Entry]:
    """The top of the file; what is wrong with it as YAML is added to the problems."""

    def wrong(line: int, message: str) -> None:
        problems.append(Problem(file, line, "", "", "", message))

    if len(content) > _LARGEST:
        wrong(0, "the file is larger than 1 MiB: no web configuration")
        return []
    try:
        node = yaml.compose(content, yaml.SafeLoader)
    except yaml.MarkedYAMLError as error:
        # The parser's own words quote the text, which holds hashes and may hold a key.
        wrong(error.problem_mark.line + 1 if error.problem_mark else 0, "this is not YAML")
        return []
    except (yaml.YAMLError, RecursionError):
        wrong(0, "this is not YAML")
        return []
    value = _value(node, wrong) if node is not None else None
    if value is None:
        return []
    if not isinstance(value, list):
        wrong(1, "the file is not a table of keys")
        return []
    return value


def _value(node: yaml.Node, wrong: Any, depth: int = 0) -> Any:
    if depth > 4:
        wrong(node.start_mark.line + 1, "tables are nested too deeply")
        return None
    if isinstance(node, yaml.MappingNode):
        entries: list[Entry] = []
        for key, value in node.value:
            line = key.start_mark.line + 1
            if not isinstance(key, yaml.ScalarNode):
                wrong(line, "a key is not a text")
            elif any(each.key == key.value for each in entries):
                wrong(line, f"the key {key.value} stands there twice")
            else:
                entries.append(Entry(key.value, _value(value, wrong, depth + 1), line))
        return entries
    if isinstance(node, yaml.SequenceNode):
        texts = [each.value for each in node.value if isinstance(each, yaml.ScalarNode)]
        if len(texts) < len(node.value):
            wrong(node.start_mark.line + 1, "a list holds something else than texts")
        return tuple(texts)
    if not isinstance(node, yaml.ScalarNode):
        return None
    return None if node.style is None and node.value in _NULL else node.value
