"""The public key of a certificate as the octets that DANE and pins hash: its SubjectPublicKeyInfo,
cut out of the DER form (RFC 5280 section 4.1) without a library."""

from __future__ import annotations

_SEQUENCE = 0x30
_VERSION = 0xA0
_BEFORE_KEY = 5
"""serialNumber, signature, issuer, validity, subject."""


def spki_of(der: bytes) -> bytes:
    """The SubjectPublicKeyInfo with its tag and length; empty where the octets are no
    certificate."""
    try:
        _, start, _ = _element(der, 0)
        tag, at, end = _element(der, start)
        if der[at] == _VERSION:
            at = _element(der, at)[2]
        for _ in range(_BEFORE_KEY):
            at = _element(der, at)[2]
        tag, _, last = _element(der, at)
    except IndexError:
        return b""
    return der[at:last] if tag == _SEQUENCE and last <= end <= len(der) else b""


def _element(der: bytes, at: int) -> tuple[int, int, int]:
    """Tag, start of the content and end of the element at an offset. Raises IndexError."""
    size, start = der[at + 1], at + 2
    if size & 0x80:
        octets = size & 0x7F
        if octets > 4:
            raise IndexError(at)
        size = int.from_bytes(der[start : start + octets], "big")
        start += octets
    return der[at], start, start + size
