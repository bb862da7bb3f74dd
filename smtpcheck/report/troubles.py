"""What went wrong with a target, in the form that all formats of other programs share.

Each text is escaped, on one line and bounded: no format needs to fear what a server said, besides
what has a meaning in the format itself.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from smtpcheck.model.diagnosis import Diagnosis, Severity
from smtpcheck.model.report import Report, TargetReport
from smtpcheck.model.stage import Outcome
from smtpcheck.model.value import dataclass
from smtpcheck.report.facts import text_of
from smtpcheck.report.rows import shown
from smtpcheck.report.style import Style
from smtpcheck.report.words import OWNER_WORDS

UNKNOWN = "unknown-cause"
"""Stands for the cause where a run failed and no rule fits."""
PLAIN = Style(width=100, color=False, unicode=True)
_PROFILE_FILE = re.compile(r"(?!/)(?!.*\.\.)[^:]+\.toml")
_EVIDENCE = 6
_HELP = 12


@dataclass(frozen=True, slots=True)
class Trouble:
    """One thing that is wrong with a target."""

    cause: str
    severity: Severity
    title: str
    stage: str
    """The stage, or the empty string."""
    evidence: tuple[str, ...]
    why: str
    owner: str
    """Who can mend it, in words; empty where that is not known."""
    help: tuple[str, ...]
    references: tuple[str, ...] = ()

    def lines(self) -> list[str]:
        """All of it but the title, a line each."""
        told = [f"evidence: {each}" for each in self.evidence]
        told += [f"why: {self.why}"] if self.why else []
        told += [f"fix: {each}" for each in self.fixes()]
        return told + [f"see: {each}" for each in self.references]

    def fixes(self) -> list[str]:
        """The steps of the fix; the first says who can take it."""
        steps = list(self.help)
        if steps and self.owner and not steps[0].startswith("("):
            steps[0] = f"({self.owner}) {steps[0]}"
        return steps


def troubles_of(target: TargetReport, style: Style = PLAIN) -> list[Trouble]:
    """Errors first, then warnings, each in the order of the report; where the run failed and none
    of them is an error, what failed stands first."""
    found = [_of_diagnosis(each, style) for each in target.diagnoses]
    errors = [each for each in found if each.severity is Severity.ERROR]
    warnings = [each for each in found if each.severity is Severity.WARNING]
    if target.outcome is Outcome.FAILED and not errors:
        errors = [_unknown(target, style)]
    return errors + warnings


def named_targets(report: Report, style: Style = PLAIN) -> Iterator[tuple[str, TargetReport]]:
    """Each target with a name of its own, in the order of the report: one that is named twice gets
    a number, because readers join what has one name."""
    last: dict[str, int] = {}
    for target in report.targets:
        name = shown(target.target, style)
        number = last.get(name, 0) + 1
        unique = _numbered(name, number)
        while unique in last:
            number += 1
            unique = _numbered(name, number)
        last[name] = number
        last.setdefault(unique, 1)
        yield unique, target


def _numbered(name: str, number: int) -> str:
    return name if number == 1 else f"{name} #{number}"


def profile_file(target: TargetReport) -> str:
    """The profile's file, where it lies in the repository: named by a relative path, told with
    slashes; else the empty string."""
    path = text_of(target.observations.settings, "profile").replace("\\", "/")
    named = target.profile is None and path == target.target.replace("\\", "/").removeprefix("./")
    return path if named and path.isprintable() and _PROFILE_FILE.fullmatch(path) else ""


def _of_diagnosis(diagnosis: Diagnosis, style: Style) -> Trouble:
    return Trouble(
        shown(diagnosis.cause, style),
        diagnosis.severity,
        shown(diagnosis.title, style),
        shown(diagnosis.stage, style),
        tuple(shown(each.text, style) for each in diagnosis.evidence[:_EVIDENCE]),
        shown(diagnosis.why, style, limit=1200),
        OWNER_WORDS[diagnosis.owner],
        tuple(shown(each, style, limit=800) for each in diagnosis.help[:_HELP]),
        tuple(shown(each, style) for each in diagnosis.references),
    )


def _unknown(target: TargetReport, style: Style) -> Trouble:
    stage = next((each for each in target.observations.stages if each.failed_step), None)
    step = stage.failed_step if stage else None
    return Trouble(
        UNKNOWN,
        Severity.ERROR,
        "no known cause fits what was seen",
        stage.stage.value if stage else "",
        (f"{step.step}: {shown(step.summary, style)}",) if step else (),
        "",
        "",
        (),
    )
