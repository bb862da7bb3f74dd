"""A server on a Unix socket: Postfix's smtpd, which takes no notice of where it is spoken to, and
Dovecot's LMTP service."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest

from smtpcheck.api import Job, probe
from smtpcheck.model.plan import Plan
from smtpcheck.model.report import TargetReport
from smtpcheck.model.stage import Outcome
from smtpcheck.store.profile_reader import profile_from_settings
from tests.lab.lmtp import LmtpLab, lmtp_lab
from tests.lab.postfix import USERS, mail_lab
from tests.pki import TestPki
from tests.scripted.probing import cause, failed_step, passed, shown, step, taken

pytestmark = pytest.mark.lab
ALICE = "alice@good.test"


@pytest.fixture(scope="module")
def sockets(pki: TestPki) -> Iterator[dict[str, Path]]:
    """`starttls` and `tls`: where Postfix listens."""
    with TemporaryDirectory(prefix="smtpcheck-lab-") as folder, mail_lab(Path(folder), pki):
        public = Path(folder, "queue", "public")
        yield {"starttls": public / "smtp-socket", "tls": public / "smtps-socket"}


@pytest.fixture(scope="module")
def lmtp(pki: TestPki) -> Iterator[LmtpLab]:
    if os.geteuid() != 0:
        pytest.skip("Dovecot's LMTP service is run by root only")
    with TemporaryDirectory(prefix="smtpcheck-lab-") as folder:
        Path(folder).chmod(0o755)
        with lmtp_lab(Path(folder), pki) as running:
            yield running


@pytest.fixture(autouse=True)
def _password(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LAB_PASSWORD", USERS[ALICE])


def run(
    pki: TestPki, server: dict[str, Any], plan: Plan | None = None, **tables: dict[str, Any]
) -> TargetReport:
    settings: dict[str, dict[str, Any]] = {
        "server": {"timeout": 10.0, **server},
        "tls": {"ca_file": str(pki.ca_file), "server_name": "mail.example.test"},
        "auth": {"username": ALICE, "password": {"env": "LAB_PASSWORD"}},
        "sender": {"address": ALICE},
        "test": {"to": [ALICE]},
        **tables,
    }
    loaded = profile_from_settings(settings, environment={})
    return probe(Job("socket", loaded, plan or Plan(deadline=30.0, experiments=False)))


@pytest.mark.parametrize("security", ["starttls", "tls"])
def test_all_stages_pass_at_postfix_and_deep_tls_and_ping_know_the_socket(
    pki: TestPki, sockets: dict[str, Path], security: str
) -> None:
    pytest.importorskip("icmplib", reason="the extra ping is not installed")
    plan = Plan(deadline=40.0, tls="deep", ping=True)
    server = {"socket": str(sockets[security]), "security": security}
    report = run(pki, server, plan)
    assert passed(report), shown(report)
    assert step(report, "tcp.connect").facts["family"] == "unix"
    ping = step(report, "tcp.ping")
    assert (ping.outcome, ping.summary) == (
        Outcome.SKIPPED,
        "not sent: a Unix socket is on this machine",
    )
    assert {"tls.versions:warned", "tls.chains:passed"} <= set(taken(report))
    versions = step(report, "tls.versions").facts["versions"]
    assert isinstance(versions, list)
    assert {"1.2", "1.3"} <= set(versions)


def test_lmtp_and_smtp_are_told_apart_on_a_socket(
    pki: TestPki, sockets: dict[str, Path], lmtp: LmtpLab
) -> None:
    at_postfix = run(pki, {"socket": str(sockets["starttls"]), "protocol": "lmtp"})
    assert (failed_step(at_postfix), cause(at_postfix)) == ("tcp.ehlo", "lmtp-smtp-mismatch")
    at_dovecot = run(pki, {"socket": str(lmtp.socket)})
    assert (failed_step(at_dovecot), cause(at_dovecot)) == ("tcp.ehlo", "lmtp-smtp-mismatch")


def test_without_tls_no_password_goes_to_the_socket_unless_the_profile_says_so(
    pki: TestPki, sockets: dict[str, Path]
) -> None:
    report = run(pki, {"socket": str(sockets["starttls"])})
    assert (report.exit_code, cause(report)) == (13, "auth-plaintext-over-insecure")
    words = " ".join(report.diagnoses[0].help)
    assert "auth.allow_insecure=true" in words
    assert "port" not in words


def test_tls_without_a_name_is_told_to_name_it(pki: TestPki, sockets: dict[str, Path]) -> None:
    server = {"socket": str(sockets["starttls"]), "security": "starttls"}
    report = run(pki, server, tls={"ca_file": str(pki.ca_file)})
    assert (report.exit_code, cause(report)) == (12, "tls-local-config")
    assert "tls.server_name=" in " ".join(report.diagnoses[0].help)


def test_what_a_socket_has_no_use_for_is_said(pki: TestPki, sockets: dict[str, Path]) -> None:
    server = {
        "socket": str(sockets["tls"]),
        "security": "tls",
        "port": 2525,
        "address_family": "ipv4",
        "source_address": "127.0.0.9",
    }
    report = run(pki, server, Plan(deadline=30.0, resolver="127.0.0.1", until="ehlo"))
    assert passed(report), shown(report)
    wanted = "server.port, server.address_family, server.source_address, --resolver"
    assert f"not used with a Unix socket: {wanted}" in report.notes
