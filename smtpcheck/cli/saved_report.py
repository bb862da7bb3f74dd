"""A report that was saved by `--format json=FILE`, read from its file or from standard input."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, TypeVar

from smtpcheck.cli.text_input import opened
from smtpcheck.model.errors import UsageError
from smtpcheck.model.jsonvalue import Json

if TYPE_CHECKING:
    from smtpcheck.api import Job
    from smtpcheck.api.baseline import Baseline

T = TypeVar("T")
_LARGEST = 256 << 20


def saved_report(name: str) -> Json:
    """The JSON in the file; `-` is standard input. Raises UsageError where there is none."""
    import json

    with opened(name) as source:
        raw = bytearray()
        for piece in source.pieces():
            raw += piece
            if len(raw) > _LARGEST:
                raise UsageError(f"{name} is too large for a report")
    data: Json = _no_json(name, lambda: json.loads(raw))
    return data


def _no_json(name: str, read: Callable[[], T]) -> T:
    try:
        return read()
    except (ValueError, RecursionError):
        raise UsageError(f"{name} is no JSON") from None


def baseline_given(name: str, *, fix: bool = False) -> Baseline | None:
    """The report of `--baseline`; None where none was given. Raises UsageError."""
    if not name:
        return None
    if fix:
        raise UsageError("--fix mends a profile: compare with the baseline after it")
    from smtpcheck.api.baseline import baseline_of
    from smtpcheck.report.escape import shell_quoted

    try:
        with opened(name) as source:
            return _no_json(name, lambda: baseline_of(source.pieces(), name))
    except UsageError as error:
        save = f"save one first: smtpcheck probe TARGET --format {shell_quoted(f'json={name}')}"
        raise UsageError(f"--baseline: {error.message}", [*error.help[:1], save]) from None


def compared(job: Job, baseline: Baseline | None) -> Job:
    """The job with what the baseline knows of its target."""
    return job if baseline is None else replace(job, before=baseline.of(job.target))
