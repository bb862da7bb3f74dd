"""Findings of lint as SARIF, on standard output."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from smtpcheck.cli.stdout import write_stdout


def write_sarif(findings: Iterable[Mapping[str, Any]]) -> None:
    """Each finding at its line; a file below the current folder by its relative path, as code
    scanning wants it. Raises UsageError where standard output takes no more."""
    from smtpcheck.model.errors import UsageError
    from smtpcheck.report.rows import shown
    from smtpcheck.report.sarif import Result, sarif_document
    from smtpcheck.report.troubles import PLAIN

    results = [
        Result(
            each["id"],
            each["severity"],
            "\n".join(
                [
                    shown(each["message"], PLAIN, limit=1200),
                    *(f"fix: {shown(text, PLAIN, limit=800)}" for text in each["help"]),
                ]
            ),
            shown(each["key"] or each["profile"] or "profile", PLAIN),
            _relative(each["file"]),
            each["line"],
        )
        for each in findings
    ]
    failed = write_stdout(sarif_document(results))
    if failed:
        raise UsageError(failed)


def _relative(file: str) -> str:
    if not file:
        return ""
    whole = Path(os.path.realpath(file))
    here = Path(os.path.realpath(Path.cwd()))
    return whole.relative_to(here).as_posix() if whole.is_relative_to(here) else str(whole)
