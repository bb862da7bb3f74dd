"""Handshakes that fail for other reasons than a certificate, however the bytes are cut."""

from __future__ import annotations

import ssl
import sys
from pathlib import Path

import pytest
import trustme

from smtpcheck.wire.tls import TlsSession
from smtpcheck.wire.tls_context import TlsContext
from smtpcheck.wire.tls_failure import Progress, classify
from tests.pki import SMALL_GROUP, TestPki
from tests.wire.tls_peer import (
    GREETING,
    HOST,
    SIZES,
    Peer,
    context_for,
    converse,
    error_of,
    feed,
    session_for,
)

HELLO = Progress(answered=False, certificate_requested=False, certificate_sent=False)


@pytest.fixture(scope="module")
def trusting(pki: TestPki) -> TlsContext:
    return context_for(pki.ca_file)


@pytest.fixture
def session(trusting: TlsContext) -> TlsSession:
    return session_for(trusting)


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize(
    "said",
    [
        b"220 mail.example.test ESMTP\r\n",
        b"421 4.7.0 try again later\r\n",
        b"* OK IMAP4rev1 ready\r\n",
        b"HTTP/1.1 400 Bad Request\r\n",
        "220 \u043f\u0440\u0438\u0432\u0435\u0442\r\n".encode(),
        b"220 \x1b[2J\x00\r\n",
    ],
)
def test_plain_text_is_quoted_to_its_line_end(session: TlsSession, said: bytes, size: int) -> None:
    session.start()
    feed(session, said, size)
    assert error_of(session)["kind"] == "plain-text"
    assert session.handshake_facts()["plain_text"] == said.decode()
    assert session.state == "failed"


def test_a_greeting_of_many_lines_is_quoted_as_far_as_it_came(session: TlsSession) -> None:
    session.start()
    session.receive(b"220-one\r\n220 two\r\n")
    assert session.handshake_facts()["plain_text"] == "220-one\r\n220 two\r\n"


def test_bytes_that_are_not_utf8_are_quoted_as_escapes(session: TlsSession) -> None:
    session.start()
    session.receive(b"220 gr\xfc\xdf\r\n")
    assert session.handshake_facts()["plain_text"] == "220 gr\\xfc\\xdf\r\n"


@pytest.mark.parametrize("size", SIZES)
def test_endless_text_is_not_kept(session: TlsSession, size: int) -> None:
    session.start()
    feed(session, b"2" * 5000, size)
    assert session.handshake_facts()["plain_text"] == "2" * 512


@pytest.mark.parametrize("end", ["timeout", "reset", "closed", "eof"])
def test_half_a_line_of_text_is_still_text_when_no_more_comes(
    session: TlsSession, end: str
) -> None:
    session.start()
    assert session.receive(b"220 ma").state == "handshaking"
    if end == "eof":
        session.receive(b"")
    else:
        session.failed_by(end, "")  # type: ignore[arg-type]  # one of the three
    assert error_of(session)["kind"] == "plain-text"
    assert session.handshake_facts()["plain_text"] == "220 ma"


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize(
    "noise",
    [
        b"\x00\x01\x02\x03\x04\x05\x06",
        b"\xff\xfe\xfd\xfc\xfb\xfa",
        b"J\x00\x00\x00\x0a8.0.36\x00",
        b"abc" + bytes(range(16)),
        b"\x16\x16\x16\x16\x16\x16\x16\x16",
        b"\x16\x03\x03\x00\x10" + b"\xaa" * 16,
        b"\x17\x03\x03\x00\x10" + b"\xaa" * 16,
    ],
)
def test_noise_is_corruption_and_not_plain_text(
    session: TlsSession, noise: bytes, size: int
) -> None:
    session.start()
    feed(session, noise, size)
    assert session.state == "failed"
    assert error_of(session)["kind"] == "corrupted"
    assert "plain_text" not in session.handshake_facts()


@pytest.mark.parametrize("version", ["1.2", "1.3"])
@pytest.mark.parametrize("size", SIZES)
def test_noise_in_the_middle_is_corruption(
    pki: TestPki, session: TlsSession, size: int, version: str
) -> None:
    answer = Peer(pki.context("good", {"max": version})).answer(session.start())
    feed(session, answer[:100] + b"250 what?\r\n" * 500, size)
    assert session.state == "failed"
    assert error_of(session)["kind"] == "corrupted"


@pytest.mark.parametrize("size", SIZES)
def test_text_behind_a_record_is_corruption(pki: TestPki, trusting: TlsContext, size: int) -> None:
    session = session_for(trusting)
    answer = Peer(pki.context("good", {"max": "1.2"})).answer(session.start())
    first = 5 + int.from_bytes(answer[3:5])
    feed(session, answer[:first] + b"500 5.5.1 what is that?\r\n", size)
    assert error_of(session)["kind"] == "corrupted"


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("kept", [0, 3, 60])
def test_a_handshake_cut_short_is_closed(
    pki: TestPki, session: TlsSession, size: int, kept: int
) -> None:
    answer = Peer(pki.context("good")).answer(session.start())
    feed(session, answer[:kept], size)
    assert session.receive(b"").state == "failed"
    assert error_of(session)["kind"] == "closed"
    assert session.receive(b"more").state == "failed"
    assert session.receive(b"").state == "failed"


@pytest.mark.parametrize("kind", ["timeout", "reset", "closed"])
def test_the_link_says_why_the_bytes_stopped(session: TlsSession, kind: str) -> None:
    session.start()
    session.failed_by(kind, "errno 104")  # type: ignore[arg-type]  # one of the three
    assert session.state == "failed"
    assert error_of(session)["kind"] == kind
    assert session.failure.endswith(": errno 104")


def test_the_link_does_not_overrule_what_is_known(pki: TestPki, session: TlsSession) -> None:
    converse(session, Peer(pki.context("expired")))
    session.failed_by("reset", "")
    assert error_of(session)["kind"] == "verify"


def test_the_link_does_not_fail_an_open_session(pki: TestPki, session: TlsSession) -> None:
    converse(session, Peer(pki.context("good")))
    session.failed_by("reset", "")
    assert session.verified


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        ({}, {"min": "1.0", "max": "1.1"}),
        ({"min_version": "1.3"}, {"max": "1.2"}),
        ({"max_version": "1.2"}, {"min": "1.3"}),
    ],
)
def test_no_common_version(
    pki: TestPki, ours: dict[str, str], theirs: dict[str, str], size: int
) -> None:
    session = session_for(context_for(pki.ca_file, **ours))
    converse(session, Peer(pki.context("good", theirs)), size)
    assert error_of(session)["kind"] == "version"


def test_a_version_chosen_below_the_lowest_is_a_version_failure(session: TlsSession) -> None:
    session.start()
    hello = b"\x03\x01" + bytes(32) + b"\x00" + b"\xc0\x14" + b"\x00"
    message = b"\x02" + len(hello).to_bytes(3) + hello
    session.receive(b"\x16\x03\x01" + len(message).to_bytes(2) + message)
    assert error_of(session)["kind"] == "version"
    assert session.handshake_facts()["version"] == "TLSv1"
    assert session.failure == "the server chose TLSv1, which is not allowed here"


@pytest.mark.parametrize("version", ["1.0", "1.1"])
def test_an_old_version_that_is_allowed_works(pki: TestPki, version: str) -> None:
    context = context_for(pki.ca_file, min_version=version)
    session = session_for(context)
    converse(session, Peer(pki.context("good", {"min": version, "max": version})))
    assert session.verified
    name = {"1.0": "TLSv1", "1.1": "TLSv1.1"}[version]
    assert session.handshake_facts()["version"] == name


@pytest.mark.parametrize("size", SIZES)
def test_no_common_cipher(pki: TestPki, session: TlsSession, size: int) -> None:
    server = pki.context("good", {"max": "1.2", "ciphers": "AES128-SHA:@SECLEVEL=0"})
    converse(session, Peer(server), size)
    assert error_of(session)["kind"] == "cipher"
    assert error_of(session)["alert"] == "handshake_failure"
    assert "sslv3" not in session.failure.lower()


@pytest.mark.parametrize("size", SIZES)
def test_a_small_diffie_hellman_group(tmp_path: Path, size: int) -> None:
    authority = trustme.CA(key_type=trustme.KeyType.RSA)
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.set_ciphers("DHE-RSA-AES128-GCM-SHA256:@SECLEVEL=0")
    server.maximum_version = ssl.TLSVersion.TLSv1_2
    authority.issue_cert(HOST, key_type=trustme.KeyType.RSA).configure_cert(server)
    file = tmp_path / "dh.pem"
    file.write_text(SMALL_GROUP)
    server.load_dh_params(str(file))
    with authority.cert_pem.tempfile() as ca_file:
        session = session_for(context_for(ca_file))
    converse(session, Peer(server), size)
    assert error_of(session)["kind"] == "dh-key"


@pytest.mark.parametrize("size", SIZES)
def test_a_missing_client_certificate_in_tls_1_2(
    pki: TestPki, session: TlsSession, size: int
) -> None:
    server = pki.context("good", {"max": "1.2", "client-cert": "required"})
    assert converse(session, Peer(server), size) == b""
    assert (session.state, session.verified) == ("failed", False)
    assert error_of(session)["kind"] == "client-cert-required"
    facts = session.handshake_facts()
    assert facts["client_cert_requested"] is True
    assert facts["chain"], "the server's own chain was seen"


@pytest.mark.parametrize("size", SIZES)
def test_a_missing_client_certificate_in_tls_1_3_shows_behind_the_handshake(
    pki: TestPki, session: TlsSession, size: int
) -> None:
    peer = Peer(pki.context("good", {"min": "1.3", "client-cert": "required"}))
    sent, _ = feed(session, peer.answer(session.start()), size)
    assert (session.state, session.verified) == ("open", True)
    assert "error" not in session.handshake_facts()
    feed(session, peer.answer(sent), size)
    assert (session.state, session.verified) == ("failed", False)
    assert error_of(session)["kind"] == "client-cert-required"
    assert error_of(session)["alert"] == "certificate_required"


@pytest.mark.parametrize("version", ["1.2", "1.3"])
def test_a_client_certificate_is_shown(pki: TestPki, version: str) -> None:
    certificate, key = pki.write("client-auth-only")
    context = context_for(pki.ca_file, client_cert=str(certificate), client_key=str(key))
    server = pki.context("good", {"min": version, "max": version, "client-cert": "required"})
    session, peer = session_for(context), Peer(server)
    assert converse(session, peer) == GREETING
    assert peer.tls.getpeercert(binary_form=True)
    assert session.handshake_facts()["client_cert_requested"] is True


@pytest.mark.parametrize("version", ["1.2", "1.3"])
def test_a_refused_client_certificate_is_not_called_missing(pki: TestPki, version: str) -> None:
    certificate, key = pki.write("unknown-ca")
    context = context_for(pki.ca_file, client_cert=str(certificate), client_key=str(key))
    server = pki.context("good", {"min": version, "max": version, "client-cert": "required"})
    session = session_for(context)
    converse(session, Peer(server))
    assert (error_of(session)["kind"], error_of(session)["alert"]) == ("alert", "unknown_ca")


def test_a_changed_record_behind_the_handshake_fails_the_session(
    pki: TestPki, session: TlsSession
) -> None:
    peer = Peer(pki.context("good"), greeting=b"")
    converse(session, peer)
    record = peer.say(b"250 ok\r\n")
    step = session.receive(record[:-1] + bytes([record[-1] ^ 1]))
    assert (step.plain, step.state) == (b"", "failed")
    assert error_of(session)["kind"] == "corrupted"


def test_what_came_before_a_changed_record_is_still_told(pki: TestPki, session: TlsSession) -> None:
    peer = Peer(pki.context("good"), greeting=b"")
    converse(session, peer)
    good, bad = peer.say(b"250 ok\r\n"), peer.say(b"250 no\r\n")
    step = session.receive(good + bad[:-1] + bytes([bad[-1] ^ 1]))
    assert (step.plain, step.state) == (b"250 ok\r\n", "failed")


@pytest.mark.parametrize(
    ("reason", "kind", "alert"),
    [
        ("SSLV3_ALERT_HANDSHAKE_FAILURE", "cipher", "handshake_failure"),
        ("TLSV1_ALERT_PROTOCOL_VERSION", "version", "protocol_version"),
        ("TLSV1_ALERT_INSUFFICIENT_SECURITY", "cipher", "insufficient_security"),
        ("TLSV1_ALERT_INTERNAL_ERROR", "alert", "internal_error"),
        ("TLSV1_UNRECOGNIZED_NAME", "alert", "unrecognized_name"),
        ("TLSV1_ALERT_USER_CANCELLED", "alert", "user_canceled"),
        ("TLSV13_ALERT_CERTIFICATE_REQUIRED", "client-cert-required", "certificate_required"),
        ("UNSUPPORTED_PROTOCOL", "version", None),
        ("WRONG_CIPHER_RETURNED", "cipher", None),
        ("DH_KEY_TOO_SMALL", "dh-key", None),
        ("NO_CIPHERS_AVAILABLE", "local", None),
        ("NO_PROTOCOLS_AVAILABLE", "local", None),
        ("UNSAFE_LEGACY_RENEGOTIATION_DISABLED", "other", None),
        ("WRONG_VERSION_NUMBER", "corrupted", None),
        ("DECRYPTION_FAILED_OR_BAD_RECORD_MAC", "corrupted", None),
        ("SOMETHING_NEW", "other", None),
        ("UNEXPECTED_EOF_WHILE_READING", "closed", None),
    ],
)
def test_errors_of_openssl_have_a_kind(reason: str, kind: str, alert: str | None) -> None:
    error = ssl.SSLError(1, f"[SSL: {reason}] raw words (_ssl.c:1006)")
    error.library, error.reason = "SSL", reason
    failure = classify(error, HELLO).facts()["error"]
    assert isinstance(failure, dict)
    assert (failure["kind"], failure.get("alert")) == (kind, alert)
    assert "_ssl.c" not in str(failure["message"])
    assert "sslv3" not in str(failure["message"]).lower()


def test_an_alert_without_a_name_in_python_is_known_by_its_number() -> None:
    error = ssl.SSLError(1, "[SSL] unknown error (reason(1120)) (_ssl.c:1006)")
    assert classify(error, HELLO).alert == "no_application_protocol"


def test_a_local_refusal_sends_nothing(pki: TestPki) -> None:
    context = context_for(pki.ca_file, max_version="1.2")
    context.ssl_context.set_ciphers("ECDHE-RSA-AES128-GCM-SHA256")
    context.ssl_context.minimum_version = ssl.TLSVersion.TLSv1_3
    session = session_for(context)
    assert session.start() == b""
    assert error_of(session)["kind"] == "local"


def test_without_the_private_callback_a_missing_certificate_still_shows(
    pki: TestPki, trusting: TlsContext
) -> None:
    trusting._watches.clear()
    session = session_for(trusting)
    trusting._watches.clear()
    peer = Peer(pki.context("good", {"min": "1.3", "client-cert": "required"}))
    converse(session, peer)
    assert error_of(session)["kind"] == "client-cert-required", sys.version
