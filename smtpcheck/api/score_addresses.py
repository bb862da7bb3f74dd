"""Public addresses that score a message: how their answer is read."""

from __future__ import annotations

from collections.abc import Iterable

_BY_PAGE = {"mail-tester.com": "https://www.mail-tester.com/{local}"}
_BY_MAIL = ("ping@tools.mxtoolbox.com", "check-auth@verifier.port25.com")


def score_notes(recipients: Iterable[str]) -> list[str]:
    """A note for each recipient that is such an address."""
    notes = []
    for address in recipients:
        local, _, domain = address.rpartition("@")
        for service, page in _BY_PAGE.items():
            if domain == service or domain.endswith(f".{service}"):
                notes.append(f"the score of {address}: open {page.format(local=local)}")
        if address.lower() in _BY_MAIL:
            notes.append(f"the score of {address} comes by mail, to the sender, within minutes")
    return notes
