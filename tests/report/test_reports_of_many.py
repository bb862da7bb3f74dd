"""No format keeps a run of thousands in memory, and each stays one that its readers can use."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from xml.etree import ElementTree as ET

import pytest

from smtpcheck.report.formats import FORMATS
from smtpcheck.report.survey import ALL, MOST
from smtpcheck.report.troubles import PLAIN
from tests.report.many import KINDS, disabled, many, unbegun
from tests.report.samples import failed_auth, passed_starttls
from tests.report.test_html import Page

_PASSES = 3
"""How often a renderer may go through all targets, besides those that it tells at length."""
_LARGEST = 200_000
"""Characters that a renderer may hold at once."""


@pytest.mark.parametrize("name", FORMATS)
def test_a_format_holds_no_more_than_a_few_targets_and_a_piece_of_its_text(name: str) -> None:
    report, watched = many(400)
    largest = length = 0
    for chunk in FORMATS[name](report, PLAIN, verbose=False, quiet=False):
        largest = max(largest, len(chunk))
        length += len(chunk)
    assert watched.most_alive <= 3
    assert watched.made <= _PASSES * 400 + MOST
    assert largest < _LARGEST
    assert name in ("nagios", "github") or length > 10_000


@pytest.mark.parametrize("name", ["junit", "prometheus", "openmetrics", "sarif"])
def test_what_waits_on_the_disk_comes_back_whole(name: str) -> None:
    few, _ = many(len(KINDS))
    lots, _ = many(len(KINDS) * 60)
    one = "".join(FORMATS[name](few, PLAIN, verbose=False, quiet=False))
    text = "".join(FORMATS[name](lots, PLAIN, verbose=False, quiet=False))
    assert len(text) > 128 * 1024
    for mark in ("<testcase", 'probe_success{target="', '"ruleId":'):
        assert text.count(mark) == 60 * one.count(mark)


def test_counts_of_junit_are_those_of_all_its_suites() -> None:
    report, _ = many(200)
    root = ET.fromstring("".join(FORMATS["junit"](report, PLAIN, verbose=False, quiet=False)))  # noqa: S314 - our own document
    for name in ("tests", "failures", "errors"):
        assert int(root.attrib[name]) == sum(int(suite.attrib[name]) for suite in root)
    total = sum(float(suite.attrib["time"]) for suite in root)
    assert float(root.attrib["time"]) == pytest.approx(total, abs=1e-6)


def test_a_page_of_many_tells_the_worst_and_says_what_it_leaves_out() -> None:
    report, _ = many(400)
    text = "".join(FORMATS["html"](report, PLAIN, verbose=False, quiet=False))
    page = Page(text)
    anchors = [value for value in page.values("id") if re.fullmatch(r"target-\d+", value)]
    links = [value for value in page.values("href") if value.startswith("#target-")]
    assert len(anchors) == len(set(anchors)) == MOST
    assert links == [f"#{each}" for each in anchors]
    assert "Here the first 100 of the 105 targets that failed or have warnings" in page.text
    assert text.count("<tr>") > 400
    first = next(at for at in range(400) if KINDS[at % len(KINDS)]().targets[0].exit_code)
    assert anchors[0] == f"target-{first + 1}"


def test_a_page_of_healthy_targets_has_a_table_alone() -> None:
    report, _ = many(ALL + 1, [passed_starttls().targets[0]])
    page = Page("".join(FORMATS["html"](report, PLAIN, verbose=False, quiet=False)))
    assert not [value for value in page.values("id") if value.startswith("target-")]
    assert f"{ALL + 1} of {ALL + 1} targets passed" in page.text
    assert "Here no target is told at length" in page.text


def test_a_page_of_some_targets_tells_each_in_their_order() -> None:
    report, _ = many(ALL)
    page = Page("".join(FORMATS["html"](report, PLAIN, verbose=False, quiet=False)))
    anchors = [value for value in page.values("id") if re.fullmatch(r"target-\d+", value)]
    assert anchors == [f"target-{number}" for number in range(1, ALL + 1)]
    assert "at length" not in page.text


def test_markdown_of_many_is_bounded_and_counts_the_rest() -> None:
    sizes = []
    for count in (400, 2000):
        report, _ = many(count)
        text = "".join(FORMATS["markdown"](report, PLAIN, verbose=False, quiet=False))
        assert text.count("\n## ") == MOST
        assert re.search(rf"\*\*\d+ of {count} targets passed\*\*\. Here the first 100 of", text)
        sizes.append(len(text))
    assert sizes[1] < sizes[0] * 1.1


def test_nagios_names_the_worst_of_many_and_counts_all() -> None:
    report, _ = many(400)
    text = "".join(FORMATS["nagios"](report, PLAIN, verbose=False, quiet=False))
    first, *more = text.splitlines()
    assert first.startswith("SMTP CRITICAL - 316 of 400 targets passed; ")
    assert "passed=316;;;0;400 failed=84;;;0;400" in first
    assert len(text.encode()) <= 8192
    assert more[1].startswith("[CRITICAL] ")


def test_github_counts_what_it_does_not_show() -> None:
    report, _ = many(400)
    text = "".join(FORMATS["github"](report, PLAIN, verbose=False, quiet=False))
    told = [int(number) for number in re.findall(r"::(\d+) more: see the job summary", text)]
    assert [9 + number for number in told] == [84, 42, 295]


def test_json_lines_and_json_say_the_same_of_many() -> None:
    report, _ = many(60)
    whole = json.loads("".join(FORMATS["json"](report, PLAIN, verbose=False, quiet=False)))
    lines = "".join(FORMATS["jsonl"](report, PLAIN, verbose=False, quiet=False)).splitlines()
    assert [json.loads(line)["target"] for line in lines] == [
        each["target"] for each in whole["targets"]
    ]
    assert len(whole["targets"]) == 60


@pytest.mark.parametrize("make", [unbegun, disabled])
@pytest.mark.parametrize("name", FORMATS)
def test_targets_without_stages_can_be_told_by_the_hundred(
    name: str, make: Callable[[], object]
) -> None:
    report, watched = many(150, [make(), failed_auth().targets[0]])  # type: ignore[list-item] # both make a target
    text = "".join(FORMATS[name](report, PLAIN, verbose=False, quiet=False))
    assert "auth-smtp-disabled" in text
    assert watched.most_alive <= 3
