"""Signing of a test message: where profile, key and signer meet."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from smtpcheck.model.errors import UsageError
from smtpcheck.model.plan import Plan
from smtpcheck.model.profile import Profile
from smtpcheck.model.secret import SecretRef, SecretSource

if TYPE_CHECKING:
    from smtpcheck.probe.run import Sign

_SELECTOR = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9_-]*[A-Za-z0-9])?(?:\.[A-Za-z0-9_-]+)*\Z")


def signer_of(profile: Profile) -> Sign | None:
    """What signs by the profile's `[dkim]`; None without one. Raises UsageError where the extra or
    the key is not there."""
    if profile.dkim is None:
        return None
    from smtpcheck.probe.dkim_signer import must_have_dkimpy, signer
    from smtpcheck.store.dkim_key import dkim_key

    must_have_dkimpy()
    if not _SELECTOR.match(profile.dkim.selector):
        raise UsageError(
            f"dkim.selector {profile.dkim.selector!r} is no part of a domain name",
            ["it is the word before ._domainkey. in the DNS"],
        )
    return signer(profile.dkim, dkim_key(profile.dkim.key_file))


def signing_notes(profile: Profile, plan: Plan) -> tuple[str, ...]:
    """What keeps a signature from being worth what it should."""
    if profile.dkim is None:
        return ()
    from smtpcheck.probe.identity import identity_of
    from smtpcheck.store.secrets import secret_notes

    dkim = profile.dkim
    notes = list(secret_notes(SecretRef(SecretSource.FILE, name=dkim.key_file)))
    author = identity_of(profile, plan).author.address.rpartition("@")[2].lower()
    if plan.message.raw is None and author and not _aligned(author, dkim.domain.lower()):
        notes.append(
            f"the signature of {dkim.domain} does not count for DMARC, since From is in {author}"
        )
    return tuple(notes)


def _aligned(author: str, signing: str) -> bool:
    """Relaxed alignment (RFC 9989) of names of which one holds the other; what a common parent
    that is not one of them means, only the DNS could tell."""
    return author == signing or author.endswith(f".{signing}") or signing.endswith(f".{author}")
