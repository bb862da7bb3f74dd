"""A report as Markdown, for a comment, a ticket, or the summary of a job.

What others said is escaped where it stands in a sentence, and stands in a block of code, behind a
prefix of ours, where it is quoted.
"""

from __future__ import annotations

from collections.abc import Iterator

from smtpcheck.model.observation import StageResult
from smtpcheck.model.report import Report, TargetReport
from smtpcheck.model.stage import Outcome
from smtpcheck.report.drift_block import drift_lines
from smtpcheck.report.escape import markdown
from smtpcheck.report.rows import shown
from smtpcheck.report.style import Style
from smtpcheck.report.survey import Survey, survey
from smtpcheck.report.tally import NO_CAUSE, Group
from smtpcheck.report.troubles import Trouble, named_targets, troubles_of
from smtpcheck.report.verdict import short_verdict, verdict
from smtpcheck.report.words import OUTCOME_WORDS, duration, run_time, total_ms


def render_markdown(report: Report, style: Style) -> Iterator[str]:
    """The document: a table of the targets where there are several, then a section for each. Of
    many those that passed are counted alone, and the worst are told."""
    seen = survey(report)
    due = {*seen.at_length}
    names: dict[int, str] = {}
    yield "# smtpcheck\n\n"
    if seen.is_long:
        yield _counts(seen, style)
    is_table = seen.count > 1 and due
    yield "| target | result | time | cause |\n|---|---|---|---|\n" if is_table else ""
    for at, (name, target) in enumerate(named_targets(report, style)):
        if at in due:
            names[at] = name
            yield _summary(name, target, style) if is_table else ""
    yield "\n" if is_table else ""
    for at in seen.at_length:
        lines = _target(names[at], report.targets[at], style)
        yield "".join(f"{line}\n" for line in lines)
    yield f"Started {_plain(report.started, style)}, exit {report.exit_code}.\n"


def _counts(seen: Survey, style: Style) -> str:
    tally = seen.tally
    said = f"**{tally.passed} of {seen.count} targets passed**"
    said += f", {tally.skipped} skipped" if tally.skipped else ""
    said += f", {tally.unbegun} not begun" if tally.unbegun else ""
    rows = [f"{said}. {seen.left_out}", ""]
    groups = [*tally.errors, *tally.warnings]
    if groups:
        rows += ["| targets | cause | |", "|---:|---|---|"]
        rows += [_cause(each, style) for each in groups]
    return "".join(f"{line}\n" for line in [*rows, ""])


def _cause(group: Group, style: Style) -> str:
    cells = (str(group.count), _plain(group.cause or NO_CAUSE, style), _plain(group.title, style))
    return f"| {' | '.join(cells)} |"


def _summary(name: str, target: TargetReport, style: Style) -> str:
    causes = [each.cause for each in troubles_of(target, style)]
    ran = target.outcome is not Outcome.SKIPPED
    time = run_time(total_ms(target)) if ran else ""
    cells = (markdown(name), short_verdict(target), time, markdown(", ".join(causes)))
    return f"| {' | '.join(cells)} |\n"


def _target(name: str, target: TargetReport, style: Style) -> list[str]:
    (core, _), *rest = verdict(target)
    sentence = _plain("".join(text for text, _ in rest), style)
    joint = "" if sentence.startswith(":") else " "
    lines = [f"## {markdown(name)}", "", f"**{_plain(core, style)}**{joint}{sentence}", ""]
    if target.outcome is not Outcome.SKIPPED:
        lines += _stages(target, style)
        notes = [f"- note: {_plain(each, style)}" for each in target.notes]
        lines += [*notes, ""] if notes else []
        drift = [f"- {markdown(each)}" for each in drift_lines(target, style)]
        lines += [*drift, ""] if drift else []
    for each in troubles_of(target, style):
        lines += _trouble(each)
    return lines


def _stages(target: TargetReport, style: Style) -> list[str]:
    stages = target.observations.stages
    if not stages:
        return []
    rows = ["| stage | result | time | |", "|---|---|---|---|"]
    return [*rows, *(_stage(each, style) for each in stages), ""]


def _stage(stage: StageResult, style: Style) -> str:
    time = duration(stage.elapsed_ms) if stage.outcome is not Outcome.SKIPPED else ""
    if stage.blocked_by:
        said = f"blocked by {_plain(stage.blocked_by, style)}"
    else:
        step = stage.failed_step
        said = _plain(step.summary, style) if step else ""
    return f"| {stage.stage.value} | {OUTCOME_WORDS[stage.outcome]} | {time} | {said} |"


def _trouble(trouble: Trouble) -> list[str]:
    where = f" ({trouble.stage})" if trouble.stage else ""
    lines = [f"### {trouble.severity.value}: {markdown(trouble.cause)}{markdown(where)}", ""]
    lines += [f"**{markdown(trouble.title)}**" if trouble.title else "", ""]
    if trouble.evidence:
        # Behind the bar nothing can end the block.
        lines += ["```text", *(f"| {each}" for each in trouble.evidence), "```", ""]
    if trouble.why:
        lines += [f"Why: {markdown(trouble.why)}", ""]
    steps = trouble.fixes()
    lines += [f"{number}. {markdown(each)}" for number, each in enumerate(steps, 1)]
    lines += [""] if steps else []
    if trouble.references:
        lines += [f"See: {', '.join(map(markdown, trouble.references))}", ""]
    return lines


def _plain(text: str, style: Style) -> str:
    return markdown(shown(text, style))
