"""What ties a login to the TLS connection that carries it (RFC 5056)."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from smtpcheck.model.value import dataclass

if TYPE_CHECKING:
    import ssl

SERVER_END_POINT = "tls-server-end-point"
EXPORTER = "tls-exporter"
UNIQUE = "tls-unique"


@dataclass(frozen=True, slots=True)
class ChannelBinding:
    """One kind of binding, and its bytes on this connection."""

    kind: str
    data: bytes


def server_end_point(certificate: bytes) -> ChannelBinding | None:
    """The hash of the server's certificate, given in DER (RFC 5929 section 4.1); None where that
    document does not say which hash, as for Ed25519."""
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.x509 import load_der_x509_certificate

    try:
        algorithm = load_der_x509_certificate(certificate).signature_hash_algorithm
    except (UnsupportedAlgorithm, ValueError):
        return None
    if algorithm is None:
        return None
    # MD5 and SHA-1 are to be replaced by SHA-256.
    name = "sha256" if algorithm.name in ("md5", "sha1") else algorithm.name
    try:
        digest = hashlib.new(name.replace("-", "_"), certificate).digest()
    except ValueError:
        return None
    return ChannelBinding(SERVER_END_POINT, digest)


def binding_of(tls: ssl.SSLObject, *, by_certificate: bool = False) -> ChannelBinding | None:
    """The binding of an open TLS connection; None where there is none.

    In TLS 1.3 that is `tls-exporter` (RFC 9266) where this Python offers it. Up to TLS 1.2 it is
    `tls-unique` (RFC 5929 section 3), which every server with -PLUS mechanisms knows (RFC 5802
    section 6.1), and Cyrus SASL alone. Else, and with `by_certificate`, `tls-server-end-point`.
    """
    kind = EXPORTER if tls.version() == "TLSv1.3" else UNIQUE
    data = None if by_certificate else _of_connection(tls, kind)
    if data:
        return ChannelBinding(kind, data)
    certificate = tls.getpeercert(binary_form=True)
    return server_end_point(certificate) if certificate else None


def _of_connection(tls: ssl.SSLObject, kind: str) -> bytes | None:
    import ssl

    return tls.get_channel_binding(kind) if kind in ssl.CHANNEL_BINDING_TYPES else None
