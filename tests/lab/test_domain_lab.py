"""`smtpcheck domain` against zones that BIND serves, a validator before it, and HTTPS and SMTP
servers on loopback."""

from __future__ import annotations

import hashlib
import json
import socket
import ssl
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from smtpcheck.api.domain import DomainPlan, check_domain
from smtpcheck.api.domain_question import DomainWishes
from smtpcheck.domain.lists import BlockList
from smtpcheck.model.domain import DomainReport
from smtpcheck.model.stage import Outcome
from smtpcheck.sandbox.certificates import Authority, CertificateKind
from smtpcheck.sandbox.tls_context import server_context
from smtpcheck.wire.spki import spki_of
from tests.cli.command_line import CommandLine
from tests.cli.conftest import keyring_backend, smtpcheck  # noqa: F401 - fixtures
from tests.domain.policy_server import Page, policy, policy_server
from tests.lab.domain_zones import DomainLab, domain_lab
from tests.probe.starttls_server import StarttlsServer

pytestmark = pytest.mark.lab

NAMES = ("mta-sts.good.test", "mx.good.test", "mx.signed.test")
LISTS = (
    BlockList("bl.test", "List", "https://bl.test"),
    BlockList("refusing.test", "Refusing", ""),
    BlockList("dead-list.test", "Dead", ""),
    BlockList("dbl.test", "Domains", "", domains=True, listed="dbltest.com", clean="invalid"),
)


@dataclass(frozen=True, slots=True)
class House:
    """The servers, and who vouches for them."""

    lab: DomainLab
    authority: Authority
    ca_file: str
    spki_sha256: str

    def context(self, kind: str = "good") -> ssl.SSLContext:
        return server_context(self.authority.issue(CertificateKind(kind)))


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    folder = tmp_path_factory.mktemp("domain")
    authority = Authority(NAMES, "smtpcheck tests")
    (folder / "ca.pem").write_bytes(authority.root_pem)
    leaf = authority.issue(CertificateKind.GOOD).chain.decode().partition("-----END")[0]
    der = ssl.PEM_cert_to_DER_cert(f"{leaf}-----END CERTIFICATE-----\n")
    digest = hashlib.sha256(spki_of(der)).hexdigest()
    with domain_lab(folder, spki_sha256=digest) as lab:
        yield House(lab, authority, str(folder / "ca.pem"), digest)


@pytest.fixture(autouse=True)
def no_other_dns(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Names of the zones must not leave the machine by way of the C library."""
    real = socket.getaddrinfo

    def numeric(host: str | bytes, *more: object, **settings: object) -> object:
        if isinstance(host, str) and host.replace(".", "").isdigit():
            return real(host, *more, **settings)  # type: ignore[arg-type]
        raise socket.gaierror(socket.EAI_NONAME, "unknown")

    monkeypatch.setattr(socket, "getaddrinfo", numeric)
    monkeypatch.setenv("SMTPCHECK_CONFIG_DIR", str(tmp_path))


def causes(report: DomainReport) -> set[str]:
    return {each.cause for each in report.diagnoses}


def look(house: House, domain: str, web_port: int = 1, /, **wishes: object) -> DomainReport:
    plan = DomainPlan(resolver=house.lab.authority, web_port=web_port, ca_file=house.ca_file)
    return check_domain(DomainWishes(what=domain, **wishes), plan)  # type: ignore[arg-type]


def test_a_domain_that_is_ready_has_no_finding(house: House) -> None:
    page = Page(body=policy(["mx.good.test"]))
    with policy_server(house.context(), page) as port:
        report = look(house, "good.test", port, preset="office365")
    assert [check.summary for check in report.findings] == []
    passed = {check.name for check in report.checks if check.outcome is Outcome.PASSED}
    assert passed >= {
        "spf.provider",
        "dkim.key.selector1",
        "dmarc.record",
        "dmarc.alignment",
        "mx.records",
        "tls.mta-sts",
        "tls.tls-rpt",
    }
    assert {rule.outcome for rule in report.rules} == {Outcome.PASSED}


@pytest.mark.parametrize(
    ("domain", "wishes", "expected"),
    [
        ("none.test", {}, {"spf-record-missing", "dkim-key-missing", "dmarc-record-missing"}),
        ("twice.test", {}, {"spf-record-multiple", "dmarc-record-invalid"}),
        ("near.test", {}, {"spf-record-missing", "dmarc-record-missing"}),
        ("typo.test", {}, {"spf-record-invalid", "dmarc-record-invalid", "mx-record-invalid"}),
        (
            "open.test",
            {},
            {
                "spf-ending-open",
                "spf-ptr-used",
                "dmarc-tag-obsolete",
                "dmarc-reports-lost",
                "mx-record-invalid",
            },
        ),
        ("many.test", {}, {"spf-too-many-lookups"}),
        ("void.test", {}, {"spf-void-lookups", "mx-missing"}),
        ("loop.test", {}, {"spf-include-broken"}),
        ("dead.test", {}, {"spf-include-broken"}),
        ("parked.test", {"preset": "gmail"}, {"domain-sends-nothing", "mx-missing"}),
        ("many.test", {"preset": "office365"}, {"spf-provider-missing", "dkim-key-missing"}),
        ("many.test", {"preset": "sendgrid"}, {"dkim-key-missing", "dmarc-unauthenticated"}),
        ("good.test", {"source_ip": "203.0.113.5"}, {"spf-fail", "ptr-missing"}),
        ("good.test", {"source_ip": "192.0.2.26"}, {"ptr-missing"}),
        ("good.test", {"source_ip": "192.0.2.27"}, {"ptr-missing"}),
        (
            "good.test",
            {"source_ip": "192.0.2.25", "helo": "mx.good.test"},
            {"helo-name-unconfirmed"},
        ),
        ("keys.test", {"selectors": ["weak", "short"]}, {"dkim-key-weak"}),
        ("keys.test", {"selectors": ["test"]}, {"dkim-key-testing"}),
        ("keys.test", {"selectors": ["sha1", "cut", "two"]}, {"dkim-key-invalid"}),
        ("keys.test", {"selectors": ["gone"]}, {"dkim-key-revoked"}),
        ("keys.test", {"selectors": ["away", "nowhere"]}, {"dkim-key-missing"}),
        ("keys.test", {"selectors": ["ed"]}, {"dkim-key-uncommon"}),
    ],
)
def test_what_is_wrong_is_named(
    domain: str, wishes: dict[str, object], expected: set[str], house: House
) -> None:
    report = look(house, domain, 1, **wishes)
    assert causes(report) >= expected
    kinds = {check.kind for check in report.checks}
    assert "no-answer" not in kinds, [check.summary for check in report.findings]


def test_of_a_domain_that_does_not_exist_nothing_else_is_said(house: House) -> None:
    assert causes(look(house, "gone.test")) == {"sender-domain-invalid"}


def test_nothing_is_wrong_with_an_address_that_is_known_everywhere(house: House) -> None:
    report = look(house, "good.test", source_ip="192.0.2.25", helo="mail.good.test")
    assert not causes(report) & {"spf-fail", "ptr-missing", "helo-name-unconfirmed"}


def test_no_record_is_proposed_that_would_be_void(house: House) -> None:
    report = look(house, "many.test", preset="office365")
    assert "spf-provider-missing" not in report.publish
    found = next(each for each in report.diagnoses if each.cause == "spf-provider-missing")
    assert "include:spf.protection.outlook.com" in found.help[0]
    assert "look-ups" in found.help[0]
    (record,) = report.publish["dmarc-record-missing"]
    told = next(each for each in report.diagnoses if each.cause == "dmarc-record-missing")
    assert told.help[0].endswith(record.line)


@pytest.mark.parametrize(
    ("page", "cause", "words"),
    [
        (Page(body=policy(["*.good.test"])), "", "names every MX"),
        (Page(body=policy(["*.test"])), "mta-sts-mx-left-out", "mx.good.test"),
        (Page(body=policy(["mx2.good.test"])), "mta-sts-mx-left-out", "mx.good.test"),
        (Page(body=policy([], mode="none")), "", "mode none"),
        (Page(body=policy(["mx.good.test"], max_age=60)), "mta-sts-policy-invalid", "60 s"),
        (Page(body=b"version: STSv1\n"), "mta-sts-policy-invalid", "mode"),
        (
            Page(body=policy([]), headers={"Content-Type": "text/html"}),
            "mta-sts-policy-invalid",
            "",
        ),
        (Page(status=404), "mta-sts-policy-unavailable", "404"),
    ],
)
def test_a_policy_is_taken_as_rfc_8461_says(
    page: Page, cause: str, words: str, house: House
) -> None:
    with policy_server(house.context(), page) as port:
        report = look(house, "good.test", port)
    (check,) = [each for each in report.checks if each.name == "tls.mta-sts"]
    assert words in check.summary
    found = {each for each in causes(report) if each.startswith("mta-sts-")}
    assert found == ({cause} if cause else set())


def connect(house: House, domain: str, certificate: str, *, secure: bool = True) -> DomainReport:
    page = Page(body=policy(["mx.good.test"]))
    server = StarttlsServer(house.context(certificate), "discards", auth=False, mail="250 ok")
    resolver = house.lab.validator if secure else house.lab.authority
    try:
        with policy_server(house.context(), page) as port:
            plan = DomainPlan(
                resolver=resolver,
                web_port=port,
                mx_port=server.port,
                ca_file=house.ca_file,
                connect=True,
            )
            return check_domain(DomainWishes(what=domain), plan)
    finally:
        server.stop()


@pytest.mark.parametrize(
    ("certificate", "cause"),
    [("good", ""), ("expired", "mx-tls-unfit"), ("wrong-name", "mx-tls-unfit")],
)
def test_the_certificate_of_each_mx_is_held_against_the_policy(
    certificate: str, cause: str, house: House
) -> None:
    report = connect(house, "good.test", certificate)
    assert [each.name for each in report.checks if each.name == "tls.live"] == ["tls.live"]
    assert ({"mx-tls-unfit"} & causes(report)) == ({cause} if cause else set())


def test_a_host_that_answers_over_one_family_alone_is_named(house: House) -> None:
    report = connect(house, "dual.test", "good")
    (check,) = [each for each in report.checks if each.name == "mx.reach"]
    assert (check.kind, check.facts["silent"]) == ("mx-family-dead", "IPv6")
    assert "mx-one-family" in causes(report)
    assert [each.name for each in report.checks if each.name == "tls.live"] == ["tls.live"]


def test_dane_is_believed_only_where_dnssec_vouches_for_it(house: House) -> None:
    signed = connect(house, "signed.test", "good")
    dane = {each.name: each for each in signed.checks if each.name in ("tls.dane", "tls.live")}
    assert dane["tls.dane"].outcome is Outcome.PASSED
    assert "TLSA record" in dane["tls.live"].summary
    assert dane["tls.live"].outcome is Outcome.PASSED
    unsigned = connect(house, "plain.test", "good")
    assert "dane-without-effect" in causes(unsigned)
    unknown = connect(house, "plain.test", "good", secure=False)
    assert "dane-without-effect" not in causes(unknown)


@pytest.mark.parametrize(
    ("domain", "words", "outcome"),
    [
        ("signed.test", "signed: signed.test, mx.signed.test", Outcome.PASSED),
        ("plain.test", "not signed: plain.test, mx.plain.test", Outcome.SKIPPED),
        ("bogus.test", "do not hold", Outcome.FAILED),
    ],
)
def test_dnssec_is_what_a_validating_resolver_says(
    domain: str, words: str, outcome: Outcome, house: House
) -> None:
    plan = DomainPlan(resolver=house.lab.validator)
    report = check_domain(DomainWishes(what=domain), plan)
    (check,) = [each for each in report.checks if each.name == "mx.dnssec"]
    assert (check.outcome, words in check.summary) == (outcome, True), check.summary
    found = causes(report)
    assert ("dnssec-bogus" in found) == (outcome is Outcome.FAILED)
    assert "dns-resolver-failing" not in found


def test_without_a_validating_resolver_nothing_is_known_of_dnssec(house: House) -> None:
    report = look(house, "signed.test")
    (check,) = [each for each in report.checks if each.name == "mx.dnssec"]
    assert (check.outcome, check.summary[:9]) == (Outcome.SKIPPED, "not known")


def test_a_key_that_no_tlsa_record_names_is_a_mismatch(house: House) -> None:
    assert "dane-mismatch" in causes(connect(house, "signed.test", "self-signed"))


def test_lists_are_asked_when_wanted_and_refusals_list_nobody(house: House) -> None:
    plan = DomainPlan(resolver=house.lab.authority, ask_lists=True, lists=LISTS)
    report = check_domain(DomainWishes(what="open.test", source_ip="192.0.2.26"), plan)
    found = {
        str(each.facts["title"]): each.outcome
        for each in report.checks
        if each.name == "lists.entry"
    }
    assert found == {
        "List": Outcome.FAILED,
        "Refusing": Outcome.SKIPPED,
        "Dead": Outcome.SKIPPED,
        "Domains": Outcome.FAILED,
    }
    assert causes(report) >= {"ip-blocklisted", "domain-blocklisted"}
    without = check_domain(
        DomainWishes(what="open.test", source_ip="192.0.2.26"),
        DomainPlan(resolver=house.lab.authority),
    )
    assert not [each for each in without.checks if each.name.startswith("lists.")]


def test_the_command_speaks_text_and_json_and_ends_with_1_for_findings(
    house: House,
    smtpcheck: CommandLine,  # noqa: F811
) -> None:
    smtpcheck.write(
        "notify",
        'preset = "office365"\n[auth]\nusername = "n@many.test"\npassword = { keyring = true }\n'
        '[sender]\naddress = "n@many.test"\n[test]\nto = ["self"]\n',
    )
    where = ("--resolver", house.lab.authority)
    for arguments in (("notify",), ("many.test",), (), ("someone@many.test",)):
        done = smtpcheck("domain", *arguments, *where)
        assert done.code == 1, done.err
        assert "error[spf-provider-missing]" in done.out
        assert "profile notify" in done.out
    data = json.loads(smtpcheck("domain", "notify", *where, "--format", "json").out)
    assert (data["schema"], data["domain"], data["profile"]) == (1, "many.test", "notify")
    assert {each["cause"] for each in data["publish"]} >= {"dmarc-record-missing"}
    assert data["checks"][1]["lookups"] == 12
    quiet = smtpcheck("domain", "notify", *where, "--quiet")
    assert quiet.out.startswith("error[")
    assert len(quiet.out) < len(smtpcheck("domain", "notify", *where, "--verbose").out)
