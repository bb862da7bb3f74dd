"""The page of a cause: what is wrong, why, the fix, and how it is recognised."""

from __future__ import annotations

from collections.abc import Sequence

from smtpcheck.model.diagnosis import Owner
from smtpcheck.model.jsonvalue import Json
from smtpcheck.report.diagnosis_block import labelled
from smtpcheck.report.json_report import SCHEMA
from smtpcheck.report.rows import BLANK, Role, Row, hanging, paint, row, shown, table
from smtpcheck.report.style import Style
from smtpcheck.report.words import OWNER_WORDS

Page = dict[str, Json]
"""A cause as plain values, as `diagnosis.cause_page` makes it."""
_EXAMPLES = 3


def render_page(page: Page, style: Style) -> str:
    """The page as text."""
    rows = hanging(
        row((str(page["cause"]), Role.TITLE), ": "),
        shown(str(page["title"]), style),
        style,
        hard=False,
    )
    rows += labelled("why", shown(str(page["why"]), style, limit=1200), style)
    for at, step in enumerate(_texts(page["help"])):
        owner = "" if at else f"({OWNER_WORDS[Owner(str(page['owner']))]}) "
        rows += labelled(
            "" if at else "fix", f"{owner}{shown(step, style, limit=800)}", style, indent=9
        )
    retry = "trying again later may help" if page["retryable"] else "trying again changes nothing"
    rows += labelled("retry", retry, style)
    for at, link in enumerate(_texts(page["references"])):
        rows += labelled("" if at else "see", shown(link, style), style)
    rules = page["rules"]
    if isinstance(rules, Sequence) and not isinstance(rules, str):
        rows += [BLANK, row(("recognised by", Role.TITLE))]
        for rule in rules:
            rows += _rule_rows(rule, style) if isinstance(rule, dict) else []
    return paint(rows, style)


def render_causes(pages: Sequence[Page], style: Style) -> str:
    """All causes, one a row."""
    lines = [
        ((str(page["cause"]), Role.TITLE), (shown(str(page["title"]), style), Role.PLAIN))
        for page in pages
    ]
    return paint(table(lines), style) if lines else ""


def page_to_data(page: Page) -> dict[str, Json]:
    """The page as JSON output holds it."""
    return {"schema": SCHEMA, **page}


def _rule_rows(rule: dict[str, Json], style: Style) -> list[Row]:
    when = f" ({rule['as_of']})" if rule["as_of"] else ""
    rows = hanging(
        row("  - ", (f"{rule['confidence']}: ", Role.LABEL)),
        shown(f"{rule['source']}{when}", style),
        style,
        hard=False,
        indent=4,
    )
    for example in _texts(rule["examples"])[:_EXAMPLES]:
        rows += hanging(row("      "), shown(example, style, limit=200), style, Role.ASIDE)
    return rows


def _texts(value: Json) -> list[str]:
    return [each for each in value if isinstance(each, str)] if isinstance(value, list) else []
