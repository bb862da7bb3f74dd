"""`smtpcheck profile drafts`: what was typed and could not be saved."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer

from smtpcheck.cli import options
from smtpcheck.cli.command import Command, new_app
from smtpcheck.cli.profile_set import NoProbe, Send, note, refuse_send_unprobed
from smtpcheck.cli.profile_show import Format, FormatOption, write_json
from smtpcheck.model.errors import ProfileError, UsageError

if TYPE_CHECKING:
    from smtpcheck.store.drafts import Draft, Kept

app = new_app("List, show, resume and discard what could not be saved.", alone=True)

Name = Annotated[str, typer.Argument(metavar="NAME", help="The draft.")]


@app.callback(invoke_without_command=True)
def drafts(context: typer.Context) -> None:
    """List, show, resume and discard what could not be saved.

    Without a further word it lists them.

    Example: smtpcheck profile drafts resume office365
    """
    if context.invoked_subcommand is None:
        list_()


@app.command("list", cls=Command)
def list_(*, format_: FormatOption = Format.TEXT) -> None:
    """List the drafts.

    Example: smtpcheck profile drafts list
    """
    from smtpcheck.store.drafts import list_drafts

    found = [(each, _kept_or_none(each)) for each in list_drafts()]
    if format_ is Format.JSON:
        write_json({"drafts": [_as_json(draft, kept) for draft, kept in found]})
        return
    if not found:
        note("there is no draft")
        return
    from smtpcheck.cli.columns import table, width

    rows = [(draft.name, _when(draft), _what(kept), _holds(kept)) for draft, kept in found]
    for line in table(("NAME", "KEPT", "WHAT", "HOLDS"), rows, width(), cut=(3,)):
        typer.echo(line)
    note("go on with one: smtpcheck profile drafts resume NAME")


@app.command(cls=Command)
def show(name: Name) -> None:
    """Show what a draft holds, never a secret.

    Example: smtpcheck profile drafts show office365
    """
    from smtpcheck.report.escape import escape
    from smtpcheck.store.drafts import read_draft
    from smtpcheck.store.keys import flat_values
    from smtpcheck.store.toml_text import inline

    kept = read_draft(name)
    typer.echo(f"# {_what(kept)}")
    for key, value in flat_values(kept.tables).items():
        typer.echo(escape(f"{key} = {inline(value)}", limit=0))


@app.command(cls=Command)
def resume(
    name: Name,
    *,
    no_probe: NoProbe = False,
    send: Send = False,
    force: options.Force = False,
    settings: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="KEY=VALUE", help="With another setting; repeatable."),
    ] = None,
    password_stdin: Annotated[
        bool, typer.Option("--password-stdin", help="Read the password from standard input.")
    ] = False,
    no_input: options.NoInput = False,
) -> None:
    """Go on with a draft: prove it, and save it when the probe passes.

    A new profile is asked for as `profile init` asks, with what was typed as the defaults;
    changes of a profile are tried as they are. No draft holds a password: it is asked for again.

    With --set nothing is asked for but a password that is not there.

    Example: smtpcheck profile drafts resume office365 --set server.port=465
    """
    from smtpcheck.cli.ask import terminal
    from smtpcheck.cli.options import settings_given
    from smtpcheck.cli.profile_answers import Answers, collect
    from smtpcheck.cli.profile_init import finish, refuse_taken
    from smtpcheck.cli.profile_save import Proving
    from smtpcheck.cli.profile_set import change
    from smtpcheck.store.drafts import read_draft
    from smtpcheck.store.keys import flat_values
    from smtpcheck.store.toml_text import inline

    refuse_send_unprobed(send=send, no_probe=no_probe)
    kept = read_draft(name)
    values = flat_values(kept.tables)
    given = settings_given(settings or [], ipv4=False, ipv6=False)
    if kept.of:
        _must_still_be_there(kept.of, name)
        if password_stdin:
            raise UsageError(
                f"the draft {name} changes a profile, which has its password",
                (f"replace that: smtpcheck secret rotate {kept.of} --stdin",),
            )
        texts = {key: _text(value, inline) for key, value in values.items()} | given
        raise typer.Exit(change(kept.of, texts, probe=not no_probe, send=send))
    asker = None if password_stdin else terminal(no_input=no_input)
    force = force or kept.force
    refuse_taken(kept.name, force=force)
    changes = collect(kept.name, "", given, force=force).raw
    raw = {} if asker and not changes else values | changes
    answers = Answers(kept.name, raw=raw, force=force, draft_name=name)
    proving = Proving(probe=not no_probe, send=send)
    raise typer.Exit(finish(answers, asker, proving, stdin=password_stdin))


@app.command(cls=Command)
def discard(name: Name) -> None:
    """Give a draft up.

    Example: smtpcheck profile drafts discard office365
    """
    from smtpcheck.store.drafts import delete_draft

    typer.echo(f"discarded {delete_draft(name)}")


def _must_still_be_there(profile: str, draft: str) -> None:
    from smtpcheck.store.profile_reader import locate

    try:
        locate(profile)
    except UsageError as error:
        raise UsageError(
            f"the draft {draft} changes the profile {profile}, which is not there any more",
            (f"give it up: smtpcheck profile drafts discard {draft}", *error.help),
        ) from None


def _text(value: Any, inline: Any) -> str:
    """A value as a command line gives it."""
    return value if isinstance(value, str) else str(inline(value))


def _kept_or_none(draft: Draft) -> Kept | None:
    from smtpcheck.store.drafts import read_draft

    try:
        return read_draft(draft.name)
    except ProfileError:
        return None


def _when(draft: Draft) -> str:
    return datetime.fromtimestamp(draft.saved, UTC).astimezone().strftime("%Y-%m-%d %H:%M")


def _what(kept: Kept | None) -> str:
    if kept is None:
        return "broken: not TOML"
    return f"changes of {kept.of}" if kept.of else "a new profile"


def _holds(kept: Kept | None) -> str:
    from smtpcheck.store.keys import flat_values

    return ", ".join(flat_values(kept.tables)) if kept else ""


def _as_json(draft: Draft, kept: Kept | None) -> dict[str, Any]:
    from smtpcheck.store.keys import flat_values

    return {
        "name": draft.name,
        "path": str(draft.path),
        "saved": datetime.fromtimestamp(draft.saved, UTC).isoformat(timespec="seconds"),
        "broken": kept is None,
        "of": kept.of if kept else "",
        "keys": list(flat_values(kept.tables)) if kept else [],
    }
