"""Products that open TLS on the way and sign the certificate anew: known by the issuer's name."""

from __future__ import annotations

import re
from collections.abc import Sequence

from smtpcheck.wire.certificates import Presented

# Product as it is told, and the words that its signing certificate carries in CN, O or OU.
# Names of public CAs (Symantec, Trend Micro, Cisco alone) are left out on purpose.
_PRODUCTS = (
    ("AdGuard", r"adguard"),
    ("Avast", r"avast"),
    ("AVG", r"avg (?:web|technologies|antivirus)"),
    ("Avira", r"avira"),
    ("Barracuda", r"barracuda"),
    ("Bitdefender", r"bitdefender"),
    ("Blue Coat", r"blue ?coat|proxysg"),
    ("Check Point", r"check ?point"),
    ("Cisco Umbrella", r"cisco umbrella"),
    ("Dr.Web", r"dr\.? ?web"),
    ("ESET", r"eset"),
    ("F-Secure", r"f-secure"),
    ("Forcepoint", r"forcepoint|websense"),
    ("Fortinet", r"fortinet|fortigate|fortiguard"),
    ("G DATA", r"g data"),
    ("Kaspersky", r"kaspersky"),
    ("McAfee", r"mcafee"),
    ("mitmproxy", r"mitmproxy"),
    ("Netskope", r"netskope|goskope"),
    ("Norton", r"norton (?:web|mail|antivirus|security)"),
    ("Palo Alto Networks", r"palo ?alto"),
    ("PortSwigger", r"portswigger"),
    ("Smoothwall", r"smoothwall"),
    ("SonicWall", r"sonicwall"),
    ("Sophos", r"sophos"),
    ("Untangle", r"untangle"),
    ("WatchGuard", r"watchguard"),
    ("Zscaler", r"zscaler"),
)
_PATTERNS = tuple(
    (product, re.compile(rf"\b(?:{words})\b", re.IGNORECASE)) for product, words in _PRODUCTS
)


def inspecting_product(chain: Sequence[Presented]) -> tuple[str, int]:
    """The product that signed one of the certificates, and the depth of that one; empty and 0 when
    none did. An appliance that shows a factory certificate of its own is no inspection."""
    for depth, presented in enumerate(chain):
        for product, pattern in _PATTERNS:
            if pattern.search(_words(presented.issuer)):
                own = pattern.search(_words(chain[0].subject))
                return ("", 0) if own else (product, depth)
    return "", 0


def _words(name: object) -> str:
    parts = name if isinstance(name, dict) else {}
    return "\n".join(value for key in ("CN", "O", "OU") for value in parts.get(key, ()))
