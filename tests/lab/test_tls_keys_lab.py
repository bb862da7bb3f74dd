"""Groups, sessions, renegotiation and stapling as OpenSSL's and GnuTLS' own servers do them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, load_pem_private_key
from cryptography.x509 import ocsp

from smtpcheck.model.plan import Plan
from smtpcheck.model.report import TargetReport
from smtpcheck.model.stage import TLS_DEEP
from tests.lab.tls_servers import gnutls_server, openssl_server
from tests.pki import TestPki
from tests.scripted.probing import run, step

pytestmark = pytest.mark.lab
LOW = ["-cipher", "ALL:@SECLEVEL=0"]


def look(port: int, pki: TestPki) -> TargetReport:
    """A deep run up to TLS: these servers do not speak SMTP."""
    report = run(
        port,
        pki,
        settings={"server": {"security": "tls", "timeout": 0.5}, "tls": {"verify": False}},
        plan=Plan(deadline=25.0, until="tls", tls="deep"),
        login=False,
    )
    assert sum(facts(report, name)["connections"] for name in TLS_DEEP) <= 40
    return report


def facts(report: TargetReport, name: str) -> dict[str, Any]:
    return dict(step(report, name).facts)


def causes(report: TargetReport) -> set[str]:
    return {each.cause for each in report.diagnoses}


def test_a_weak_curve_is_found_and_its_order_told(pki: TestPki, tmp_path: Path) -> None:
    options = [*LOW, "-groups", "P-256:P-192:brainpoolP256r1", "-serverpref"]
    with openssl_server(tmp_path, pki, options) as port:
        report = look(port, pki)
    groups = facts(report, "tls.groups")
    assert (groups["preferred"], groups["preference"]) == ("secp256r1", "server")
    assert (groups["weak"], groups["unusual"]) == (["secp192r1"], ["brainpoolP256r1"])
    assert "tls-weak-group-offered" in causes(report)


def test_an_unusual_curve_is_told_without_a_warning(pki: TestPki, tmp_path: Path) -> None:
    with openssl_server(tmp_path, pki, [*LOW, "-groups", "X25519:secp256k1"]) as port:
        report = look(port, pki)
    assert facts(report, "tls.groups")["unusual"] == ["secp256k1"]
    assert facts(report, "tls.groups")["weak"] == []
    assert "tls-weak-group-offered" not in causes(report)


@pytest.mark.parametrize(
    ("options", "told"),
    [(["-client_renegotiation"], "accepted"), ([], "refused"), (["-tls1_3"], "impossible")],
)
def test_renegotiation_is_as_the_server_is_set_up(
    pki: TestPki, tmp_path: Path, options: list[str], told: str
) -> None:
    with openssl_server(tmp_path, pki, [*LOW, *options]) as port:
        report = look(port, pki)
    sessions = facts(report, "tls.sessions")
    assert sessions["renegotiation"] == told, sessions
    assert ("tls-client-renegotiation" in causes(report)) == (told == "accepted")


@pytest.mark.parametrize("version", ["-tls1_2", "-tls1_3"])
@pytest.mark.parametrize("kept", [True, False])
def test_a_session_is_resumed_where_the_server_keeps_it(
    pki: TestPki, tmp_path: Path, version: str, kept: bool
) -> None:
    options = [] if kept else ["-no_ticket", "-no_cache"]
    options += ["-num_tickets", "0"] if version == "-tls1_3" and not kept else []
    with openssl_server(tmp_path, pki, [*LOW, version, *options]) as port:
        report = look(port, pki)
    assert facts(report, "tls.sessions")["resumed"] is kept


def test_early_data_of_openssl_is_counted(pki: TestPki, tmp_path: Path) -> None:
    options = [*LOW, "-early_data", "-max_early_data", "4096"]
    with openssl_server(tmp_path, pki, options) as port:
        report = look(port, pki)
    assert facts(report, "tls.sessions")["early_data"] == 4096
    assert "tls-early-data-offered" in causes(report)


def test_early_data_of_gnutls_is_counted(pki: TestPki, tmp_path: Path) -> None:
    options = ["--earlydata", "--maxearlydata", "8192"]
    with gnutls_server(tmp_path, pki, "NORMAL:%VERIFY_ALLOW_BROKEN", options) as port:
        report = look(port, pki)
    assert facts(report, "tls.sessions")["early_data"] == 8192


@pytest.mark.parametrize("version", ["-tls1_2", "-tls1_3"])
def test_a_stapled_response_is_seen(pki: TestPki, tmp_path: Path, version: str) -> None:
    response = tmp_path / "ocsp.der"
    response.write_bytes(_response(pki))
    with openssl_server(tmp_path, pki, [*LOW, version, "-status_file", str(response)]) as port:
        report = look(port, pki)
    assert facts(report, "tls.features")["stapling"] is True
    with openssl_server(tmp_path, pki, [*LOW, version]) as port:
        report = look(port, pki)
    assert facts(report, "tls.features")["stapling"] is False


def _response(pki: TestPki) -> bytes:
    """An OCSP response for the certificate, signed by its own key: it is only looked for."""
    chain, key = pki.write("weak-key")
    leaf, issuer, *_ = x509.load_pem_x509_certificates(chain.read_bytes())
    now = datetime.now(UTC)
    made = ocsp.OCSPResponseBuilder().add_response(
        cert=leaf,
        issuer=issuer,
        algorithm=SHA256(),
        cert_status=ocsp.OCSPCertStatus.GOOD,
        this_update=now,
        next_update=now + timedelta(days=1),
        revocation_time=None,
        revocation_reason=None,
    )
    signer = load_pem_private_key(key.read_bytes(), None)
    signed = made.responder_id(ocsp.OCSPResponderEncoding.HASH, leaf).sign(
        signer,  # type: ignore[arg-type]  # an RSA key
        SHA256(),
    )
    return signed.public_bytes(Encoding.DER)
