"""OpenSSL's and GnuTLS' own TLS servers, which can be set up in ways no mail server is."""

from __future__ import annotations

import shutil
import socket
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.pki import TestPki


@contextmanager
def openssl_server(
    folder: Path, pki: TestPki, options: Sequence[str], kind: str = "weak-key"
) -> Iterator[int]:
    """`openssl s_server` with a certificate of a kind, by default one of a small RSA key."""
    program = shutil.which("openssl")
    if program is None:
        pytest.skip("not installed: openssl (package openssl)")
    chain, key = pki.write(kind)
    port = _free_port()
    files = ["-cert", str(chain), "-cert_chain", str(chain), "-key", str(key)]
    command = [program, "s_server", "-accept", f"127.0.0.1:{port}", "-quiet", *files, *options]
    with _running(command, folder / "openssl.log", port):
        yield port


@contextmanager
def gnutls_server(
    folder: Path, pki: TestPki, priority: str, options: Sequence[str] = ()
) -> Iterator[int]:
    """`gnutls-serv`, which still knows RC4 and triple DES; it answers in no SMTP."""
    program = shutil.which("gnutls-serv")
    if program is None:
        pytest.skip("not installed: gnutls-serv (package gnutls-bin)")
    chain, key = pki.write("weak-key")
    port = _free_port()
    files = ["--x509certfile", str(chain), "--x509keyfile", str(key)]
    command = [program, "--echo", "--port", str(port), *files, "--priority", priority, *options]
    with _running(command, folder / "gnutls.log", port):
        yield port


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port: int = free.getsockname()[1]
    return port


@contextmanager
def _running(command: list[str], log: Path, port: int) -> Iterator[None]:
    with log.open("wb") as said:
        # An open standard input: s_server ends with it.
        server = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=said, stderr=said)
        try:
            _listening(port, server, log)
            yield
        finally:
            server.terminate()
            server.wait(10)
            if server.stdin:
                server.stdin.close()


def _listening(port: int, server: subprocess.Popen[bytes], log: Path) -> None:
    for _ in range(200):
        assert server.poll() is None, log.read_text(errors="replace")
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
        except OSError:
            time.sleep(0.05)
        else:
            return
    pytest.fail(f"{server.args!r} does not listen")
