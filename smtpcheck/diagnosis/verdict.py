"""How a run ended and what the process tells its caller: the exit codes."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import fields

from smtpcheck.catalog.flat import flat
from smtpcheck.model.jsonvalue import Facts
from smtpcheck.model.observation import Observations, StageResult
from smtpcheck.model.profile import Expect
from smtpcheck.model.reply import Line
from smtpcheck.model.stage import STAGE_EXIT, ExitCode, Outcome

_EXPECTED = tuple(f"expect.{each.name}" for each in fields(Expect))


def verdict(observations: Observations) -> tuple[Outcome, int]:
    """The outcome of a target and its exit code.

    A failure takes the code of the first stage that failed, and 75 where the server said with
    a 4yz reply that it is temporary. A wait that ended without a reply keeps the stage's code.
    Where every stage passed and an expectation is not met, the target failed all the same.
    """
    if observations.interrupted:
        return Outcome.INTERRUPTED, ExitCode.INTERRUPTED
    for stage in observations.stages:
        if stage.outcome is Outcome.INTERRUPTED:
            return Outcome.INTERRUPTED, ExitCode.INTERRUPTED
        if stage.outcome is Outcome.FAILED:
            temporary = said_temporary(stage)
            return Outcome.FAILED, ExitCode.TEMPORARY if temporary else STAGE_EXIT[stage.stage]
    if wants_anything(observations.settings):
        from smtpcheck.diagnosis.expectations import unmet

        if unmet(observations):
            return Outcome.FAILED, ExitCode.EXPECTATION
    return Outcome.PASSED, ExitCode.OK


def stages_passed(observations: Observations) -> bool:
    """Whether no stage failed and nothing was interrupted; expectations are another matter."""
    bad = (Outcome.FAILED, Outcome.INTERRUPTED)
    return not observations.interrupted and not any(
        stage.outcome in bad for stage in observations.stages
    )


def wants_anything(settings: Facts) -> bool:
    """Whether the settings of a run expect anything (`[expect]`)."""
    return any(settings.get(key) for key in _EXPECTED)


def combine(codes: Iterable[int]) -> int:
    """The exit code of several targets: 0 when all are 0, the code all failures share, else 1."""
    failures = {code for code in codes if code}
    if not failures:
        return ExitCode.OK
    return failures.pop() if len(failures) == 1 else ExitCode.FINDINGS


def said_temporary(stage: StageResult) -> bool:
    """Whether the server called the failure of this stage temporary: 4yz, or a 421 cut off."""
    step = stage.failed_step
    if step is None:
        return False
    facts = flat(step.facts)
    code = facts.get("reply.code")
    if isinstance(code, int) and code:
        return 400 <= code < 500
    return _last_words(facts) == 421


def _last_words(facts: Facts) -> int:
    """The code of an unfinished reply: a server that closes says 421 and may not end the line."""
    partial = facts.get("silence.partial")
    return Line(partial.encode("utf-8", "backslashreplace")).code if isinstance(partial, str) else 0
