"""New secrets of a profile, typed or from an imported file: the probe has them from memory, and the
keyring gets them with the profile."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

import typer

from smtpcheck.model.errors import UsageError
from smtpcheck.model.secret import Secret, SecretRef, SecretSource, SecretUnavailableError
from smtpcheck.store.origin import LoadedProfile
from smtpcheck.store.secrets import PASSWORD_KEY, SECRET_WORDS

if TYPE_CHECKING:
    from smtpcheck.cli.ask import Asker
    from smtpcheck.cli.profile_answers import Answers


def with_secrets(loaded: LoadedProfile, secrets: Mapping[str, Secret]) -> LoadedProfile:
    """The profile with the password at hand, for a probe before anything is saved. A password
    for this run (`SMTPCHECK_PASSWORD`) is stronger."""
    secret, reference = secrets.get(PASSWORD_KEY), loaded.profile.auth.password
    kept = reference is not None and reference.source is SecretSource.KEYRING
    if secret is None or not kept:
        return loaded
    given = SecretRef(SecretSource.GIVEN, given=secret)
    auth = replace(loaded.profile.auth, password=given)
    return replace(loaded, profile=replace(loaded.profile, auth=auth))


def store_secrets(name: str, secrets: Mapping[str, Secret]) -> None:
    """Keeps each in the keyring, for the profile that has just been saved. Where there is no
    keyring the reader is told."""
    from smtpcheck.store.keyring_access import backend_name
    from smtpcheck.store.profile_reader import read_profile
    from smtpcheck.store.secrets import owner_of, store_secret
    from smtpcheck.wire.sasl import plain_text

    profile = read_profile(name, environment={}).profile
    for key, secret in secrets.items():
        owner = owner_of(profile, key)
        try:
            store_secret(name, owner, plain_text(secret), key)
        except SecretUnavailableError as error:
            typer.echo(f"note: the {SECRET_WORDS[key]} was not kept: {error.reason}", err=True)
        else:
            typer.echo(
                f"stored the {SECRET_WORDS[key]} of {owner} in the keyring ({backend_name()})"
            )


def take_from_stdin(answers: Answers) -> None:
    """Reads the password from standard input, where there is a keyring that will keep it. Raises
    UsageError and SecretUnavailableError."""
    from smtpcheck.cli.secret import from_stdin
    from smtpcheck.store.secrets import holds_secret

    user = answers.raw.get("auth.username", "")
    if not user:
        raise UsageError("--password-stdin needs a login", ("add --username USER",))
    answers.raw[PASSWORD_KEY] = {"keyring": True}
    holds_secret(answers.name, user)
    answers.secrets[PASSWORD_KEY] = Secret(from_stdin("--password-stdin"))


def need_password(answers: Answers, asker: Asker | None) -> None:
    """Asks for a password that the keyring is to hold and does not. Raises UsageError where it
    stays unknown: what was refused before would be saved without a proof."""
    import os

    user = answers.raw.get("auth.username", "")
    wanted = answers.wants_password and answers.raw.get(PASSWORD_KEY) == {"keyring": True}
    if not wanted or PASSWORD_KEY in answers.secrets or os.environ.get("SMTPCHECK_PASSWORD"):
        return
    from smtpcheck.cli.ask import new_secret
    from smtpcheck.store.secrets import holds_secret

    if holds_secret(answers.name, user):
        return
    value = None
    if asker is not None and not answers.asked_password:
        value = new_secret(asker, f"Password of {user}")
    if value is None:
        again = f"smtpcheck profile drafts resume {answers.draft_name}"
        raise UsageError(
            f"the password of {user} is not known: the draft does not hold it, nor the keyring",
            (
                f"type it: {again}",
                f"or pipe it: pass show smtp | {again} --password-stdin",
                "or set SMTPCHECK_PASSWORD for this run",
                f"or save the settings unproved: {again} --no-probe",
            ),
        )
    answers.secrets[PASSWORD_KEY] = Secret(value)
