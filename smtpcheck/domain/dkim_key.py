"""A DKIM key record taken apart (RFC 6376 section 3.6.1, RFC 8301, RFC 8463)."""

from __future__ import annotations

import base64
import binascii

from smtpcheck.model.value import dataclass

SMALLEST = 1024
"""Bits of RSA below which no receiver verifies (RFC 8301 section 3.2)."""
ADVISED = 2048


@dataclass(frozen=True, slots=True)
class DkimKey:
    """What a record says of a key."""

    kind: str = "rsa"
    """`rsa`, `ed25519`, or what stands there."""
    bits: int = 0
    revoked: bool = False
    testing: bool = False
    hashes: tuple[str, ...] = ()
    """Empty: all are allowed."""
    problem: str = ""
    """Why it is no key, in words."""


def parse_key(record: str) -> DkimKey:
    """The key that a record holds. It raises nothing: `problem` says what is wrong with it."""
    tags: dict[str, str] = {}
    for part in record.split(";"):
        if not part.strip():
            continue
        name, equals, value = part.partition("=")
        name = name.strip()
        if not equals or not name:
            return DkimKey(problem=f"it is no list of tags: {part.strip()[:40]}")
        if name in tags:
            return DkimKey(problem=f"the tag {name} stands there twice")
        tags[name] = "".join(value.split())
    if tags.get("v", "DKIM1") != "DKIM1" or ("v" in tags and next(iter(tags)) != "v"):
        return DkimKey(problem="it does not begin with v=DKIM1")
    if "p" not in tags:
        return DkimKey(problem="it has no tag p, the key")
    kind = tags.get("k", "rsa").lower()
    made = DkimKey(
        kind=kind,
        revoked=not tags["p"],
        testing="y" in tags.get("t", "").split(":"),
        hashes=tuple(each for each in tags.get("h", "").lower().split(":") if each),
    )
    return made if made.revoked else _with_size(made, tags["p"])


def _with_size(key: DkimKey, text: str) -> DkimKey:
    from dataclasses import replace

    try:
        data = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return replace(key, problem="the key in p is no base64: it was cut, or quotes are left in")
    if key.kind == "ed25519":
        wrong = "" if len(data) == 32 else "the Ed25519 key in p has not 32 octets"
        return replace(key, bits=256, problem=wrong)
    if key.kind != "rsa":
        return replace(key, problem=f"k={key.kind} is no kind of key that receivers know")
    bits = _rsa_bits(data)
    return replace(key, bits=bits, problem="" if bits else "the key in p is no RSA key: it was cut")


def _rsa_bits(data: bytes) -> int:
    """The size of an RSA key; 0 where the octets are none."""
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.asymmetric import rsa
    from cryptography.hazmat.primitives.serialization import load_der_public_key

    try:
        key = load_der_public_key(data)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        return 0
    return key.key_size if isinstance(key, rsa.RSAPublicKey) else 0
