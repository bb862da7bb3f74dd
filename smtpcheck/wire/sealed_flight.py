"""The part of a server's first flight that TLS 1.3 encrypts, read as far as the certificates: no
library here asks a server of TLS 1.3 for an OCSP response (RFC 8446 sections 4.4.2 and 7.1).

The handshake is not finished, and who the server is was not proved.
"""

from __future__ import annotations

import hashlib
import hmac
from typing import Final, Literal

from smtpcheck.wire.client_hello import STATUS_REQUEST, Offer, client_hello
from smtpcheck.wire.question import ALERT, DATA, HANDSHAKE, Question, Records
from smtpcheck.wire.server_flight import Reader
from smtpcheck.wire.tls import Step
from smtpcheck.wire.tls_failure import alert_name

_SUITES: Final = {0x1301: ("sha256", 16), 0x1302: ("sha384", 32)}
"""Hash and length of the AES-GCM key."""
_X25519: Final = 29
_HELLO, _CERTIFICATE, _KEY_SHARE = 2, 11, 51


class SealedFlight(Question):
    """Makes a key with the server, and reads what it shows under that key."""

    def __init__(self, server_name: str, random: bytes) -> None:
        from cryptography.hazmat.primitives.asymmetric import x25519

        super().__init__()
        self._key = x25519.X25519PrivateKey.generate()
        offer = Offer(
            lowest="1.3",
            suites=tuple(_SUITES),
            groups=(_X25519,),
            keys={_X25519: self._key.public_key().public_bytes_raw()},
            server_name=server_name,
        )
        self._hello = client_hello(offer, random)
        self._records = Records()
        self._opened: _Opener | None = None
        self.stapled = False
        """An OCSP response came with the server's own certificate."""
        self.certificates: tuple[bytes, ...] = ()
        """DER forms, as they came; empty where it did not get so far."""
        self.detail = ""
        """Why it did not get so far."""

    def start(self) -> bytes:
        """The ClientHello."""
        return self._hello

    def receive(self, data: bytes) -> Step:
        """Takes bytes of the server; `b""` means that it closed the connection."""
        if self.state == "handshaking":
            try:
                self._take(data)
            except (IndexError, ValueError) as error:
                self._end(str(error) or "a message is cut short")
        return Step(b"", b"", self.state)

    def failed_by(self, kind: Literal["timeout", "reset", "closed"], detail: str) -> None:
        """Tells why bytes stopped coming."""
        if self.state == "handshaking":
            self._end(detail or kind)

    def _end(self, detail: str) -> None:
        self.state, self.detail = "failed", detail

    def _take(self, data: bytes) -> None:
        if not data:
            raise ValueError("closed")
        for kind, content in self._records.cut(data):
            if kind == DATA and self._opened is not None:
                kind, content = self._opened.open(content)  # noqa: PLW2901 - what was within
            if kind == ALERT:
                raise ValueError(alert_name(content[1] if len(content) >= 2 else 0))
            if kind != HANDSHAKE:
                continue
            for message in self._records.messages(content):
                self._message(message[0], message)
                if self.state != "handshaking":
                    return

    def _message(self, kind: int, message: bytes) -> None:
        from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PublicKey

        body = Reader(message[4:])
        if kind == _HELLO and self._opened is None:
            suite, point = _share(body)
            secret = self._key.exchange(X25519PublicKey.from_public_bytes(point))
            self._opened = _Opener(suite, secret, self._hello[5:] + message)
        elif self._opened is None:
            raise ValueError("a message before the ServerHello")
        elif kind == _CERTIFICATE:
            self._read_certificates(body)

    def _read_certificates(self, body: Reader) -> None:
        body.block(1)
        listed = Reader(body.block(3))
        found: list[bytes] = []
        while listed.rest:
            found.append(listed.block(3))
            extensions = Reader(listed.block(2))
            while extensions.rest:
                kind, content = extensions.number(2), extensions.block(2)
                if len(found) == 1 and kind == STATUS_REQUEST:
                    self.stapled = len(content) > 4
        self.certificates = tuple(found)
        self._end("")


class _Opener:
    """The server's key of the handshake."""

    def __init__(self, suite: int, secret: bytes, transcript: bytes) -> None:
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM

        self._hash, length = _SUITES[suite]
        zero = bytes(hashlib.new(self._hash).digest_size)
        nothing = hashlib.new(self._hash).digest()
        early = self._extract(zero, zero)
        shaken = self._extract(self._expand(early, b"derived", nothing, len(zero)), secret)
        digest = hashlib.new(self._hash, transcript).digest()
        traffic = self._expand(shaken, b"s hs traffic", digest, len(zero))
        self._key = AESGCM(self._expand(traffic, b"key", b"", length))
        self._iv = int.from_bytes(self._expand(traffic, b"iv", b"", 12), "big")
        self._taken = 0

    def open(self, sealed: bytes) -> tuple[int, bytes]:
        """Type and content of what a record carries. Raises ValueError where it is not sealed by
        this key."""
        from cryptography.exceptions import InvalidTag

        nonce = (self._iv ^ self._taken).to_bytes(12, "big")
        self._taken += 1
        header = b"\x17\3\3" + len(sealed).to_bytes(2, "big")
        try:
            content = self._key.decrypt(nonce, sealed, header).rstrip(b"\0")
        except InvalidTag:
            raise ValueError("a record that does not belong to the session") from None
        if not content:
            raise ValueError("a record of nothing")
        return content[-1], content[:-1]

    def _extract(self, salt: bytes, secret: bytes) -> bytes:
        return hmac.digest(salt, secret, self._hash)

    def _expand(self, secret: bytes, label: bytes, context: bytes, size: int) -> bytes:
        """HKDF-Expand-Label (RFC 8446 section 7.1), of one block at most."""
        name = b"tls13 " + label
        info = size.to_bytes(2, "big") + bytes([len(name)]) + name
        info += bytes([len(context)]) + context
        return hmac.digest(secret, info + b"\1", self._hash)[:size]


def _share(body: Reader) -> tuple[int, bytes]:
    """Cipher suite and key of a ServerHello."""
    body.take(34)
    body.block(1)
    suite = body.number(2)
    body.number(1)
    extensions = Reader(body.block(2) if body.rest else b"")
    point = b""
    while extensions.rest:
        kind, content = extensions.number(2), Reader(extensions.block(2))
        if kind == _KEY_SHARE and content.number(2) == _X25519 and content.rest:
            point = content.block(2)
    if suite not in _SUITES or not point:
        raise ValueError("the server wants another key exchange")
    return suite, point
