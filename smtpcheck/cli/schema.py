"""`smtpcheck schema`: the JSON Schemas of what other programs write for, or read from, this one."""

from __future__ import annotations

import sys
from enum import StrEnum
from typing import Annotated

import typer

from smtpcheck.cli.command import Command, new_app
from smtpcheck.model.jsonvalue import Json

app = new_app()
_DIALECT = "https://json-schema.org/draft/2020-12/schema"


class Document(StrEnum):
    """What there is a schema of."""

    PROFILE = "profile"
    REPORT = "report"
    LINE = "line"
    EXPLAIN = "explain"


@app.command(cls=Command)
def schema(
    document: Annotated[
        Document | None,
        typer.Argument(
            metavar="[DOCUMENT]",
            help="profile: its file. report: --format json. line: a line of --format jsonl. "
            "explain: explain --format json.",
            show_default=False,
        ),
    ] = None,
) -> None:
    """Print a JSON Schema (2020-12), or all of them as one object by name.

    Example: smtpcheck schema report > report.schema.json
    """
    from smtpcheck.report.json_report import dump

    every = [document] if document else list(Document)
    made: dict[str, Json] = {each.value: _schema(each) for each in every}
    sys.stdout.write(dump(made[document.value] if document else made, indent=2) + "\n")


def _schema(document: Document) -> dict[str, Json]:
    from smtpcheck.report import schema_profile, schema_report

    make = {
        Document.PROFILE: schema_profile.profile_schema,
        Document.REPORT: schema_report.report_schema,
        Document.LINE: schema_report.line_schema,
        Document.EXPLAIN: schema_report.explanation_schema,
    }[document]
    return {"$schema": _DIALECT, **make()}
