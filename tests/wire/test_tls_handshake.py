"""Handshakes with a real TLS server in memory: good and bad certificates, any cut of the bytes."""

from __future__ import annotations

import hashlib
import ssl
import subprocess
import sys
from pathlib import Path

import pytest
import trustme

from smtpcheck.wire.tls_context import TlsContext
from tests.pki import TestPki
from tests.wire.tls_peer import (
    GREETING,
    HOST,
    SIZES,
    Peer,
    context_for,
    converse,
    error_of,
    feed,
    kinds_of,
    problems_of,
    session_for,
)

REFUSED = {
    "expired": ["expired"],
    "not-yet-valid": ["not-yet-valid"],
    "wrong-name": ["hostname-mismatch"],
    "expired-wrong-name": ["expired", "hostname-mismatch"],
    "self-signed": ["self-signed"],
    "self-signed-in-chain": ["self-signed-in-chain"],
    "unknown-ca": ["unknown-ca"],
    "no-intermediate": ["chain-incomplete"],
    "expired-intermediate": ["expired"],
    "client-auth-only": ["wrong-purpose"],
    "no-san": ["no-san"],
    "weak-key": ["weak-key"],
    "weak-signature": ["weak-signature"],
}


@pytest.fixture(scope="module")
def trusting(pki: TestPki) -> TlsContext:
    return context_for(pki.ca_file)


@pytest.fixture(scope="module")
def lax(pki: TestPki) -> TlsContext:
    return context_for(pki.ca_file, verify=False)


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("version", ["1.2", "1.3"])
def test_a_good_server_is_verified(
    pki: TestPki, trusting: TlsContext, version: str, size: int
) -> None:
    session, peer = session_for(trusting), Peer(pki.context("good", {"max": version}))
    assert converse(session, peer, size) == GREETING
    assert (session.state, session.verified, session.failure) == ("open", True, "")
    facts = session.handshake_facts()
    assert facts["version"] == f"TLSv{version}"
    assert facts["server_name"] == HOST
    assert (facts["verified"], facts["trust"]) == (True, "ca_file")
    assert facts["trust_store"] == {"count": 1, "source": str(pki.ca_file)}
    assert facts["client_cert_requested"] is False
    assert "problems" not in facts
    assert "error" not in facts


@pytest.mark.parametrize("version", ["1.2", "1.3"])
@pytest.mark.parametrize("key", list(trustme.KeyType))
def test_keys_of_both_kinds_are_verified(key: trustme.KeyType, version: str) -> None:
    authority = trustme.CA(key_type=key)
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(HOST, key_type=key).configure_cert(server)
    server.maximum_version = {"1.2": ssl.TLSVersion.TLSv1_2, "1.3": ssl.TLSVersion.TLSv1_3}[version]
    with authority.cert_pem.tempfile() as ca_file:
        context = context_for(ca_file)
    session = session_for(context)
    assert converse(session, Peer(server)) == GREETING
    assert session.verified


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("version", ["1.2", "1.3"])
@pytest.mark.parametrize("kind", REFUSED)
def test_a_bad_certificate_is_refused_with_all_its_problems(
    pki: TestPki, trusting: TlsContext, kind: str, version: str, size: int
) -> None:
    session, peer = session_for(trusting), Peer(pki.context(kind, {"max": version}))
    assert converse(session, peer, size) == b""
    assert (session.state, session.verified) == ("failed", False)
    assert kinds_of(session) == REFUSED[kind]
    assert error_of(session)["kind"] == "verify"
    assert error_of(session)["verify_code"]
    assert session.handshake_facts()["chain"], "the chain is told although it was refused"
    assert peer.error is not None, "the server got the alert that says why"


@pytest.mark.parametrize("version", ["1.2", "1.3"])
@pytest.mark.parametrize("kind", REFUSED)
def test_without_verification_the_same_problems_are_seen_and_the_talk_goes_on(
    pki: TestPki, lax: TlsContext, kind: str, version: str
) -> None:
    session, peer = session_for(lax), Peer(pki.context(kind, {"max": version}))
    assert converse(session, peer) == GREETING
    assert (session.state, session.verified) == ("open", False)
    assert kinds_of(session) == REFUSED[kind]
    assert session.handshake_facts()["trust"] == "none"


def test_without_verification_a_good_chain_has_no_problem(pki: TestPki, lax: TlsContext) -> None:
    session = session_for(lax)
    converse(session, Peer(pki.context("good")))
    assert kinds_of(session) == []
    assert not session.verified


def test_a_mismatch_names_both_sides(pki: TestPki, trusting: TlsContext) -> None:
    session = session_for(trusting)
    converse(session, Peer(pki.context("wrong-name")))
    problem = problems_of(session)[0]
    assert (problem["names"], problem["wanted"]) == (["other.example.test"], HOST)


def test_days_are_counted_without_a_sign(pki: TestPki, trusting: TlsContext) -> None:
    days = {}
    for kind in ("expired", "not-yet-valid", "expires-soon"):
        session = session_for(trusting)
        converse(session, Peer(pki.context(kind)))
        days[kind] = problems_of(session)[0]["days"]
    assert days == {"expired": 10, "not-yet-valid": 9, "expires-soon": 4}


def test_a_certificate_that_ends_soon_passes_and_is_told(
    pki: TestPki, trusting: TlsContext
) -> None:
    session = session_for(trusting)
    converse(session, Peer(pki.context("expires-soon")))
    assert session.verified
    assert kinds_of(session) == ["expires-soon"]


def test_a_chain_that_only_strict_clients_refuse_passes_and_is_told(
    pki: TestPki, trusting: TlsContext
) -> None:
    session = session_for(trusting)
    converse(session, Peer(pki.context("no-aki")))
    assert session.verified
    assert kinds_of(session) == ["strict-only"]
    assert problems_of(session)[0]["detail"] == "no authority key identifier"


@pytest.mark.parametrize("host", ["127.0.0.1", "::1", "[::1]", "::1%lo"])
def test_an_address_is_verified_by_an_address_and_sends_no_sni(
    pki: TestPki, trusting: TlsContext, host: str
) -> None:
    asked: list[str | None] = []
    server = pki.context("good", {"max": "1.2"})
    server.sni_callback = lambda _tls, name, _context: asked.append(name)
    session = session_for(trusting, host)
    converse(session, Peer(server))
    server.sni_callback = None
    assert session.verified
    assert asked == [None]


def test_an_address_is_not_verified_by_names(pki: TestPki, trusting: TlsContext) -> None:
    session = session_for(trusting, "127.0.0.1")
    converse(session, Peer(pki.context("no-ip-san")))
    assert kinds_of(session) == ["hostname-mismatch"]
    assert problems_of(session)[0]["wanted"] == "127.0.0.1"


def test_a_trailing_dot_is_no_part_of_the_name(pki: TestPki, trusting: TlsContext) -> None:
    session = session_for(trusting, f"{HOST.upper()}.")
    converse(session, Peer(pki.context("good")))
    assert session.verified
    assert session.handshake_facts()["server_name"] == HOST


@pytest.mark.parametrize("host", ["", ".", "x" * 64 + ".example.test", "a..b"])
def test_a_name_that_tls_cannot_carry_is_a_local_fault(trusting: TlsContext, host: str) -> None:
    session = session_for(trusting, host)
    assert session.start() == b""
    assert session.state == "failed"
    assert error_of(session)["kind"] == "local"


@pytest.mark.parametrize("size", SIZES)
def test_what_both_sides_say_stays_in_order(pki: TestPki, trusting: TlsContext, size: int) -> None:
    session, peer = session_for(trusting), Peer(pki.context("good"), greeting=b"")
    assert converse(session, peer) == b""
    assert peer.answer(session.seal(b"EHLO client.test\r\n")) == b""
    assert peer.heard == b"EHLO client.test\r\n"
    said = peer.say(b"250-one\r\n") + peer.say(b"250 two\r\n")
    assert feed(session, said, size) == (b"", b"250-one\r\n250 two\r\n")
    assert session.seal(b"") == b""


def test_session_tickets_are_no_end(pki: TestPki, trusting: TlsContext) -> None:
    session, peer = session_for(trusting), Peer(pki.context("good"), greeting=b"")
    sent = session.start()
    sent, _ = feed(session, peer.answer(sent), 1_000_000)
    tickets = peer.answer(sent)
    assert tickets, "TLS 1.3 servers send tickets behind the handshake"
    step = session.receive(tickets)
    assert (step.plain, step.state) == (b"", "open")


def test_a_reply_with_the_end_in_one_piece_is_read_to_its_end(
    pki: TestPki, trusting: TlsContext
) -> None:
    session, peer = session_for(trusting), Peer(pki.context("good"), greeting=b"")
    converse(session, peer)
    step = session.receive(peer.say(b"221 bye\r\n") + peer.hang_up())
    assert (step.plain, step.state) == (b"221 bye\r\n", "closed")
    assert "error" not in session.handshake_facts()


def test_a_connection_cut_behind_the_handshake_is_closed_and_no_failure(
    pki: TestPki, trusting: TlsContext
) -> None:
    session = session_for(trusting)
    converse(session, Peer(pki.context("good")))
    assert session.receive(b"").state == "closed"
    assert session.receive(b"").state == "closed"
    assert session.failure == ""


def test_close_says_goodbye_once_there_is_a_session(pki: TestPki, trusting: TlsContext) -> None:
    session, peer = session_for(trusting), Peer(pki.context("good"), greeting=b"")
    assert session.close() == b""
    converse(session, peer)
    peer.take(session.close())
    assert peer.tls.read(1) == b"", "close_notify"
    assert session.state == "closed"


def test_nothing_is_encrypted_without_a_session(trusting: TlsContext) -> None:
    session = session_for(trusting)
    session.start()
    with pytest.raises(RuntimeError, match="handshaking"):
        session.seal(b"AUTH PLAIN")


def test_a_fitting_fingerprint_stands_for_all_else(pki: TestPki) -> None:
    leaf = pki.issue("expired-wrong-name").chain.decode().split("-----END")[0]
    der = ssl.PEM_cert_to_DER_cert(f"{leaf}-----END CERTIFICATE-----\n")
    digest = hashlib.sha256(der).hexdigest().upper()
    pin = ":".join(digest[at : at + 2] for at in range(0, 64, 2))
    session = session_for(context_for(pki.ca_file, fingerprint=pin))
    assert converse(session, Peer(pki.context("expired-wrong-name"))) == GREETING
    facts = session.handshake_facts()
    assert (session.verified, facts["trust"]) == (True, "fingerprint")
    assert facts["waived"] == ["expired", "hostname-mismatch"]
    assert "problems" not in facts


@pytest.mark.parametrize("verify", [True, False])
def test_another_fingerprint_is_refused_whatever_the_chain(pki: TestPki, verify: bool) -> None:
    session = session_for(context_for(pki.ca_file, fingerprint="ab" * 32, verify=verify))
    peer = Peer(pki.context("good"))
    assert converse(session, peer) == b""
    assert (session.state, session.verified) == ("failed", False)
    assert error_of(session)["kind"] == "verify"
    assert kinds_of(session) == ["fingerprint-mismatch"]
    assert problems_of(session)[0]["wanted"] == "ab" * 32


def test_a_self_signed_certificate_in_the_ca_file_is_trusted(pki: TestPki) -> None:
    ca_file, _ = pki.write("self-signed")
    for verify in (True, False):
        session = session_for(context_for(ca_file, verify=verify))
        converse(session, Peer(pki.context("self-signed")))
        assert (session.state, session.verified) == ("open", verify)
        assert kinds_of(session) == []


def test_an_intermediate_alone_in_the_ca_file_is_trusted(pki: TestPki) -> None:
    chain = pki.issue("good").chain.decode()
    ca_file = pki.folder / "intermediate.pem"
    ca_file.write_text("-----BEGIN" + chain.split("-----BEGIN")[2])
    session = session_for(context_for(ca_file))
    converse(session, Peer(pki.context("no-intermediate")))
    assert session.verified


def test_an_empty_trust_store_is_this_machines_fault(
    pki: TestPki, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", "/nonexistent/ca.pem")
    monkeypatch.setenv("SSL_CERT_DIR", str(tmp_path))
    session = session_for(context_for())
    converse(session, Peer(pki.context("expired-wrong-name")))
    assert kinds_of(session) == ["empty-trust-store", "expired", "hostname-mismatch"]
    assert "/nonexistent/ca.pem" in str(problems_of(session)[0]["detail"])
    assert session.handshake_facts()["trust_store"] == {"count": 0, "source": "SSL_CERT_FILE"}


def test_weak_certificates_are_told_where_old_versions_let_them_pass(pki: TestPki) -> None:
    session = session_for(context_for(pki.ca_file, min_version="1.0"))
    assert converse(session, Peer(pki.context("weak-key"))) == GREETING
    assert session.verified
    assert kinds_of(session) == ["weak-key"]


def test_success_does_without_cryptography(pki: TestPki) -> None:
    server_side = pki.write("good")
    code = (
        "import sys; sys.path.insert(0, sys.argv[1]); import ssl\n"
        "from tests.wire.tls_peer import *\n"
        "server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER); server.load_cert_chain(*sys.argv[3:5])\n"
        "session = session_for(context_for(sys.argv[2])); converse(session, Peer(server))\n"
        "assert session.verified and session.handshake_facts()['chain']\n"
        "print([name for name in sys.modules if name.startswith('cryptography')])\n"
    )
    here = str(Path(__file__).parents[2])
    done = subprocess.run(
        [sys.executable, "-c", code, here, str(pki.ca_file), *map(str, server_side)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.stdout, done.stderr) == ("[]\n", "")
