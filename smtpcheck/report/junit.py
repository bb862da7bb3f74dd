"""A report as JUnit XML, as Jenkins and GitLab read it: a suite for each target, a case for each
stage.

GitLab shows the class name as the suite and the text of a failure; Jenkins takes what stands before
the last dot of the class name for a package. A stage that was not needed, or not reached, is
skipped. What no stage stands for (an expectation that is not met, a disabled profile) is a case of
its own.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from smtpcheck.diagnosis.verdict import stages_passed, wants_anything
from smtpcheck.model.diagnosis import Severity
from smtpcheck.model.observation import StageResult
from smtpcheck.model.report import Report, TargetReport
from smtpcheck.model.stage import Outcome
from smtpcheck.report.drift_block import drift_lines
from smtpcheck.report.rows import shown
from smtpcheck.report.scratch import Scratch
from smtpcheck.report.style import Style
from smtpcheck.report.troubles import Trouble, named_targets, troubles_of

_TAGS = {"failures": "failure", "errors": "error", "skipped": "skipped"}
"""What is counted of a suite, besides its tests."""
_ORDER = re.compile(r"\[\[(?=\s*[A-Za-z]+\s*\|)")
_SUMS = ("tests", "failures", "errors")
"""What is counted of the whole; the schemas know no `skipped` there."""
_WHOLE = "probe"
"""The case of a target that has no stages."""
_EXPECT = "expectations"
"""The case of what is expected, where anything is, and of what failed though no stage did."""


def render_junit(report: Report, style: Style) -> Iterator[str]:
    """The document, in ASCII: characters beyond it are written as references."""
    total: Counter[str] = Counter()
    milliseconds = 0
    with closing(Scratch()) as suites:
        for name, target in named_targets(report, style):
            suite = _suite(name, report.started, target, style)
            total.update({each: int(suite.get(each, "0")) for each in _SUMS})
            milliseconds += round(float(suite.get("time", "0")) * 1000)
            indent(suite, level=1)
            suites.write(f"\n  {tostring(suite, encoding='us-ascii').decode().rstrip()}")
        sums = " ".join(f'{each}="{total[each]}"' for each in _SUMS)
        yield '<?xml version="1.0" encoding="UTF-8"?>\n'
        yield f'<testsuites name="smtpcheck" {sums} time="{milliseconds / 1000:.3f}">'
        yield from suites.chunks()
        yield "\n</testsuites>\n"


def _suite(name: str, started: str, target: TargetReport, style: Style) -> Element:
    # Readers of old take no fraction and no zone; the time is UTC.
    suite = Element("testsuite", {"name": name, "timestamp": shown(started, style)[:19]})
    due = troubles_of(target, style)
    class_name = f"smtpcheck.{name.replace('.', '_')}"
    for stage in target.observations.stages:
        here = [each for each in due if each.stage == stage.stage.value]
        case = _case(suite, class_name, stage.stage.value, stage.elapsed_ms)
        taken = _fill_stage(case, stage, here, style)
        due = [each for each in due if each not in taken]
    failed = [each for each in due if each.severity is Severity.ERROR]
    if failed or (target.outcome is Outcome.FAILED and suite.find("testcase/failure") is None):
        _failure(_case(suite, class_name, _EXPECT), failed or troubles_of(target, style))
    elif wants_anything(target.observations.settings) and len(suite):
        case = _case(suite, class_name, _EXPECT)
        if not stages_passed(target.observations):
            _skipped(case, "a stage did not pass")
    if not len(suite) or (
        target.outcome is Outcome.INTERRUPTED and suite.find("testcase/error") is None
    ):
        _fill_whole(_case(suite, class_name, _WHOLE), target, style)
    left = [each for each in due if each.severity is Severity.WARNING]
    said = _warnings(left) + [f"note: {shown(each, style)}" for each in target.notes]
    said += drift_lines(target, style)
    if said:
        SubElement(suite, "system-out").text = _no_order("\n".join(said))
    _count(suite)
    return suite


def _case(suite: Element, class_name: str, name: str, milliseconds: float = 0.0) -> Element:
    seconds = f"{max(milliseconds, 0.0) / 1000:.3f}"
    return SubElement(suite, "testcase", {"classname": class_name, "name": name, "time": seconds})


def _fill_stage(
    case: Element, stage: StageResult, here: list[Trouble], style: Style
) -> list[Trouble]:
    """What the stage came to; returns the troubles that the case tells."""
    warnings = [each for each in here if each.severity is Severity.WARNING]
    errors = [each for each in here if each.severity is Severity.ERROR]
    if stage.outcome is Outcome.FAILED:
        _failure(case, errors)
    elif stage.outcome is Outcome.INTERRUPTED:
        _interrupted(case)
    elif stage.outcome is Outcome.SKIPPED:
        why = f"blocked by {stage.blocked_by}" if stage.blocked_by else "not part of this run"
        _skipped(case, shown(why, style))
    if stage.outcome is not Outcome.FAILED:
        errors = []
    if warnings:
        SubElement(case, "system-out").text = _no_order("\n".join(_warnings(warnings)))
    return errors + warnings


def _fill_whole(case: Element, target: TargetReport, style: Style) -> None:
    if target.outcome is Outcome.INTERRUPTED:
        _interrupted(case)
    elif target.outcome is Outcome.SKIPPED:
        _skipped(case, shown("; ".join(target.notes) or "the profile is disabled", style))


def _failure(case: Element, errors: list[Trouble]) -> None:
    """One element with all that is wrong: readers show the first and leave out the others."""
    first = errors[0] if errors else None
    message = first.title if first else "failed"
    failure = SubElement(
        case, "failure", {"message": message, "type": first.cause if first else "failed"}
    )
    told = ("\n".join([f"{each.cause}: {each.title}", *each.lines()]) for each in errors)
    failure.text = _no_order("\n\n".join(told))


def _no_order(text: str) -> str:
    """`[[ATTACHMENT|path]]` makes GitLab, and a plugin of Jenkins, keep or show a file."""
    return _ORDER.sub("[\\\\x5b", text)


def _interrupted(case: Element) -> None:
    error = SubElement(case, "error", {"message": "interrupted", "type": "interrupted"})
    error.text = "interrupted"


def _skipped(case: Element, why: str) -> None:
    """Jenkins shows the message, GitLab the text."""
    SubElement(case, "skipped", {"message": why}).text = _no_order(why)


def _warnings(troubles: list[Trouble]) -> list[str]:
    told: list[str] = []
    for each in troubles:
        told += [f"warning: {each.cause}: {each.title}", *(f"  {line}" for line in each.lines())]
    return told


def _count(suite: Element) -> None:
    """The numbers of what is below; a case has at most one of failure, error and skipped."""
    cases = suite.findall("testcase")
    suite.set("tests", str(len(cases)))
    for name, tag in _TAGS.items():
        suite.set(name, str(sum(case.find(tag) is not None for case in cases)))
    suite.set("time", f"{sum(float(case.get('time', '0')) for case in cases):.3f}")
