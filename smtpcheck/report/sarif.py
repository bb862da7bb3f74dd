"""Findings as SARIF 2.1.0, as code scanning reads it: what lint says of a profile, or the causes
that a probe found.

A result of lint stands at its line of the profile's file. A probe's cause is one of a server: it
has a logical place (target and stage), and a file only where the target is the relative path of a
profile; GitHub takes no result without a file.
"""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import sha256
from urllib.parse import quote

import smtpcheck
from smtpcheck.model.jsonvalue import Json
from smtpcheck.model.report import Report
from smtpcheck.model.stage import ExitCode, Outcome
from smtpcheck.model.value import dataclass
from smtpcheck.report.json_report import dump
from smtpcheck.report.style import Style
from smtpcheck.report.troubles import Trouble, profile_file, troubles_of, unique_names

_SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"


@dataclass(frozen=True, slots=True)
class Result:
    """One finding; its texts are escaped."""

    rule: str
    level: str
    """`error` or `warning`."""
    message: str
    place: str
    """What it is about, besides the rule: target and stage, or the key of a profile."""
    file: str = ""
    """A relative path with slashes, or an absolute one; empty: none."""
    line: int = 1


def render_sarif(report: Report, style: Style) -> str:
    """The causes that a probe found, as a document."""
    results: list[Result] = []
    for name, target in zip(unique_names(report, style), report.targets, strict=True):
        file = profile_file(target)
        for each in troubles_of(target, style):
            place = "/".join(part for part in (name, each.stage) if part)
            level = each.severity.value
            results.append(Result(each.cause, level, _message(each), place, file))
    finished = not any(each.outcome is Outcome.INTERRUPTED for each in report.targets)
    run: dict[str, Json] = {
        "executionSuccessful": finished and report.exit_code != ExitCode.DEFECT,
        "exitCode": int(report.exit_code),
        "startTimeUtc": report.started,
    }
    return sarif_document(results, run)


def sarif_document(results: Sequence[Result], invocation: dict[str, Json] | None = None) -> str:
    """A log with one run."""
    rules = list(dict.fromkeys(each.rule for each in results))
    run: dict[str, Json] = {
        "tool": {
            "driver": {
                "name": "smtpcheck",
                "version": smtpcheck.__version__,
                "rules": [{"id": rule} for rule in rules],
            }
        },
        "invocations": [invocation or {"executionSuccessful": True}],
        "results": [_result(each, rules.index(each.rule)) for each in results],
    }
    return dump({"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]}, indent=2) + "\n"


def _message(trouble: Trouble) -> str:
    return "\n".join([trouble.title or trouble.cause, *trouble.lines()])


def _result(result: Result, index: int) -> dict[str, Json]:
    location: dict[str, Json] = {"logicalLocations": [{"fullyQualifiedName": result.place}]}
    if result.file:
        location["physicalLocation"] = {
            "artifactLocation": {"uri": _uri(result.file)},
            "region": {"startLine": max(result.line, 1)},
        }
    print_ = sha256("\n".join((result.rule, result.file, result.place)).encode()).hexdigest()
    return {
        "ruleId": result.rule,
        "ruleIndex": index,
        "level": result.level,
        "message": {"text": result.message},
        "locations": [location],
        "partialFingerprints": {"smtpcheck/v1": print_},
    }


def _uri(path: str) -> str:
    slashes = path.replace("\\", "/")
    relative = quote(slashes, safe="/~", errors="replace")
    return f"file://{relative}" if slashes.startswith("/") else relative
