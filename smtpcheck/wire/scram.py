"""SCRAM as the client computes it (RFC 5802, RFC 7677): both sides prove that they know the
password, and neither says it."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import secrets
from collections.abc import Generator, Iterable

from smtpcheck.model.jsonvalue import Json
from smtpcheck.model.value import dataclass
from smtpcheck.wire.channel_binding import ChannelBinding
from smtpcheck.wire.sasl_fault import ChallengeFaultError

ITERATIONS_LIMIT = 1_000_000
"""A second of work here. A server may ask for 2^31 rounds, which would be hours; what is in use
lies between 4,096 and some hundred thousand."""
ITERATIONS_FEW = 4_096
"""The least that RFC 5802 section 5.1 and RFC 7677 section 4 recommend."""
HASHES = {"SCRAM-SHA-1": "sha1", "SCRAM-SHA-256": "sha256"}
PLUS = "-PLUS"
BINDING_ERRORS = ("unsupported-channel-binding-type", "channel-binding-not-supported")
"""Server errors that judge the channel binding before any proof has left."""


@dataclass(frozen=True, slots=True)
class Scram:
    """One login by SCRAM. Raises ValueError for a user name or password that SASLprep prohibits;
    its message shows nothing of either."""

    mechanism: str
    username: str
    password: str
    binding: ChannelBinding | None
    """Used where the mechanism is a -PLUS one."""
    bindable: bool
    """This side could bind and the server seems unable to. It is told so, and with it an attacker
    who cut the -PLUS mechanisms out of its list is found out (RFC 5802 section 6)."""
    nonce: str = ""
    """The client's part of it; random unless given (tests)."""

    def messages(self, facts: dict[str, Json], expected: list[str]) -> Generator[str, str, None]:
        """The client's messages; is sent the server's. Fills `facts`, and `expected` with the
        only server-final message that will do. Raises ChallengeFaultError."""
        header, bound = self._gs2()
        facts["channel_binding"] = self.binding.kind if bound and self.binding else ""
        nonce = self.nonce or secrets.token_urlsafe(18)
        name = _prepared(self.username, "user name").replace("=", "=3D").replace(",", "=2C")
        bare = f"n={name},r={nonce}"
        password = _prepared(self.password, "password").encode()
        server_first = yield header + bare
        combined, salt, rounds = _server_first(server_first, nonce)
        facts["iterations"] = rounds
        if rounds > ITERATIONS_LIMIT:
            raise ChallengeFaultError("too-many-iterations")
        input_ = base64.b64encode(header.encode() + bound).decode()
        without_proof = f"c={input_},r={combined}"
        signed = f"{bare},{server_first},{without_proof}".encode()
        proof, signature = self._computed(password, salt, rounds, signed)
        expected.append(f"v={base64.b64encode(signature).decode()}")
        server_final = yield f"{without_proof},p={base64.b64encode(proof).decode()}"
        if not hmac.compare_digest(_verifier(server_final), signature):
            raise ChallengeFaultError("server-signature")

    def _gs2(self) -> tuple[str, bytes]:
        """The header of GS2 (RFC 5802 section 7), and the data it binds to."""
        if self.mechanism.endswith(PLUS) and self.binding is not None:
            return f"p={self.binding.kind},,", self.binding.data
        return ("y,," if self.bindable else "n,,"), b""

    def _computed(
        self, password: bytes, salt: bytes, rounds: int, signed: bytes
    ) -> tuple[bytes, bytes]:
        """ClientProof and ServerSignature (RFC 5802 section 3)."""
        name = HASHES[self.mechanism.removesuffix(PLUS)]
        salted = hashlib.pbkdf2_hmac(name, password, salt, rounds)
        client_key = hmac.digest(salted, b"Client Key", name)
        stored_key = hashlib.new(name, client_key).digest()
        client_signature = hmac.digest(stored_key, signed, name)
        server_key = hmac.digest(salted, b"Server Key", name)
        proof = bytes(a ^ b for a, b in zip(client_key, client_signature, strict=True))
        return proof, hmac.digest(server_key, signed, name)


def server_error(message: str) -> str:
    """The error that a server's message carries (`e=`); empty where it carries none."""
    return message[2:].partition(",")[0] if message.startswith("e=") else ""


def final_among(words: Iterable[str]) -> str:
    """The server-final message among the words of a reply, in base64 as some servers put it
    behind their 235 instead of asking once more; empty where there is none."""
    for word in words:
        try:
            said = base64.b64decode(word.encode("ascii"), validate=True).decode()
        except (ValueError, binascii.Error):
            continue
        if said.startswith(("v=", "e=")):
            return said
    return ""


def _prepared(text: str, what: str) -> str:
    from smtpcheck.wire.saslprep import saslprep

    try:
        return saslprep(text)
    except ValueError as error:
        raise ValueError(f"the {what} cannot be used with SCRAM: {error}") from None


def _server_first(message: str, nonce: str) -> tuple[str, bytes, int]:
    """Nonce, salt and number of rounds (RFC 5802 section 7). A short salt or few rounds are
    weak, not wrong."""
    fields = message.split(",")
    if len(fields) < 3 or [each[:2] for each in fields[:3]] != ["r=", "s=", "i="]:
        raise ChallengeFaultError("challenge-malformed")
    combined, count = fields[0][2:], fields[2][2:]
    if not combined.startswith(nonce) or combined == nonce or not combined.isascii():
        raise ChallengeFaultError("challenge-malformed")
    if not count.isascii() or not count.isdecimal() or len(count) > 20 or int(count) < 1:
        raise ChallengeFaultError("challenge-malformed")
    return combined, _bytes(fields[1][2:], "challenge-malformed"), int(count)


def _verifier(message: str) -> bytes:
    if not message.startswith("v="):
        raise ChallengeFaultError("server-signature")
    return _bytes(message[2:].partition(",")[0], "server-signature")


def _bytes(text: str, fault: str) -> bytes:
    try:
        return base64.b64decode(text.encode("ascii"), validate=True)
    except (ValueError, binascii.Error):
        raise ChallengeFaultError(fault) from None
