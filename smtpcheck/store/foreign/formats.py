"""All formats by name, and the one that a text is in."""

from __future__ import annotations

from importlib import import_module

from smtpcheck.model.errors import UsageError
from smtpcheck.store.foreign.entry import Source
from smtpcheck.store.foreign.format import NO, Format
from smtpcheck.store.keys import nearest

NAMES = (
    "dotenv",
    "url",
    "msmtp",
    "postfix",
    "django",
    "flask",
    "laravel",
    "symfony",
    "nodemailer",
    "phpmailer",
    "wordpress",
    "swaks",
    "spring",
    "rails",
    "dotnet",
    "grafana",
    "alertmanager",
    "gitlab",
    "nextcloud",
    "keycloak",
    "discourse",
    "jenkins",
    "compose",
    "kubernetes",
)
"""As `--format` takes them; the module of each has the same name and holds `FORMAT`."""


def format_named(name: str) -> Format:
    """The format of that name. Raises UsageError with a suggestion where there is none."""
    word = name.strip().lower()
    if word not in NAMES:
        near = nearest(word, NAMES)
        hints = [f"did you mean {near}?"] if near else []
        raise UsageError(f"there is no format {name!r}", [*hints, f"there are: {', '.join(NAMES)}"])
    module = import_module(f"smtpcheck.store.foreign.{word}")
    found: Format = module.FORMAT
    return found


def guessed(source: Source) -> Format:
    """The format that a text is in. Raises UsageError where none is recognised, or several are
    as likely."""
    scores = {each: each.recognises(source) for each in map(format_named, NAMES)}
    best = max(scores.values())
    likely = [each for each, score in scores.items() if score == best]
    if best == NO:
        raise UsageError(
            f"{source.file} is in no format that is recognised by itself",
            [f"say which: --format F, one of {', '.join(NAMES)}"],
        )
    if len(likely) > 1:
        names = " or ".join(each.name for each in likely)
        raise UsageError(
            f"{source.file} could be of several formats", [f"say which: --format {names}"]
        )
    return likely[0]
