"""The scripted server against hand-made clients."""

from __future__ import annotations

import socket
import ssl
import time

import pytest

from tests.pki import TestPki
from tests.scripted import ScriptedServer


def talk(port: int, *said: bytes, host: str = "127.0.0.1") -> bytes:
    """Everything that the server sends while the client says its lines one by one."""
    heard = b""
    with socket.create_connection((host, port), 5) as sock:
        for line in said:
            heard += sock.recv(65536)
            sock.sendall(line)
        while more := sock.recv(65536):
            heard += more
    return heard


def test_a_conversation_is_played_and_recorded() -> None:
    with ScriptedServer("S: 220 hi\nC: EHLO *\nS: 250 ok\n!: close\n") as server:
        assert talk(server.port, b"EHLO me\r\n") == b"220 hi\r\n250 ok\r\n"
    assert server.connection.lines == ["EHLO me"]
    assert server.connection.finished
    assert server.plain_received == b"EHLO me\r\n"


def test_a_client_that_deviates_fails_the_test() -> None:
    with (
        pytest.raises(AssertionError, match=r"script:2: expected 'EHLO \*', got 'NOOP'"),
        ScriptedServer("S: 220 hi\nC: EHLO *\nS: 250 ok\n") as server,
    ):
        talk(server.port, b"NOOP\r\n")


def test_a_client_that_leaves_early_is_recorded_only() -> None:
    with ScriptedServer("S: 220 hi\nC: EHLO *\nS: 250 ok\n") as server:
        socket.create_connection(("127.0.0.1", server.port), 5).close()
        time.sleep(0.05)
    assert server.connection.ended_at == 2
    assert not server.connection.finished


def test_after_the_script_quit_is_answered() -> None:
    with ScriptedServer("S: 220 hi\n") as server, socket.socket() as sock:
        sock.connect(("127.0.0.1", server.port))
        sock.sendall(b"MORE\r\nQUIT\r\n")
        heard = b""
        while not heard.endswith(b"bye\r\n"):
            heard += sock.recv(100)
    assert server.connection.lines == ["MORE", "QUIT"]


@pytest.mark.parametrize("version", ["1.2", "1.3"])
def test_what_comes_within_tls_is_kept_apart(pki: TestPki, version: str) -> None:
    script = f"""
        S: 220 hi
        C: STARTTLS
        S: 220 go
        !: tls good min={version} max={version}
        C: EHLO *
        S: 250 secret
        !: close
    """.replace("        ", "")
    context = ssl.create_default_context(cafile=str(pki.ca_file))
    with (
        ScriptedServer(script, pki) as server,
        socket.create_connection(("127.0.0.1", server.port), 5) as sock,
    ):
        sock.recv(100)
        sock.sendall(b"STARTTLS\r\n")
        sock.recv(100)
        with context.wrap_socket(sock, server_hostname="mail.example.test") as tls:
            tls.sendall(b"EHLO inside\r\n")
            assert tls.recv(100) == b"250 secret\r\n"
            assert tls.recv(100) == b""
    assert server.plain_received == b"STARTTLS\r\n"
    assert server.tls_received == b"EHLO inside\r\n"
    assert server.connection.server_name == "mail.example.test"
    assert server.connection.tls_version == f"TLSv{version}"
    assert server.connection.client_hello


def test_a_refused_certificate_is_recorded(pki: TestPki) -> None:
    context = ssl.create_default_context(cafile=str(pki.ca_file))
    with (
        ScriptedServer("!: tls expired\nC: EHLO\n", pki) as server,
        socket.create_connection(("127.0.0.1", server.port), 5) as sock,
        pytest.raises(ssl.SSLCertVerificationError),
    ):
        context.wrap_socket(sock, server_hostname="localhost")
    assert "EXPIRED" in server.connection.tls_error.upper()
    assert server.tls_received == b""


def test_a_server_that_eats_answers_only_the_first_of_a_group() -> None:
    script = "!: eat on\nS: 220 hi\nC: MAIL\nS: 250 ok\n!: pause 0.1\n!: close\n"
    with ScriptedServer(script) as server:
        heard = talk(server.port, b"MAIL FROM:<>\r\nRCPT TO:<a@b>\r\nDATA\r\n")
    assert heard == b"220 hi\r\n250 ok\r\n"
    assert server.connection.lines == ["MAIL FROM:<>"]


def test_a_body_is_read_to_its_dot() -> None:
    script = "S: 354 go\n!: body\nS: 250 queued\nC: QUIT\nS: 221 bye\n!: close\n"
    with ScriptedServer(script) as server:
        heard = talk(server.port, b"a\r\n..b\r\n.\r\nQUIT\r\n")
    assert heard == b"354 go\r\n250 queued\r\n221 bye\r\n"
    assert server.connection.bodies == [b"a\r\n..b\r\n.\r\n"]


def test_reset_is_seen_as_reset() -> None:
    with ScriptedServer("!: reset\n") as server, pytest.raises(ConnectionResetError):
        talk(server.port)


def test_a_silent_server_ends_when_the_test_does() -> None:
    began = time.monotonic()
    with ScriptedServer("S: 220 hi\n!: hang\n") as server, socket.socket() as sock:
        sock.connect(("127.0.0.1", server.port))
        sock.recv(100)
        sock.close()
    assert time.monotonic() - began < 2


def test_both_address_families_share_a_port() -> None:
    with ScriptedServer("S: 220 hi\n!: close\n", hosts=("127.0.0.1", "::1")) as server:
        assert talk(server.port) == talk(server.port, host="::1") == b"220 hi\r\n"
    assert [each.peer for each in server.connections] == ["127.0.0.1", "::1"]
