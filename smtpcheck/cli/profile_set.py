"""`smtpcheck profile set`: changes that are proved before they are saved, and kept as a draft where
that does not work."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer

from smtpcheck.model.errors import ProfileError, UsageError
from smtpcheck.model.stage import ExitCode

if TYPE_CHECKING:
    from smtpcheck.store.origin import LoadedProfile
    from smtpcheck.store.profile_writer import SetResult

_PROBED = ("server", "tls", "auth", "proxy", "sender")
"""Tables whose change may break the sending of mail."""

Name = Annotated[str, typer.Argument(metavar="NAME", help="The profile, or its file.")]
NoProbe = Annotated[bool, typer.Option("--no-probe", help="Save without trying the server.")]
Send = Annotated[bool, typer.Option("--send", help="Let the probe send the test message.")]


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
    no_probe: NoProbe = False,
    send: Send = False,
) -> None:
    """Change settings of a profile.

    Several that belong together are changed at once. Comments and order of the file stay. A
    changed server, tls, auth, proxy or sender is probed first, without sending a message, and
    saved when the probe passes; else the change is kept as a draft.

    Example: smtpcheck profile set office365 server.port 587
    """
    refuse_send_unprobed(send=send, no_probe=no_probe)
    raise typer.Exit(change(name, _changes(pairs), probe=not no_probe, send=send))


def refuse_send_unprobed(*, send: bool, no_probe: bool) -> None:
    """Raises UsageError where the probe that is to send is not wanted."""
    if send and no_probe:
        raise UsageError("--send needs the probe that sends", ("leave --send out, or probe",))


def change(name: str, changes: Mapping[str, str | None], *, probe: bool, send: bool) -> int:
    """Proves changes by full key (None takes one away) and saves them, or keeps them as a draft;
    the exit code, that of the probe where it failed. Raises UsageError and ProfileError for what
    is wrong at once."""
    from smtpcheck.cli.profile_lint import say_findings
    from smtpcheck.store.drafts import forget_changes
    from smtpcheck.store.profile_writer import change_values

    if probe:
        code = _prove(name, changes, send=send)
        if code:
            return code
    before = read_or_none(name)
    results = change_values(name, changes)
    say_changes(results)
    for key in changes:
        _say_missing_secret(name, key)
    after = read_or_none(name)
    if after is not None:
        say_findings(after, before)
        if after.name:
            forget_changes(after.name, changes)
    return ExitCode.OK


def keep_changes(loaded: LoadedProfile, changes: Mapping[str, str | None]) -> None:
    """Keeps values that were not saved, and says how to go on with them."""
    from smtpcheck.store.drafts import save_changes
    from smtpcheck.store.layers import layer_of_overrides

    values = _values(changes)
    if not loaded.name or not values:  # a file elsewhere has no place for drafts
        return
    path = save_changes(loaded.name, layer_of_overrides(values).raw)
    note(f"what was typed is kept as a draft: {path}")
    note(f"go on with: smtpcheck profile drafts resume {path.stem}")


def say_changes(results: Sequence[SetResult]) -> None:
    """What became of each key, and what is still wrong with the file."""
    for result in results:
        if not result.changed:
            typer.echo(f"{result.key} was {_text(result.new)} already")
        else:
            typer.echo(f"{result.key}: {_text(result.old)} -> {_text(result.new)}")
    for each in results[0].remaining:
        note(f"still wrong: line {each.line}: {each.message}")


def read_or_none(name: str) -> LoadedProfile | None:
    """The profile; None where it is broken."""
    from smtpcheck.store.profile_reader import read_profile

    try:
        return read_profile(name, environment={})
    except ProfileError:
        return None


def note(text: str) -> None:
    """Tells something besides the result."""
    typer.echo(f"note: {text}", err=True)


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


def _prove(name: str, changes: Mapping[str, str | None], *, send: bool) -> int:
    """0 when the changes may be saved, else the exit code of the probe that speaks against them;
    they are kept as a draft then."""
    keys = [key for key in changes if key.partition(".")[0] in _PROBED]
    if not keys:
        return ExitCode.OK
    from smtpcheck.cli.profile_probe import password_alone, probe_unsaved, show_proof
    from smtpcheck.store.drafts import changes_place
    from smtpcheck.store.profile_reader import profile_from_text, read_profile
    from smtpcheck.store.profile_writer import preview_values

    environment = password_alone()
    preview = preview_values(name, changes)
    try:
        before = read_profile(name, environment=environment)
        after = profile_from_text(
            preview.new, path=preview.path, name=preview.name, environment=environment
        )
    except ProfileError:
        return ExitCode.OK  # wrong before or wrong after: writing says what, and mends what it may
    if all(getattr(before.profile, each) == getattr(after.profile, each) for each in _PROBED):
        return ExitCode.OK
    if not after.profile.enabled:
        note(f"the profile {name} is disabled, so the change was not probed")
        return ExitCode.OK
    anyway = f"smtpcheck profile {_as_words(name, changes)}"
    try:
        draft = changes_place(after.name) if after.name else ""
        proof = probe_unsaved(after, send=send, changes=_values(changes), draft=draft)
    except UsageError as error:
        keep_changes(after, changes)
        raise UsageError(error.message, (*error.help, f"or save it unprobed: {anyway}")) from None
    except KeyboardInterrupt:
        keep_changes(after, changes)
        raise
    if proof.exit_code or proof.without_login or send:
        show_proof(proof)
    if proof.exit_code == ExitCode.EXPECTATION:
        return ExitCode.OK  # every stage passed: what is expected says nothing against the change
    if proof.exit_code:
        note("nothing was changed")
        keep_changes(after, changes)
        note(f"to save it all the same: {anyway}")
    return proof.exit_code


def _values(changes: Mapping[str, str | None]) -> dict[str, str]:
    """What is set, without what is taken away."""
    return {key: text for key, text in changes.items() if text is not None}


def _as_words(name: str, changes: Mapping[str, str | None]) -> str:
    """The command that saves unprobed: `set NAME KEY VALUE --no-probe`, or `unset NAME KEY`."""
    values = _values(changes)
    if not values:
        return f"unset {name} {' '.join(changes)}"
    words = (f"{key} {_quoted(text)}" for key, text in values.items())
    return f"set {name} {' '.join(words)} --no-probe"


def _say_missing_secret(name: str, key: str) -> None:
    """A profile that has just been told to use the keyring needs something in it."""
    from smtpcheck.model.secret import SecretSource
    from smtpcheck.store.secrets import SECRET_WORDS, owner_of, reference_of, secret_status

    loaded = read_or_none(name)
    if key not in (*SECRET_WORDS, "auth.username") or loaded is None or loaded.name is None:
        return
    purpose = "auth.password" if key == "auth.username" else key
    reference = reference_of(loaded.profile, purpose)
    if reference is None:
        return
    owner = owner_of(loaded.profile, purpose)
    status = secret_status(reference, purpose=purpose, profile_name=loaded.name, username=owner)
    if status.available is False:
        note(status.detail)
        if reference.source is SecretSource.KEYRING:  # for the others the detail is the help
            note(status.help[0])


def _text(value: Any) -> str:
    from smtpcheck.store.toml_text import inline

    return "(not set)" if value is None else inline(value)


def _quoted(text: str) -> str:
    from smtpcheck.report.escape import shell_quoted

    return shell_quoted(text)
