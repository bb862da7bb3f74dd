"""What of a server may change from one run to another."""

from __future__ import annotations

from typing import Final

from smtpcheck.model.jsonvalue import Json
from smtpcheck.model.value import dataclass

COMPARED: Final = (
    "addresses",
    "tls_version",
    "cipher",
    "certificate",
    "issuer",
    "key",
    "banner",
    "software",
    "ehlo_name",
    "extensions",
    "size",
    "mechanisms",
    "login",
)
"""What `expect.unchanged` may name: `issuer` and `key` are those of the certificate, `login` is the
mechanism that was used, `software` the provider or server as the greeting shows it."""


@dataclass(frozen=True, slots=True)
class Drift:
    """One thing that is not as it was."""

    what: str
    """One of `COMPARED`, a time that is clearly another (`total_ms`, `tls_ms`), `outcome`, or
    `cause`."""
    before: Json
    now: Json
    """A text, a number, a list of texts, or the table of a certificate; None: there is none."""
