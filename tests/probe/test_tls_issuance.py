"""tls.issuance: the certificate's CA, logs and must-staple; CAA records of a loopback server."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtensionOID, NameOID

from smtpcheck.catalog.loader import load_catalog
from smtpcheck.catalog.matcher import best
from smtpcheck.model.observation import Step
from smtpcheck.model.stage import Outcome, Stage
from smtpcheck.probe.deadline import Deadline
from smtpcheck.probe.tls_ask import AskingEndedError
from smtpcheck.probe.tls_look import Look, Seen
from smtpcheck.probe.tls_look_issuance import look_at_issuance
from tests.probe.dns_server import Handler, Query, serving, zone

HOST = "mx.mail.example.org"
AT = datetime(2026, 1, 1, tzinfo=UTC)


def certificate(issuer: str, *, must_staple: bool = False, timestamps: int = 0) -> bytes:
    key = ec.generate_private_key(ec.SECP256R1())
    subject, ca = (
        x509.Name([x509.NameAttribute(oid, text)])
        for oid, text in ((NameOID.COMMON_NAME, HOST), (NameOID.ORGANIZATION_NAME, issuer))
    )
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(ca)
        .public_key(key.public_key())
        .serial_number(7)
        .not_valid_before(AT)
        .not_valid_after(AT + timedelta(days=90))
    )
    if must_staple:
        feature = x509.TLSFeature([x509.TLSFeatureType.status_request])
        made = made.add_extension(feature, critical=False)
    if timestamps:
        made = made.add_extension(signed_timestamps(timestamps), critical=False)
    return made.sign(key, hashes.SHA256()).public_bytes(Encoding.DER)


def signed_timestamps(count: int) -> x509.UnrecognizedExtension:
    """As of so many logs (RFC 6962 section 3.3); the signatures are none."""
    one = b"\0" + bytes(32) + (1_750_000_000_000).to_bytes(8, "big") + b"\0\0" + b"\4\3\0\1x"
    listed = (len(one).to_bytes(2, "big") + one) * count
    whole = len(listed).to_bytes(2, "big") + listed
    octets = b"\4\x81" + bytes([len(whole)]) + whole if len(whole) > 127 else b""
    octets = octets or b"\4" + bytes([len(whole)]) + whole
    return x509.UnrecognizedExtension(ExtensionOID.PRECERT_SIGNED_CERTIFICATE_TIMESTAMPS, octets)


def looked(
    handler: Handler, der: bytes, *, names: Sequence[str] = (HOST,), status: str = "noerror"
) -> tuple[Look, list[str]]:
    """The look at a certificate, and the names that were asked for."""
    seen, look = Seen(threading.Event(), auth_offered=True, leaf=der), Look()
    steps = [
        Step("dns.query", Outcome.PASSED, 0.0, "", {"status": status}),
        Step("tls.handshake", Outcome.PASSED, 0.0, "", {"chain": [{"names": list(names)}]}),
    ]
    with serving(handler) as server:
        recorder = SimpleNamespace(stages=[SimpleNamespace(stage=Stage.TLS, steps=steps)])
        plan = SimpleNamespace(resolver=server.where)
        talk = SimpleNamespace(link=SimpleNamespace(leaf=b""))
        run = SimpleNamespace(recorder=recorder, plan=plan, talk=talk)
        asker: Any = SimpleNamespace(run=run, server_name=HOST, deadline=Deadline(5.0))
        look_at_issuance(asker, seen, look)
        return look, [name for name, _, _ in server.asked]


@pytest.mark.parametrize(
    ("record", "at", "asked"),
    [
        (f'{HOST}. 300 IN CAA 0 issue "letsencrypt.org"', HOST, 1),
        ('example.org. 300 IN CAA 0 issue "letsencrypt.org"', "example.org", 3),
        ("", "", 4),
    ],
)
def test_the_nearest_records_above_the_name_count(record: str, at: str, asked: int) -> None:
    look, names = looked(zone([record] if record else []), certificate("Let's Encrypt"))
    assert look.facts["caa_status"] == ("found" if at else "none")
    assert look.facts.get("caa_name", "") == at
    assert look.facts.get("caa_allows") is (True if at else None)
    assert names == [HOST, "mail.example.org", "example.org", "org"][:asked]
    assert look.problems == []


def test_a_record_of_another_ca_is_named_before_the_renewal_fails() -> None:
    record = 'example.org. 300 IN CAA 0 issue "digicert.com"'
    look, _ = looked(zone([record]), certificate("Let's Encrypt"))
    [problem] = look.problems
    assert isinstance(problem, dict)
    facts: dict[str, Any] = {"step": "tls.issuance", "stage": "tls", **look.facts}
    match = best(facts | {f"problem.{k}": v for k, v in problem.items()}, load_catalog())
    assert match is not None
    assert match.cause.id == "cert-caa-forbids-renewal"
    assert "names digicert.com; the certificate is of Let's Encrypt" in str(problem["detail"])


def test_a_certificate_for_an_asterisk_is_judged_by_issuewild() -> None:
    records = [
        'example.org. 300 IN CAA 0 issue "letsencrypt.org"',
        'example.org. 300 IN CAA 0 issuewild ";"',
    ]
    der = certificate("Let's Encrypt")
    look, _ = looked(zone(records), der, names=["*.mail.example.org"])
    assert look.facts["caa_allows"] is False
    look, _ = looked(zone(records), der, names=["*.mail.example.org", HOST])
    assert look.facts["caa_allows"] is True


def test_a_ca_that_is_not_known_here_is_not_judged() -> None:
    record = 'example.org. 300 IN CAA 0 issue "letsencrypt.org"'
    look, _ = looked(zone([record]), certificate("Our Own CA"))
    assert look.facts["caa_allows"] is None
    assert look.problems == []
    assert "CAA names letsencrypt.org" in look.said


def test_a_resolver_that_fails_says_nothing() -> None:
    def broken(query: Query) -> Any:
        return query.reply(rcode="SERVFAIL")

    look, names = looked(broken, certificate("Let's Encrypt"))
    assert (look.facts["caa_status"], names, look.problems) == ("unknown", [HOST], [])


def test_dns_is_not_asked_where_the_run_had_no_answer_from_it() -> None:
    look, names = looked(zone([]), certificate("Let's Encrypt"), status="not-asked")
    assert (look.facts["caa_status"], names) == ("not-asked", [])


def test_the_certificate_tells_its_logs_and_must_staple() -> None:
    for must in (True, False):
        look, _ = looked(zone([]), certificate("Let's Encrypt", must_staple=must))
        assert (look.facts["must_staple"], look.facts["timestamps"]) == (must, 0)
        assert ("demands an OCSP response" in look.said) == must


@pytest.mark.parametrize(
    ("count", "words"), [(1, "1 transparency log"), (3, "3 transparency logs")]
)
def test_the_logs_that_vouch_for_a_certificate_are_counted(count: int, words: str) -> None:
    look, _ = looked(zone([]), certificate("Let's Encrypt", timestamps=count))
    assert look.facts["timestamps"] == count
    assert words in look.said


def test_without_a_certificate_nothing_is_told() -> None:
    with pytest.raises(AskingEndedError):
        looked(zone([]), b"")
