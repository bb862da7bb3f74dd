"""`smtpcheck secret`: the profile's password or token in the system keyring."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated, NoReturn

import typer

from smtpcheck.cli.command import Command, new_app
from smtpcheck.cli.disabled import say_disabled
from smtpcheck.model.errors import UsageError
from smtpcheck.model.secret import SecretSource, SecretUnavailableError
from smtpcheck.store.origin import LoadedProfile
from smtpcheck.store.secrets import PASSWORD_KEY, SECRET_WORDS, SecretStatus

app = new_app("Keep a profile's password or token in the system keyring.")

Name = Annotated[
    str | None, typer.Argument(metavar="[PROFILE]", help="The profile; not needed with only one.")
]
KeyOption = Annotated[
    str, typer.Option("--key", metavar="KEY", help=f"Which secret: {', '.join(SECRET_WORDS)}.")
]
Stdin = Annotated[
    bool, typer.Option("--stdin", help="Read it from the first line of standard input.")
]
_MAX_BYTES = 65_536


class Format(StrEnum):
    """How a result is written."""

    TEXT = "text"
    JSON = "json"


@app.command("set", cls=Command)
def set_(
    profile: Name = None,
    extra: Annotated[list[str] | None, typer.Argument(hidden=True)] = None,
    *,
    key: KeyOption = PASSWORD_KEY,
    stdin: Stdin = False,
    password: Annotated[str | None, typer.Option("--password", "-p", hidden=True)] = None,
) -> None:
    """Keep a password or token in the keyring.

    It is typed twice without echo, or comes on standard input with --stdin; it is never an
    argument.

    Example: smtpcheck secret set office365
    """
    if extra or password is not None:
        refuse_password_argument(profile or "PROFILE")
    loaded = _chosen(profile, key)
    name, user = _named(loaded), _owner(loaded, key)
    value = from_stdin() if stdin else _typed(name, user, key, "set")
    _note_blanks(value)
    from smtpcheck.store.keyring_access import backend_name
    from smtpcheck.store.secrets import reference_of, store_secret

    try:
        store_secret(name, user, value, key)
    except SecretUnavailableError as error:
        fail(error)
    say_disabled(loaded)
    what = f"{SECRET_WORDS[key]} of {user}"
    typer.echo(f"stored the {what} for profile {name} in the keyring ({backend_name()})")
    reference = reference_of(loaded.profile, key)
    if reference is None or reference.source is not SecretSource.KEYRING:
        where = "sets none" if reference is None else f"takes it from: {reference.describe()}"
        note(f"profile {name} does not use it yet, it {where}")
        note(f"to use it: smtpcheck profile set {name} {key} '{{keyring=true}}'")


@app.command(cls=Command)
def rotate(
    profile: Name = None,
    extra: Annotated[list[str] | None, typer.Argument(hidden=True)] = None,
    *,
    key: KeyOption = PASSWORD_KEY,
    stdin: Stdin = False,
    send: Annotated[
        bool, typer.Option("--send", help="Let the probe send the test message.")
    ] = False,
    password: Annotated[str | None, typer.Option("--password", "-p", hidden=True)] = None,
) -> None:
    """Replace a password or token, once the new one has been proved.

    The profile is probed with it, without sending a message; the old one stays in the keyring
    until the server has taken the new one.

    Example: smtpcheck secret rotate office365
    """
    from smtpcheck.cli import secret_rotate

    if extra or password is not None:
        refuse_password_argument(profile or "PROFILE")
    loaded = _chosen(profile, key)
    name, user = _named(loaded), _owner(loaded, key)
    secret_rotate.must_be_provable(loaded, key)
    value = from_stdin() if stdin else _typed(name, user, key, "rotate")
    _note_blanks(value)
    raise typer.Exit(secret_rotate.rotate(loaded, user, key, value, send=send))


@app.command(cls=Command)
def status(
    profile: Annotated[
        str | None, typer.Argument(metavar="[PROFILE]", help="The profile; else all of them.")
    ] = None,
    *,
    run: Annotated[
        bool, typer.Option("--run", help="Also run a command that prints the secret.")
    ] = False,
    format_: Annotated[Format, typer.Option("--format", help="How to write it.")] = Format.TEXT,
) -> None:
    """Say where secrets are kept and whether they are there.

    Ends with exit code 1 when one is missing.

    Example: smtpcheck secret status office365
    """
    profiles = _profiles(profile)
    for each in profiles:
        say_disabled(each)
    found = _statuses(profiles, run=run)
    if format_ is Format.JSON:
        typer.echo(_as_json(found))
    else:
        _show(found)
    if any(each.available is False for _name, _key, each in found):
        raise typer.Exit(1)


@app.command(cls=Command)
def delete(
    profile: Name = None,
    *,
    key: KeyOption = PASSWORD_KEY,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
) -> None:
    """Take a password or token out of the keyring.

    Example: smtpcheck secret delete office365
    """
    from smtpcheck.store.secrets import delete_secret

    loaded = _chosen(profile, key)
    name, user = _named(loaded), _owner(loaded, key)
    what = f"{SECRET_WORDS[key]} of {user} for profile {name}"
    sure(f"delete the {what} from the keyring?", yes=yes)
    try:
        deleted = delete_secret(name, user, key)
    except SecretUnavailableError as error:
        fail(error)
    if not deleted:
        note(f"the keyring held no {what}")
        raise typer.Exit(1)
    typer.echo(f"deleted the {what} from the keyring")


def refuse_password_argument(name: str) -> NoReturn:
    """Raises UsageError: whatever stood there is not repeated."""
    raise UsageError(
        "a password on a command line is seen by everybody on this machine, and kept in the "
        "shell's history",
        (
            f"type it without echo: smtpcheck secret set {name}",
            f"or pipe it: pass show smtp | smtpcheck secret set {name} --stdin",
            f"""or: smtpcheck profile set {name} auth.password '{{env="SMTP_PASSWORD"}}'""",
        ),
    )


def fail(error: SecretUnavailableError) -> NoReturn:
    """Shows why a secret is not to be had. Raises typer.Exit(1)."""
    typer.echo(f"error: {error.reason}", err=True)
    for line in error.help:
        typer.echo(f"  help: {line}", err=True)
    raise typer.Exit(1)


def note(text: str) -> None:
    """Tells something besides the result."""
    typer.echo(f"note: {text}", err=True)


def sure(question: str, *, yes: bool) -> None:
    """Returns when the answer is yes. Raises typer.Exit(1) for a no, UsageError where nobody can
    be asked."""
    from smtpcheck.cli.ask import confirm, terminal

    if yes:
        return
    asker = terminal()
    if asker is None:
        raise UsageError(
            "this cannot be undone, and there is no terminal to ask on", ("add --yes",)
        )
    if not confirm(asker, question, default=False):
        note("nothing was deleted")
        raise typer.Exit(1)


def _chosen(profile: str | None, key: str) -> LoadedProfile:
    if key not in SECRET_WORDS:
        raise UsageError(
            f"{key} is not a key that names a secret", (f"use one of {', '.join(SECRET_WORDS)}",)
        )
    # What the file says counts here, not what a variable says for one run.
    return _profiles(profile, only_one=True, environment={})[0]


def _profiles(
    profile: str | None,
    *,
    only_one: bool = False,
    environment: Mapping[str, str] | None = None,
) -> list[LoadedProfile]:
    """Those that are meant; `environment` is that of the process unless given."""
    from smtpcheck.store.profile_reader import list_profiles, read_profile

    if profile is not None:
        return [read_profile(profile, environment=environment)]
    entries = list_profiles(environment=environment)
    usable = [each.loaded for each in entries if each.loaded is not None]
    if not entries:
        raise UsageError("there is no profile yet", ("make one: smtpcheck profile init",))
    if only_one and len(entries) > 1:
        names = ", ".join(each.name for each in entries)
        raise UsageError("which profile? there are several", (f"name one of {names}",))
    if not usable and entries[0].error is not None:
        raise entries[0].error
    return usable


def _named(loaded: LoadedProfile) -> str:
    if loaded.name is None:
        raise UsageError(
            f"{loaded.path} is outside the folder of profiles, and the keyring keeps secrets by "
            "the name of a profile",
            ("name an environment variable, a file or a command as auth.password there",),
        )
    return loaded.name


def _owner(loaded: LoadedProfile, key: str) -> str:
    from smtpcheck.store.secrets import owner_of

    owner = owner_of(loaded.profile, key)
    if not owner:
        section = key.rpartition(".")[0]
        user = f"{section}.client_id" if section == "auth.oauth" else f"{section}.username"
        raise UsageError(
            f"profile {loaded.name} has no {user}, under which the keyring keeps the secret",
            (f"set it first: smtpcheck profile set {loaded.name} {user} NAME",),
        )
    return owner


def _typed(name: str, user: str, key: str, command: str) -> str:
    from smtpcheck.cli.ask import new_secret, terminal

    asker = terminal()
    if asker is None:
        raise UsageError(
            "there is no terminal to ask on",
            (f"pipe the secret: pass show smtp | smtpcheck secret {command} {name} --stdin",),
        )
    value = new_secret(
        asker, f"{SECRET_WORDS[key][0].upper()}{SECRET_WORDS[key][1:]} of {user} (profile {name})"
    )
    if value is None:
        raise UsageError("no secret was given; nothing was changed")
    return value


def from_stdin(flag: str = "--stdin") -> str:
    """The first line of standard input, which `flag` asked for. Raises UsageError."""
    import sys

    if sys.stdin.isatty():
        raise UsageError(
            f"{flag} would show what you type", (f"leave {flag} out: then it is asked for",)
        )
    line = sys.stdin.buffer.readline(_MAX_BYTES).removesuffix(b"\n").removesuffix(b"\r")
    try:
        value = line.decode("utf-8")
    except UnicodeDecodeError:
        raise UsageError("what came on standard input is not UTF-8 text") from None
    if not value:
        raise UsageError("standard input is empty, or its first line is; nothing was changed")
    return value


def _note_blanks(value: str) -> None:
    if value != value.strip():
        note("it begins or ends with a blank, and was taken as it is")


Row = tuple[str, str, SecretStatus]


def _statuses(profiles: list[LoadedProfile], *, run: bool) -> list[Row]:
    from smtpcheck.store.secrets import owner_of, reference_of, secret_status

    found: list[Row] = []
    for loaded in profiles:
        name = loaded.name or str(loaded.path)
        for key in SECRET_WORDS:
            reference = reference_of(loaded.profile, key)
            if reference is not None:
                each = secret_status(
                    reference,
                    purpose=key,
                    profile_name=loaded.name,
                    username=owner_of(loaded.profile, key),
                    run=run,
                )
                found.append((name, key, each))
    return found


def _show(found: list[Row]) -> None:
    from smtpcheck.cli.columns import table, width, wrapped

    if not found:
        note("no profile names a secret")
        return
    words = {True: "there", False: "missing", None: "unknown"}
    rows = [(name, key, words[each.available], each.where) for name, key, each in found]
    edge = width()
    for line in table(("PROFILE", "KEY", "STATE", "KEPT IN"), rows, edge, cut=(3,)):
        typer.echo(line)
    for name, key, each in found:
        if not each.available:
            for line in wrapped(f"{name}, {key}: {each.detail}", "    ", edge, first="  "):
                typer.echo(line)
    for text in dict.fromkeys(text for _name, _key, each in found for text in each.notes):
        note(text)
    first = next((each for _name, _key, each in found if each.available is False), None)
    if first is not None:
        for line in first.help:
            typer.echo(f"  help: {line}", err=True)


def _as_json(found: list[Row]) -> str:
    import json

    secrets = [
        {
            "profile": name,
            "key": key,
            "source": each.source,
            "where": each.where,
            "available": each.available,
            "detail": each.detail,
            "notes": list(each.notes),
        }
        for name, key, each in found
    ]
    return json.dumps({"schema": 1, "secrets": secrets}, indent=2, ensure_ascii=False)
