"""The certificates that a TLS context trusts, and whether there are any."""

from __future__ import annotations

import os
import re
import ssl
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from smtpcheck.model.value import dataclass
from smtpcheck.wire.certificates import Presented, read_info

_HASHED = r"[0-9a-f]{8}\.\d+\Z"
SYSTEM = "system"
NATIVE = "operating system"
"""The verifier of macOS or Windows, reached through the package truststore."""


@dataclass(frozen=True, slots=True)
class TrustStore:
    """What vouches for a server's certificate."""

    count: int
    """Trusted certificates; 0 where the operating system does not tell."""
    source: str
    """`system`, `SSL_CERT_FILE`, `SSL_CERT_DIR`, `operating system`, or the path of a CA file."""
    context: ssl.SSLContext
    listed: frozenset[bytes] = frozenset()
    """DER forms from a CA file that the context does not list, since they are not of a CA."""

    @property
    def usable(self) -> bool:
        """Whether anything could be trusted at all."""
        return self.count > 0 or self.source == NATIVE

    def trusts(self, der: bytes) -> bool:
        """Whether this very certificate is in the store."""
        return der in self.listed or der in self.context.get_ca_certs(binary_form=True)

    def find(self, name: Mapping[str, tuple[str, ...]]) -> Presented | None:
        """A certificate of the store with this subject; takes some 10 ms."""
        listed = zip(
            self.context.get_ca_certs(), self.context.get_ca_certs(binary_form=True), strict=True
        )
        found = (read_info(info, der) for info, der in listed)
        return next((each for each in found if each.subject == name), None)

    def organizations(self) -> frozenset[str]:
        """The organizations in the store, in lower case; takes some 10 ms."""
        certificates: Any = self.context.get_ca_certs()  # typeshed: one wide type for all keys
        return frozenset(
            value.casefold()
            for each in certificates
            for rdn in each.get("subject", ())
            for name, value in rdn
            if name == "organizationName"
        )

    def describe_empty(self) -> str:
        """Why nothing is trusted, in words."""
        for variable in ("SSL_CERT_FILE", "SSL_CERT_DIR"):
            path = os.environ.get(variable)
            if path and not Path(path).exists():
                return f"{variable} names {path}, which does not exist"
            if path:
                return f"{variable} names {path}, which holds no CA certificate"
        paths = ssl.get_default_verify_paths()
        return f"no CA certificate in {paths.openssl_cafile} or {paths.openssl_capath}"


def system_store(context: ssl.SSLContext) -> TrustStore:
    """Loads the store of the system into a context: some 20 to 40 ms, spent inside OpenSSL."""
    context.load_default_certs(ssl.Purpose.SERVER_AUTH)
    count = context.cert_store_stats()["x509"]
    source = SYSTEM
    if os.environ.get("SSL_CERT_FILE"):
        source = "SSL_CERT_FILE"
    elif os.environ.get("SSL_CERT_DIR"):
        source = "SSL_CERT_DIR"
    # OpenSSL reads a folder of hashed names only when it looks for an issuer.
    return TrustStore(count or sum(1 for _ in _hashed_files()), source, context)


def _hashed_files() -> Iterator[str]:
    folders = os.environ.get("SSL_CERT_DIR") or ssl.get_default_verify_paths().openssl_capath
    for folder in folders.split(os.pathsep):
        try:
            entries = os.listdir(folder)  # noqa: PTH208  # names are all that is needed
        except OSError:
            continue
        yield from (name for name in entries if re.match(_HASHED, name))
