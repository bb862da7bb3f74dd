"""Which TLS versions a server takes: asked from the newest down, each time for less."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from smtpcheck.probe.tls_ask import Asker, AskingEndedError
from smtpcheck.wire.cipher_suites import BROKEN, FORWARD_SECRET, STATIC_RSA, TLS13
from smtpcheck.wire.client_hello import VERSIONS, Offer
from smtpcheck.wire.server_flight import Choice

EVERY_SUITE: Final = (*TLS13, *FORWARD_SECRET, *STATIC_RSA, *BROKEN)
_NEWEST_FIRST: Final = tuple(reversed(VERSIONS))


def ask_versions(asker: Asker, found: list[Choice]) -> None:
    """Appends what the server chooses of all versions, then of those below its choice, and so on,
    until it refuses: a server that refuses an offer up to 1.1 takes 1.0 no more than 1.1. Raises
    AskingEndedError."""
    at = 0
    while at < len(_NEWEST_FIRST):
        highest = _NEWEST_FIRST[at]
        choice = asker.offer(
            Offer(highest=highest, suites=EVERY_SUITE, server_name=asker.server_name)
        )
        if choice is None:
            if at:
                return
            at = 1  # some old servers refuse whoever names a version that they do not know
            continue
        if choice.version not in _NEWEST_FIRST[at:]:
            raise AskingEndedError(f"it chose {choice.version} from an offer up to {highest}")
        found.append(choice)
        at = _NEWEST_FIRST.index(choice.version) + 1


def in_words(versions: Iterable[str], *, whole: bool = True) -> str:
    """`TLS 1.0 only`, `TLS 1.2 and 1.3`, `SSL 3.0, TLS 1.0 and 1.1`; `TLS 1.3 at least` where the
    older ones did not come out."""
    known = set(versions)
    ordered = [name for name in VERSIONS if name in known]
    if not ordered:
        return "no version of TLS"
    told = [("SSL 3.0" if name == "ssl3" else name) for name in ordered]
    first_tls = next((n for n, name in enumerate(ordered) if name != "ssl3"), None)
    if first_tls is not None:
        told[first_tls] = f"TLS {told[first_tls]}"
    listed = f"{', '.join(told[:-1])} and {told[-1]}" if len(told) > 1 else told[0]
    if not whole:
        return f"{listed} at least"
    return listed if len(told) > 1 else f"{listed} only"


def allowed_in_words(lowest: str, highest: str) -> str:
    """What a profile allows: `TLS 1.2 and newer`, `TLS 1.2 only`, `TLS 1.0 to 1.2`."""
    if lowest == highest:
        return f"TLS {lowest} only"
    return f"TLS {lowest} and newer" if highest == "1.3" else f"TLS {lowest} to {highest}"


def gap(versions: Sequence[str], lowest: str, highest: str) -> str:
    """How the server's versions miss the profile's: `older`, `newer`, or `none`."""
    numbers = [VERSIONS[name] for name in versions]
    if not numbers:
        return "none"
    if max(numbers) < VERSIONS[lowest]:
        return "older"
    return "newer" if min(numbers) > VERSIONS[highest] else "none"
