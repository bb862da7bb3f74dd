"""What stops a login before the server has judged it."""

from __future__ import annotations


class EncodingFaultError(Exception):
    """The user name or the secret cannot be put into this mechanism. Says which, never shows it."""


class ChallengeFaultError(Exception):
    """What the server sent is not what the mechanism allows. Its text is the kind of fault, as
    `error.kind` of `auth.login` names it (docs/facts.md)."""
