"""The pages of all causes as one Markdown document: `docs/causes.md`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from smtpcheck.model.diagnosis import Owner
from smtpcheck.model.jsonvalue import Json
from smtpcheck.report.escape import markdown
from smtpcheck.report.words import OWNER_WORDS

_HEAD = """# Causes

What smtpcheck can name, from the catalogue in `smtpcheck/catalog/causes/`. This page is made by
`smtpcheck causes --format markdown`; `smtpcheck explain CAUSE-ID` shows one of them.
"""
_EXAMPLES = 3


def render_causes_markdown(pages: Sequence[Mapping[str, Json]]) -> str:
    """The document: a table of contents, then a section a cause, in the order of the pages."""
    index = "\n".join(
        f"- [{page['cause']}](#{page['cause']}): {_plain(page['title'])}" for page in pages
    )
    return "\n".join([_HEAD, index, *(_section(page) for page in pages)]) + "\n"


def _section(page: Mapping[str, Json]) -> str:
    owner = OWNER_WORDS[Owner(str(page["owner"]))]
    why = _plain(page["why"])
    again = "may help" if page["retryable"] else "changes nothing"
    lines = [
        "",
        f"## {page['cause']}",
        f"**{_plain(page['title'])}**",
        "",
        f"{why[:1].upper()}{why[1:]}.",
        "",
        f"Who can mend it: {owner}. Trying again: {again}.",
        "",
    ]
    lines += [f"{n}. {_plain(step)}" for n, step in enumerate(_texts(page["help"]), 1)]
    examples = _examples(page)
    if examples:
        lines += ["", "For example:", "", *(f"    {example}" for example in examples)]
    return "\n".join(lines)


def _examples(page: Mapping[str, Json]) -> list[str]:
    rules = page["rules"] if isinstance(page["rules"], list) else []
    found = [
        " ".join(text.split())
        for rule in rules
        if isinstance(rule, Mapping)
        for text in _texts(rule["examples"])
        if text.isprintable() and len(text) <= 160
    ]
    return list(dict.fromkeys(found))[:_EXAMPLES]


def _texts(value: Json) -> list[str]:
    return [each for each in value if isinstance(each, str)] if isinstance(value, list) else []


def _plain(value: Json) -> str:
    return markdown(str(value))
