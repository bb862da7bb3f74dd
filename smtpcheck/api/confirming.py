"""Where the profile's mailbox, its secret and the look for the message meet."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from smtpcheck.model.arrival import Looked, NoLook, Sent
from smtpcheck.model.errors import UsageError
from smtpcheck.model.secret import Secret, SecretUnavailableError

if TYPE_CHECKING:
    import ssl

    from smtpcheck.api.job import Job
    from smtpcheck.probe.run import Look

IMAP_STARTTLS_PORT = 143
"""RFC 3501 section 2.1; on any other port TLS is there from the first byte, as on 993."""
KEY = "confirm.password"
_KEYS = "confirm.host IMAP-SERVER confirm.username USER confirm.password '{keyring=true}'"
_PARTING = 2.0
"""Seconds that are kept for the last look into all folders."""
INSTALL = "install it: pip install 'smtpcheck[confirm]'"


def must_be_possible(job: Job) -> None:
    """Raises UsageError where no mailbox is set, or what reads its verdicts is not installed."""
    from importlib.util import find_spec

    from smtpcheck.api.job import sends_a_message

    if job.plan.senders or job.plan.relay or not sends_a_message(job):
        raise UsageError(
            "--confirm looks for a message, and this run sends none",
            ["name a recipient with --to, and leave --until out; beside --sender add --send"],
        )
    confirm = job.loaded.profile.confirm
    name = job.loaded.name or "NAME"
    if confirm is None or not confirm.host or not confirm.username:
        raise UsageError(
            "--confirm needs a mailbox to look into, and the profile has none",
            [
                f"set it: smtpcheck profile set {name} {_KEYS}",
                f"then: smtpcheck secret set {name} --key {KEY}",
            ],
        )
    if find_spec("authres") is None:
        raise UsageError("--confirm needs an extra that is not installed", [INSTALL])


def looker(job: Job, ask: Callable[[str], str] | None) -> Look:
    """Looks for a message in the mailbox of the profile, which is checked to have one."""

    def look(sent: Sent, hide: Callable[[Secret, str], None], wait: float) -> Looked:
        from smtpcheck.confirm.look import look_for
        from smtpcheck.confirm.mailbox import Place
        from smtpcheck.store.bounded import bounded

        profile = job.loaded.profile
        confirm = profile.confirm
        if confirm is None or confirm.password is None:
            return NoLook(kind="secret-unavailable", reason=f"{KEY} is not set")
        try:
            secret = _secret(job, ask)
            context = _context(profile.tls.ca_file)
        except SecretUnavailableError as error:
            return NoLook(kind="secret-unavailable", reason=error.reason, help=tuple(error.help))
        except OSError as error:
            return NoLook(kind="tls", reason=f"tls.ca_file cannot be used: {error}")
        hide(secret, confirm.username)
        place = Place(
            host=confirm.host,
            port=confirm.port,
            username=confirm.username,
            secret=secret,
            context=context,
            starttls=confirm.port == IMAP_STARTTLS_PORT,
            timeout=profile.server.timeout,
        )
        try:  # a server that drips its octets has no other end
            return bounded(wait, lambda: look_for(sent, place, wait=max(0.0, wait - _PARTING)))
        except TimeoutError:
            reason = f"{confirm.host}:{confirm.port} did not come to an end within {wait:.0f} s"
            return NoLook(kind="unreachable", reason=reason)

    return look


def _secret(job: Job, ask: Callable[[str], str] | None) -> Secret:
    from smtpcheck.store.secrets import owner_of, read_secret

    profile = job.loaded.profile
    if profile.confirm is None or profile.confirm.password is None:
        raise SecretUnavailableError(f"{KEY} is not set", "missing")
    return read_secret(
        profile.confirm.password,
        purpose=KEY,
        profile_name=job.loaded.name,
        username=owner_of(profile, KEY),
        ask=ask,
    )


def _context(ca_file: str) -> ssl.SSLContext:
    """TLS with verification: the CA file of the profile counts besides the system's store."""
    import ssl

    context = ssl.create_default_context()
    if ca_file:
        context.load_verify_locations(cafile=ca_file)
    return context
