"""Certificates for test servers: one CA per session, every kind of good and bad leaf under it."""

from __future__ import annotations

import ssl
from collections.abc import Mapping
from pathlib import Path

from smtpcheck.sandbox.certificates import Authority, CertificateKind, Issued
from smtpcheck.sandbox.tls_context import ANYTHING_GOES, server_context

SMALL_GROUP = """\
-----BEGIN DH PARAMETERS-----
MIGHAoGBAKX9GYEgyUQFCXg211tzvJVCkF8noFqfWxmevnkswkD9Xd79T9cJcTFU
3dU8j/DH7Bvu4UoT8bFH395Ll4f5yue2ghTjPzUh99LRwY0Ie9xu0S+MGvfzZac9
VmIRm2G0u9JUG6ZR3TDfI3ueq3f1SA469vXAiKD109U+ailG/4Z/AgEC
-----END DH PARAMETERS-----
"""  # 1024 bits, made for the tests
NAMES = ("mail.example.test", "localhost", "127.0.0.1", "::1")


class TestPki:
    """A CA for `mail.example.test`, `localhost`, `127.0.0.1` and `::1`."""

    __test__ = False  # not a test case, whatever pytest thinks of the name

    def __init__(self, folder: Path) -> None:
        self._authority = Authority(NAMES, "smtpcheck tests")
        self.folder = folder
        self.ca_file = folder / "ca.pem"
        self.ca_file.write_bytes(self._authority.root_pem)
        self._contexts: dict[tuple[str, tuple[tuple[str, str], ...]], ssl.SSLContext] = {}

    def issue(self, kind: str) -> Issued:
        """The PEM chain and key of a kind (`good`, `expired`, ...)."""
        return self._authority.issue(CertificateKind(kind))

    def write(self, kind: str) -> tuple[Path, Path]:
        """Files with the chain and the key of a kind, for servers that read files."""
        issued = self.issue(kind)
        chain, key = self.folder / f"{kind}.pem", self.folder / f"{kind}.key"
        key.touch(mode=0o600)
        chain.write_bytes(issued.chain)
        key.write_bytes(issued.key)
        return chain, key

    def client(self, name: str) -> tuple[Path, Path]:
        """Files with a certificate, and its key, by which a client shows that it is `name`."""
        issued = self._authority.issue_client(name)
        chain, key = self.folder / f"client-{name}.pem", self.folder / f"client-{name}.key"
        key.touch(mode=0o600)
        chain.write_bytes(issued.chain)
        key.write_bytes(issued.key)
        return chain, key

    def context(self, kind: str, options: Mapping[str, str] | None = None) -> ssl.SSLContext:
        """A server's TLS settings. Options: `min`, `max` (`1.0` to `1.3`), `ciphers`, `curve`,
        `dh=small`, and `client-cert=required`."""
        chosen = dict(options or {})
        key = (kind, tuple(sorted(chosen.items())))
        if key not in self._contexts:
            self._contexts[key] = self._make(kind, chosen)
        return self._contexts[key]

    def _make(self, kind: str, options: dict[str, str]) -> ssl.SSLContext:
        lowest, highest = options.pop("min", "1.2"), options.pop("max", "1.3")
        client = options.pop("client-cert", "")
        ciphers = options.pop("ciphers", ANYTHING_GOES)
        curve, dh = options.pop("curve", ""), options.pop("dh", "")
        if options or client not in ("", "required"):
            raise ValueError(f"unknown TLS option in the script: {options or client}")
        made = server_context(
            self.issue(kind),
            tls_min=lowest,
            tls_max=highest,
            ciphers=ciphers,
            client_ca=self._authority.root_pem if client else b"",
        )
        if curve:
            made.set_ecdh_curve(curve)
        if dh:
            group = self.folder / "dh.pem"
            group.write_text(SMALL_GROUP)
            made.load_dh_params(str(group))
        return made
