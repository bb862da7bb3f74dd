"""A report as text for people."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from smtpcheck.model.diagnosis import Diagnosis
from smtpcheck.model.report import Report
from smtpcheck.model.stage import Stage
from smtpcheck.report.rows import BLANK, Row, paint
from smtpcheck.report.style import Style
from smtpcheck.report.target_block import quiet_rows, target_rows

FEW = 10
"""Targets up to which each is told at length, and a table ends the report."""


def render_text(
    report: Report,
    style: Style,
    *,
    verbose: bool = False,
    quiet: bool = False,
    opened: Collection[Stage] = (),
) -> Iterator[str]:
    """The report as lines of text, each ended by a line feed.

    `verbose` adds every step with its facts and the conversation; `quiet` leaves the diagnoses
    and the verdict. The stages of `opened` show their steps even where all is well. Of many
    targets each is told in a line, and what failed with its diagnoses.
    """
    if len(report.targets) > FEW:
        from smtpcheck.report.text_stream import TextStream

        stream = TextStream(style, verbose=verbose, quiet=quiet, opened=opened)
        for target in report.targets:
            yield stream.told(target)
        yield stream.closing(report.exit_code)
        return
    joint: list[Row] = []
    for target in report.targets:
        rows = (
            quiet_rows(target, style)
            if quiet
            else target_rows(target, style, verbose=verbose, opened=opened)
        )
        yield paint([*joint, *rows], style)
        joint = [BLANK] if quiet else [BLANK, BLANK]
    if len(report.targets) > 1:
        from smtpcheck.report.summary import summary_rows

        yield paint([BLANK, BLANK, *summary_rows(report, style)], style)


def render_diagnoses(
    diagnoses: tuple[Diagnosis, ...], style: Style, *, verbose: bool = False
) -> str:
    """Diagnoses that no run stands behind, as those of a pasted text."""
    from smtpcheck.report.diagnosis_block import Place, diagnosis_rows

    rows: list[Row] = []
    for diagnosis in diagnoses:
        rows += [BLANK] if rows else []
        rows += diagnosis_rows(diagnosis, style, Place(), verbose=verbose)
    return paint(rows, style)
