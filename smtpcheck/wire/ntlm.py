"""NTLMv2 ([MS-NLMP]), by the package pyspnego (extra `ntlm`)."""

from __future__ import annotations

import logging
import os
import struct
from collections.abc import Generator
from importlib.util import find_spec

from smtpcheck.wire.channel_binding import SERVER_END_POINT, ChannelBinding

SIGNATURE = b"NTLMSSP\0"
INSTALL = "pip install 'smtpcheck[ntlm]'"
_LEVEL = "LM_COMPAT_LEVEL"
"""An environment variable of pyspnego: below 3 it answers with NTLMv1, which can be broken."""


def ntlm_installed() -> bool:
    """Whether the extra is there; imports nothing."""
    return find_spec("spnego") is not None


def ntlm(
    username: str, password: str, host: str, binding: ChannelBinding | None
) -> Generator[bytes, bytes, None]:
    """The messages NEGOTIATE and AUTHENTICATE; is sent the CHALLENGE. `username` is `user`,
    `DOMAIN\\user` or `user@domain`. Raises ValueError where the message cannot be made or read;
    what it says shows no secret."""
    if os.environ.get(_LEVEL, "3") not in ("3", "4", "5"):
        raise ValueError(f"the environment variable {_LEVEL} asks for NTLMv1: unset it")
    import spnego
    from spnego.channel_bindings import GssChannelBindings
    from spnego.exceptions import SpnegoError

    # At DEBUG it writes its messages, from which a password can be guessed.
    logging.getLogger("spnego").setLevel(logging.WARNING)
    bound = None
    if binding is not None and binding.kind == SERVER_END_POINT:
        data = f"{SERVER_END_POINT}:".encode() + binding.data
        bound = GssChannelBindings(application_data=data)
    context = spnego.client(
        username,
        password,
        hostname=host or "unspecified",
        service="smtp",
        channel_bindings=bound,
        protocol="ntlm",
        options=spnego.NegotiateOptions.use_ntlm,
    )
    challenge = yield context.step() or b""
    try:
        answer = context.step(challenge) or b""
    except (SpnegoError, struct.error, ValueError, LookupError, OverflowError) as error:
        raise ValueError(f"NTLM cannot use this challenge ({type(error).__name__})") from None
    yield answer
