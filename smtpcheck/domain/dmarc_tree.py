"""Where the DMARC record of a domain is, and which domain is its organisation's (RFC 9989 section
4.10): the tree walk, which needs no list of public suffixes."""

from __future__ import annotations

import re

from smtpcheck.domain.names import Names
from smtpcheck.model.value import dataclass

_MOST = 8
"""Questions of one walk."""
_DMARC = re.compile(r"v[ \t]*=[ \t]*DMARC1[ \t]*(?:;|\Z)", re.IGNORECASE)
_PSD = re.compile(r";[ \t]*psd[ \t]*=[ \t]*([a-z]+)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Found:
    """The outcome of a walk."""

    record: str = ""
    """The record that holds for the domain; empty where there is none."""
    location: str = ""
    """The domain whose record it is."""
    organization: str = ""
    """The organisational domain."""
    own: tuple[str, ...] = ()
    """All DMARC records of the domain itself: more than one are none."""
    failed: str = ""
    """The question that DNS did not answer."""


def is_dmarc(text: str) -> bool:
    """Whether a TXT record is a DMARC record."""
    return _DMARC.match(text) is not None


def dmarc_record(names: Names, domain: str) -> Found:
    """Walks from the domain towards the root."""
    walked: list[tuple[str, str]] = []
    own: tuple[str, ...] = ()
    for target in _targets(domain):
        texts, answer = names.texts(f"_dmarc.{target}")
        if answer.failed:
            return Found(own=own, organization=domain, failed=f"TXT of _dmarc.{target}")
        records = tuple(text for text in texts if is_dmarc(text))
        own = records if target == domain else own
        if len(records) != 1:
            continue
        walked.append((target, records[0]))
        if psd_of(records[0]) in ("y", "n"):
            break
    organization = _organization(domain, walked)
    known = dict(walked)
    for location in (domain, organization, walked[-1][0] if walked else ""):
        if location in known:
            return Found(known[location], location, organization, own)
    return Found(organization=organization, own=own)


def aligned(names: Names, author: str, other: str, *, strict: bool) -> bool:
    """Whether another domain speaks for the author's (RFC 9989 section 4.4)."""
    if author == other:
        return True
    if strict:
        return False
    return dmarc_record(names, author).organization == dmarc_record(names, other).organization


def psd_of(record: str) -> str:
    """The value of the tag psd: `y`, `n`, `u`, or empty."""
    found = _PSD.search(record)
    return found[1].lower() if found else ""


def _targets(domain: str) -> list[str]:
    labels = domain.split(".")
    if len(labels) <= _MOST:
        return [".".join(labels[at:]) for at in range(len(labels))]
    return [domain, *(".".join(labels[at:]) for at in range(len(labels) - _MOST + 1, len(labels)))]


def _organization(domain: str, walked: list[tuple[str, str]]) -> str:
    if not walked:
        return domain
    last, record = walked[-1]
    if psd_of(record) != "y" or last == domain:
        return last
    below = domain.removesuffix(f".{last}").rpartition(".")[2]
    return f"{below}.{last}"
