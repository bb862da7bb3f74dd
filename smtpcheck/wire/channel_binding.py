"""What ties a login to the TLS connection that carries it (RFC 5056)."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from smtpcheck.model.value import dataclass

if TYPE_CHECKING:
    import ssl

SERVER_END_POINT = "tls-server-end-point"
EXPORTER = "tls-exporter"


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


def binding_of(tls: ssl.SSLObject) -> ChannelBinding | None:
    """The binding of an open TLS connection: `tls-exporter` (RFC 9266) where this Python offers
    it and TLS 1.3 is spoken, else `tls-server-end-point`; None where there is neither."""
    import ssl

    if EXPORTER in ssl.CHANNEL_BINDING_TYPES and tls.version() == "TLSv1.3":
        exported = tls.get_channel_binding(EXPORTER)
        if exported:
            return ChannelBinding(EXPORTER, exported)
    certificate = tls.getpeercert(binary_form=True)
    return server_end_point(certificate) if certificate else None
