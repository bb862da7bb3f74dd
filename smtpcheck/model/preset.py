"""A shipped preset: what is known of one provider, with sources and dates."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import field
from fnmatch import fnmatchcase
from functools import cache

from smtpcheck.model.jsonvalue import Facts
from smtpcheck.model.settings import Kind, setting
from smtpcheck.model.value import dataclass

CATEGORIES = ("", "mailbox", "sending", "relay", "hosting", "self-hosted", "testing")
USERNAME_FORMS = (
    *("", "address", "local-part", "literal", "key", "domain-or-address"),
    *("any", "none"),
)
ENVELOPES = ("", "sender", "provider")
SENDER_CHECKS = ("", "mail", "data", "rewrite", "none")
"""At MAIL or RCPT; once it has the message; never, but another From is written over; not at all."""
PASSWORD_STATES = ("accepted", "app", "admin", "refused")
"""The account's own; one made for mail; where an administrator lets it; none, tokens alone."""
ACCOUNT_PASSWORD = ("", "accepted", "refused", "conditional", "n/a", "unknown")


@dataclass(frozen=True, slots=True, kw_only=True)
class Preset:
    """One file of the folder `profiles/`; the fields with a rule are the keys of `[preset]`."""

    name: str
    """What a user types: `office365`."""
    title: str = setting("", Kind.TEXT, "name of the provider, for people")
    provider: str = setting("", Kind.TEXT, "id by which rules of the catalogue name this provider")
    category: str = setting("", Kind.CHOICE, "what it is for", choices=CATEGORIES)
    aliases: tuple[str, ...] = setting(
        (), Kind.TEXT, "other words by which people look for it", many=True
    )
    hosts: tuple[str, ...] = setting(
        (), Kind.TEXT, "host names of the provider; * is a wildcard", many=True
    )
    domains: tuple[str, ...] = setting(
        (), Kind.TEXT, "domains of the mail addresses it gives out; * is a wildcard", many=True
    )
    mx: tuple[str, ...] = setting(
        (),
        Kind.TEXT,
        "MX hosts of the domains whose mailboxes it keeps; * is a wildcard",
        many=True,
    )
    host_template: str = setting("", Kind.TEXT, "with {region}, where the host depends on one")
    regions: tuple[str, ...] = setting((), Kind.TEXT, "regions the template knows", many=True)
    username_form: str = setting(
        "", Kind.CHOICE, "what the user name looks like", choices=USERNAME_FORMS
    )
    username_literal: str = setting("", Kind.TEXT, "the fixed user name, for example apikey")
    username_kind: str = setting("", Kind.TEXT, "what belongs into the user name field")
    password_kind: str = setting("", Kind.TEXT, "what belongs into the password field")
    account_password: str = setting(
        "",
        Kind.CHOICE,
        "whether the password of the web login works",
        choices=ACCOUNT_PASSWORD,
    )
    sasl: tuple[str, ...] = setting(
        (), Kind.TEXT, "mechanisms that the provider offers within TLS", many=True
    )
    password_rules: tuple[Facts, ...] = ()
    """Which passwords are taken since when, oldest first: tables of `from` (an ISO date, empty for
    always), `password` (of PASSWORD_STATES) and `note`; a date ahead is an announced change."""
    sender_rule: str = setting("", Kind.TEXT, "which From addresses a login may use")
    sender_check: str = setting(
        "",
        Kind.CHOICE,
        "where the provider looks at the sender: mail, data, rewrite, none",
        choices=SENDER_CHECKS,
    )
    spf_include: str = setting("", Kind.TEXT, "what the sender's SPF record must include")
    dkim: str = setting("", Kind.TEXT, "how mail gets its DKIM signature")
    dkim_selectors: tuple[str, ...] = setting(
        (), Kind.TEXT, "selectors of the provider's keys in the sender's domain", many=True
    )
    envelope: str = setting(
        "",
        Kind.CHOICE,
        "whose domain the envelope sender has: the sender's own, or the provider's",
        choices=ENVELOPES,
    )
    alternatives: tuple[Facts, ...] = ()
    """Other ways in: tables of port, security and note."""
    max_message_bytes: int = setting(0, Kind.INTEGER, "largest message", low=0, high=2**40)
    max_recipients: int = setting(0, Kind.INTEGER, "recipients of one message", low=0, high=10**6)
    limits: tuple[str, ...] = setting((), Kind.TEXT, "other limits", many=True)
    notes: tuple[str, ...] = setting((), Kind.TEXT, "what a user must know", many=True)
    unconfirmed: tuple[str, ...] = setting(
        (), Kind.TEXT, "keys whose values the sources do not confirm", many=True
    )
    as_of: str = setting("", Kind.TEXT, "when this was true, as the sources date it")
    sources: tuple[str, ...] = setting((), Kind.TEXT, "where the facts come from", many=True)
    settings: Facts = field(default_factory=dict)
    """The profile part, as nested tables: `{"server": {"host": ...}}`."""


def is_one_of(name: str, patterns: Sequence[str]) -> bool:
    """Whether a name in lower case is one that the patterns stand for; * is a wildcard."""
    # Nearly every name has the end of no pattern, which is found out without the pattern.
    return name.endswith(_ends(tuple(patterns))) and any(
        fnmatchcase(name, pattern.lower()) for pattern in patterns
    )


@cache
def _ends(patterns: tuple[str, ...]) -> tuple[str, ...]:
    """What must stand behind the last wildcard of each."""
    return tuple(re.split(r"[*?\]]", pattern.lower())[-1] for pattern in patterns)
