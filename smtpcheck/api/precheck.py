"""What is wrong with settings, before a packet is sent."""

from __future__ import annotations

from typing import TYPE_CHECKING

from smtpcheck.model.finding import LintFinding
from smtpcheck.model.secret import SecretLook, SecretSource, SecretUnavailableError

if TYPE_CHECKING:
    from smtpcheck.model.preset import Preset
    from smtpcheck.store.origin import LoadedProfile

_PATIENCE = 2.0
"""Seconds that a file or a command may take where nobody waits for a probe."""


def settings_findings(
    loaded: LoadedProfile, secret: SecretLook | None = None
) -> tuple[LintFinding, ...]:
    """What lint says of these settings today; with the look of the password, of that too."""
    import datetime as dt

    from smtpcheck.diagnosis.lint import lint

    host = loaded.profile.server.host
    presets = _presets_for(host, loaded.preset)
    return lint(
        loaded.profile,
        loaded.preset or (_preset_of(host) if presets else None),
        now_date=dt.datetime.now(tz=dt.UTC).date(),
        presets=presets,
        secret=secret,
    )


def _presets_for(host: str, own: Preset | None) -> tuple[Preset, ...]:
    """All presets in outline, where the host may be a provider's: an address and this machine are
    none's, and a host of the profile's own preset is no other's."""
    from smtpcheck.diagnosis.lint_finding import belongs, is_loopback, literal

    if not host or literal(host) is not None or is_loopback(host):
        return ()
    if own is not None and belongs(host.lower().rstrip("."), own):
        return (own,)
    from smtpcheck.store.presets import outlines

    return outlines()


def _preset_of(host: str) -> Preset | None:
    from smtpcheck.store.presets import preset_for_host

    return preset_for_host(host)


def look_at_secret(
    loaded: LoadedProfile, *, run_commands: bool = False
) -> tuple[SecretLook | None, str]:
    """What the password looks like, or why nobody looked. Nobody is asked, and a command runs
    only with `run_commands`. Where the profile needs no password there is neither."""
    from smtpcheck.store.secrets import owner_of, read_secret
    from smtpcheck.wire.sasl import look_at

    profile, reference = loaded.profile, loaded.profile.auth.password
    if reference is None or not profile.wants_login:
        return None, ""
    if reference.source is SecretSource.PROMPT:
        return None, "it is asked for at every run"
    if reference.source is SecretSource.COMMAND and not run_commands:
        return None, "the command that prints it runs only with --run-commands"
    try:
        secret = read_secret(
            reference,
            purpose="auth.password",
            profile_name=loaded.name,
            username=owner_of(profile),
            ask=None,
            limit=30.0 if run_commands else _PATIENCE,
        )
    except SecretUnavailableError as error:
        return None, error.reason
    return look_at(secret), ""
