"""`smtpcheck secret rotate`: a new secret takes the old one's place once it is proved."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import typer

from smtpcheck.model.errors import UsageError
from smtpcheck.model.stage import ExitCode, Outcome

if TYPE_CHECKING:
    from smtpcheck.cli.profile_probe import Proof
    from smtpcheck.model.profile import Profile
    from smtpcheck.model.secret import SecretRef
    from smtpcheck.store.origin import LoadedProfile

PROOFS = {
    "auth.password": "auth.login",
    "proxy.password": "tcp.proxy",
    "tls.client_key_password": "tls.handshake",
}
"""By the key of a secret: the step of a probe that uses it."""


def must_be_provable(loaded: LoadedProfile, key: str) -> None:
    """Raises UsageError where no probe would use the secret, before one is asked for."""
    from smtpcheck.model.secret import SecretSource
    from smtpcheck.store.secrets import SECRET_WORDS, reference_of

    name, profile = loaded.name, loaded.profile
    if key not in PROOFS:
        raise UsageError(
            f"no probe uses the {SECRET_WORDS[key]}, so it cannot be proved",
            (f"store it unproved: smtpcheck secret set {name} --key {key}",),
        )
    if not profile.enabled:
        raise UsageError(
            f"the profile {name} is disabled, so nothing is proved",
            (
                f"enable it: smtpcheck profile set {name} enabled true",
                f"or store the secret unproved: smtpcheck secret set {name}",
            ),
        )
    reference = reference_of(profile, key)
    if reference is None or reference.source is not SecretSource.KEYRING:
        where = "sets none" if reference is None else f"takes it from: {reference.describe()}"
        raise UsageError(
            f"profile {name} does not keep {key} in the keyring, it {where}",
            (f"to keep it there: smtpcheck profile set {name} {key} '{{keyring=true}}'",),
        )


def rotate(loaded: LoadedProfile, user: str, key: str, value: str, *, send: bool) -> int:
    """Probes with the new secret, and stores it where the step that uses it passed; the exit code
    of the probe."""
    from smtpcheck.cli.profile_probe import probe_unsaved, show_proof
    from smtpcheck.cli.secret import fail, note
    from smtpcheck.model.secret import Secret, SecretRef, SecretSource, SecretUnavailableError
    from smtpcheck.store.secrets import SECRET_WORDS, holds_secret, store_secret

    try:
        had_one = holds_secret(loaded.name or "", user, key)
    except SecretUnavailableError as error:
        fail(error)
    given = SecretRef(SecretSource.GIVEN, given=Secret(value))
    proof = probe_unsaved(replace(loaded, profile=_with(loaded.profile, key, given)), send=send)
    show_proof(proof)
    what = f"{SECRET_WORDS[key]} of {user}"
    if not _proved(proof, key):
        outcome = "the old one stays in the keyring" if had_one else "it was not stored"
        note(f"the new {what} was not proved, so {outcome}")
        return proof.exit_code or ExitCode.FINDINGS
    try:
        store_secret(loaded.name or "", user, value, key)
    except SecretUnavailableError as error:
        fail(error)
    where = "taken the place of the old one" if had_one else "been stored"
    typer.echo(f"the new {what} is proved, and has {where} in the keyring")
    return proof.exit_code


def _with(profile: Profile, key: str, given: SecretRef) -> Profile:
    """The profile with another secret at a key of one of its tables."""
    section, _, word = key.rpartition(".")
    return replace(profile, **{section: replace(getattr(profile, section), **{word: given})})


def _proved(proof: Proof, key: str) -> bool:
    steps = (step for stage in proof.report.observations.stages for step in stage.steps)
    return any(
        step.step == PROOFS[key] and step.outcome in (Outcome.PASSED, Outcome.WARNED)
        for step in steps
    )
