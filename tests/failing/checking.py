"""Runs the real probe against a case, and holds the report to what a good report is."""

from __future__ import annotations

import json
import re
import time
from datetime import UTC, datetime

from smtpcheck.api import report_of
from smtpcheck.model.diagnosis import Diagnosis
from smtpcheck.model.plan import Plan
from smtpcheck.model.report import TargetReport
from smtpcheck.model.stage import Outcome, Stage
from smtpcheck.report.json_report import render_json
from smtpcheck.report.style import Style
from smtpcheck.report.text import render_text
from tests.failing.case import Case, Expected
from tests.pki import TestPki
from tests.scripted.probing import assert_confined, errors_of, run
from tests.scripted.server import ScriptedServer

TIMEOUT = 0.5
_DEADLINE = 6.0
_LONGEST = 4.0
_LEFT_OVER = re.compile(r"\{[a-z_.]+(\|[^}]*)?\}")
"""A placeholder that nothing was put into."""


def probed(case: Case, pki: TestPki, *, experiments: bool = False) -> TargetReport:
    """The report of a case, after all that can be said of the server's side has been checked."""
    settings = {
        **{name: dict(table) for name, table in case.settings.items()},
        "server": {
            "security": case.security,
            "timeout": TIMEOUT,
            **case.settings.get("server", {}),
        },
        "test": {"to": list(case.to), **case.settings.get("test", {})},
    }
    with ScriptedServer(case.script, pki, strict=False) as server:
        began = time.monotonic()
        report = run(
            server.port,
            pki,
            settings=settings,
            plan=Plan(deadline=_DEADLINE),
            password=case.password,
            login=case.login,
            experiments=experiments,
        )
        seconds = time.monotonic() - began
    story = _told(report)
    assert seconds < _LONGEST, f"{seconds:.1f} s\n{story}"
    if case.login and case.confined:
        assert_confined(server, report, case.password)
    verbs = [verb for each in server.connections for verb in each.verbs()]
    assert verbs.count("AUTH") <= case.logins, story
    assert experiments or len(server.connections) == case.connections, story
    if report.exit_code and not _reached(report, "send.message"):
        assert not any(each.bodies for each in server.connections), story
    return report


def assert_names(report: TargetReport, wanted: Expected) -> None:
    """The report names this cause, and is sound in itself."""
    story = _told(report)
    assert report.exit_code == wanted.exit, story
    assert report.outcome is Outcome.FAILED
    assert [each.cause for each in errors_of(report)] == [wanted.cause, *wanted.also], story
    first = report.diagnoses[0]
    assert first.severity.value == "error"
    assert first.stage == wanted.stage, story
    assert first.retryable is wanted.retryable, story
    for name in ("owner", "confidence"):
        asked = getattr(wanted, name)
        assert asked in ("", getattr(first, name)), f"{name}: {getattr(first, name)}\n{story}"
    _assert_words(first, wanted, story)
    if wanted.changes is not None:
        assert {each.key: each.value for each in first.changes} == dict(wanted.changes), story
        assert all(each.verified is wanted.verified for each in first.changes), story
    others = {each.cause for each in report.diagnoses[1:]}
    assert others <= {*wanted.also, *wanted.warnings}, story
    _assert_evidence(report, wanted, story)
    _assert_blocked(report, wanted.stage)
    _assert_json(report)


def assert_nothing_is_wrong(report: TargetReport, warnings: tuple[str, ...]) -> None:
    """The report says that all is well, and warns of nothing else than this."""
    story = _told(report)
    assert (report.exit_code, report.outcome) == (0, Outcome.PASSED), story
    assert {each.cause for each in report.diagnoses} == set(warnings), story
    assert all(each.severity.value == "warning" for each in report.diagnoses), story
    _assert_json(report)


def _assert_words(first: Diagnosis, wanted: Expected, story: str) -> None:
    assert first.why, story
    assert first.help, story
    text = "\n".join([first.why, *first.help])
    assert not _LEFT_OVER.search(text), text
    for name, asked in (("help", wanted.help), ("why", wanted.why)):
        told = (first.why if name == "why" else "\n".join(first.help)).lower()
        for word in asked:
            assert word.lower() in told, f"{word!r} is not in {name}:\n{told}"


def _assert_evidence(report: TargetReport, wanted: Expected, story: str) -> None:
    events = {event.n: event for event in report.observations.transcript}
    found = report.diagnoses[0].evidence
    assert found, story
    for each in found:
        assert each.text, story
        assert all(0 <= start < end <= len(each.text) for start, end in each.spans), story
        if each.event:
            assert each.text == f"{events[each.event].who} {events[each.event].text}"
    if wanted.evidence:
        assert any(wanted.evidence in each.text for each in found), (wanted.evidence, found)


def _assert_blocked(report: TargetReport, failed: str) -> None:
    stages = {stage.stage: stage for stage in report.observations.stages}
    for stage in list(Stage)[list(Stage).index(Stage(failed)) + 1 :]:
        assert stages[stage].outcome is Outcome.SKIPPED
        assert stages[stage].blocked_by == failed


def _assert_json(report: TargetReport) -> None:
    told = json.loads("".join(render_json(report_of(datetime.now(UTC), [report]))))
    (target,) = told["targets"]
    assert target["exit_code"] == report.exit_code
    causes = [each["cause"] for each in target["diagnoses"]]
    assert causes == [each.cause for each in report.diagnoses]


def _told(report: TargetReport) -> str:
    """The report as a reader sees it, for the message of a test that fails."""
    whole = report_of(datetime.now(UTC), [report])
    style = Style(100, color=False, unicode=False)
    return "\n" + "".join(render_text(whole, style, verbose=False, quiet=False))


def _reached(report: TargetReport, name: str) -> bool:
    return any(step.step == name for stage in report.observations.stages for step in stage.steps)
