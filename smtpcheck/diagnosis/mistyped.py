"""Mail domains that are nearly one that many people have their address in."""

from __future__ import annotations

from collections.abc import Sequence

from smtpcheck.diagnosis.lint_provider import distance
from smtpcheck.model.preset import Preset

# Large domains whose provider need not have a preset, and real ones that are a slip away from them.
_COMMON = (
    "gmail.com",
    "googlemail.com",
    "outlook.com",
    "hotmail.com",
    "live.com",
    "yahoo.com",
    "ymail.com",
    "mail.com",
    "email.com",
    "icloud.com",
    "aol.com",
    "gmx.net",
    "gmx.de",
    "web.de",
    "t-online.de",
    "proton.me",
    "protonmail.com",
    "orange.fr",
    "libero.it",
    "mail.ru",
    "yandex.ru",
)
_SHORTEST = 7
"""Characters of a domain below which one slip makes another real domain."""


def mistyped(domain: str, presets: Sequence[Preset]) -> str:
    """The domain that was most likely meant: one slip of the finger away; empty where the domain
    itself is a known one, or near none."""
    wanted = domain.lower()
    known = dict.fromkeys(
        [*_COMMON, *(each for preset in presets for each in preset.domains if "*" not in each)]
    )
    if wanted in known or len(wanted) < _SHORTEST:
        return ""
    return next((each for each in known if distance(wanted, each) == 1), "")
