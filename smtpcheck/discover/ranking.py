"""Offers of all sources made into candidates: each server once, the best first."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from smtpcheck.model.discovery import Candidate, Offer, Subject, Vouching

MOST = 8
"""Candidates that are proved."""


def ranked(
    offers: Iterable[Offer], subject: Subject, preset_of: Callable[[str], str]
) -> tuple[Candidate, ...]:
    """The candidates, best first: by the standing of the best source, TLS from the first byte
    before STARTTLS (RFC 8314 section 3), then the order of the source. `preset_of` gives the
    preset whose provider has a host, or nothing."""
    servers: dict[tuple[str, int, str], list[Offer]] = {}
    for offer in sorted(offers, key=_rank):
        key = (offer.host.lower().rstrip("."), offer.port, offer.security)
        servers.setdefault(key, []).append(offer)
    # Who logs in at one port of a host logs in at the others so.
    users: dict[str, str] = {}
    for (host, *_), named in servers.items():
        users[host] = users.get(host) or _username(named)
    return tuple(
        _candidate(key, named, subject, preset_of, users[key[0]]) for key, named in servers.items()
    )


def _rank(offer: Offer) -> tuple[int, bool, int]:
    return int(offer.standing), offer.security != "tls", offer.order


def _candidate(
    key: tuple[str, int, str],
    named: Sequence[Offer],
    subject: Subject,
    preset_of: Callable[[str], str],
    usual_user: str,
) -> Candidate:
    host, port, security = key
    preset = next((each.preset for each in named if each.preset), "") or preset_of(host)
    return Candidate(
        host=host,
        port=port,
        security=security,
        standing=named[0].standing,
        sources=tuple(dict.fromkeys(each.source for each in named)),
        vouching=_vouching(host, named, subject, preset),
        preset=preset,
        username=_username(named) or usual_user,
        methods=next((each.methods for each in named if each.methods), ()),
    )


def _username(named: Sequence[Offer]) -> str:
    return next((each.username for each in named if each.username), "")


def _vouching(host: str, named: Sequence[Offer], subject: Subject, preset: str) -> Vouching:
    if preset:
        return Vouching.PRESET
    if subject.owns(host):
        return Vouching.DOMAIN
    return Vouching.HTTPS if any(each.over_https for each in named) else Vouching.NOTHING
