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
    CAUSE = "cause"
    CAUSES = "causes"
    DOMAIN = "domain"
    DISCOVER = "discover"
    LINT = "lint"
    PROFILES = "profiles"
    SETTINGS = "settings"
    PRESETS = "presets"
    DRAFTS = "drafts"
    PATH = "path"
    SECRETS = "secrets"
    LOGINS = "logins"
    SANDBOX = "sandbox"


@app.command(cls=Command)
def schema(
    document: Annotated[
        Document | None,
        typer.Argument(
            metavar="[DOCUMENT]",
            help="profile: its file. report: --format json. line: a line of --format jsonl. "
            "The others: --format json of that command; docs/reports.md names each.",
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
    from smtpcheck.report import schema_commands as commands
    from smtpcheck.report import schema_profile, schema_report

    make = {
        Document.PROFILE: schema_profile.profile_schema,
        Document.REPORT: schema_report.report_schema,
        Document.LINE: schema_report.line_schema,
        Document.EXPLAIN: schema_report.explanation_schema,
        Document.CAUSE: commands.cause_schema,
        Document.CAUSES: commands.causes_schema,
        Document.DOMAIN: commands.domain_schema,
        Document.DISCOVER: commands.discover_schema,
        Document.LINT: commands.lint_schema,
        Document.PROFILES: commands.profiles_schema,
        Document.SETTINGS: commands.settings_schema,
        Document.PRESETS: commands.presets_schema,
        Document.DRAFTS: commands.drafts_schema,
        Document.PATH: commands.path_schema,
        Document.SECRETS: commands.secrets_schema,
        Document.LOGINS: commands.logins_schema,
        Document.SANDBOX: commands.sandbox_schema,
    }[document]
    return {"$schema": _DIALECT, **make()}
