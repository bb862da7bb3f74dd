"""`smtpcheck profile unset`, `rename`, `copy` and `delete`: changes to what is there."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from smtpcheck.cli.profile_set import (
    Name,
    Send,
    change,
    note,
    read_or_none,
    refuse_send_unprobed,
)

if TYPE_CHECKING:
    from smtpcheck.store.origin import LoadedProfile


def unset(
    name: Name,
    keys: Annotated[
        list[str], typer.Argument(metavar="KEY...", help="For example tls.ca_file, or tls for all.")
    ],
    *,
    probe: Annotated[
        bool, typer.Option("--probe", help="Try the server first; save only when that passes.")
    ] = False,
    send: Send = False,
) -> None:
    """Take settings, or whole tables, out of a profile.

    Nothing is tried unless --probe says so: what is taken out is often what stands in the way.

    Example: smtpcheck profile unset office365 tls.ca_file
    """
    refuse_send_unprobed(send=send, no_probe=not probe)
    code = change(name, dict.fromkeys(keys), probe=probe, send=send)
    if not probe:
        note(f"not tried: smtpcheck probe {name}")
    raise typer.Exit(code)


def rename(
    old: Annotated[str, typer.Argument(metavar="OLD", help="The profile.")],
    new: Annotated[str, typer.Argument(metavar="NEW", help="Its new name.")],
) -> None:
    """Give a profile another name.

    Its secrets in the keyring go with it.

    Example: smtpcheck profile rename office365 approvals
    """
    from smtpcheck.store.drafts import rename_changes
    from smtpcheck.store.profile_writer import rename_profile

    loaded = read_or_none(old)
    path = rename_profile(old, new)
    rename_changes(old, new)
    typer.echo(f"renamed {old} to {new}: {path}")
    for key, owner in _in_keyring(loaded):
        _move_secret(old, new, key, owner)
    if loaded is not None and loaded.profile.auth.oauth is not None:
        _move_login(old, new, loaded.profile.auth.username)


def copy(
    source: Annotated[str, typer.Argument(metavar="SOURCE", help="The profile.")],
    target: Annotated[str, typer.Argument(metavar="TARGET", help="The name of the copy.")],
) -> None:
    """Copy a profile, comments and all.

    Secrets in the keyring are not copied.

    Example: smtpcheck profile copy office365 newsletter
    """
    from smtpcheck.store.profile_writer import copy_profile

    loaded = read_or_none(source)
    path = copy_profile(source, target)
    typer.echo(f"copied {source} to {target}: {path}")
    for key, _owner in _in_keyring(loaded):
        option = "" if key == "auth.password" else f" --key {key}"
        note(f"the copy has no {key} in the keyring yet: smtpcheck secret set {target}{option}")


def delete(
    name: Annotated[str, typer.Argument(metavar="NAME", help="The profile.")],
    *,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
) -> None:
    """Delete a profile, and its secrets in the keyring.

    Example: smtpcheck profile delete newsletter
    """
    from smtpcheck.cli.secret import sure
    from smtpcheck.store.paths import profile_path
    from smtpcheck.store.profile_reader import locate
    from smtpcheck.store.profile_writer import delete_profile

    if not profile_path(name).is_symlink():
        locate(name)
    loaded = read_or_none(name)
    held = list(_in_keyring(loaded))
    more = ", and its secret in the keyring" if held else ""
    sure(f"delete the profile {name}{more}?", yes=yes)
    path = delete_profile(name)
    typer.echo(f"deleted {path}")
    for key, owner in held:
        _delete_secret(name, key, owner)
    if loaded is not None and loaded.profile.auth.oauth is not None:
        _forget_login(name, loaded.profile.auth.username)


def _in_keyring(loaded: LoadedProfile | None) -> list[tuple[str, str]]:
    """Key and user of every secret that the profile keeps in the keyring."""
    from smtpcheck.model.secret import SecretSource
    from smtpcheck.store.secrets import SECRET_WORDS, owner_of, reference_of

    if loaded is None:
        return []
    found = []
    for key in SECRET_WORDS:
        reference = reference_of(loaded.profile, key)
        if reference is not None and reference.source is SecretSource.KEYRING:
            found.append((key, owner_of(loaded.profile, key)))
    return found


def _move_secret(old: str, new: str, key: str, owner: str) -> None:
    from smtpcheck.model.secret import SecretUnavailableError
    from smtpcheck.store.secrets import move_secret

    try:
        if move_secret(old, new, owner, key):
            typer.echo(f"moved {key} of {owner} in the keyring")
    except SecretUnavailableError as error:
        note(f"{key} could not be moved in the keyring: {error.reason}")
        note(f"store it again: smtpcheck secret set {new}")


def _delete_secret(name: str, key: str, owner: str) -> None:
    from smtpcheck.model.secret import SecretUnavailableError
    from smtpcheck.store.secrets import delete_secret

    try:
        if delete_secret(name, owner, key):
            typer.echo(f"deleted {key} of {owner} from the keyring")
    except SecretUnavailableError as error:
        note(f"{key} of {owner} may still be in the keyring: {error.reason}")


def _move_login(old: str, new: str, owner: str) -> None:
    from smtpcheck.model.secret import SecretUnavailableError
    from smtpcheck.store.login_store import move_login

    try:
        if move_login(old, new, owner):
            typer.echo(f"moved the login of {owner} in the keyring")
    except SecretUnavailableError as error:
        # Without a keyring no login was kept; only what is in its way is worth a word.
        if error.kind != "no-backend":
            note(f"a login could not be moved in the keyring: {error.reason}")
            note(f"sign in again: smtpcheck login {new}")


def _forget_login(name: str, owner: str) -> None:
    from smtpcheck.model.secret import SecretUnavailableError
    from smtpcheck.store.login_store import forget_login

    try:
        if forget_login(name, owner):
            typer.echo(f"deleted the login of {owner} from the keyring")
    except SecretUnavailableError as error:
        if error.kind != "no-backend":
            note(f"a login of {owner} may still be in the keyring: {error.reason}")
