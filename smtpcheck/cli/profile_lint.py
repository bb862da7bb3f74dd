"""`smtpcheck profile lint`: what is wrong with profiles, without a packet."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from smtpcheck.cli.profile_show import Format, FormatOption, write_json

if TYPE_CHECKING:
    from smtpcheck.model.errors import Problem, ProfileError
    from smtpcheck.store.origin import LoadedProfile

Finding = dict[str, Any]


def lint(
    names: Annotated[
        list[str] | None,
        typer.Argument(metavar="[NAME...]", help="Profiles, or their files; else all."),
    ] = None,
    *,
    every: Annotated[bool, typer.Option("--all", help="Every profile of the folder.")] = False,
    format_: FormatOption = Format.TEXT,
) -> None:
    """Find what is wrong without sending a packet.

    Ends with exit code 1 when there are findings.

    Example: smtpcheck profile lint office365
    """
    from smtpcheck.model.errors import UsageError

    if names and every:
        raise UsageError("profiles are named, and --all is given", ("give one of the two",))
    findings, count = _all_findings(names or [])
    if format_ is Format.JSON:
        write_json({"profiles": count, "findings": findings})
    else:
        _write(findings, count)
    if findings:
        raise typer.Exit(1)


def findings_of(loaded: LoadedProfile) -> list[Finding]:
    """What lint says of one profile, each with its file and line."""
    import datetime as dt

    from smtpcheck.diagnosis.lint import lint as judge
    from smtpcheck.store.presets import list_presets

    today = dt.datetime.now(tz=dt.UTC).date()
    found = judge(loaded.profile, loaded.preset, now_date=today, presets=list_presets())
    return [
        {
            "profile": loaded.name,
            "file": str(loaded.path or ""),
            "line": loaded.origins[each.key].line if each.key in loaded.origins else 0,
            "key": each.key,
            "id": each.id,
            "severity": each.severity.value,
            "message": each.message,
            "help": list(each.help),
        }
        for each in found
    ]


def _all_findings(names: list[str]) -> tuple[list[Finding], int]:
    from smtpcheck.model.errors import ProfileError
    from smtpcheck.store.profile_reader import list_profiles, read_profile

    if not names:
        entries = list_profiles()
        found = [
            finding
            for each in entries
            for finding in (findings_of(each.loaded) if each.loaded else _broken(each.error))
        ]
        return found, len(entries)
    found = []
    for name in names:
        try:
            found += findings_of(read_profile(name))
        except ProfileError as error:
            found += _broken(error)
    return found, len(names)


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
