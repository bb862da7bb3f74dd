"""A ClientHello of any kind, to see what a server takes, whatever the TLS library here can do.

It begins a handshake that is never finished: the server's first flight says which version, cipher
suite and group it chose, and which extensions it knows (RFC 8446 section 4.1.2, RFC 5246 section
7.4.1.2, RFC 6101 for SSL 3.0).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import field
from typing import Final

from smtpcheck.model.value import dataclass
from smtpcheck.wire.named_groups import OFFERED

VERSIONS: Final = {"ssl3": 0x0300, "1.0": 0x0301, "1.1": 0x0302, "1.2": 0x0303, "1.3": 0x0304}
"""The numbers of the versions, oldest first; the names are those of a profile."""
SHA1_SIGNATURES: Final = (0x0201, 0x0203)
"""rsa_pkcs1_sha1 and ecdsa_sha1: not to be used (RFC 9155)."""
_SIGNATURES: Final = (
    *(0x0403, 0x0503, 0x0603, 0x0807, 0x0808),
    *(0x0804, 0x0805, 0x0806, 0x0809, 0x080A, 0x080B),
    *(0x0401, 0x0501, 0x0601, *SHA1_SIGNATURES, 0x0402, 0x0202),
)
STATUS_REQUEST: Final = 5
EXTENDED_MASTER_SECRET: Final = 23
SESSION_TICKET: Final = 35
RENEGOTIATION_INFO: Final = 0xFF01
_DEFLATE: Final = 1
_PADDED: Final = range(256, 512)
"""Lengths of a ClientHello at which some old load balancers hang (RFC 7685)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """What a client says that it takes."""

    lowest: str = "1.0"
    """Where the highest is 1.3: the lowest that is named besides. An older hello names its highest
    alone, and the server may choose any below."""
    highest: str = "1.3"
    suites: Sequence[int]
    signatures: Sequence[int] = _SIGNATURES
    groups: Sequence[int] = OFFERED
    """Named groups, best first."""
    server_name: str = ""
    """Sent as SNI; empty: none is sent."""
    compress: bool = False
    """Offers DEFLATE besides no compression."""
    keys: Mapping[int, bytes] = field(default_factory=dict)
    """Public keys by group, for TLS 1.3. With none the server names the group that it wants (RFC
    8446 section 4.2.8)."""
    renews: bytes = b""
    """Within a session: the client's Finished of it (RFC 5746 section 3.5)."""


def client_hello(offer: Offer, random: bytes) -> bytes:
    """The record with the ClientHello. `random` is 32 bytes, unforeseeable as any client's.

    Raises ValueError for a server name that is not ASCII.
    """
    highest = VERSIONS[offer.highest]
    legacy = min(highest, VERSIONS["1.2"])
    methods = bytes([_DEFLATE, 0]) if offer.compress else b"\0"
    body = (
        legacy.to_bytes(2, "big")
        + random
        + _short(random if highest > VERSIONS["1.2"] else b"")
        + _long(_numbers(offer.suites))
        + _short(methods)
    )
    if offer.highest != "ssl3":
        extensions = _extensions(offer)
        whole = 4 + len(body) + 2 + len(extensions)
        if whole in _PADDED:
            extensions += _extension(21, bytes(max(0, 512 - whole - 4)))
        body += _long(extensions)
    message = b"\x01" + len(body).to_bytes(3, "big") + body
    version = min(legacy, VERSIONS["1.0"])
    return b"\x16" + version.to_bytes(2, "big") + _long(message)


def _extensions(offer: Offer) -> bytes:
    made = b""
    if offer.server_name:
        made += _extension(0, _long(b"\0" + _long(offer.server_name.encode("ascii"))))
    made += _extension(10, _long(_numbers(offer.groups)))
    made += _extension(11, _short(b"\0"))
    made += _extension(RENEGOTIATION_INFO, _short(offer.renews))
    made += _extension(SESSION_TICKET, b"")
    made += _extension(STATUS_REQUEST, b"\x01\0\0\0\0")
    made += _extension(EXTENDED_MASTER_SECRET, b"")
    if VERSIONS[offer.highest] >= VERSIONS["1.2"]:
        made += _extension(13, _long(_numbers(offer.signatures)))
    if offer.highest == "1.3":
        named = [number for name, number in VERSIONS.items() if name >= offer.lowest]
        listed = [number for number in reversed(named) if number >= VERSIONS["1.0"]]
        made += _extension(43, _short(_numbers(listed)))
        shares = (group.to_bytes(2, "big") + _long(key) for group, key in offer.keys.items())
        made += _extension(51, _long(b"".join(shares)))
    return made


def _extension(number: int, content: bytes) -> bytes:
    return number.to_bytes(2, "big") + _long(content)


def _numbers(numbers: Sequence[int]) -> bytes:
    return b"".join(number.to_bytes(2, "big") for number in numbers)


def _short(content: bytes) -> bytes:
    return bytes([len(content)]) + content


def _long(content: bytes) -> bytes:
    return len(content).to_bytes(2, "big") + content
