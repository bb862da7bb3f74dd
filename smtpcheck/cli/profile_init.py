"""`smtpcheck profile init`: a new profile by questions or by flags, saved when its probe passes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from smtpcheck.cli import options
from smtpcheck.cli.profile_answers import Answers, array, collect, is_taken, password_text
from smtpcheck.cli.profile_save import Proving, keep_draft, prove_and_save
from smtpcheck.cli.profile_set import NoProbe, Send, refuse_send_unprobed
from smtpcheck.model.errors import UsageError

if TYPE_CHECKING:
    from smtpcheck.cli.ask import Asker

_INTERRUPTED = 130


def init(  # noqa: PLR0913 - one parameter an option
    name: Annotated[
        str, typer.Argument(metavar="[NAME]", help="What it is called; else like its preset.")
    ] = "",
    *,
    preset: Annotated[
        str | None, typer.Option(metavar="NAME", help="Shipped settings to start from.")
    ] = None,
    host: Annotated[str | None, typer.Option(metavar="HOST", help="The mail server.")] = None,
    port: Annotated[str | None, typer.Option(metavar="PORT", help="Its port.")] = None,
    security: Annotated[
        str | None, typer.Option(metavar="MODE", help="starttls, tls (implicit) or none.")
    ] = None,
    region: Annotated[
        str, typer.Option(metavar="REGION", help="Where a preset has several hosts.")
    ] = "",
    username: Annotated[
        str | None, typer.Option(metavar="USER", help="Who logs in; none without a login.")
    ] = None,
    sender: Annotated[
        str | None, typer.Option("--from", metavar="ADDRESS", help="Whose mail it is.")
    ] = None,
    sender_name: Annotated[
        str | None, typer.Option("--from-name", metavar="NAME", help="The sender's name.")
    ] = None,
    to: Annotated[
        list[str] | None,
        typer.Option(metavar="ADDRESS", help="Where test messages go, or self; repeatable."),
    ] = None,
    password_env: options.PasswordEnv = None,
    password_file: options.PasswordFile = None,
    password_command: options.PasswordCommand = None,
    password_stdin: Annotated[
        bool, typer.Option("--password-stdin", help="Read it from stdin, keep it in the keyring.")
    ] = False,
    password: Annotated[str | None, typer.Option("--password", hidden=True)] = None,
    settings: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="KEY=VALUE", help="Any other setting; repeatable."),
    ] = None,
    no_probe: NoProbe = False,
    send: Send = False,
    no_input: options.NoInput = False,
    force: options.Force = False,
) -> None:
    """Make a profile, by questions or by flags.

    On a terminal it asks for what the flags leave open; in a script it never asks. The profile is
    probed, without sending a message unless --send says so, and saved when the probe passes; else
    a draft of it is kept.

    Example: smtpcheck profile init --preset gmail --username me@gmail.com
    """
    from smtpcheck.cli.ask import terminal

    refuse_send_unprobed(send=send, no_probe=no_probe)
    if password is not None:
        from smtpcheck.cli.secret import refuse_password_argument

        refuse_password_argument(name or "PROFILE")
    given = {
        "preset": preset,
        "server.host": host,
        "server.port": port,
        "server.security": security,
        "auth.username": username,
        "auth.password": password_text(
            password_env, password_file, password_command, stdin=password_stdin
        ),
        "sender.address": sender,
        "sender.name": sender_name,
        "test.to": array(to) if to else None,
    }
    overrides = {key: text for key, text in given.items() if text is not None}
    refuse_taken(name, force=force)
    answers = collect(name, region, overrides | _set_options(settings or []), force=force)
    asker = None if password_stdin else terminal(no_input=no_input)
    proving = Proving(probe=not no_probe, send=send)
    raise typer.Exit(finish(answers, asker, proving, stdin=password_stdin))


def finish(answers: Answers, asker: Asker | None, proving: Proving, *, stdin: bool = False) -> int:
    """Asks, proves and saves; the exit code. An interruption keeps a draft."""
    try:
        if asker is not None:
            from smtpcheck.cli.profile_questions import ask_all

            answers.asked = True
            answers.draft = _draft_of(answers, asker)
            ask_all(asker, answers)
        answers.complete()
        missing = answers.missing()
        if missing:
            count = "1 setting is" if len(missing) == 1 else f"{len(missing)} settings are"
            raise UsageError(f"{count} missing", missing)
        refuse_taken(answers.name, force=answers.force)
        _take_password(answers, asker, stdin=stdin, probe=proving.probe)
        again = f"{answers.command()} --no-input --no-probe"
        return prove_and_save(answers, proving, again=again)
    except KeyboardInterrupt:
        typer.echo("", err=True)
        keep_draft(answers, "interrupted")
        return _INTERRUPTED


def _draft_of(answers: Answers, asker: Asker) -> dict[str, Any]:
    """What was typed another time, by full key; nothing without a draft of that name."""
    from smtpcheck.store.drafts import list_drafts, read_draft
    from smtpcheck.store.keys import flat_values

    name = answers.draft_name or answers.name
    drafts = [draft.name for draft in list_drafts()]
    if name not in drafts:
        if drafts and not name:
            asker.say(f"There are drafts: {', '.join(drafts)}.")
            asker.say("To go on with one: smtpcheck profile drafts resume NAME")
        return {}
    kept = read_draft(name)
    if kept.of:  # changes of a profile, and no new one
        return {}
    answers.draft_name = name
    asker.say(f"There is a draft of {name}: its values are the defaults.")
    return flat_values(kept.tables)


def refuse_taken(name: str, *, force: bool) -> None:
    """Raises UsageError where there is a profile of that name, and it may not be replaced."""
    if name and not force and is_taken(name):
        raise UsageError(
            f"there is a profile {name} already",
            (
                "change it: smtpcheck profile set " + name + " KEY VALUE",
                "or replace it: add --force",
                "or give another name",
            ),
        )


def _set_options(settings: list[str]) -> dict[str, str]:
    from smtpcheck.cli.options import settings_given

    return settings_given(settings, ipv4=False, ipv6=False)


def _take_password(answers: Answers, asker: Asker | None, *, stdin: bool, probe: bool) -> None:
    """The password that is piped in, or that a draft could not keep. Without it a draft is kept."""
    from smtpcheck.cli.profile_secret import need_password, take_from_stdin
    from smtpcheck.cli.secret import fail
    from smtpcheck.diagnosis.placeholder import through_draft
    from smtpcheck.model.secret import SecretUnavailableError

    try:
        if stdin:
            take_from_stdin(answers)
        elif answers.draft_name and probe:
            need_password(answers, asker)
    except UsageError:
        keep_draft(answers, "not saved")
        raise
    except SecretUnavailableError as error:
        draft = keep_draft(answers, "not saved")
        ways = [through_draft(way, draft, answers.name, new=True) for way in error.help]
        fail(SecretUnavailableError(error.reason, error.kind, tuple(ways)))
