"""NTLM as the server conducts it ([MS-SMTPNTLM]), by the package pyspnego (extra `ntlm`)."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Lock

from smtpcheck.sandbox.exchange import Accounts, Caller, Exchange, Login, MalformedResponseError

_VARIABLE = "NTLM_USER_FILE"
_LOCK = Lock()


def ntlm(caller: Caller) -> Exchange:
    """One exchange; without an initial response the server says first that it is ready."""
    import spnego
    from spnego.exceptions import SpnegoError

    negotiate = yield b""
    with _accounts_file(caller.accounts):
        server = spnego.server(protocol="ntlm", options=spnego.NegotiateOptions.use_ntlm)
        challenge = _step(server, negotiate)
    answer = yield challenge
    with _accounts_file(caller.accounts):
        try:
            _step(server, answer)
        except SpnegoError:
            return Login(_name(answer), accepted=False)
    domain, _, user = (server.client_principal or "").rpartition("\\")
    return Login(f"{domain}\\{user}" if domain else user, accepted=True)


def _step(server: object, message: bytes) -> bytes:
    """Raises MalformedResponseError for what is no message of NTLM at all."""
    import struct

    try:
        return server.step(message) or b""  # type: ignore[attr-defined]
    except (struct.error, ValueError, LookupError) as error:
        raise MalformedResponseError(f"no NTLM message ({type(error).__name__})") from None


def _name(message: bytes) -> str:
    """The user name of an AUTHENTICATE message, for the log."""
    import struct

    length, _, start = struct.unpack_from("<HHI", message, 36)
    return message[start : start + length].decode("utf-16-le", "replace")


@contextmanager
def _accounts_file(accounts: Accounts) -> Iterator[None]:
    """pyspnego takes a server's accounts from a file that an environment variable names; the
    passwords are the sandbox's own throw-aways."""
    with _LOCK, tempfile.TemporaryDirectory(prefix="smtpcheck-") as folder:
        path = Path(folder, "accounts")
        path.touch(mode=0o600)
        path.write_text("".join(f"{line}\n" for line in _lines(accounts)), encoding="utf-8")
        before = os.environ.get(_VARIABLE)
        os.environ[_VARIABLE] = str(path)
        try:
            yield
        finally:
            del os.environ[_VARIABLE]
            if before is not None:
                os.environ[_VARIABLE] = before


def _lines(accounts: Accounts) -> Iterator[str]:
    for user in accounts.users:
        domain, _, name = user.rpartition("\\")
        yield f"{domain}:{name}:{accounts.password(user)}"
