"""The secrets that stood in an imported file: used by its probe, then kept in the keyring."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import typer

from smtpcheck.model.secret import Secret, SecretRef, SecretSource, SecretUnavailableError
from smtpcheck.model.value import dataclass
from smtpcheck.store.origin import LoadedProfile
from smtpcheck.store.secrets import PASSWORD_KEY, SECRET_WORDS


@dataclass(frozen=True, slots=True)
class ImportedSecret:
    """Every secret of one import."""

    values: Mapping[str, Secret]
    """By the key that names its place."""

    def given_to(self, loaded: LoadedProfile) -> LoadedProfile:
        """The profile with the password at hand, for a probe before anything is saved. A password
        for this run (`SMTPCHECK_PASSWORD`) is stronger."""
        secret, reference = self.values.get(PASSWORD_KEY), loaded.profile.auth.password
        kept = reference is not None and reference.source is SecretSource.KEYRING
        if secret is None or not kept:
            return loaded
        given = SecretRef(SecretSource.GIVEN, given=secret)
        auth = replace(loaded.profile.auth, password=given)
        return replace(loaded, profile=replace(loaded.profile, auth=auth))

    def store(self, name: str) -> None:
        """Keeps each in the keyring, for the profile that has just been saved. Where there is no
        keyring the reader is told; nothing is lost, the imported file still has it."""
        from smtpcheck.store.keyring_access import backend_name
        from smtpcheck.store.profile_reader import read_profile
        from smtpcheck.store.secrets import owner_of, store_secret
        from smtpcheck.wire.sasl import plain_text

        profile = read_profile(name, environment={}).profile
        for key, secret in self.values.items():
            owner = owner_of(profile, key)
            try:
                store_secret(name, owner, plain_text(secret), key)
            except SecretUnavailableError as error:
                typer.echo(f"note: the {SECRET_WORDS[key]} was not kept: {error.reason}", err=True)
            else:
                typer.echo(
                    f"stored the {SECRET_WORDS[key]} of {owner} in the keyring ({backend_name()})"
                )
