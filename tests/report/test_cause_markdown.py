"""The document of all causes."""

from __future__ import annotations

from collections.abc import Callable

from smtpcheck.api import cause_pages
from smtpcheck.model.jsonvalue import Json
from smtpcheck.report.cause_markdown import render_causes_markdown


def test_the_document_of_causes_is_that_of_the_catalogue(
    golden: Callable[[str, str], None],
) -> None:
    golden("../../docs/causes.md", render_causes_markdown(cause_pages()))


def test_every_cause_has_its_section_and_its_steps() -> None:
    pages = cause_pages()
    text = render_causes_markdown(pages)
    for page in pages:
        assert f"\n## {page['cause']}\n" in text
    assert text.count("\n1. ") == len(pages)


def test_words_of_the_catalogue_are_no_markup() -> None:
    page: dict[str, Json] = {
        "cause": "x",
        "title": "a *b* <c>",
        "why": "[d](e)",
        "owner": "you",
        "retryable": False,
        "help": ["run `f`"],
        "rules": [],
    }
    text = render_causes_markdown([page])
    assert r"a \*b\* \<c\>" in text
    assert r"\[d\](e)" in text
    assert r"run \`f\`" in text
