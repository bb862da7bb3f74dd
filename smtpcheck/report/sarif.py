"""Findings as SARIF 2.1.0, as code scanning reads it: what lint says of a profile, or the causes
that a probe found.

A result of lint stands at its line of the profile's file. A probe's cause is one of a server: it
has a logical place (target and stage), and a file only where the target is the relative path of a
profile; GitHub takes no result without a file.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from contextlib import closing
from hashlib import sha256
from urllib.parse import quote

import smtpcheck
from smtpcheck.model.jsonvalue import Json
from smtpcheck.model.report import Report
from smtpcheck.model.stage import ExitCode, Outcome
from smtpcheck.model.value import dataclass
from smtpcheck.report.json_report import dump
from smtpcheck.report.scratch import Scratch
from smtpcheck.report.style import Style
from smtpcheck.report.troubles import Trouble, named_targets, profile_file, troubles_of

_WINDOWS = re.compile(r"[A-Za-z]:[\\/]|\\\\")
"""How an absolute path of Windows begins: with a drive, or with a server."""
_MARGIN = "\n      "
_END = "\n    }\n  ]\n}"
"""Of a log, behind what its run holds."""
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
    """A relative path with slashes, or an absolute one of any system; empty: none."""
    line: int = 1


def render_sarif(report: Report, style: Style) -> Iterator[str]:
    """The causes that a probe found, as a document."""
    finished = report.outcome is not Outcome.INTERRUPTED
    run: dict[str, Json] = {
        "executionSuccessful": finished and report.exit_code != ExitCode.DEFECT,
        "exitCode": int(report.exit_code),
        "startTimeUtc": report.started,
    }
    return sarif_document(_results(report, style), run)


def _results(report: Report, style: Style) -> Iterator[Result]:
    for name, target in named_targets(report, style):
        file = profile_file(target)
        for each in troubles_of(target, style):
            place = "/".join(part for part in (name, each.stage) if part)
            yield Result(each.cause, each.severity.value, _message(each), place, file)


def sarif_document(
    results: Iterable[Result], invocation: dict[str, Json] | None = None
) -> Iterator[str]:
    """A log with one run. The rules are known once every result was seen, and readers expect them
    before the results."""
    numbers: dict[str, int] = {}
    # Of each rule the first line of its first result: code scanning shows it as the title.
    titles: dict[str, str] = {}
    with closing(Scratch()) as told:
        for each in results:
            joint = ",\n        " if numbers else "\n        "
            number = numbers.setdefault(each.rule, len(numbers))
            titles.setdefault(each.rule, each.message.partition("\n")[0] or each.rule)
            text = dump(_result(each, number), indent=2)
            told.write(joint + text.replace("\n", "\n        "))
        rules: list[Json] = [
            {"id": rule, "shortDescription": {"text": title}} for rule, title in titles.items()
        ]
        driver: dict[str, Json] = {
            "name": "smtpcheck",
            "version": smtpcheck.__version__,
            "rules": rules,
        }
        run: dict[str, Json] = {
            "tool": {"driver": driver},
            "invocations": [invocation or {"executionSuccessful": True}],
        }
        head = dump({"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]}, indent=2)
        yield f'{head.removesuffix(_END)},\n      "results": ['
        yield from told.chunks()
        yield f"{'' if told.is_empty else _MARGIN}]{_END}\n"


def _message(trouble: Trouble) -> str:
    return "\n".join([trouble.title or trouble.cause, *trouble.lines()])


def _result(result: Result, index: int) -> dict[str, Json]:
    location: dict[str, Json] = {"logicalLocations": [{"fullyQualifiedName": result.place}]}
    if result.file:
        location["physicalLocation"] = {
            "artifactLocation": {"uri": _uri(result.file)},
            "region": {"startLine": max(result.line, 1)},
        }
    same = "\n".join((result.rule, result.file, result.place))
    print_ = sha256(same.encode("utf-8", "backslashreplace")).hexdigest()
    return {
        "ruleId": result.rule,
        "ruleIndex": index,
        "level": result.level,
        "message": {"text": result.message},
        "locations": [location],
        "partialFingerprints": {"smtpcheck/v1": print_},
    }


def _uri(path: str) -> str:
    """A URI (RFC 3986): of a relative path a reference, of an absolute one a `file` URL (RFC 8089,
    appendix E for those of Windows)."""
    if not _WINDOWS.match(path):
        quoted = _quoted(path)
        return f"file://{quoted}" if path.startswith("/") else quoted
    slashes = path.replace("\\", "/")
    if slashes.startswith("//"):
        return f"file:{_quoted(slashes)}"
    return f"file:///{slashes[:2]}{_quoted(slashes[2:])}"


def _quoted(path: str) -> str:
    return quote(path, safe="/~", errors="replace")
