"""What `--format` asks for."""

from __future__ import annotations

import json

import pytest

from smtpcheck.model.errors import UsageError
from smtpcheck.report.formats import FORMATS, Output, parse_format_options
from smtpcheck.report.style import Style
from tests.report.samples import failed_auth


@pytest.mark.parametrize(
    ("values", "outputs"),
    [
        ([], [Output("text")]),
        (["json"], [Output("json")]),
        (["json=-"], [Output("json")]),
        (["json=out.json"], [Output("text"), Output("json", "out.json")]),
        (["text", "json=a=b.json"], [Output("text"), Output("json", "a=b.json")]),
        (["text=a", "json=b", "json"], [Output("text", "a"), Output("json", "b"), Output("json")]),
    ],
)
def test_formats_go_where_they_were_sent(values: list[str], outputs: list[Output]) -> None:
    assert parse_format_options(values) == outputs


@pytest.mark.parametrize(
    ("values", "message", "help_"),
    [
        (["json", "text"], "standard output takes one format, not 2: json, text", "text=FILE"),
        (["json", "json"], "standard output takes one format, not 2: json, json", "json=FILE"),
        (["jsn"], "unknown format 'jsn'", "did you mean json?"),
        (["JSON"], "unknown format 'JSON'", "did you mean json?"),
        (["xyzzy=out"], "unknown format 'xyzzy'", "formats are text, json"),
        ([""], "unknown format ''", "formats are text, json"),
        (["json="], "--format json= names no file", "--format json=FILE"),
        (["json=a", "text=a"], "two formats would be written to a", "its own file"),
    ],
)
def test_what_cannot_be_done_is_refused(values: list[str], message: str, help_: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse_format_options(values)
    assert message in caught.value.message
    assert help_ in " ".join(caught.value.help)


@pytest.mark.parametrize("name", FORMATS)
def test_every_format_renders(name: str) -> None:
    style = Style(80, color=False, unicode=True)
    text = "".join(FORMATS[name](failed_auth(), style, verbose=False, quiet=False))
    assert "auth-smtp-disabled" in text
    assert text.endswith("\n")


def test_json_is_the_same_for_every_reader() -> None:
    one = "".join(
        FORMATS["json"](
            failed_auth(), Style(20, color=True, unicode=False), verbose=True, quiet=True
        )
    )
    two = "".join(
        FORMATS["json"](
            failed_auth(), Style(200, color=False, unicode=True), verbose=False, quiet=False
        )
    )
    assert one == two
    assert json.loads(one)["exit_code"] == 13
