"""Reads the private key that signs a test message (RFC 6376 section 3.3, RFC 8463)."""

from __future__ import annotations

import base64
from pathlib import Path

from smtpcheck.model.errors import UsageError
from smtpcheck.model.signing import DkimKey
from smtpcheck.store.bounded import bounded

_LARGEST = 65_536
_PATIENCE = 5.0
_FEWEST_BITS = 1024


def dkim_key(path: str) -> DkimKey:
    """The key in this file. Raises UsageError, whose words hold nothing of it."""
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    data = _content(path)
    try:
        key = load_pem_private_key(data, password=None)
    except TypeError:
        raise UsageError(
            f"dkim.key_file {path} has a pass phrase",
            [f"write a copy without one: openssl pkey -in {path} -out COPY.pem"],
        ) from None
    except (ValueError, UnsupportedAlgorithm):
        raise UsageError(
            f"dkim.key_file {path} is no private key in PEM form",
            ["make one: openssl genrsa -out dkim.pem 2048; its public half goes into the DNS"],
        ) from None
    return _known(key, path)


def _content(path: str) -> bytes:
    def head() -> bytes:
        with Path(path).open("rb") as stream:
            return stream.read(_LARGEST)

    try:
        return bounded(_PATIENCE, head)
    except TimeoutError:
        said = f"could not be read within {_PATIENCE:g} s"
    except OSError as error:
        said = f"cannot be read: {error.strerror or type(error).__name__}"
    raise UsageError(f"dkim.key_file {path} {said}")


def _known(key: object, path: str) -> DkimKey:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
    from cryptography.hazmat.primitives.serialization import (
        Encoding,
        NoEncryption,
        PrivateFormat,
    )

    if isinstance(key, Ed25519PrivateKey):
        raw = key.private_bytes(Encoding.Raw, PrivateFormat.Raw, NoEncryption())
        return DkimKey("ed25519-sha256", 256, base64.b64encode(raw))
    if not isinstance(key, RSAPrivateKey):
        raise UsageError(f"dkim.key_file {path} holds a key that is neither RSA nor Ed25519")
    if key.key_size < _FEWEST_BITS:
        raise UsageError(
            f"dkim.key_file {path} has {key.key_size} bits, which nobody accepts",
            ["use 2048 bits (RFC 8301)"],
        )
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption())
    return DkimKey("rsa-sha256", key.key_size, pem)
