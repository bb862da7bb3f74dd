"""The server's side of SASL (RFC 4422): each mechanism as a generator of challenges."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Callable
from functools import partial

from smtpcheck.model.value import dataclass
from smtpcheck.sandbox.bearer import TOKEN_MECHANISMS, bearer
from smtpcheck.sandbox.exchange import Caller, Exchange, Login, MalformedResponseError, text_of
from smtpcheck.sandbox.ntlm import ntlm
from smtpcheck.sandbox.scram import scram


@dataclass(frozen=True, slots=True)
class Mechanism:
    """A SASL mechanism, as the server plays it."""

    start: Callable[[Caller], Exchange]
    client_first: bool
    """Whether an initial response is allowed (RFC 4954 section 4)."""


def _plain(caller: Caller) -> Exchange:
    """RFC 4616."""
    parts = text_of((yield b"")).split("\0")
    if len(parts) != 3 or not parts[1]:
        raise MalformedResponseError("not authzid NUL authcid NUL password")
    authzid, user, password = parts
    return Login(user, authzid in ("", user) and caller.accounts.check(user, password))


def _login(caller: Caller) -> Exchange:
    """Never standardised; the words of the challenges are those that all clients know."""
    user = text_of((yield b"Username:"))
    password = text_of((yield b"Password:"))
    return Login(user, caller.accounts.check(user, password))


def _cram_md5(caller: Caller) -> Exchange:
    """RFC 2195."""
    challenge = f"<{secrets.randbits(64)}.{secrets.randbits(32)}@localhost>".encode()
    user, blank, digest = text_of((yield challenge)).rpartition(" ")
    if not blank or not user:
        raise MalformedResponseError("not user, blank, digest")
    wanted = hmac.new(caller.accounts.password(user).encode(), challenge, hashlib.md5).hexdigest()
    return Login(user, hmac.compare_digest(wanted.encode(), digest.lower().encode()))


def _external(caller: Caller) -> Exchange:
    """RFC 4422 appendix A: whom the client certificate names, and nobody else."""
    wanted = text_of((yield b""))
    user = caller.certificate_user
    return Login(wanted or user, bool(user) and wanted in ("", user))


MECHANISMS: dict[str, Mechanism] = {
    "PLAIN": Mechanism(_plain, client_first=True),
    "LOGIN": Mechanism(_login, client_first=True),
    "CRAM-MD5": Mechanism(_cram_md5, client_first=False),
    "SCRAM-SHA-1": Mechanism(partial(scram, "SCRAM-SHA-1"), client_first=True),
    "SCRAM-SHA-1-PLUS": Mechanism(partial(scram, "SCRAM-SHA-1-PLUS"), client_first=True),
    "SCRAM-SHA-256": Mechanism(partial(scram, "SCRAM-SHA-256"), client_first=True),
    "SCRAM-SHA-256-PLUS": Mechanism(partial(scram, "SCRAM-SHA-256-PLUS"), client_first=True),
    "NTLM": Mechanism(ntlm, client_first=True),
    "EXTERNAL": Mechanism(_external, client_first=True),
    **{name: Mechanism(partial(bearer, name), client_first=True) for name in TOKEN_MECHANISMS},
}
USUAL = ("PLAIN", "LOGIN", "CRAM-MD5")
"""What is offered unless something else is asked for."""
