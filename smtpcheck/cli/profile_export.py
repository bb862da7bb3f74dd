"""`smtpcheck profile export`: a profile as the settings of another program."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from smtpcheck.cli.disabled import say_disabled
from smtpcheck.cli.profile_save import say_note
from smtpcheck.model.errors import UsageError

if TYPE_CHECKING:
    from smtpcheck.model.secret import Secret
    from smtpcheck.store.origin import LoadedProfile


def export(
    name: Annotated[str, typer.Argument(metavar="NAME", help="The profile, or its file.")],
    *,
    format_: Annotated[
        str,
        typer.Option("--format", "-f", metavar="F", help="Such as dotenv, django; none lists all."),
    ] = "",
    show_secret: Annotated[
        bool,
        typer.Option("--show-secret", help="Write the password itself instead of a placeholder."),
    ] = False,
    output: Annotated[
        str, typer.Option("--output", "-o", metavar="FILE", help="Write to FILE, not to stdout.")
    ] = "",
    force: Annotated[bool, typer.Option("--force", help="Replace FILE if it exists.")] = False,
) -> None:
    """Write a profile as the settings of another program.

    CHANGE_ME stands for the password, or the reference that the profile has where the format has
    one of its own, unless --show-secret says otherwise. What the format cannot say is told.

    Example: smtpcheck profile export office365 --format django
    """
    from smtpcheck.store.foreign.formats import NAMES, format_named
    from smtpcheck.store.foreign.saying import Saying
    from smtpcheck.store.profile_reader import read_profile

    if not format_:
        raise UsageError("--format is missing", [f"one of {', '.join(NAMES)}"])
    format_used = format_named(format_)
    loaded = read_profile(name, environment={})
    say_disabled(loaded)
    saying = Saying(loaded.profile, _secret(loaded) if show_secret else None)
    text = format_used.write(saying)
    if output:
        _write(Path(output), text, force=force, secret=saying.holds_secret)
        typer.echo(f"wrote {output}")
    else:
        sys.stdout.write(text)
        sys.stdout.flush()
    for note in saying.notes():
        say_note(note)


def _secret(loaded: LoadedProfile) -> Secret | None:
    """The password, from wherever the profile keeps it. Raises typer.Exit(1) where it is not to
    be had."""
    from smtpcheck.cli.secret import fail
    from smtpcheck.cli.session import asker
    from smtpcheck.model.secret import SecretUnavailableError
    from smtpcheck.store.secrets import PASSWORD_KEY, owner_of, read_secret

    profile = loaded.profile
    if not profile.wants_login or profile.auth.method == "external":
        return None
    if profile.auth.password is None:
        raise UsageError(
            f"profile {loaded.name or loaded.path} names no password", ["leave --show-secret out"]
        )
    try:
        return read_secret(
            profile.auth.password,
            purpose=PASSWORD_KEY,
            profile_name=loaded.name,
            username=owner_of(profile),
            ask=asker(no_input=False),
        )
    except SecretUnavailableError as error:
        fail(error)


def _write(path: Path, text: str, *, force: bool, secret: bool) -> None:
    """Writes the file; a new one, and any with a secret in it, is for its owner alone. Raises
    UsageError where it exists, without `force`, and for what can be no file."""
    from smtpcheck.store.atomic import locked, write_whole

    if path.is_dir() or not path.absolute().parent.is_dir():
        what = "is a folder" if path.is_dir() else "is in a folder that does not exist"
        raise UsageError(f"{path} {what}", ["name a file in a folder that is there"])
    if (path.exists() or path.is_symlink()) and not force:
        raise UsageError(f"{path} exists already", ["give another name, or add --force"])
    with locked(path):
        if secret and path.exists():
            path.chmod(0o600)
        write_whole(path, text.encode("utf-8", "surrogateescape"))
