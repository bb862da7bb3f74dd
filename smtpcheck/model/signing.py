"""The key that signs a test message."""

from __future__ import annotations

from dataclasses import field

from smtpcheck.model.value import dataclass


@dataclass(frozen=True, slots=True)
class DkimKey:
    """A private key, read and checked."""

    algorithm: str
    """`rsa-sha256` or `ed25519-sha256` (RFC 6376, RFC 8463)."""
    bits: int
    material: bytes = field(repr=False)
    """RSA: PKCS #1 in PEM; Ed25519: the 32 octets of the seed in base64."""
