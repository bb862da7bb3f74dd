"""SCRAM as the server conducts it (RFC 5802, RFC 7677)."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import secrets

from smtpcheck.model.value import dataclass
from smtpcheck.sandbox.exchange import Caller, Exchange, Login, MalformedResponseError, text_of

HASHES = {"SCRAM-SHA-1": "sha1", "SCRAM-SHA-256": "sha256"}
PLUS = "-PLUS"
ROUNDS = 4096


@dataclass(frozen=True, slots=True)
class _Keys:
    """What a server stores of a password (RFC 5802 section 3)."""

    stored: bytes
    server: bytes


def scram(name: str, caller: Caller) -> Exchange:
    """One exchange of the mechanism `name`."""
    algorithm = HASHES[name.removesuffix(PLUS)]
    header, bare = _client_first(text_of((yield b"")))
    user, client_nonce = _attributes(bare)
    objection = _objection(name, header, caller)
    if objection:
        yield f"e={objection}".encode()
        return Login(user, accepted=False)
    rounds = caller.iterations or ROUNDS
    nonce, salt = client_nonce + secrets.token_urlsafe(18), secrets.token_bytes(16)
    first = f"r={nonce},s={base64.b64encode(salt).decode()},i={rounds}"
    final = text_of((yield first.encode()))
    without_proof, found, proof = final.rpartition(",p=")
    wanted = header.encode() + (_bound(header, caller) if header.startswith("p=") else b"")
    if not found or without_proof != f"c={base64.b64encode(wanted).decode()},r={nonce}":
        yield b"e=channel-bindings-dont-match"
        return Login(user, accepted=False)
    keys = _keys(caller.accounts.password(user), salt, rounds, algorithm)
    signed = f"{bare},{first},{without_proof}".encode()
    if not _proves(_decoded(proof), keys, signed, algorithm):
        yield b"e=invalid-proof"
        return Login(user, accepted=False)
    server_key = keys.server if not caller.lies else secrets.token_bytes(20)
    signature = hmac.digest(server_key, signed, algorithm)
    yield b"v=" + base64.b64encode(signature)
    return Login(user, accepted=True)


def _client_first(message: str) -> tuple[str, str]:
    """The GS2 header with its commas, and the rest."""
    flag, comma, rest = message.partition(",")
    authzid, second, bare = rest.partition(",")
    if not comma or not second or authzid:
        raise MalformedResponseError("not the first message of SCRAM")
    return f"{flag},,", bare


def _attributes(bare: str) -> tuple[str, str]:
    """User name and the client's nonce."""
    name, _, nonce = bare.partition(",")
    if not name.startswith("n=") or not nonce.startswith("r=") or len(nonce) < 4:
        raise MalformedResponseError("not n=user,r=nonce")
    return name[2:].replace("=2C", ",").replace("=3D", "="), nonce[2:].partition(",")[0]


def _objection(name: str, header: str, caller: Caller) -> str:
    """What stands against the client's channel binding (RFC 5802 section 6)."""
    plus = name.endswith(PLUS)
    if header.startswith("p="):
        known = plus and _bound(header, caller)
        return "" if known else "unsupported-channel-binding-type"
    if header == "y,," and caller.offers_plus:
        return "server-does-support-channel-binding"
    return "channel-bindings-dont-match" if plus else ""


def _bound(header: str, caller: Caller) -> bytes:
    """The binding that a header `p=KIND,,` names; empty where this connection has none such."""
    return caller.bindings.get(header[2:].rstrip(","), b"")


def _keys(password: str, salt: bytes, rounds: int, algorithm: str) -> _Keys:
    from smtpcheck.wire.saslprep import saslprep

    # A scenario may ask for more rounds than anybody should compute.
    salted = hashlib.pbkdf2_hmac(algorithm, saslprep(password).encode(), salt, min(rounds, 10_000))
    client = hmac.digest(salted, b"Client Key", algorithm)
    return _Keys(
        hashlib.new(algorithm, client).digest(), hmac.digest(salted, b"Server Key", algorithm)
    )


def _proves(proof: bytes, keys: _Keys, signed: bytes, algorithm: str) -> bool:
    signature = hmac.digest(keys.stored, signed, algorithm)
    if len(proof) != len(signature):
        return False
    client = bytes(a ^ b for a, b in zip(proof, signature, strict=True))
    return hmac.compare_digest(hashlib.new(algorithm, client).digest(), keys.stored)


def _decoded(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise MalformedResponseError("the proof is not base64") from None
