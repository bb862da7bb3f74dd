"""How a setting of a profile is described, once: its type, its bounds, its default, its words.

The dataclasses of `profile.py` carry a `Rule` in the metadata of each field. Checking, the
environment, the documentation and the JSON Schema are all made from it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import Field, field, fields
from enum import StrEnum
from typing import Any, TypeVar

from smtpcheck.model.value import dataclass

T = TypeVar("T")


class Kind(StrEnum):
    """What a value must be."""

    TEXT = "text"
    """One line, no control characters."""
    HOST = "host"
    """A host name or an IP address: no scheme, no port, no path, no blank."""
    ADDRESS = "address"
    """A mail address (RFC 5321 Mailbox)."""
    RECIPIENT = "recipient"
    """A mail address, or the word `self`."""
    IP = "ip"
    """An IPv4 or IPv6 address."""
    DOMAIN = "domain"
    """A name that EHLO may carry: a domain or an address literal."""
    PATH = "path"
    FINGERPRINT = "fingerprint"
    """A SHA-256 digest, 64 hex digits, with or without colons."""
    INTEGER = "integer"
    NUMBER = "number"
    FLAG = "flag"
    CHOICE = "choice"
    SECRET = "secret"
    """A `SecretRef`, written as an inline table."""
    CHARSET = "charset"


@dataclass(frozen=True, slots=True)
class Rule:
    """What one key may hold."""

    kind: Kind
    doc: str
    choices: tuple[str, ...] = ()
    low: float | None = None
    high: float | None = None
    many: bool = False
    """An array of such values."""
    forbid: str = ""
    """Characters that may not stand in the value, besides control characters."""


def setting(
    default: T,
    kind: Kind,
    doc: str,
    *,
    choices: tuple[str, ...] = (),
    low: float | None = None,
    high: float | None = None,
    many: bool = False,
    forbid: str = "",
) -> T:
    """A dataclass field with its `Rule`. The default means: not set."""
    rule = Rule(kind, doc, choices, low, high, many, forbid)
    made: T = field(default=default, metadata={"rule": rule})
    return made


def rules_of(section: type) -> Iterator[tuple[Field[Any], Rule]]:
    """The fields of a section that a profile may set, in order."""
    for each in fields(section):
        if "rule" in each.metadata:
            yield each, each.metadata["rule"]
