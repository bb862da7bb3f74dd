"""A shipped preset: what is known of one provider, with sources and dates."""

from __future__ import annotations

from dataclasses import field

from smtpcheck.model.jsonvalue import Facts
from smtpcheck.model.settings import Kind, setting
from smtpcheck.model.value import dataclass

USERNAME_FORMS = ("", "address", "literal", "key", "domain-or-address", "any", "none")
ENVELOPES = ("", "sender", "provider")
ACCOUNT_PASSWORD = ("", "accepted", "refused", "conditional", "n/a", "unknown")


@dataclass(frozen=True, slots=True, kw_only=True)
class Preset:
    """One file of the folder `profiles/`; the fields with a rule are the keys of `[preset]`."""

    name: str
    """What a user types: `office365`."""
    title: str = setting("", Kind.TEXT, "name of the provider, for people")
    provider: str = setting("", Kind.TEXT, "id by which rules of the catalogue name this provider")
    hosts: tuple[str, ...] = setting(
        (), Kind.TEXT, "host names of the provider; * is a wildcard", many=True
    )
    host_template: str = setting("", Kind.TEXT, "with {region}, where the host depends on one")
    regions: tuple[str, ...] = setting((), Kind.TEXT, "regions the template knows", many=True)
    username_form: str = setting(
        "", Kind.CHOICE, "what the user name looks like", choices=USERNAME_FORMS
    )
    username_literal: str = setting("", Kind.TEXT, "the fixed user name, for example apikey")
    password_kind: str = setting("", Kind.TEXT, "what belongs into the password field")
    account_password: str = setting(
        "",
        Kind.CHOICE,
        "whether the password of the web login works",
        choices=ACCOUNT_PASSWORD,
    )
    sender_rule: str = setting("", Kind.TEXT, "which From addresses a login may use")
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
    as_of: str = setting("", Kind.TEXT, "when this was true, as the sources date it")
    sources: tuple[str, ...] = setting((), Kind.TEXT, "where the facts come from", many=True)
    settings: Facts = field(default_factory=dict)
    """The profile part, as nested tables: `{"server": {"host": ...}}`."""
