"""DKIM keys of every size, made once."""

from __future__ import annotations

import base64
from functools import cache

from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

# 512 bits: libraries no longer make such keys.
_TINY = (
    "MFwwDQYJKoZIhvcNAQEBBQADSwAwSAJBALvPfy38F7m3f3bUFpqkJsCfnWnWRWKQPAVzqKQ5zUFzXTYlWvXdlkjv"
    "bpqfCyqCEK5Cd1ZWdFhRSFYNMVYvFkECAwEAAQ=="
)


@cache
def public_key(bits: int) -> str:
    """The tag p of a key with so many bits."""
    if bits < 1024:
        return _TINY
    key = rsa.generate_private_key(public_exponent=65537, key_size=bits).public_key()
    der = key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return base64.b64encode(der).decode()


def dkim_text(bits: int, tags: str = "") -> str:
    """The text of a key record."""
    return f"v=DKIM1; k=rsa; {tags}p={public_key(bits)}"


def dkim_record(bits: int, tags: str = "") -> str:
    """The same as a zone file has it, in strings."""
    text = dkim_text(bits, tags)
    return " ".join(f'"{text[at : at + 200]}"' for at in range(0, len(text), 200))
