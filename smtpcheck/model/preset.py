"""A shipped preset: what is known of one provider, with sources and dates."""

from __future__ import annotations

from dataclasses import dataclass, field

from smtpcheck.model.jsonvalue import Facts


@dataclass(frozen=True, slots=True, kw_only=True)
class Preset:
    """One file of the folder `profiles/`."""

    name: str
    """What a user types: `office365`."""
    provider: str
    """Id by which rules of the catalogue name this provider."""
    title: str
    hosts: tuple[str, ...] = ()
    """Host names that belong to the provider; `*` is a wildcard."""
    host_template: str = ""
    """With `{region}`, where the host depends on one."""
    regions: tuple[str, ...] = ()
    username_form: str = ""
    username_literal: str = ""
    """The fixed user name, for example `apikey`."""
    password_kind: str = ""
    account_password: str = ""
    """Whether the password of the web login works: accepted, refused, conditional, n/a, unknown."""
    sender_rule: str = ""
    spf_include: str = ""
    dkim: str = ""
    alternatives: tuple[Facts, ...] = ()
    """Other ways in: tables of port, security and note."""
    max_message_bytes: int = 0
    max_recipients: int = 0
    limits: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    as_of: str = ""
    sources: tuple[str, ...] = ()
    settings: Facts = field(default_factory=dict)
    """The profile part, as nested tables: `{"server": {"host": ...}}`."""
