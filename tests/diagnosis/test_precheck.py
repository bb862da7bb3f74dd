"""What lint found is told with the run, and takes nothing away from what was observed."""

from __future__ import annotations

import pytest

from smtpcheck.diagnosis.precheck import lint_notes, with_findings
from smtpcheck.model.diagnosis import Change, Confidence, Diagnosis, Owner, Severity
from smtpcheck.model.finding import LintFinding
from smtpcheck.model.jsonvalue import Json
from smtpcheck.model.observation import Observations, StageResult, Step
from smtpcheck.model.stage import Outcome, Stage

MISSPELT = LintFinding(
    "host-misspelt", Severity.WARNING, "server.host", "it is nearly b", ("did you mean b?",)
)
BOUNCE = LintFinding(
    "bounce-in-other-domain", Severity.WARNING, "sender.bounce", "it is foreign", ("change it",)
)
SLOW = LintFinding("timeout-too-small", Severity.WARNING, "server.timeout", "1 s", ("set 20",))


def seen(
    *findings: LintFinding,
    fails: Stage | None = Stage.DNS,
    profile: str = "app",
    facts: dict[str, Json] | None = None,
    step: str = "x",
    **settings: Json,
) -> Observations:
    stages = [
        StageResult(
            stage,
            Outcome.FAILED if stage is fails else Outcome.PASSED,
            (Step(step, Outcome.FAILED, 1.0, "", facts or {}),) if stage is fails else (),
        )
        for stage in Stage
    ]
    flat: dict[str, Json] = {"profile": profile, "target": "t"}
    flat |= {key.replace("_", "."): value for key, value in settings.items()}
    return Observations(flat, tuple(stages), findings=findings)


def diagnosis(*changes: Change, severity: Severity = Severity.ERROR, cause: str = "a") -> Diagnosis:
    return Diagnosis(
        cause, severity, "", "", Confidence.LIKELY, Owner.YOU, retryable=False, why="w",
        help=("first do this",), changes=changes,
    )  # fmt: skip


def test_a_finding_of_the_failed_stage_is_a_step_behind_the_others() -> None:
    (told,) = with_findings([diagnosis()], seen(MISSPELT, BOUNCE))
    hint = "(the settings) server.host: it is nearly b: did you mean b?"
    assert told.help == ("first do this", hint)
    assert (told.cause, told.why, told.changes) == ("a", "w", ())


def test_a_finding_of_another_stage_is_counted_in_a_note() -> None:
    told = [diagnosis()]
    assert with_findings(told, seen(BOUNCE)) == tuple(told)
    note = "1 finding about the settings: smtpcheck profile lint app"
    assert lint_notes(seen(MISSPELT, BOUNCE), told) == (note,)
    assert lint_notes(seen(MISSPELT, BOUNCE, profile=""), told) == ("sender.bounce: it is foreign",)


def test_what_a_change_names_already_is_not_said_twice() -> None:
    told = [diagnosis(Change("server.host", "b", verified=True))]
    assert with_findings(told, seen(MISSPELT)) == tuple(told)


def test_a_warning_alone_takes_no_finding() -> None:
    told = [diagnosis(severity=Severity.WARNING)]
    assert with_findings(told, seen(MISSPELT, fails=None)) == tuple(told)


def test_a_failure_that_nobody_knows_still_has_its_findings() -> None:
    assert with_findings([], seen(MISSPELT)) == ()
    assert lint_notes(seen(MISSPELT), []) == ("server.host: it is nearly b",)


def test_a_run_that_passes_has_at_most_three_notes_and_a_word_of_the_rest() -> None:
    five = [LintFinding("x", Severity.WARNING, f"a.{n}", "wrong", ("mend it",)) for n in range(5)]
    shown = [f"a.{n}: wrong" for n in range(3)]
    last = "2 findings more about the settings: smtpcheck profile lint app"
    assert list(lint_notes(seen(*five, fails=None), [])) == [*shown, last]
    assert list(lint_notes(seen(*five, fails=None, profile=""), [])) == shown


@pytest.mark.parametrize(("kind", "told"), [("timeout", True), ("closed", False)])
def test_a_short_timeout_explains_only_what_was_waited_for(kind: str, told: bool) -> None:
    made = seen(SLOW, fails=Stage.TCP, facts={"silence": {"kind": kind}})
    (first,) = with_findings([diagnosis()], made)
    assert (len(first.help) == 2) is told


@pytest.mark.parametrize(
    ("kind", "provider", "cause", "told"),
    [
        ("", "sendgrid", "a", True),
        ("sendgrid-key", "sendgrid", "a", False),
        ("", "", "a", False),
        ("", "gmail", "a", True),
        ("", "gmail", "auth-app-password-required", False),
        ("secret-access-key", "ses", "a", True),
    ],
)
def test_a_refused_login_tells_the_form_of_its_password(
    kind: str, provider: str, cause: str, told: bool
) -> None:
    facts: dict[str, Json] = {
        "reply": {"code": 535}, "password_shape": "", "password_kind": kind
    }  # fmt: skip
    made = seen(fails=Stage.AUTH, step="auth.login", facts=facts, provider=provider)
    (first,) = with_findings([diagnosis(cause=cause)], made)
    assert (len(first.help) == 2) is told
