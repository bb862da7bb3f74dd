"""`smtpcheck profile set`, `unset`, `rename`, `copy` and `delete`: changes to what is there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer

from smtpcheck.model.errors import ProfileError, UsageError

if TYPE_CHECKING:
    from smtpcheck.store.origin import LoadedProfile
    from smtpcheck.store.profile_writer import SetResult

_PROBED = ("server", "tls", "auth", "proxy", "sender")
"""Tables whose change may break the sending of mail."""

Name = Annotated[str, typer.Argument(metavar="NAME", help="The profile, or its file.")]


def set_(
    name: Name,
    pairs: Annotated[
        list[str],
        typer.Argument(
            metavar="KEY VALUE [KEY VALUE]...",
            help="For example server.port 587; a value is text, or as TOML has it.",
        ),
    ],
    *,
    no_probe: Annotated[
        bool, typer.Option("--no-probe", help="Save without trying the server.")
    ] = False,
) -> None:
    """Change settings of a profile.

    Several that belong together are changed at once. Comments and order of the file stay. A
    changed server, tls, auth, proxy or sender is probed first, without sending a message, and
    saved only when the probe passes.

    Example: smtpcheck profile set office365 server.port 587
    """
    from smtpcheck.cli.profile_lint import say_findings
    from smtpcheck.store.profile_writer import change_values

    changes = _changes(pairs)
    code = 0 if no_probe else _prove(name, changes)
    if code:
        raise typer.Exit(code)
    before = _read_or_none(name)
    results = change_values(name, changes)
    _say_changes(results)
    for key in changes:
        _say_missing_secret(name, key)
    after = _read_or_none(name)
    if after is not None:
        say_findings(after, before)


def unset(
    name: Name,
    keys: Annotated[
        list[str], typer.Argument(metavar="KEY...", help="For example tls.ca_file, or tls for all.")
    ],
) -> None:
    """Take settings, or whole tables, out of a profile.

    Example: smtpcheck profile unset office365 tls.ca_file
    """
    from smtpcheck.store.profile_writer import change_values

    _say_changes(change_values(name, dict.fromkeys(keys)))


def rename(
    old: Annotated[str, typer.Argument(metavar="OLD", help="The profile.")],
    new: Annotated[str, typer.Argument(metavar="NEW", help="Its new name.")],
) -> None:
    """Give a profile another name.

    Its secrets in the keyring go with it.

    Example: smtpcheck profile rename office365 approvals
    """
    from smtpcheck.store.profile_writer import rename_profile

    loaded = _read_or_none(old)
    path = rename_profile(old, new)
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

    loaded = _read_or_none(source)
    path = copy_profile(source, target)
    typer.echo(f"copied {source} to {target}: {path}")
    for key, _owner in _in_keyring(loaded):
        option = "" if key == "auth.password" else f" --key {key}"
        _note(f"the copy has no {key} in the keyring yet: smtpcheck secret set {target}{option}")


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
    loaded = _read_or_none(name)
    held = list(_in_keyring(loaded))
    more = ", and its secret in the keyring" if held else ""
    sure(f"delete the profile {name}{more}?", yes=yes)
    path = delete_profile(name)
    typer.echo(f"deleted {path}")
    for key, owner in held:
        _delete_secret(name, key, owner)
    if loaded is not None and loaded.profile.auth.oauth is not None:
        _forget_login(name, loaded.profile.auth.username)


def _changes(pairs: list[str]) -> dict[str, str]:
    """The values by key. Raises UsageError for a key without a value, or one given twice."""
    if len(pairs) % 2:
        key, _, value = pairs[-1].partition("=")
        how = _quoted(value) if value and _is_plain(key) else "VALUE"
        shown = _shown_key(key)
        raise UsageError(f"{shown} has no value", (f"write it behind the key: {shown} {how}",))
    changes = dict(zip(pairs[::2], pairs[1::2], strict=True))
    if len(changes) < len(pairs) // 2:
        twice = next(key for key in changes if pairs[::2].count(key) > 1)
        raise UsageError(f"{twice} is given twice", ("give each key once",))
    return changes


def _shown_key(word: str) -> str:
    """A word that is no key may be anything, a password too."""
    from smtpcheck.store.keys import KEYS

    return word if word in KEYS else "the last key"


def _is_plain(key: str) -> bool:
    """Whether the value of this key may be shown."""
    from smtpcheck.store.keys import KEYS
    from smtpcheck.store.secrets import SECRET_WORDS

    return key in KEYS and key not in SECRET_WORDS


def _prove(name: str, changes: Mapping[str, str]) -> int:
    """0 when the changes may be saved, else the exit code of the probe that speaks against them."""
    keys = [key for key in changes if key.partition(".")[0] in _PROBED]
    if not keys:
        return 0
    from smtpcheck.cli.profile_probe import password_alone, probe_unsaved, show_proof
    from smtpcheck.store.build import value_of
    from smtpcheck.store.profile_reader import read_profile

    environment = password_alone()
    try:
        before = read_profile(name, environment=environment)
        after = read_profile(name, overrides=changes, environment=environment)
    except ProfileError:
        return 0  # wrong before or wrong after: writing says what, and mends what it may
    if all(value_of(before.profile, key) == value_of(after.profile, key) for key in keys):
        return 0
    if not after.profile.enabled:
        _note(f"the profile {name} is disabled, so the change was not probed")
        return 0
    pairs = " ".join(f"{key} {_quoted(value)}" for key, value in changes.items())
    anyway = f"smtpcheck profile set {name} {pairs} --no-probe"
    try:
        proof = probe_unsaved(after)
    except UsageError as error:
        raise UsageError(error.message, (*error.help, f"or save it unprobed: {anyway}")) from None
    if proof.exit_code or proof.without_login:
        show_proof(proof)
    if proof.exit_code:
        _note("nothing was changed")
        _note(f"to save it all the same: {anyway}")
    return proof.exit_code


def _say_changes(results: Sequence[SetResult]) -> None:
    for result in results:
        if not result.changed:
            typer.echo(f"{result.key} was {_text(result.new)} already")
        else:
            typer.echo(f"{result.key}: {_text(result.old)} -> {_text(result.new)}")
    for each in results[0].remaining:
        _note(f"still wrong: line {each.line}: {each.message}")


def _say_missing_secret(name: str, key: str) -> None:
    """A profile that has just been told to use the keyring needs something in it."""
    from smtpcheck.model.secret import SecretSource
    from smtpcheck.store.secrets import SECRET_WORDS, owner_of, reference_of, secret_status

    loaded = _read_or_none(name)
    if key not in (*SECRET_WORDS, "auth.username") or loaded is None or loaded.name is None:
        return
    purpose = "auth.password" if key == "auth.username" else key
    reference = reference_of(loaded.profile, purpose)
    if reference is None:
        return
    owner = owner_of(loaded.profile, purpose)
    status = secret_status(reference, purpose=purpose, profile_name=loaded.name, username=owner)
    if status.available is False:
        _note(status.detail)
        if reference.source is SecretSource.KEYRING:  # for the others the detail is the help
            _note(status.help[0])


def _text(value: Any) -> str:
    from smtpcheck.store.toml_text import inline

    return "(not set)" if value is None else inline(value)


def _quoted(text: str) -> str:
    from smtpcheck.report.escape import shell_quoted

    return shell_quoted(text)


def _read_or_none(name: str) -> LoadedProfile | None:
    """The profile; None where it is broken."""
    from smtpcheck.store.profile_reader import read_profile

    try:
        return read_profile(name, environment={})
    except ProfileError:
        return None


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
        _note(f"{key} could not be moved in the keyring: {error.reason}")
        _note(f"store it again: smtpcheck secret set {new}")


def _delete_secret(name: str, key: str, owner: str) -> None:
    from smtpcheck.model.secret import SecretUnavailableError
    from smtpcheck.store.secrets import delete_secret

    try:
        if delete_secret(name, owner, key):
            typer.echo(f"deleted {key} of {owner} from the keyring")
    except SecretUnavailableError as error:
        _note(f"{key} of {owner} may still be in the keyring: {error.reason}")


def _move_login(old: str, new: str, owner: str) -> None:
    from smtpcheck.model.secret import SecretUnavailableError
    from smtpcheck.store.login_store import move_login

    try:
        if move_login(old, new, owner):
            typer.echo(f"moved the login of {owner} in the keyring")
    except SecretUnavailableError as error:
        # Without a keyring no login was kept; only what is in its way is worth a word.
        if error.kind != "no-backend":
            _note(f"a login could not be moved in the keyring: {error.reason}")
            _note(f"sign in again: smtpcheck login {new}")


def _forget_login(name: str, owner: str) -> None:
    from smtpcheck.model.secret import SecretUnavailableError
    from smtpcheck.store.login_store import forget_login

    try:
        if forget_login(name, owner):
            typer.echo(f"deleted the login of {owner} from the keyring")
    except SecretUnavailableError as error:
        if error.kind != "no-backend":
            _note(f"a login of {owner} may still be in the keyring: {error.reason}")


def _note(text: str) -> None:
    typer.echo(f"note: {text}", err=True)
