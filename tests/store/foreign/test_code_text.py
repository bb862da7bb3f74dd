"""Literals of PHP, Ruby and JavaScript are read; code is not run, and is said to be code."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from smtpcheck.store.foreign.code_text import read_code
from smtpcheck.store.foreign.entry import Lookup

PIECES = st.sampled_from(
    [*"'\"`()[]{}<>=:;,.#$\\\n ", "=>", "//", "/*", "*/", "define", "env", "a", "$b", "->", "5"]
)  # fmt: skip


def values_of(text: str) -> dict[str, Any]:
    return {entry.name: entry.value for entry in read_code(text)}


@pytest.mark.parametrize(
    ("text", "name", "value"),
    [
        ("$mail->Host = 'smtp.example.com';", "$mail->Host", "smtp.example.com"),
        ("define( 'WPMS_SMTP_PORT', 587 );", "WPMS_SMTP_PORT", 587),
        ("$c['a']['b'] = \"x\\ty\";", "$c.a.b", "x\ty"),
        ("return ['smtp' => ['port' => (int) env('P', 5)]];", "smtp.port", Lookup({"env": "P"}, 5)),
        ("$a = array('b' => array('c' => false));", "$a.b.c", False),
        ("$h = 'x'; $m->Host = $h;", "$m->Host", "x"),
        ("x = f({host:'h', secure:true})", "f().secure", True),
        ("auth: { pass: process.env.PW }", "pass", Lookup({"env": "PW"})),
        ("const u = process.env.U!; f({ a: { u, b: g } })", "f().a.u", Lookup({"env": "U"})),
        ("x = { a: process.env.A! }", "x.a", Lookup({"env": "A"})),
        ("$p = (int) ($_ENV['P'] ?? 587);", "$p", Lookup({"env": "P"}, 587)),
        ("p = parseInt(process.env.P || '25', 10)", "p", Lookup({"env": "P"}, "25")),
        ('{"a": {"b": [1, "two"]}}', "a.b", [1, "two"]),
        ("s = { address: 'a', :port => 25 }", "s.port", 25),
        ("s = { password: ENV.fetch('PW') }", "s.password", Lookup({"env": "PW"})),
        ("g['smtp_x'] = nil # g['smtp_y'] = 1", "g.smtp_x", None),
        ("$m->Secure = PHPMailer::SMTPS;", "$m->Secure", Lookup({}, words="PHPMailer::SMTPS")),
    ],
)  # fmt: skip
def test_a_literal_is_read(text: str, name: str, value: Any) -> None:
    assert values_of(text)[name] == value


@pytest.mark.parametrize(
    "text",
    [
        "a = b + 'x'",
        "a = 'x' + b",
        "a = 'x' . $y",
        "a = decrypt('x')",
        'a = "x#{y}"',
        '$b = 1; a = "x$y"',
        "a = c ? 'x' : 'y'",
        "a = `id`",
    ],
)
def test_code_is_no_value(text: str) -> None:
    value = values_of(text)["a"]
    assert isinstance(value, Lookup)
    assert not value.place


def test_what_is_commented_out_is_not_read() -> None:
    text = "// $a = 'no';\n/* $b = 'no'; */\n# $c = 'no';\n$d = '# yes // yes';\n"
    assert values_of(text) == {"$d": "# yes // yes"}


def test_lines_are_those_of_the_text() -> None:
    found = read_code("<?php\n\n$a = [\n  'b' => 1,\n\n  'c' => 2];\n")
    assert [(entry.name, entry.line) for entry in found] == [("$a.b", 4), ("$a.c", 6)]


@given(st.lists(PIECES, max_size=60).map("".join))
@settings(deadline=None)
def test_any_text_is_read_to_its_end(text: str) -> None:
    for entry in read_code(text):
        assert 1 <= entry.line <= text.count("\n") + 1
