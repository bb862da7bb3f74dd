"""Names, dates, strictness and inspection, certificate by certificate."""

from __future__ import annotations

import ssl
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import trustme
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import AuthorityInformationAccessOID, NameOID
from hypothesis import given
from hypothesis import strategies as some

from smtpcheck.model.certificate import Certificate, CertificateProblem, CertificateProblemKind
from smtpcheck.sandbox.certificates import CertificateKind
from smtpcheck.wire.certificate_detail import look_closer, signed_by
from smtpcheck.wire.certificate_names import covers, reference_name
from smtpcheck.wire.certificate_strictness import strictness_faults
from smtpcheck.wire.certificates import Presented, presented_chain, read_der
from smtpcheck.wire.inspection import inspecting_product
from tests.pki import TestPki
from tests.wire.tls_peer import (
    HOST,
    Peer,
    context_for,
    converse,
    kinds_of,
    problems_of,
    session_for,
)

Party = tuple[x509.Certificate, ec.EllipticCurvePrivateKey]
NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("name", "host", "good"),
    [
        ("mail.example.com", "mail.example.com", True),
        ("MAIL.Example.com", "mail.EXAMPLE.com", True),
        ("mail.example.com", "mail.example.com.", True),
        ("mail.example.com", "www.mail.example.com", False),
        ("*.example.com", "mail.example.com", True),
        ("*.example.com", "example.com", False),
        ("*.example.com", "a.mail.example.com", False),
        ("*.example.com", ".example.com", False),
        ("m*.example.com", "mail.example.com", False),
        ("*il.example.com", "mail.example.com", False),
        ("mail.*.com", "mail.example.com", False),
        ("*.*.com", "mail.example.com", False),
        ("*", "localhost", False),
        ("*.com", "example.com", False),
        ("", "", False),
        ("192.0.2.1", "192.0.2.1", True),
        ("2001:db8::1", "2001:DB8:0::1", True),
        ("192.0.2.1", "192.0.2.2", False),
        ("*.0.2.1", "192.0.2.1", False),
        ("mail.example.com", "192.0.2.1", False),
        ("192.0.2.1", "mail.example.com", False),
    ],
)
def test_a_name_covers_a_host(name: str, host: str, *, good: bool) -> None:
    assert covers([name], host) is good


@given(some.text(alphabet="ab.*", max_size=8), some.text(alphabet="ab.", max_size=8))
def test_a_wildcard_never_stands_for_less_or_more_than_one_label(name: str, host: str) -> None:
    if covers([name], host) and "*" in name:
        label, _, rest = host.removesuffix(".").partition(".")
        assert label
        assert name.removesuffix(".") == f"*.{rest}"


def test_the_reference_name_is_bare() -> None:
    given_names = ("Mail.Example.com.", "[2001:DB8::1]", "fe80::1%eth0", "192.0.2.1")
    bare = ["mail.example.com", "2001:db8::1", "fe80::1", "192.0.2.1"]
    assert [reference_name(name) for name in given_names] == bare


def _seen_by(pki: TestPki, kind: str) -> tuple[ssl.SSLObject, tuple[Presented, ...]]:
    session = session_for(context_for(pki.ca_file))
    converse(session, Peer(pki.context(kind)))
    assert session._tls is not None
    return session._tls, presented_chain(session._tls)


@pytest.mark.parametrize("kind", ["good", "expired", "no-san", "self-signed-in-chain"])
def test_openssl_and_cryptography_read_the_same(pki: TestPki, kind: str) -> None:
    _, chain = _seen_by(pki, kind)
    for each in chain:
        other = read_der(each.der)
        assert replace(other.certificate, serial="") == replace(each.certificate, serial="")
        assert int(other.certificate.serial, 16) == int(each.certificate.serial, 16)
        assert (other.subject, other.issuer) == (each.subject, each.issuer)


def test_the_public_chain_of_newer_pythons_is_read_too(pki: TestPki) -> None:
    class NewSSLObject:
        """Like `SSLObject` of a Python that shows the chain publicly alone."""

        def get_unverified_chain(self) -> list[bytes]:
            return [ssl.PEM_cert_to_DER_cert(pki.ca_file.read_text())]

    chain = presented_chain(NewSSLObject())  # type: ignore[arg-type]  # what is read of it
    assert [each.certificate.subject for each in chain] == [
        "CN=smtpcheck tests root,O=smtpcheck tests"
    ]


def test_a_python_that_shows_no_chain_gives_none() -> None:
    assert presented_chain(object()) == ()  # type: ignore[arg-type]  # nothing is read of it


def test_what_is_no_certificate_keeps_its_fingerprint() -> None:
    read = read_der(b"\x30\x03abc")
    assert len(read.certificate.sha256) == 64
    assert read.certificate.not_after is None
    assert look_closer(b"\x30\x03abc") is None


def test_names_are_written_as_in_rfc_4514() -> None:
    authority = trustme.CA(organization_name="Acme, Inc.", organization_unit_name='"R" & D')
    der = ssl.PEM_cert_to_DER_cert(authority.cert_pem.bytes().decode())
    assert read_der(der).certificate.subject == 'OU=\\"R\\" & D,O=Acme\\, Inc.'


def test_days_left_are_whole_and_negative_when_over() -> None:
    one = Certificate(subject="", issuer="", not_after=NOW + timedelta(days=2, hours=1))
    assert one.days_left(NOW) == 2
    assert one.days_left(NOW + timedelta(days=2, hours=2)) == -1
    assert one.facts(NOW)["not_after"] == "2026-11-22T13:00:00Z"
    assert Certificate(subject="", issuer="").days_left(NOW) is None


def test_a_problem_tells_only_what_applies() -> None:
    problem = CertificateProblem(kind=CertificateProblemKind.UNKNOWN_CA, depth=0, issuer="CN=x")
    assert problem.facts() == {"kind": "unknown-ca", "depth": 0, "issuer": "CN=x"}


def test_a_closer_look_tells_key_signature_and_misuse(pki: TestPki) -> None:
    leaf, intermediate = _seen_by(pki, "good")[1]
    detail = look_closer(leaf.der)
    assert detail is not None
    assert (detail.key, detail.bits, detail.signature, detail.misuse) == ("EC", 256, "sha256", "")
    assert signed_by(leaf.der, intermediate.der)
    assert not signed_by(leaf.der, _seen_by(pki, "expired-intermediate")[1][1].der)


def test_a_refused_chain_is_told_with_keys_and_signatures(pki: TestPki) -> None:
    session = session_for(context_for(pki.ca_file))
    converse(session, Peer(pki.context("weak-key")))
    chain = session.handshake_facts()["chain"]
    assert isinstance(chain, list)
    leaf = chain[0]
    assert isinstance(leaf, dict)
    assert (leaf["key"], leaf["bits"], leaf["signature"]) == ("RSA", 1024, "sha256")


# Strictness: OpenSSL itself is asked whether it agrees.


class Forge:
    """Makes chains that depart from RFC 5280 in one thing."""

    def __init__(self) -> None:
        self.keys = [ec.generate_private_key(ec.SECP256R1()) for _ in range(3)]

    def chain(self, fault: str) -> list[Party]:
        """Leaf, intermediate, root."""
        made = []
        for depth in range(3):
            above = min(depth + 1, 2)
            made.append((self._make(depth, self.keys[above], fault), self.keys[depth]))
        return made

    def _make(self, depth: int, signer: ec.EllipticCurvePrivateKey, fault: str) -> x509.Certificate:
        names = [
            x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, f"depth {each}")])
            for each in range(3)
        ]
        now, authority, here = datetime.now(UTC), depth > 0, f"{depth}"
        builder = (
            x509.CertificateBuilder(names[min(depth + 1, 2)], names[depth])
            .public_key(self.keys[depth].public_key())
            .serial_number(1000 + depth)
            .not_valid_before(now - timedelta(days=1))
            .not_valid_after(now + timedelta(days=90))
        )
        bounded = fault == f"bounded {here}"
        basic = x509.BasicConstraints(
            ca=authority, path_length=2 if bounded and authority else None
        )
        builder = builder.add_extension(basic, critical=fault != f"basic {here}")
        if fault not in (f"usage {here}", f"unbound {here}"):
            signs = authority or fault == f"signs {here}"
            builder = builder.add_extension(_usage(signs), critical=True)
        if fault != f"subject {here}":
            identifier = x509.SubjectKeyIdentifier.from_public_key(self.keys[depth].public_key())
            builder = builder.add_extension(identifier, critical=False)
        if depth < 2 and fault != f"authority {here}":
            issuer = x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.public_key())
            if fault == f"keyless {here}":
                name = [x509.DirectoryName(names[2])]
                issuer = x509.AuthorityKeyIdentifier(None, name, 1001 + depth)
            builder = builder.add_extension(issuer, critical=False)
        if fault == f"published {here}":
            url = x509.UniformResourceIdentifier("http://ca.example.test/ca.cer")
            access = x509.AccessDescription(AuthorityInformationAccessOID.CA_ISSUERS, url)
            builder = builder.add_extension(
                x509.AuthorityInformationAccess([access]), critical=False
            )
        if depth == 0:
            builder = builder.add_extension(
                x509.SubjectAlternativeName([x509.DNSName(HOST)]), critical=False
            )
        return builder.sign(signer, SHA256())


def _usage(signs: bool) -> x509.KeyUsage:
    return x509.KeyUsage(True, False, False, False, False, signs, False, False, False)


def _served(sent: Sequence[Party], trusted: Party, folder: Path) -> tuple[ssl.SSLContext, Path]:
    """A server that sends a chain, and the file of the root that is trusted."""
    chain, root, key = folder / "chain.pem", folder / "root.pem", folder / "key.pem"
    chain.write_bytes(b"".join(each.public_bytes(Encoding.PEM) for each, _ in sent))
    root.write_bytes(trusted[0].public_bytes(Encoding.PEM))
    key.write_bytes(sent[0][1].private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(chain, key)
    return server, root


@pytest.mark.parametrize("verify", [True, False])
def test_an_issuer_of_the_same_name_with_another_key_is_found(
    tmp_path: Path, *, verify: bool
) -> None:
    leaf, (_, intermediate, root) = Forge().chain("authority 0")[0], Forge().chain("none")
    server, ca_file = _served([leaf, intermediate], root, tmp_path)
    session = session_for(context_for(ca_file, verify=verify))
    converse(session, Peer(server))
    assert kinds_of(session) == ["other"]
    assert problems_of(session)[0]["detail"] == "its signature was not made with its issuer's key"


def test_the_issuers_address_points_to_an_incomplete_chain(pki: TestPki, tmp_path: Path) -> None:
    leaf, *_ = Forge().chain("published 0")
    server, _ = _served([leaf], leaf, tmp_path)
    session = session_for(context_for(pki.ca_file))
    converse(session, Peer(server))
    assert kinds_of(session) == ["chain-incomplete"]
    assert "http://ca.example.test/ca.cer" in str(problems_of(session)[0]["detail"])


def test_a_private_ca_that_is_not_known_is_not_called_incomplete(
    pki: TestPki, tmp_path: Path
) -> None:
    leaf, *_ = Forge().chain("none")
    server, _ = _served([leaf], leaf, tmp_path)
    session = session_for(context_for(pki.ca_file))
    converse(session, Peer(server))
    assert kinds_of(session) == ["unknown-ca"]


def test_a_wrong_intermediate_is_an_incomplete_chain(pki: TestPki, tmp_path: Path) -> None:
    leaf, *_ = Forge().chain("none")
    other = x509.load_pem_x509_certificates(pki.issue("good").chain)[1]
    server, _ = _served([leaf, (other, leaf[1])], leaf, tmp_path)
    session = session_for(context_for(pki.ca_file))
    converse(session, Peer(server))
    assert kinds_of(session) == ["chain-incomplete"]


FAULTS = ["none"] + [
    f"{fault} {depth}"
    for fault in (
        "basic",
        "usage",
        "signs",
        "subject",
        "authority",
        "keyless",
        "bounded",
    )
    for depth in range(3)
]


@pytest.mark.parametrize("fault", FAULTS)
def test_strictness_agrees_with_openssl(tmp_path: Path, fault: str) -> None:
    chain = Forge().chain(fault)
    server, root = _served(chain[:2], chain[2], tmp_path)
    lenient, strict = context_for(root), context_for(root)
    strict.ssl_context.verify_flags |= ssl.VERIFY_X509_STRICT
    passing, failing = session_for(lenient), session_for(strict)
    converse(passing, Peer(server))
    converse(failing, Peer(server))
    assert passing.verified, problems_of(passing)
    assert kinds_of(passing) == ([] if failing.verified else ["strict-only"]), failing.failure


def test_strictness_does_not_judge_what_it_cannot_read() -> None:
    assert strictness_faults([b"", b"\x30\x80", b"\x30\x84\xff\xff\xff\xff", b"abc"]) == []


@given(some.lists(some.binary(max_size=40), min_size=2, max_size=3))
def test_strictness_survives_any_bytes(chain: list[bytes]) -> None:
    strictness_faults(chain)


# Inspection: issuers that are products.


def _with(subject: str, issuer: str) -> Presented:
    return Presented(
        Certificate(subject=f"CN={subject}", issuer=f"CN={issuer}"),
        b"",
        {"CN": (subject,)},
        {"CN": (issuer,)},
    )


@pytest.mark.parametrize(
    ("issuer", "product"),
    [
        ("Avast Web/Mail Shield Root", "Avast"),
        ("AVG Web/Mail Shield Root", "AVG"),
        ("ESET SSL Filter CA", "ESET"),
        ("Kaspersky Anti-Virus Personal Root Certificate", "Kaspersky"),
        ("Bitdefender Personal CA.Net-Defender", "Bitdefender"),
        ("Zscaler Intermediate Root CA (zscaler.net)", "Zscaler"),
        ("FortiGate CA", "Fortinet"),
        ("ca.acme.goskope.com", "Netskope"),
        ("Sophos SSL CA_C1234", "Sophos"),
        ("Reset Corporation CA", ""),
        ("Symantec Class 3 Secure Server CA", ""),
        ("Entrust Certification Authority", ""),
        ("R11", ""),
    ],
)
def test_an_inspecting_product_is_known_by_the_issuer(issuer: str, product: str) -> None:
    assert inspecting_product([_with(HOST, issuer)])[0] == product


def test_an_appliance_with_its_factory_certificate_is_no_inspection() -> None:
    assert inspecting_product([_with("FortiMail Fortinet", "Fortinet CA")]) == ("", 0)


@pytest.mark.parametrize("trusted", [True, False])
def test_inspection_is_told_whether_or_not_its_ca_is_trusted(
    pki: TestPki, tmp_path: Path, *, trusted: bool
) -> None:
    authority = trustme.CA(organization_name="Kaspersky Lab", organization_unit_name="Root")
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    issued = authority.issue_cert(HOST, organization_name="Example", common_name=HOST)
    issued.configure_cert(server)
    ca_file = tmp_path / "ca.pem"
    authority.cert_pem.write_to_path(ca_file)
    session = session_for(context_for(ca_file if trusted else pki.ca_file))
    converse(session, Peer(server))
    assert session.verified is trusted
    assert kinds_of(session)[0] == "inspection"
    assert problems_of(session)[0]["detail"] == "Kaspersky"


def test_every_kind_that_the_sandbox_can_show_is_read(pki: TestPki) -> None:
    for kind in CertificateKind:
        _, chain = _seen_by(pki, kind.value)
        assert all(each.certificate.subject and each.certificate.not_after for each in chain)
