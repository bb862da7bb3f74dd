"""Products that open TLS on the way and sign the certificate anew: known by the issuer's name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

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
    own = _words(chain[0].subject) if chain else ""
    for depth, presented in enumerate(chain):
        words = _words(presented.issuer)
        for product, marks in _PRODUCTS:
            if any(f" {mark} " in words for mark in marks):
                factory = any(f" {mark} " in own for mark in marks)
                return ("", 0) if factory else (product, depth)
    return "", 0


def product_named(text: str) -> str:
    """The product whose signing certificate a text names; empty when it names none."""
    bare = "".join(char if char.isalnum() else " " for char in text.lower())
    words = f" {' '.join(bare.split())} "
    return next(
        (product for product, marks in _PRODUCTS if any(f" {mark} " in words for mark in marks)), ""
    )


def _words(name: Mapping[str, tuple[str, ...]]) -> str:
    """The words of CN, O and OU with one blank before and behind each."""
    text = " | ".join(value for key in ("CN", "O", "OU") for value in name.get(key, ()))
    bare = "".join(char if char.isalnum() or char == "|" else " " for char in text.lower())
    return f" {' '.join(bare.split())} "
