"""The TLS settings of a server, weak ones included."""

from __future__ import annotations

import ssl
import tempfile
import warnings
from pathlib import Path

from smtpcheck.sandbox.certificates import Issued

_VERSIONS = {
    "1.0": ssl.TLSVersion.TLSv1,
    "1.1": ssl.TLSVersion.TLSv1_1,
    "1.2": ssl.TLSVersion.TLSv1_2,
    "1.3": ssl.TLSVersion.TLSv1_3,
}
ANYTHING_GOES = "DEFAULT:@SECLEVEL=0"
"""Ciphers that let a server show what a careful client must refuse."""


def server_context(
    issued: Issued,
    *,
    tls_min: str = "1.2",
    tls_max: str = "1.3",
    ciphers: str = "",
    client_ca: bytes = b"",
    optional: bool = False,
) -> ssl.SSLContext:
    """The TLS settings of a server that presents `issued`; with `client_ca` (PEM) it demands a
    client certificate, or asks for an `optional` one. The key touches the disk only while OpenSSL
    reads it. Raises KeyError for an unknown version, ssl.SSLError for unusable settings."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    if ciphers:
        context.set_ciphers(ciphers)
    with warnings.catch_warnings():
        # Old versions are asked for on purpose, by name.
        warnings.simplefilter("ignore", DeprecationWarning)
        context.minimum_version = _VERSIONS[tls_min]
        context.maximum_version = _VERSIONS[tls_max]
    with tempfile.TemporaryDirectory(prefix="smtpcheck-") as folder:
        chain, key = Path(folder, "chain.pem"), Path(folder, "key.pem")
        for path, content in ((chain, issued.chain), (key, issued.key)):
            path.touch(mode=0o600)
            path.write_bytes(content)
        context.load_cert_chain(chain, key)
    if client_ca:
        context.load_verify_locations(cadata=client_ca.decode("ascii"))
        context.verify_mode = ssl.CERT_OPTIONAL if optional else ssl.CERT_REQUIRED
    return context
