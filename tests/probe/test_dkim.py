"""The DKIM signature of a test message, checked by dkimpy and, besides, by hand."""

from __future__ import annotations

import base64
import hashlib
import re
import sys
from pathlib import Path
from typing import Any

import dkim as dkimpy
import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ed25519, padding, rsa

from smtpcheck.api import Job, probe
from smtpcheck.api.signing import signer_of, signing_notes
from smtpcheck.model.errors import UsageError
from smtpcheck.model.message import Attachment, MessageSpec
from smtpcheck.model.plan import Plan
from smtpcheck.model.profile import Profile
from smtpcheck.model.reply import Reply
from smtpcheck.probe.outgoing import outgoing
from smtpcheck.store.dkim_key import dkim_key
from smtpcheck.store.profile_reader import profile_from_settings
from smtpcheck.wire.hello import Hello

Key = rsa.RSAPrivateKey | ed25519.Ed25519PrivateKey
RSA = rsa.generate_private_key(65537, 2048)
ED25519 = ed25519.Ed25519PrivateKey.generate()


def pem(key: Key, password: bytes = b"") -> bytes:
    locked = (
        serialization.BestAvailableEncryption(password)
        if password
        else serialization.NoEncryption()
    )
    return key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, locked)


def record(key: Key) -> bytes:
    """What the DNS would hold at the selector."""
    public = key.public_key()
    if isinstance(public, ed25519.Ed25519PublicKey):
        raw = public.public_bytes_raw()
        return b"v=DKIM1; k=ed25519; p=" + base64.b64encode(raw)
    der = public.public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    return b"v=DKIM1; k=rsa; p=" + base64.b64encode(der)


def profile(folder: Path, key: bytes, **dkim: Any) -> Profile:
    path = folder / "dkim.pem"
    path.touch(mode=0o600)
    path.write_bytes(key)
    tables = {
        "server": {"host": "mail.x.test"},
        "sender": {"address": "a@x.test", "name": "Büro"},
        "test": {"to": ["b@y.test"]},
        "dkim": {"domain": "x.test", "selector": "s1", "key_file": str(path), **dkim},
    }
    return profile_from_settings(tables, environment={}).profile


def signed(folder: Path, key: Key, **spec: Any) -> bytes:
    made = profile(folder, pem(key))
    hello = Hello("EHLO", Reply(()), extensions={"8BITMIME": "", "SMTPUTF8": ""})
    return outgoing(made, Plan(message=MessageSpec(**spec)), hello, signer_of(made)).message


MESSAGES: list[dict[str, Any]] = [
    {},
    {"body": "Grüße  \n\n.\n trailing \n\n\n", "subject": "Prüfung " * 20},
    {"html": "<p>ü", "attachments": (Attachment(name="a", type="image/png", content=b"\0\xff"),)},
    {"body": "", "reply_to": "jörg@x.test"},
    {"raw": b"From: a@x.test\nSubject:  odd   blanks \n\n  x\t\ty \n\n\n"},
]


@pytest.mark.parametrize("spec", MESSAGES)
@pytest.mark.parametrize("key", [RSA, ED25519], ids=["rsa", "ed25519"])
def test_dkimpy_verifies_every_kind_of_message(
    tmp_path: Path, key: Key, spec: dict[str, Any]
) -> None:
    message = signed(tmp_path, key, **spec)

    def dns(name: bytes, timeout: int = 5) -> bytes:
        assert name == b"s1._domainkey.x.test."
        return record(key)

    assert dkimpy.verify(message, dnsfunc=dns)
    assert not dkimpy.verify(message + b"more\r\n", dnsfunc=dns)
    assert b"c=relaxed/relaxed" in message
    algorithm = b"a=rsa-sha256" if key is RSA else b"a=ed25519-sha256"
    assert algorithm in message


def test_text_is_seven_bits_where_it_is_signed(tmp_path: Path) -> None:
    assert signed(tmp_path, RSA, body="Grüße", subject="ü").isascii()


def test_the_signature_is_what_the_rfc_says(tmp_path: Path) -> None:
    """Relaxed header and body of RFC 6376 section 3.4, in a few lines of our own."""
    message = signed(tmp_path, RSA, body="Hello  \t world \n\n\n", subject="a  b")
    head, _, body = message.partition(b"\r\n\r\n")
    fields = re.findall(rb"([!-9;-~]+):([^\r\n]*(?:\r\n[ \t][^\r\n]*)*)", head)
    tags = dict(
        tag.strip().split(b"=", 1) for tag in re.sub(rb"\s+", b"", fields[0][1]).split(b";")
    )
    lines = [re.sub(rb"[ \t]+", b" ", line).rstrip(b" ") for line in body.split(b"\r\n")]
    canonical_body = b"\r\n".join(lines).rstrip(b"\r\n") + b"\r\n"
    assert base64.b64decode(tags[b"bh"]) == hashlib.sha256(canonical_body).digest()
    left = list(fields[1:])
    chosen = []
    for name in tags[b"h"].split(b":"):
        found = next((each for each in reversed(left) if each[0].lower() == name), None)
        if found:
            left.remove(found)
            chosen.append(_relaxed(*found) + b"\r\n")
    own = re.sub(rb"b=[^;]*\Z", b"b=", fields[0][1])
    data = b"".join(chosen) + _relaxed(b"DKIM-Signature", own)
    RSA.public_key().verify(base64.b64decode(tags[b"b"]), data, padding.PKCS1v15(), hashes.SHA256())
    assert {b"from", b"to", b"subject", b"date", b"message-id"} <= set(tags[b"h"].split(b":"))


def _relaxed(name: bytes, value: bytes) -> bytes:
    return name.lower() + b":" + re.sub(rb"[ \t]+", b" ", value.replace(b"\r\n", b"")).strip()


def test_a_raw_message_that_is_signed_already_is_left_alone(tmp_path: Path) -> None:
    raw = b"DKIM-Signature: v=1; x\r\nFrom: a@x.test\r\n\r\nhi\r\n"
    assert signed(tmp_path, RSA, raw=raw) == raw


def bad_keys() -> dict[str, tuple[bytes, str]]:
    from cryptography.hazmat.primitives.asymmetric import ec

    curve = ec.generate_private_key(ec.SECP256R1())
    other = curve.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    return {
        "locked": (pem(RSA, b"phrase"), "has a pass phrase"),
        "garbage": (b"-----BEGIN PRIVATE KEY-----\nc2VjcmV0\n", "is no private key in PEM form"),
        "empty": (b"", "is no private key in PEM form"),
        "curve": (other, "neither RSA nor Ed25519"),
    }


@pytest.mark.parametrize("kind", bad_keys())
def test_a_key_that_cannot_sign_is_refused_before_anything_is_sent(
    tmp_path: Path, kind: str
) -> None:
    content, words = bad_keys()[kind]
    with pytest.raises(UsageError, match=words) as refused:
        signer_of(profile(tmp_path, content))
    for line in content.splitlines()[1:-1]:
        assert line.decode() not in str(refused.value)


def test_a_key_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="cannot be read: No such file"):
        dkim_key(str(tmp_path / "none.pem"))


def test_a_selector_that_no_name_can_hold_is_refused(tmp_path: Path) -> None:
    for selector in ("a b", "a;b", "ü", "._x", "a/b"):
        with pytest.raises(UsageError, match="no part of a domain name"):
            signer_of(profile(tmp_path, pem(RSA), selector=selector))


def test_without_the_extra_nothing_is_sent_and_the_command_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "dkim", None)
    monkeypatch.setattr(
        "smtpcheck.probe.dkim_signer.find_spec", lambda name: None if name == "dkim" else object()
    )
    tables = {
        "server": {"host": "127.0.0.1", "port": 1},
        "sender": {"address": "a@x.test"},
        "test": {"to": ["b@y.test"]},
        "dkim": {"domain": "x.test", "selector": "s", "key_file": str(tmp_path / "k")},
    }
    loaded = profile_from_settings(tables, environment={})
    with pytest.raises(UsageError) as refused:
        probe(Job("x", loaded, Plan()))
    assert refused.value.help == ("install it: pip install 'smtpcheck[dkim]'",)
    # Where no message is to leave, none needs a signature.
    assert probe(Job("x", loaded, Plan(until="tcp", experiments=False))).exit_code == 11


def test_the_key_is_shown_nowhere(tmp_path: Path) -> None:
    path = tmp_path / "k.pem"
    path.write_bytes(pem(RSA))
    key = dkim_key(str(path))
    assert "PRIVATE" not in repr(key)
    assert key.material.decode() not in repr(key)


def test_a_key_that_others_can_read_is_a_note(tmp_path: Path) -> None:
    made = profile(tmp_path, pem(RSA))
    (tmp_path / "dkim.pem").chmod(0o644)
    assert "can be read by others" in signing_notes(made, Plan())[0]


@pytest.mark.parametrize(
    ("author", "counts"),
    [
        ("a@x.test", True),
        ("a@mail.x.test", True),
        ("a@X.TEST", True),
        ("a@other.test", False),
        ("a@notx.test", False),
    ],
)
def test_a_signature_that_dmarc_does_not_count_is_a_note(
    tmp_path: Path, author: str, counts: bool
) -> None:
    notes = signing_notes(
        profile(tmp_path, pem(RSA)), Plan(message=MessageSpec(from_address=author))
    )
    assert notes == () if counts else "does not count for DMARC" in notes[0]
