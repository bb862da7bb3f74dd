"""DKIM signatures by dkimpy (RFC 6376). Its import brings dnspython, so it is no part of wire."""

from __future__ import annotations

from importlib.util import find_spec

from smtpcheck.model.errors import UsageError
from smtpcheck.model.profile import Dkim
from smtpcheck.model.signing import DkimKey
from smtpcheck.probe.run import Sign

INSTALL = "install it: pip install 'smtpcheck[dkim]'"


def must_have_dkimpy() -> None:
    """Raises UsageError where the extra `dkim` is not installed."""
    if find_spec("dkim") is None or find_spec("nacl") is None:
        raise UsageError(
            "the profile signs by DKIM, and the extra for it is not installed", [INSTALL]
        )


def signer(dkim: Dkim, key: DkimKey) -> Sign:
    """Signs header and body, both relaxed. Raises ValueError where a message has no From."""

    def sign(message: bytes) -> bytes:
        import dkim as dkimpy

        try:
            signature: bytes = dkimpy.sign(
                message,
                dkim.selector.encode("ascii"),
                dkim.domain.encode("ascii"),
                key.material,
                canonicalize=(b"relaxed", b"relaxed"),
                signature_algorithm=key.algorithm.encode("ascii"),
            )
        except dkimpy.DKIMException as error:
            raise ValueError(f"{error or type(error).__name__}") from None
        return signature + message

    return sign
