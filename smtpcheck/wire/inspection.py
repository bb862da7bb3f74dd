"""Products that open TLS on the way and sign the certificate anew: known by the issuer's name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache

from smtpcheck.wire.certificates import Presented

# Product as it is told, and words that its signing certificate carries in CN, O or OU, in lower
# case and without punctuation. Names of public CAs (Symantec, Trend Micro, Cisco alone) are left
# out on purpose. No regular expressions: compiling them would cost every handshake some ms.
_PRODUCTS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("AdGuard", ("adguard",)),
    ("Avast", ("avast",)),
    ("AVG", ("avg web", "avg technologies", "avg antivirus")),
    ("Avira", ("avira",)),
    ("Barracuda", ("barracuda",)),
    ("Bitdefender", ("bitdefender",)),
    ("Blue Coat", ("blue coat", "bluecoat", "proxysg")),
    ("Check Point", ("check point", "checkpoint")),
    ("Cisco Umbrella", ("cisco umbrella",)),
    ("Dr.Web", ("dr web", "drweb")),
    ("ESET", ("eset",)),
    ("F-Secure", ("f secure",)),
    ("Forcepoint", ("forcepoint", "websense")),
    ("Fortinet", ("fortinet", "fortigate", "fortiguard")),
    ("G DATA", ("g data",)),
    ("Kaspersky", ("kaspersky",)),
    ("McAfee", ("mcafee",)),
    ("mitmproxy", ("mitmproxy",)),
    ("Netskope", ("netskope", "goskope")),
    ("Norton", ("norton web", "norton mail", "norton antivirus", "norton security")),
    ("Palo Alto Networks", ("palo alto", "paloalto", "paloaltonetworks")),
    ("PortSwigger", ("portswigger",)),
    ("Smoothwall", ("smoothwall",)),
    ("SonicWall", ("sonicwall",)),
    ("Sophos", ("sophos",)),
    ("Untangle", ("untangle",)),
    ("WatchGuard", ("watchguard",)),
    ("Zscaler", ("zscaler",)),
)


def inspecting_product(chain: Sequence[Presented]) -> tuple[str, int]:
    """The product that signed one of the certificates, and the depth of that one; empty and 0 when
    none did. An appliance that shows a factory certificate of its own is no inspection."""
    for depth, presented in enumerate(chain):
        product = _signer(_names(presented.issuer))
        if product:
            own = _words(_names(chain[0].subject))
            factory = any(f" {mark} " in own for mark in dict(_PRODUCTS)[product])
            return ("", 0) if factory else (product, depth)
    return "", 0


@lru_cache(maxsize=256)
def _signer(issuer: tuple[str, ...]) -> str:
    words = _words(issuer)
    return next(
        (product for product, marks in _PRODUCTS if any(f" {mark} " in words for mark in marks)), ""
    )


def product_named(text: str) -> str:
    """The product whose signing certificate a text names; empty when it names none."""
    bare = "".join(char if char.isalnum() else " " for char in text.lower())
    words = f" {' '.join(bare.split())} "
    return next(
        (product for product, marks in _PRODUCTS if any(f" {mark} " in words for mark in marks)), ""
    )


def _names(name: Mapping[str, tuple[str, ...]]) -> tuple[str, ...]:
    """CN, O and OU."""
    return tuple(value for key in ("CN", "O", "OU") for value in name.get(key, ()))


def _words(names: tuple[str, ...]) -> str:
    """The words of the names with one blank before and behind each."""
    text = " | ".join(names)
    bare = "".join(char if char.isalnum() or char == "|" else " " for char in text.lower())
    return f" {' '.join(bare.split())} "
