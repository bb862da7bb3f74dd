"""`smtpcheck profile lint`: what is wrong with profiles, without a packet."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any

import typer

from smtpcheck.cli.profile_show import write_json

if TYPE_CHECKING:
    from smtpcheck.model.errors import Problem, ProfileError
    from smtpcheck.model.secret import SecretLook
    from smtpcheck.store.origin import LoadedProfile

Finding = dict[str, Any]


class Format(StrEnum):
    """How findings are written."""

    TEXT = "text"
    JSON = "json"
    SARIF = "sarif"


def lint(
    names: Annotated[
        list[str] | None,
        typer.Argument(metavar="[NAME...]", help="Profiles, or their files; else all."),
    ] = None,
    *,
    every: Annotated[bool, typer.Option("--all", help="Every profile of the folder.")] = False,
    run_commands: Annotated[
        bool, typer.Option("--run-commands", help="Run the commands that print passwords, too.")
    ] = False,
    format_: Annotated[
        Format, typer.Option("--format", "-f", help="How to write the findings.")
    ] = Format.TEXT,
) -> None:
    """Find what is wrong without sending a packet.

    The form of the password is looked at where that asks nothing of anybody: in the keyring, a
    variable, a file. Ends with exit code 1 when there are findings.

    Example: smtpcheck profile lint office365
    """
    from smtpcheck.model.errors import UsageError

    if names and every:
        raise UsageError("profiles are named, and --all is given", ("give one of the two",))
    findings, notes, count = _all_findings(names or [], run_commands=run_commands)
    if format_ is Format.JSON:
        write_json({"profiles": count, "findings": findings, "notes": notes})
    elif format_ is Format.SARIF:
        from smtpcheck.cli.lint_sarif import write_sarif

        write_sarif(findings)
        _say_notes(notes)
    else:
        _write(findings, count)
        _say_notes(notes)
    if findings:
        raise typer.Exit(1)


def findings_of(loaded: LoadedProfile, secret: SecretLook | None = None) -> list[Finding]:
    """What lint says of one profile, each with its file and line."""
    from smtpcheck.api import settings_findings

    name = loaded.name or str(loaded.path or "PROFILE")
    return [
        {
            "profile": loaded.name,
            "file": str(loaded.path or ""),
            "line": loaded.origins[each.key].line if each.key in loaded.origins else 0,
            "key": each.key,
            "id": each.id,
            "severity": each.severity.value,
            "message": each.message,
            "help": [text.replace("PROFILE", name) for text in each.help],
        }
        for each in settings_findings(loaded, secret)
    ]


def say_findings(loaded: LoadedProfile, before: LoadedProfile | None = None) -> None:
    """Tells on stderr what lint says of settings just shown or saved, without what it said of
    them before the change. The password is not looked at."""
    from smtpcheck.cli.columns import width, wrapped
    from smtpcheck.report.escape import escape

    known = {(each["id"], each["key"]) for each in findings_of(before)} if before else set()
    for each in findings_of(loaded):
        if (each["id"], each["key"]) in known:
            continue
        said = escape(f"{each['key']}: {each['message']}", limit=0)
        for first, text in ((f"{each['severity']}: ", said), ("  help: ", each["help"][0])):
            for line in wrapped(text, "    ", width(), first=first):
                typer.echo(line, err=True)


def _all_findings(names: list[str], *, run_commands: bool) -> tuple[list[Finding], list[str], int]:
    """The findings, what was left out and why, and how many profiles were looked at."""
    from smtpcheck.model.errors import ProfileError
    from smtpcheck.store.profile_reader import list_profiles, read_profile

    found: list[Finding] = []
    notes: list[str] = []

    def look(loaded: LoadedProfile) -> None:
        from smtpcheck.api import look_at_secret
        from smtpcheck.cli.disabled import say_disabled

        say_disabled(loaded)

        secret, why_not = look_at_secret(loaded, run_commands=run_commands)
        found.extend(findings_of(loaded, secret))
        if why_not:
            who = loaded.name or loaded.path
            notes.append(f"{who}: the password was not looked at: {why_not}")

    if not names:
        entries = list_profiles()
        for each in entries:
            if each.loaded:
                look(each.loaded)
            else:
                found += _broken(each.error)
        return found, notes, len(entries)
    for name in names:
        try:
            look(read_profile(name))
        except ProfileError as error:
            found += _broken(error)
    return found, notes, len(names)


def _broken(error: ProfileError | None) -> list[Finding]:
    return [_of_problem(each) for each in (error.problems if error else ())]


def _of_problem(problem: Problem) -> Finding:
    help_ = [f"allowed: {problem.allowed}"] if problem.allowed else []
    if problem.suggestion:
        help_.append(problem.suggestion)
    return {
        "profile": None,
        "file": problem.file,
        "line": problem.line,
        "key": problem.key,
        "id": "profile-invalid",
        "severity": "error",
        "message": problem.message,
        "help": help_,
    }


def _say_notes(notes: list[str]) -> None:
    from smtpcheck.cli.columns import width, wrapped
    from smtpcheck.report.escape import escape

    for note in notes:
        for line in wrapped(escape(note, limit=0), "      ", width(), first="note: "):
            typer.echo(line, err=True)


def _write(findings: list[Finding], count: int) -> None:
    from smtpcheck.cli.columns import width, wrapped
    from smtpcheck.report.escape import escape

    edge = width()
    for each in findings:
        place = each["file"] or each["profile"] or ""
        where = f"{place}:{each['line']}" if each["line"] else place
        key = f": {each['key']}" if each["key"] else ""
        typer.echo(f"{where}: {each['severity']}[{each['id']}]{key}")
        for line in wrapped(escape(each["message"], limit=0), "    ", edge):
            typer.echo(line)
        for text in each["help"]:
            for line in wrapped(escape(text, limit=0), "          ", edge, first="    help: "):
                typer.echo(line)
    what = "1 profile" if count == 1 else f"{count} profiles"
    total = "1 finding" if len(findings) == 1 else f"{len(findings) or 'no'} findings"
    typer.echo(f"{total} in {what}", err=bool(findings))
