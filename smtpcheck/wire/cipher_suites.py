"""Cipher suites by number, under OpenSSL's names, and what is weak about some of them.

Numbers as in the IANA registry "TLS Cipher Suites"; weaknesses as in RFC 9325 section 4.1.
"""

from __future__ import annotations

from typing import Final

TLS13: Final = {
    0x1301: "TLS_AES_128_GCM_SHA256",
    0x1302: "TLS_AES_256_GCM_SHA384",
    0x1303: "TLS_CHACHA20_POLY1305_SHA256",
    0x1304: "TLS_AES_128_CCM_SHA256",
    0x1305: "TLS_AES_128_CCM_8_SHA256",
}
FORWARD_SECRET: Final = {
    0xC02B: "ECDHE-ECDSA-AES128-GCM-SHA256",
    0xC02F: "ECDHE-RSA-AES128-GCM-SHA256",
    0xC02C: "ECDHE-ECDSA-AES256-GCM-SHA384",
    0xC030: "ECDHE-RSA-AES256-GCM-SHA384",
    0xCCA9: "ECDHE-ECDSA-CHACHA20-POLY1305",
    0xCCA8: "ECDHE-RSA-CHACHA20-POLY1305",
    0xC023: "ECDHE-ECDSA-AES128-SHA256",
    0xC027: "ECDHE-RSA-AES128-SHA256",
    0xC024: "ECDHE-ECDSA-AES256-SHA384",
    0xC028: "ECDHE-RSA-AES256-SHA384",
    0xC009: "ECDHE-ECDSA-AES128-SHA",
    0xC013: "ECDHE-RSA-AES128-SHA",
    0xC00A: "ECDHE-ECDSA-AES256-SHA",
    0xC014: "ECDHE-RSA-AES256-SHA",
    0x009E: "DHE-RSA-AES128-GCM-SHA256",
    0x009F: "DHE-RSA-AES256-GCM-SHA384",
    0xCCAA: "DHE-RSA-CHACHA20-POLY1305",
    0x0067: "DHE-RSA-AES128-SHA256",
    0x006B: "DHE-RSA-AES256-SHA256",
    0x0033: "DHE-RSA-AES128-SHA",
    0x0039: "DHE-RSA-AES256-SHA",
    0x0045: "DHE-RSA-CAMELLIA128-SHA",
    0x0088: "DHE-RSA-CAMELLIA256-SHA",
    0x0032: "DHE-DSS-AES128-SHA",
    0x0038: "DHE-DSS-AES256-SHA",
}
STATIC_RSA: Final = {
    0x009C: "AES128-GCM-SHA256",
    0x009D: "AES256-GCM-SHA384",
    0x003C: "AES128-SHA256",
    0x003D: "AES256-SHA256",
    0x002F: "AES128-SHA",
    0x0035: "AES256-SHA",
    0x0041: "CAMELLIA128-SHA",
    0x0084: "CAMELLIA256-SHA",
    0x0096: "SEED-SHA",
}
"""The client encrypts the key for the server's certificate: whoever gets that key later reads
what was recorded before."""
BROKEN: Final = {
    0x000A: "DES-CBC3-SHA",
    0xC012: "ECDHE-RSA-DES-CBC3-SHA",
    0xC008: "ECDHE-ECDSA-DES-CBC3-SHA",
    0x0016: "DHE-RSA-DES-CBC3-SHA",
    0x0013: "DHE-DSS-DES-CBC3-SHA",
    0x0007: "IDEA-CBC-SHA",
    0x0005: "RC4-SHA",
    0x0004: "RC4-MD5",
    0xC011: "ECDHE-RSA-RC4-SHA",
    0xC007: "ECDHE-ECDSA-RC4-SHA",
    0x0009: "DES-CBC-SHA",
    0x0015: "DHE-RSA-DES-CBC-SHA",
    0x0003: "EXP-RC4-MD5",
    0x0006: "EXP-RC2-CBC-MD5",
    0x0008: "EXP-DES-CBC-SHA",
    0x0014: "EXP-EDH-RSA-DES-CBC-SHA",
    0x0062: "EXP1024-DES-CBC-SHA",
    0x0064: "EXP1024-RC4-SHA",
    0x0017: "EXP-ADH-RC4-MD5",
    0x0019: "EXP-ADH-DES-CBC-SHA",
    0x0001: "NULL-MD5",
    0x0002: "NULL-SHA",
    0x003B: "NULL-SHA256",
    0xC010: "ECDHE-RSA-NULL-SHA",
    0xC006: "ECDHE-ECDSA-NULL-SHA",
    0x00A6: "ADH-AES128-GCM-SHA256",
    0x00A7: "ADH-AES256-GCM-SHA384",
    0x006C: "ADH-AES128-SHA256",
    0x006D: "ADH-AES256-SHA256",
    0x0034: "ADH-AES128-SHA",
    0x003A: "ADH-AES256-SHA",
    0x001B: "ADH-DES-CBC3-SHA",
    0x001A: "ADH-DES-CBC-SHA",
    0x0018: "ADH-RC4-MD5",
    0xC018: "AECDH-AES128-SHA",
    0xC019: "AECDH-AES256-SHA",
    0xC017: "AECDH-DES-CBC3-SHA",
    0xC016: "AECDH-RC4-SHA",
    0xC015: "AECDH-NULL-SHA",
}
"""What no server should take any more, in whatever version."""
WEAKNESSES: Final = {
    "export": "export grade: keys short enough to be broken at once",
    "anonymous": "anonymous: nobody proves to be the server",
    "null": "NULL: not encrypted at all",
    "rc4": "RC4: the key stream leaks what is said",
    "3des": "triple DES: blocks of 64 bits repeat within hours",
    "des": "DES or IDEA: outdated blocks of 64 bits",
}
FALLBACK: Final = 0x5600
"""TLS_FALLBACK_SCSV (RFC 7507)."""
_NAMES: Final = TLS13 | FORWARD_SECRET | STATIC_RSA | BROKEN


def name_of(suite: int) -> str:
    """OpenSSL's name; the number in hexadecimal for a suite that is not known here."""
    return _NAMES.get(suite, f"0x{suite:04X}")


def weakness_of(suite: int) -> str:
    """Which of `WEAKNESSES` the suite has; empty for none. The worst counts."""
    name = BROKEN.get(suite, "")
    if name.startswith("EXP"):
        return "export"
    if name.startswith(("ADH", "AECDH")):
        return "anonymous"
    if "NULL" in name:
        return "null"
    if "RC4" in name:
        return "rc4"
    if "DES-CBC3" in name:
        return "3des"
    return "des" if name else ""


def with_weakness(weakness: str) -> tuple[int, ...]:
    """All suites with this weakness, in the order of the table."""
    return tuple(suite for suite in BROKEN if weakness_of(suite) == weakness)


def key_exchange_of(suite: int) -> str:
    """`ecdhe`, `dhe`, or empty: of an anonymous suite too."""
    name = name_of(suite)
    if name.startswith(("ECDHE", "AECDH")):
        return "ecdhe"
    return "dhe" if name.startswith(("DHE", "ADH", "EXP-EDH", "EXP-ADH")) else ""


def signs_with(suite: int) -> str:
    """The kind of certificate that the suite needs: `ecdsa`, `rsa`, `dss`, or empty where it does
    not tell (TLS 1.3) or needs none."""
    name = name_of(suite)
    if suite in TLS13 or weakness_of(suite) == "anonymous" or name.startswith("0x"):
        return ""
    if "ECDSA" in name:
        return "ecdsa"
    return "dss" if "DSS" in name else "rsa"
