from __future__ import annotations

import tomllib
from typing import Any

import tomlkit
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from smtpcheck.store.positions import KeyPath, positions

SAMPLE = (
    '''\
# a comment with = and [brackets]
schema = 1
"quoted key" = "x"  # trailing "comment"
description = """
two "lines" \\""" and
[no.header]"""""

[server]
host = 'smtp.example.com'
dotted.inner.key = 1
"a.b" = 2

[auth]
username = "x # no comment"
password = { env = "X", "y z" = [1, { q = '''
    """'''
}
]''' }] }

  [ auth . "oauth" ]
tenant = ""

[test]
to = [
  "a@example.com", # first ]
  # nothing
  "b@example.com",
]

[[many]]
k = 1
[[many]]
k = 2
[many.sub]
z = 1979-05-27 07:32:00
[[many.deep]]
d = 1
"""
)


def test_every_layout_gets_its_line() -> None:
    found = positions(SAMPLE)
    expected: dict[KeyPath, int] = {
        ("schema",): 2,
        ("quoted key",): 3,
        ("description",): 4,
        ("server",): 8,
        ("server", "host"): 9,
        ("server", "dotted"): 10,
        ("server", "dotted", "inner"): 10,
        ("server", "dotted", "inner", "key"): 10,
        ("server", "a.b"): 11,
        ("auth",): 13,
        ("auth", "username"): 14,
        ("auth", "password"): 15,
        ("auth", "password", "env"): 15,
        ("auth", "password", "y z"): 15,
        ("auth", "password", "y z", 0): 15,
        ("auth", "password", "y z", 1): 15,
        ("auth", "password", "y z", 1, "q"): 15,
        ("auth", "oauth"): 19,
        ("auth", "oauth", "tenant"): 20,
        ("test",): 22,
        ("test", "to"): 23,
        ("test", "to", 0): 24,
        ("test", "to", 1): 26,
        ("many",): 29,
        ("many", 0): 29,
        ("many", 0, "k"): 30,
        ("many", 1): 31,
        ("many", 1, "k"): 32,
        ("many", 1, "sub"): 33,
        ("many", 1, "sub", "z"): 34,
        ("many", 1, "deep"): 35,
        ("many", 1, "deep", 0): 35,
        ("many", 1, "deep", 0, "d"): 36,
    }
    assert found == expected


def test_windows_line_ends_give_the_same_lines() -> None:
    assert positions(SAMPLE.replace("\n", "\r\n")) == positions(SAMPLE)


def test_a_text_without_a_last_line_end_is_read_to_its_end() -> None:
    assert positions("a = 1\n[b]\nc = 2") == {("a",): 1, ("b",): 2, ("b", "c"): 3}


KEYS = st.one_of(
    st.from_regex(r"[A-Za-z0-9_-]{1,6}", fullmatch=True),
    st.text(st.characters(codec="utf-8"), max_size=6),
)
TEXT = st.text(st.characters(codec="utf-8"), max_size=20)
SCALARS = st.one_of(
    TEXT,
    st.integers(-(2**63), 2**63 - 1),
    st.booleans(),
    st.floats(allow_nan=False),
    st.datetimes(),
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3),
    max_leaves=12,
)
TABLES = st.dictionaries(KEYS, VALUES, max_size=5)


def every_path(value: Any, path: KeyPath = ()) -> set[KeyPath]:
    found = {path} if path else set()
    if isinstance(value, dict):
        for name, inner in value.items():
            found |= every_path(inner, (*path, name))
    if isinstance(value, list):
        for index, inner in enumerate(value):
            found |= every_path(inner, (*path, index))
    return found


@given(TABLES)
@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_every_key_that_another_library_writes_is_found(tables: dict[str, Any]) -> None:
    text = tomlkit.dumps(tables)
    assert set(positions(text)) == every_path(tomllib.loads(text))


class Writer:
    """Writes TOML in a random layout and knows the line of every key that it wrote."""

    def __init__(self, draw: st.DrawFn) -> None:
        self.draw = draw
        self.text = ""
        self.expected: dict[KeyPath, int] = {}

    def choice(self, *options: str) -> str:
        return self.draw(st.sampled_from(options))

    def mark(self, path: KeyPath) -> None:
        self.expected.setdefault(path, self.text.count("\n") + 1)

    def between(self) -> None:
        self.text += self.choice("", "\n", "# a = [1]\n", '\n  # "x\n', " \t")

    def key(self, name: str) -> str:
        plain = name.replace("-", "").replace("_", "")
        if plain.isascii() and plain.isalnum() and self.draw(st.booleans()):
            return name
        if "'" not in name and name.isprintable() and self.draw(st.booleans()):
            return f"'{name}'"
        return quoted(name)

    def document(self, tables: dict[str, Any]) -> None:
        later = []
        for name, value in tables.items():
            if isinstance(value, dict) and self.draw(st.booleans()):
                later.append(name)
            else:
                self.between()
                self.assignment((), name, value)
                self.text += self.choice("\n", " # end\n", "\n\n")
        for name in later:
            self.between()
            if self.text and not self.text.endswith("\n"):
                self.text += "\n"
            self.mark((name,))
            self.text += f"{self.choice('[', '[ ')}{self.key(name)}{self.choice(']', ' ]')}\n"
            for inner, value in tables[name].items():
                self.between()
                self.assignment((name,), inner, value)
                self.text += "\n"

    def assignment(self, path: KeyPath, name: str, value: Any) -> None:
        here = (*path, name)
        self.mark(here)
        self.text += self.key(name)
        if isinstance(value, dict) and len(value) == 1 and self.draw(st.booleans()):
            ((inner, deep),) = value.items()
            self.text += self.choice(".", " . ")
            self.assignment(here, inner, deep)
            return
        self.text += self.choice("=", " = ", " =\t")
        self.value(here, value)

    def value(self, path: KeyPath, value: Any) -> None:
        if isinstance(value, dict):
            self.text += self.choice("{", "{ ")
            for place, (name, inner) in enumerate(value.items()):
                self.text += ", " if place else ""
                self.assignment(path, name, inner)
            self.text += self.choice("}", " }")
        elif isinstance(value, list):
            self.text += "["
            for place, inner in enumerate(value):
                self.text += "," if place else ""
                self.text += self.choice("", "\n", " # ]\n", "\n\n  ")
                self.mark((*path, place))
                self.value((*path, place), inner)
            self.text += self.choice("]", "\n]", ", # }\n]" if value else "]")
        elif isinstance(value, str):
            self.text += self.string(value)
        else:
            self.text += tomlkit.item(value).as_string()

    def string(self, value: str) -> str:
        if self.draw(st.booleans()):
            return quoted(value)
        body = quoted(value)[1:-1].replace("\\n", "\n").replace('\\"', '"')
        if '"""' in body or body.endswith('"'):
            return quoted(value)
        return f'"""\n{body}"""'


def quoted(text: str) -> str:
    safe = {"\\": "\\\\", '"': '\\"', "\n": "\\n"}
    parts = [safe.get(c, c if c.isprintable() else f"\\U{ord(c):08X}") for c in text]
    return '"' + "".join(parts) + '"'


@given(st.data(), TABLES)
@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_every_key_stands_on_the_line_it_was_written_to(
    data: st.DataObject, tables: dict[str, Any]
) -> None:
    writer = Writer(data.draw)  # type: ignore[arg-type]  # draw takes the same strategies
    writer.document(tables)
    assert tomllib.loads(writer.text) == tables, "the test writes valid TOML"
    assert positions(writer.text) == writer.expected


@given(st.text(st.sampled_from("[]{}\"'=.,#\\ab1 \n"), max_size=40))
@settings(max_examples=500, deadline=None)
def test_no_text_makes_it_fail_and_valid_text_is_read_whole(text: str) -> None:
    found = positions(text)
    assert all(1 <= line <= text.count("\n") + 1 for line in found.values())
    try:
        read = tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        return
    assert set(found) == every_path(read)
