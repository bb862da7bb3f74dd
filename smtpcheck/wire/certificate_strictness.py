"""What X509_V_FLAG_X509_STRICT would say of a chain that passed without it.

Python 3.13 and newer set that flag. The checks are those that real chains fail, done on the DER
form itself: no second connection, and no library to import on a run that went well.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import NamedTuple

_SEQUENCE, _INTEGER, _BOOLEAN, _BITS, _OCTETS, _OID = 0x30, 0x02, 0x01, 0x03, 0x04, 0x06
_VERSION, _EXTENSIONS = 0xA0, 0xA3
_BASIC_CONSTRAINTS = bytes.fromhex("551d13")
_KEY_USAGE = bytes.fromhex("551d0f")
_SUBJECT_KEY_ID = bytes.fromhex("551d0e")
_AUTHORITY_KEY_ID = bytes.fromhex("551d23")
_KEY_CERT_SIGN = 0x04
"""Bit 5 of keyUsage, in its first octet."""


class _Extension(NamedTuple):
    critical: bool
    value: bytes


class _Outline(NamedTuple):
    version: int
    extensions: dict[bytes, _Extension]
    authority: bool
    """Whether basicConstraints says that it is a CA."""
    path_length: bool
    """Whether basicConstraints bounds the path."""


def strictness_faults(chain: Sequence[bytes]) -> list[tuple[int, str]]:
    """Depth and words of each departure from RFC 5280 section 4.2 in a verified chain (DER, the
    server's own first, the trusted one last). A chain of one is not held to these rules."""
    if len(chain) < 2:
        return []
    faults: list[tuple[int, str]] = []
    for depth, der in enumerate(chain):
        faults += ((depth, fault) for fault in _faults_of(der, last=depth == len(chain) - 1))
    return faults


@lru_cache(maxsize=256)
def _faults_of(der: bytes, *, last: bool) -> tuple[str, ...]:
    try:
        return tuple(_faults(_outline(der), last=last))
    except (IndexError, ValueError):
        return ()  # OpenSSL has read it; what this reader does not know it does not judge


def _faults(outline: _Outline, *, last: bool) -> Iterator[str]:
    extensions = outline.extensions
    basic = extensions.get(_BASIC_CONSTRAINTS)
    usage = extensions.get(_KEY_USAGE)
    signs = usage is not None and _signs_certificates(usage.value)
    if outline.path_length and not outline.authority:
        yield "basicConstraints bounds the path, but it is no CA"
    elif outline.path_length and not signs:
        yield "basicConstraints bounds the path, but keyUsage does not allow signing certificates"
    if outline.authority and basic is not None and not basic.critical:
        yield "basicConstraints of a CA is not marked critical"
    if outline.authority and usage is None:
        yield "a CA without keyUsage"
    if not outline.authority and signs:
        yield "keyUsage allows signing certificates, but it is no CA"
    if outline.version < 3:
        return
    if not last and not _names_a_key(extensions.get(_AUTHORITY_KEY_ID)):
        yield "no authority key identifier"
    if outline.authority and _SUBJECT_KEY_ID not in extensions:
        yield "a CA without subject key identifier"


def _outline(der: bytes) -> _Outline:
    fields = list(_items(_inside(_inside(der, _SEQUENCE), _SEQUENCE)))
    version = 1
    extensions: dict[bytes, _Extension] = {}
    for tag, value in fields:
        if tag == _VERSION:
            version = int.from_bytes(_inside(value, _INTEGER)) + 1
        elif tag == _EXTENSIONS:
            for _, extension in _items(_inside(value, _SEQUENCE)):
                parts = list(_items(extension))
                critical = parts[1][0] == _BOOLEAN and parts[1][1] != b"\0"
                extensions[parts[0][1]] = _Extension(critical, parts[-1][1])
    basic = extensions.get(_BASIC_CONSTRAINTS)
    parts = list(_items(_inside(basic.value, _SEQUENCE))) if basic else []
    authority = any(tag == _BOOLEAN and value != b"\0" for tag, value in parts)
    bounded = any(tag == _INTEGER for tag, _ in parts)
    return _Outline(version, extensions, authority, bounded)


def _signs_certificates(usage: bytes) -> bool:
    bits = _inside(usage, _BITS)
    return len(bits) > 1 and bool(bits[1] & _KEY_CERT_SIGN)


def _names_a_key(extension: _Extension | None) -> bool:
    return extension is not None and any(
        tag == 0x80 for tag, _ in _items(_inside(extension.value, _SEQUENCE))
    )


def _inside(der: bytes, tag: int) -> bytes:
    """The content of the first item, which must have this tag."""
    found, value = next(_items(der), (0, b""))
    if found != tag:
        raise ValueError(f"tag {found:#x} where {tag:#x} belongs")
    return value


def _items(der: bytes) -> Iterator[tuple[int, bytes]]:
    """Tag and content of each item in a row (X.690 section 8.1)."""
    at = 0
    while at < len(der):
        tag, length, at = der[at], der[at + 1], at + 2
        if length & 0x80:
            size = length & 0x7F
            length = int.from_bytes(der[at : at + size])
            at += size
        if at + length > len(der):
            raise ValueError("an item is longer than what holds it")
        yield tag, der[at : at + length]
        at += length
