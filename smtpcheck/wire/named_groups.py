"""Named groups of key exchanges by number, and what is weak or unusual about some of them.

Numbers as in the IANA registry "TLS Supported Groups"; RFC 8422 section 5.1.1 left of its curves
the five that are common, RFC 7919 names the Diffie-Hellman groups.
"""

from __future__ import annotations

from typing import Final

POST_QUANTUM: Final = {
    0x11EC: "X25519MLKEM768",
    0x11EB: "SecP256r1MLKEM768",
    0x11ED: "SecP384r1MLKEM1024",
    0x0200: "MLKEM512",
    0x0201: "MLKEM768",
    0x0202: "MLKEM1024",
    0x6399: "X25519Kyber768Draft00",
}
"""What is recorded today stays closed to a quantum computer of later."""
USUAL: Final = {
    29: "x25519",
    23: "secp256r1",
    24: "secp384r1",
    25: "secp521r1",
    30: "x448",
}
FINITE_FIELD: Final = {
    256: "ffdhe2048",
    257: "ffdhe3072",
    258: "ffdhe4096",
    259: "ffdhe6144",
    260: "ffdhe8192",
}
WEAK: Final = {
    19: "secp192r1",
    18: "secp192k1",
    15: "secp160k1",
    16: "secp160r1",
    17: "secp160r2",
    1: "sect163k1",
    2: "sect163r1",
    3: "sect163r2",
    4: "sect193r1",
    5: "sect193r2",
    0xFF01: "explicit prime curve",
    0xFF02: "explicit binary curve",
}
"""Below 112 bits of security (NIST SP 800-57 part 1), or a curve that the server makes up."""
UNUSUAL: Final = {
    22: "secp256k1",
    26: "brainpoolP256r1",
    27: "brainpoolP384r1",
    28: "brainpoolP512r1",
    21: "secp224r1",
    20: "secp224k1",
    6: "sect233k1",
    7: "sect233r1",
    8: "sect239k1",
    9: "sect283k1",
    10: "sect283r1",
    11: "sect409k1",
    12: "sect409r1",
    13: "sect571k1",
    14: "sect571r1",
}
"""Not broken, but left out by RFC 8422 or never common."""
_OTHERS: Final = {
    31: "brainpoolP256r1tls13",
    32: "brainpoolP384r1tls13",
    33: "brainpoolP512r1tls13",
    41: "curveSM2",
}
_NAMES: Final = POST_QUANTUM | USUAL | FINITE_FIELD | WEAK | UNUSUAL | _OTHERS
OFFERED: Final = (0x11EC, *USUAL, 22, 26, 27, 28, 21, 19, 256, 257, 258)
"""What a hello names where the groups are not the question, best first."""


def group_name(number: int) -> str:
    """The registry's name; `group N` for one that is not known here."""
    return _NAMES.get(number, f"group {number}")
