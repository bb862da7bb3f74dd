"""NTLMv2 ([MS-NLMP]), by the package pyspnego (extra `ntlm`)."""

from __future__ import annotations

import logging
import os
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from typing import TYPE_CHECKING

from smtpcheck.wire.channel_binding import SERVER_END_POINT, ChannelBinding

if TYPE_CHECKING:
    from spnego import ContextProxy

SIGNATURE = b"NTLMSSP\0"
INSTALL = "pip install 'smtpcheck[ntlm]'"
_LEVEL = "LM_COMPAT_LEVEL"
"""An environment variable of pyspnego: below 3 it answers with NTLMv1, which can be broken."""


def ntlm_installed() -> bool:
    """Whether the extra is there; imports nothing."""
    return find_spec("spnego") is not None


def ntlm(
    username: str,
    password: str,
    host: str,
    binding: ChannelBinding | None,
    *,
    service: str = "smtp",
) -> Generator[bytes, bytes, None]:
    """The messages NEGOTIATE and AUTHENTICATE; is sent the CHALLENGE. `username` is `user`,
    `DOMAIN\\user` or `user@domain`. Raises ValueError where the message cannot be made or read;
    what it says shows no secret."""
    if os.environ.get(_LEVEL, "3") not in ("3", "4", "5"):
        raise ValueError(f"the environment variable {_LEVEL} asks for NTLMv1: unset it")
    with _shielded():
        context = _context(username, password, host, binding, service)
        opening = context.step()
    challenge = yield opening or b""
    with _shielded():
        answer = context.step(challenge)
    yield answer or b""


def _context(
    username: str, password: str, host: str, binding: ChannelBinding | None, service: str
) -> ContextProxy:
    import spnego
    from spnego.channel_bindings import GssChannelBindings

    # At DEBUG it writes its messages, from which a password can be guessed.
    logging.getLogger("spnego").setLevel(logging.WARNING)
    bound = None
    if binding is not None and binding.kind == SERVER_END_POINT:
        data = f"{SERVER_END_POINT}:".encode() + binding.data
        bound = GssChannelBindings(application_data=data)
    return spnego.client(
        username,
        password,
        hostname=host or "unspecified",
        service=service,
        channel_bindings=bound,
        protocol="ntlm",
        options=spnego.NegotiateOptions.use_ntlm,
    )


@contextmanager
def _shielded() -> Iterator[None]:
    """Whatever the package finds wrong with a hostile challenge is one error, and none of its
    words are passed on: it was given the password."""
    try:
        yield
    except Exception as error:  # noqa: BLE001 - no word of a library that holds the password
        raise ValueError(f"NTLM cannot go on ({type(error).__name__})") from None
