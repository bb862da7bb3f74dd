"""YAML, JSON, XML, properties and INI are read with their lines, within bounds, and no message
quotes what stands in them."""

from __future__ import annotations

import json
import sys
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smtpcheck.model.errors import UsageError
from smtpcheck.store.foreign.ini_text import ini_quoted, read_ini
from smtpcheck.store.foreign.json_text import leaves, read_json
from smtpcheck.store.foreign.properties_text import property_line, read_properties
from smtpcheck.store.foreign.xml_text import read_xml
from smtpcheck.store.foreign.yaml_text import read_yaml, value_at, yaml_quoted
from tests.store.foreign.reading_back import source

LINE = st.text(st.characters(codec="utf-8", exclude_characters="\r\n"), min_size=1, max_size=30)
BOMB = "a: &a [x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"{new}: &{new} [{', '.join([f'*{old}'] * 9)}]\n"
    for old, new in zip("abcdefg", "bcdefgh", strict=True)
)


def test_scalars_of_yaml_stay_as_they_are_written() -> None:
    (tree,) = read_yaml(source("a: 0123\nb: yes\nc: 1e5\nd: '~'\ne: ~\nf: |\n  x\n  y\n"))
    found = {entry.name: (entry.value, entry.line) for entry in leaves(tree)}
    assert found == {
        "a": ("0123", 1),
        "b": ("yes", 2),
        "c": ("1e5", 3),
        "d": ("~", 4),
        "e": (None, 5),
        "f": ("x\ny\n", 6),
    }


def test_aliases_and_merge_keys_are_followed_and_what_stands_there_wins() -> None:
    (tree,) = read_yaml(source("x: &x {a: 1, b: 2}\ny: {b: 3, <<: *x}\nz: [*x]\n"))
    assert value_at(tree, "y", "a") == "1"
    assert value_at(tree, "y", "b") == "3"


@pytest.mark.parametrize("text", [BOMB, "a: &a\n  b: *a\n", "x: &x {<<: *x}\n"])
def test_aliases_without_end_are_refused(text: str) -> None:
    with pytest.raises(UsageError, match=r"too large|not YAML"):
        read_yaml(source(text))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('a: b\nc: "c4n4ry\n', "line 3: not YAML"),
        ("a: b\n\tc: c4n4ry\n", "line 2: a tab"),
        ("a: b\n{{- if c4n4ry }}\n", "a template"),
        ("a: c4n4ry\x07\n", "line 1: a character"),
        ("[" * 500, "nested too deeply"),
        ("a: *c4n4ry\n", "line 1: not YAML"),
    ],
)
def test_what_is_no_yaml_is_refused_with_its_line(text: str, words: str) -> None:
    with pytest.raises(UsageError) as refused:
        read_yaml(source(text))
    assert words in refused.value.message
    assert "c4n4ry" not in f"{refused.value.message}{refused.value.help}"


def test_without_pyyaml_the_command_that_installs_it_is_named(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "yaml", None)
    with pytest.raises(UsageError) as refused:
        read_yaml(source("only: here\n"))
    assert "pip install 'smtpcheck[yaml]'" in refused.value.help[0]


@given(LINE)
def test_a_text_in_quotes_is_the_same_for_yaml(text: str) -> None:
    (tree,) = read_yaml(source(f"a: {yaml_quoted(text)}\n"))
    assert value_at(tree, "a") == text


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | LINE,
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(LINE, inner, max_size=3),
        max_leaves=10,
    )
)
def test_json_is_read_as_json_is(value: Any) -> None:
    for text in (json.dumps(value), json.dumps(value, indent=1, ensure_ascii=False)):
        assert _bare(read_json(source(text))) == value


def _bare(value: Any) -> Any:
    value = getattr(value, "value", value)
    if isinstance(value, dict):
        return {name: _bare(each) for name, each in value.items()}
    return [_bare(each) for each in value] if isinstance(value, list) else value


def test_json_may_have_comments_and_commas_as_dotnet_takes_them() -> None:
    tree = read_json(source('// one\n{"a": [1, 2,], /* two\n */ "b":true,\n}\n'))
    assert [(each.name, each.value, each.line) for each in leaves(tree)] == [
        ("a.0", 1, 2),
        ("a.1", 2, 2),
        ("b", True, 3),
    ]


@pytest.mark.parametrize(
    "text", ['{"a" "c4n4ry"}', '{"a": c4n4ry}', '{"a":', "", "[" * 999, '{"a": "c4n4ry}', "{a: 1}"]
)
def test_what_is_no_json_is_refused_with_its_line(text: str) -> None:
    with pytest.raises(UsageError, match="line 2: not JSON" if text else "not JSON") as refused:
        read_json(source(f"\n{text}"))
    assert "c4n4ry" not in str(refused.value)


def test_xml_is_read_with_its_lines_whatever_its_version() -> None:
    root = read_xml(
        source("<?xml version='1.1' encoding='UTF-16'?>\n<a>\n <b c='&lt;'>ä</b>\n</a>")
    )
    (inner,) = root.children
    assert (inner.name, inner.attributes, inner.text, inner.line) == ("b", {"c": "<"}, "ä", 3)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('<!DOCTYPE a [<!ENTITY b "c4n4ry">]><a>&b;</a>', "document type"),
        ('<!DOCTYPE a SYSTEM "file:///etc/passwd"><a/>', "document type"),
        ("<a>" * 200, "nested too deeply"),
        ("<a b='c4n4ry></a>", "not XML"),
        ("<a>&c4n4ry;</a>", "not XML"),
    ],
)
def test_xml_with_a_document_type_or_without_end_is_refused(text: str, words: str) -> None:
    with pytest.raises(UsageError, match=words) as refused:
        read_xml(source(text))
    assert "c4n4ry" not in str(refused.value)


@pytest.mark.parametrize(
    ("text", "name", "value"),
    [
        ("a.b=c", "a.b", "c"),
        ("a.b : c ", "a.b", "c "),
        ("a\\ b c=d", "a b", "c=d"),
        ("! no\n  a = x\\\n     y", "a", "xy"),
        ("a=\\u00e4\\ud83d\\ude00\\\\u0041", "a", "ä\U0001f600\\u0041"),
        ("a=tab\\there", "a", "tab\there"),
        ("a", "a", ""),
    ],
)
def test_properties_are_read_as_java_reads_them(text: str, name: str, value: str) -> None:
    (entries,) = read_properties(source(text))
    assert [(entry.name, entry.value) for entry in entries] == [(name, value)]


@given(LINE)
def test_a_property_comes_back_and_is_ascii(text: str) -> None:
    line = property_line("a", text)
    ((entry,),) = read_properties(source(line))
    assert line.isascii()
    assert entry.value == text


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("x = a # b", "a"),
        ("x = a;b", "a"),
        ('x = """a#;b"""', "a#;b"),
        ('x = `a"b`', 'a"b'),
        ("x = 'a b'", "a b"),
        ("x: y=z", "y=z"),
        ('x = """one\ntwo"""\ny = 1', "one\ntwo"),
    ],
)
def test_ini_is_read_as_grafana_reads_it(text: str, value: str) -> None:
    first, *_more = read_ini(source(f"; c\n[s]\n{text}"))
    assert (first.name, first.value, first.line) == ("s.x", value, 3)


@given(st.text(st.characters(codec="utf-8", exclude_categories=("C", "Z")), min_size=1))
def test_a_quoted_value_of_ini_comes_back_or_is_refused(text: str) -> None:
    try:
        quoted = ini_quoted(text)
    except ValueError:
        assert "`" in text
        return
    (entry,) = read_ini(source(f"x = {quoted}"))
    assert entry.value == text
