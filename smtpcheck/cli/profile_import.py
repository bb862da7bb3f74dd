"""`smtpcheck profile import`: the settings of another program as a profile, proved first."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from smtpcheck.cli import options
from smtpcheck.cli.profile_answers import Answers, array, is_taken
from smtpcheck.cli.profile_save import Proving, prove_and_save, say_note
from smtpcheck.model.errors import ProfileError, UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from smtpcheck.store.foreign.entry import Source
    from smtpcheck.store.foreign.format import Format
    from smtpcheck.store.foreign.imported import Imported

_PASSWORD = "auth.password"
_LISTED = 20
"""Accounts that a message names."""


def import_(  # noqa: PLR0913 - one parameter an option
    file: Annotated[
        str, typer.Argument(metavar="FILE", help="The other program's file; - is standard input.")
    ],
    *,
    format_: Annotated[
        str,
        typer.Option(
            "--format", "-f", metavar="F", help="Such as dotenv, django; else recognised."
        ),
    ] = "",
    name: Annotated[
        str, typer.Option(metavar="NAME", help="What the profile is called; else like its host.")
    ] = "",
    account: Annotated[
        str, typer.Option(metavar="ACCOUNT", help="Which one, where the file has several.")
    ] = "",
    to: Annotated[
        list[str] | None,
        typer.Option(metavar="ADDRESS", help="Where test messages go, or self; repeatable."),
    ] = None,
    settings: Annotated[
        list[str] | None,
        typer.Option(
            "--set", metavar="KEY=VALUE", help="Another setting than the file has; repeatable."
        ),
    ] = None,
    no_probe: Annotated[
        bool, typer.Option("--no-probe", help="Save without trying the server.")
    ] = False,
    send: Annotated[bool, typer.Option("--send", help="Also send one test message.")] = False,
    force: options.Force = False,
) -> None:
    """Make a profile of what another program uses.

    Reads .env files, URLs and the configuration of many programs; nothing in them is run. What
    could not be carried over is told. A password goes into the keyring, never into the profile.
    The profile is probed, without sending a message, and saved when the probe passes.

    Example: smtpcheck profile import .env --name app
    """
    from smtpcheck.cli.options import settings_given

    if send and no_probe:
        raise UsageError("--send and --no-probe exclude each other", ("leave one of them out",))
    given = settings_given(settings or [], ipv4=False, ipv6=False)
    if to:
        given["test.to"] = array(to)
    source = _source(file)
    format_used = _format(format_, source)
    imported = _chosen(format_used.read(source), account, source)
    _say_notes(imported, source, format_used)
    answers = _answers(imported, source, name, given, force=force)
    named = _names_a_place(imported, given)
    if named:
        say_note(
            f"the file names the {named} that holds the password: it is not read now, since it "
            "would go to the file's server; look at both, then: smtpcheck probe NAME"
        )
    if send and not answers.raw.get("test.to"):
        raise UsageError("--send needs somebody to send to", ("add --to ADDRESS",))
    answers.secrets.update(_secret_of(imported, given))
    code = prove_and_save(
        answers,
        Proving(probe=not no_probe, send=send, may_follow=not named),
        again=""
        if file == "-"  # which has been read
        else _again(file, format_used, answers, account, settings or [], to or []),
    )
    if code:
        say_note("to go on, mend the file or add --set KEY=VALUE, and import it again")
    raise typer.Exit(code)


def _source(file: str) -> Source:
    """The text. Raises UsageError for what cannot be read, is too long, or no text."""
    from smtpcheck.cli.text_input import decoded, opened
    from smtpcheck.store.foreign.entry import MAX_BYTES, Source

    with opened(file) as opened_file:
        raw = opened_file.head
        if len(raw) >= MAX_BYTES:
            raise UsageError(
                f"{file} is longer than 256 kB: that is no file of settings",
                ["give the part with the mail settings, on standard input: -"],
            )
    text = decoded(raw)
    shown = "standard input" if file == "-" else file
    if "\0" in text:
        raise UsageError(f"{shown} is no text: it has NUL characters in it")
    if not text.strip():
        raise UsageError(f"{shown} is empty")
    folder = Path.cwd() if file == "-" else Path(file).absolute().parent
    return Source(text.replace("\r\n", "\n"), shown, folder)


def _format(name: str, source: Source) -> Format:
    from smtpcheck.store.foreign.formats import format_named, guessed

    if not name and source.file.endswith(".toml"):
        raise UsageError(
            f"{source.file} looks like a profile of smtpcheck, which needs no import",
            [f"use it by its path: smtpcheck probe {source.file}", "or say what it is: --format F"],
        )
    return format_named(name) if name else guessed(source)


def _chosen(found: Sequence[Imported], account: str, source: Source) -> Imported:
    """The one that is meant. Raises UsageError with all names where that is not clear."""
    from smtpcheck.store.keys import nearest

    names = [each.account for each in found if each.account]
    if account:
        for each in found:
            if each.account == account:
                return each
        near = nearest(account, names)
        listed = f"there are: {', '.join(names[:_LISTED])}" if names else "leave --account out"
        raise UsageError(
            f"{source.file} has no account {account!r}",
            [*([f"did you mean {near}?"] if near else []), listed],
        )
    if len(found) == 1:
        return found[0]
    raise UsageError(
        f"{source.file} holds {len(found)} ways to send mail",
        [f"say which: --account {each}" for each in names[:_LISTED]],
    )


def _names_a_place(imported: Imported, given: Mapping[str, str]) -> str:
    """What holds the password as the file, and no flag, says; a hostile one could name any secret
    of this machine beside a server of its own."""
    reference = imported.values.get(_PASSWORD)
    if not isinstance(reference, dict) or _PASSWORD in given:
        return ""
    words = {"command": "command", "env": "environment variable", "file": "file"}
    return next((word for key, word in words.items() if key in reference), "")


def _say_notes(imported: Imported, source: Source, format_used: Format) -> None:
    say_note(f"read {source.file} as {format_used.title}")
    for note in sorted(imported.notes, key=lambda note: note.line):
        where = f"{source.file}:{note.line}: " if note.line else ""
        say_note(f"{where}{note.text}")


def _answers(
    imported: Imported, source: Source, name: str, given: Mapping[str, str], *, force: bool
) -> Answers:
    """What the profile is to hold. Raises ProfileError for every value that it cannot hold, in the
    words of the file; UsageError where something is missing."""
    from smtpcheck.cli.profile_answers import collect

    flags = collect(name, "", given, force=force)
    kept = {key: value for key, value in imported.values.items() if key not in flags.raw}
    try:
        replace(imported, values=kept).check(source.file, source.folder)
    except ProfileError as error:
        error.message = f"{error.message.partition(' in ')[0]} in {source.file}"
        error.help = (f"mend the file, or add --set {error.problems[0].key}=VALUE",)
        raise
    answers = Answers(name, raw={**kept, **flags.raw}, force=force)
    if not ({"server.host", "server.socket", "preset"} & answers.raw.keys()):
        raise UsageError(
            f"{source.file} names no mail server",
            [
                "add --set server.host=smtp.example.com",
                "or, where it comes from the environment, import the file that sets that: .env",
            ],
        )
    if imported.secrets.get(_PASSWORD) and _PASSWORD not in answers.raw:
        answers.raw[_PASSWORD] = {"keyring": True}
    answers.complete()
    if not answers.name:
        raise UsageError(
            "the profile needs a name: none that is free follows from its host",
            ["add --name NAME"],
        )
    if is_taken(answers.name) and not force:
        raise UsageError(
            f"there is a profile {answers.name} already",
            ["give another name: --name NAME", "or replace it: add --force"],
        )
    return answers


def _secret_of(imported: Imported, given: Mapping[str, str]) -> dict[str, Any]:
    """The secrets of the file that no flag has replaced."""
    return {key: secret for key, secret in imported.secrets.items() if key not in given}


def _again(
    file: str,
    format_used: Format,
    answers: Answers,
    account: str,
    settings: Sequence[str],
    to: Sequence[str],
) -> str:
    """The command that imports the same once more, unprobed."""
    from smtpcheck.report.escape import shell_quoted

    words = ["smtpcheck", "profile", "import", file, "--format", format_used.name]
    words += ["--name", answers.name]
    words += ["--account", account] if account else []
    words += [word for each in settings for word in ("--set", each)]
    words += [word for each in to for word in ("--to", each)]
    words += ["--force"] if answers.force else []
    return " ".join(shell_quoted(word) for word in (*words, "--no-probe"))
