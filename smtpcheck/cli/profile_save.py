"""Proves settings and saves them as a profile, or keeps a draft: what `init` and `import` share."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import typer

from smtpcheck.cli.profile_answers import Answers
from smtpcheck.model.errors import ProfileError, UsageError
from smtpcheck.model.value import dataclass

if TYPE_CHECKING:
    from smtpcheck.cli.profile_probe import Proof


@dataclass(frozen=True, slots=True)
class Proving:
    """How settings are proved before they are saved."""

    probe: bool = True
    send: bool = False
    """The probe may send the test message."""
    resolver: str = ""
    """The DNS server that the probe asks, `IP[:PORT]`; empty: the system's."""
    may_follow: bool = True
    """The place of the password may be followed; False where a file named it, and nobody has
    looked at it yet."""


def prove_and_save(answers: Answers, proving: Proving, *, again: str = "") -> int:
    """Probes what the answers make, saves it when the probe passes, and returns the exit code.

    Otherwise a draft is kept. `again` is the command that saves it unprobed, else the draft is
    the way. Its new secrets go into the keyring with the profile. Raises ProfileError for settings
    that make no profile.
    """
    from smtpcheck.cli.profile_probe import password_alone, show_proof
    from smtpcheck.cli.profile_secret import with_secrets
    from smtpcheck.store.profile_reader import profile_from_settings

    try:
        loaded = profile_from_settings(
            answers.tables(), name=answers.name, environment=password_alone()
        )
    except ProfileError:
        keep_draft(answers, "not saved")
        raise
    if proving.probe:
        loaded = with_secrets(loaded, answers.secrets)
        proof = _proof_of(answers, loaded, again, proving)
        show_proof(proof)
        if proof.exit_code:
            draft = keep_draft(answers, "not saved")
            say_note(f"to save it as it is: {again or _unproved(draft)}")
            return proof.exit_code
    _save(answers)
    return 0


def keep_draft(answers: Answers, why: str) -> str:
    """Keeps the settings, unless there are none; the name of the draft."""
    from smtpcheck.store.drafts import save_draft

    if not answers.raw:
        say_note(why)
        return ""
    path = save_draft(answers.draft_base(), answers.wanted())
    say_note(f"{why}; what was typed is kept as a draft: {path}")
    if answers.secrets:
        say_note("the password is not kept: it is asked for again when you go on")
    say_note(f"go on with: smtpcheck profile drafts resume {path.stem}")
    return path.stem


def _unproved(draft: str) -> str:
    return f"smtpcheck profile drafts resume {draft} --no-probe"


def _proof_of(answers: Answers, loaded: Any, again: str, proving: Proving) -> Proof:
    from smtpcheck.cli.profile_probe import probe_unsaved
    from smtpcheck.store.drafts import draft_place

    try:
        return probe_unsaved(
            loaded,
            send=proving.send,
            may_follow=proving.may_follow,
            resolver=proving.resolver,
            draft=draft_place(answers.draft_base(), answers.wanted()),
        )
    except UsageError as error:
        draft = keep_draft(answers, "not saved")
        anyway = f"to save it unprobed: {again or _unproved(draft)}"
        raise UsageError(error.message, (*error.help, anyway)) from None


def _save(answers: Answers) -> None:
    from smtpcheck.cli.profile_lint import say_findings
    from smtpcheck.cli.profile_secret import store_secrets
    from smtpcheck.store.drafts import forget_saved
    from smtpcheck.store.profile_reader import read_profile
    from smtpcheck.store.profile_writer import create_profile

    path = create_profile(answers.name, answers.tables(), replace=answers.force)
    typer.echo(f"saved the profile {answers.name}: {path}")
    forget_saved(answers.name, answers.wanted())
    store_secrets(answers.name, answers.secrets)
    _say_missing_secret(answers)
    say_findings(read_profile(answers.name, environment={}))
    say_note(f"try it: smtpcheck probe {answers.name}")


def _say_missing_secret(answers: Answers) -> None:
    """How to give the profile its password, where it has none yet."""
    from smtpcheck.store.profile_reader import read_profile
    from smtpcheck.store.secrets import secret_status

    profile = read_profile(answers.name, environment={}).profile
    reference = profile.auth.password
    if answers.gets_token and profile.auth.username:
        say_note(f"it logs in with a token: smtpcheck login {answers.name}")
    if reference is None or not profile.wants_login:
        return
    status = secret_status(reference, profile_name=answers.name, username=profile.auth.username)
    if status.available is False:
        say_note(f"there is no password yet: {status.detail}")
        for line in status.help:
            typer.echo(f"  help: {line}", err=True)


def say_note(text: str) -> None:
    """Tells something on stderr, in lines that fit where stdout is a terminal."""
    from smtpcheck.cli.columns import width, wrapped
    from smtpcheck.report.escape import escape

    for line in wrapped(escape(text, limit=0), "    ", width(), first="note: "):
        typer.echo(line, err=True)
