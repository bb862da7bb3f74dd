"""The arithmetic of one kind of TLS 1.2 session, made by hand since no library shows its keys:
ephemeral elliptic curves, AES-128-GCM, SHA-256 (RFC 5246, RFC 5288, RFC 7627).

Fit to ask a server a question, never to say anything that must stay secret: who the server is was
not proved.
"""

from __future__ import annotations

import hashlib
import hmac
from typing import Final

SUITES: Final = (0xC02B, 0xC02F)
"""ECDHE with AES-128-GCM and SHA-256, with an ECDSA and with an RSA key."""
GROUPS: Final = (29, 23, 24)
"""x25519, secp256r1, secp384r1."""
_KEY, _IV, _TAG = 16, 4, 16


def expand(secret: bytes, label: bytes, seed: bytes, size: int) -> bytes:
    """The pseudo-random function of TLS 1.2 (RFC 5246 section 5)."""
    made, block = b"", label + seed
    while len(made) < size:
        block = hmac.digest(secret, block, hashlib.sha256)
        made += hmac.digest(secret, block + label + seed, hashlib.sha256)
    return made[:size]


def agree(group: int, point: bytes) -> tuple[bytes, bytes]:
    """Our share of the key exchange, and the common secret. Raises ValueError for a point that is
    none of this group, and for a group that is not in `GROUPS`."""
    from cryptography.hazmat.primitives.asymmetric import ec, x25519
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    if group == GROUPS[0]:
        own = x25519.X25519PrivateKey.generate()
        shared = own.exchange(x25519.X25519PublicKey.from_public_bytes(point))
        return own.public_key().public_bytes_raw(), shared
    curves: dict[int, ec.EllipticCurve] = {23: ec.SECP256R1(), 24: ec.SECP384R1()}
    if group not in curves:
        raise ValueError(f"group {group} was not offered")
    theirs = ec.EllipticCurvePublicKey.from_encoded_point(curves[group], point)
    key = ec.generate_private_key(curves[group])
    public = key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    return public, key.exchange(ec.ECDH(), theirs)


class Protection:
    """Both directions of a session, from its master secret and the two randoms."""

    def __init__(self, master: bytes, client_random: bytes, server_random: bytes) -> None:
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM

        size = 2 * (_KEY + _IV)
        block = expand(master, b"key expansion", server_random + client_random, size)
        self._out, self._in = AESGCM(block[:_KEY]), AESGCM(block[_KEY : 2 * _KEY])
        self._out_iv, self._in_iv = block[2 * _KEY : 2 * _KEY + _IV], block[2 * _KEY + _IV :]
        self._sent = self._taken = 0

    def seal(self, kind: int, content: bytes) -> bytes:
        """A whole record."""
        number = self._sent.to_bytes(8, "big")
        self._sent += 1
        bound = number + bytes([kind, 3, 3]) + len(content).to_bytes(2, "big")
        sealed = number + self._out.encrypt(self._out_iv + number, content, bound)
        return bytes([kind, 3, 3]) + len(sealed).to_bytes(2, "big") + sealed

    def open(self, kind: int, sealed: bytes) -> bytes:
        """What a record carries. Raises ValueError where it is not of this session."""
        from cryptography.exceptions import InvalidTag

        number = self._taken.to_bytes(8, "big")
        self._taken += 1
        length = max(0, len(sealed) - 8 - _TAG).to_bytes(2, "big")
        try:
            return self._in.decrypt(
                self._in_iv + sealed[:8], sealed[8:], number + bytes([kind, 3, 3]) + length
            )
        except InvalidTag:
            raise ValueError("a record that does not belong to the session") from None
