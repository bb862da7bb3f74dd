"""What is said of MX hosts, their TLS, reverse DNS and block lists."""

from __future__ import annotations

import hashlib

import pytest

from smtpcheck.domain.lists import BlockList, list_checks
from smtpcheck.domain.live import Seen, live_checks
from smtpcheck.domain.mx_checks import mail_hosts, mx_checks
from smtpcheck.domain.reverse import looks_like_access, reverse_checks
from smtpcheck.domain.tls_checks import dane_checks, srv_check, tls_rpt_check
from smtpcheck.model.domain import Area, Check
from smtpcheck.model.stage import Outcome
from tests.domain.fake_dns import FakeNames, kinds, question


@pytest.mark.parametrize(
    ("zone", "kind"),
    [
        ("", "no-domain"),
        ('example.test. IN TXT "x"', "no-mx"),
        ("example.test. IN A 192.0.2.1", ""),
        ("example.test. IN MX 0 .", "null-mx"),
        ("example.test. IN MX 0 .\nexample.test. IN MX 5 a.test.", "null-mx-among-others"),
        ("example.test. IN MX 5 192.0.2.1.", "mx-is-address"),
        (
            "example.test. IN MX 5 a.test.\na.test. IN CNAME b.test.\nb.test. IN A 192.0.2.1",
            "mx-is-alias",
        ),
        ("example.test. IN MX 5 a.test.", "mx-without-address"),
        ("example.test. IN MX 5 a.test.\na.test. IN AAAA 2001:db8::1", ""),
    ],
)
def test_mx_records_are_weighed(zone: str, kind: str) -> None:
    found = list(mx_checks(FakeNames(zone + "\n"), question("example.test")))
    assert list(kinds(found).values()) == ([kind] if kind else [])


def test_tlsa_records_count_where_they_are_signed_and_of_a_kind_that_mail_uses() -> None:
    zone = "example.test. IN MX 5 a.test.\n_25._tcp.a.test. IN TLSA {} {}\n"
    right, wrong = ("3 1 1", "ab" * 32), ("1 0 1", "ab" * 32)

    def dane(record: tuple[str, str], *, secure: bool, validates: bool = True) -> str:
        names = FakeNames(zone.format(*record), secure=secure, validates=validates)
        found = list(dane_checks(names, "example.test", mail_hosts(names, "example.test")))
        return found[0].kind

    assert dane(right, secure=True) == ""
    assert dane(right, secure=False) == "dane-unsigned"
    assert dane(right, secure=False, validates=False) == ""
    assert dane(wrong, secure=True) == "dane-unusable"


def test_tls_reports_and_services() -> None:
    zone = '_smtp._tls.example.test. IN TXT "v=TLSRPTv1; rua={}"\n'
    rpt = [
        tls_rpt_check(FakeNames(zone.format(where)), "example.test").kind
        for where in ("mailto:a@b.test", "ftp://x")
    ]
    assert rpt == ["", "tls-rpt-invalid"]
    names = FakeNames("_submissions._tcp.example.test. IN SRV 0 1 465 smtp.example.test.\n")
    same = srv_check(names, "example.test", "smtp.example.test:465")
    other = srv_check(names, "example.test", "relay.test:587")
    assert same is not None
    assert other is not None
    assert (same.outcome, other.outcome) == (Outcome.PASSED, Outcome.SKIPPED)
    assert srv_check(names, "other.test", "") is None


@pytest.mark.parametrize(
    ("zone", "found"),
    [
        ("", {"reverse.ptr": "ptr-missing"}),
        ("9.2.0.192.in-addr.arpa. IN PTR mail.example.test.", {"reverse.ptr": "ptr-not-confirmed"}),
        (
            "9.2.0.192.in-addr.arpa. IN PTR h9-2-0-192.b.test.\nh9-2-0-192.b.test. IN A 192.0.2.9",
            {"reverse.ptr": "ptr-generic"},
        ),
        (
            "9.2.0.192.in-addr.arpa. IN PTR mail.example.test.\nmail.example.test. IN A 192.0.2.9",
            {},
        ),
    ],
)
def test_reverse_dns_must_lead_back(zone: str, found: dict[str, str]) -> None:
    asked = question("example.test", source_ip="192.0.2.9")
    assert kinds(list(reverse_checks(FakeNames(zone + "\n"), asked))) == found


def test_the_helo_name_must_lead_to_the_address() -> None:
    zone = "9.2.0.192.in-addr.arpa. IN PTR a.test.\na.test. IN A 192.0.2.9\nb.test. IN A 192.0.2.8"
    for helo, kind in (("a.test", ""), ("b.test", "helo-elsewhere"), ("[192.0.2.9]", "literal")):
        asked = question("example.test", source_ip="192.0.2.9", helo=helo)
        checks = kinds(list(reverse_checks(FakeNames(zone + "\n"), asked)))
        assert checks.get("reverse.helo", "").endswith(kind)


def test_names_of_mail_servers_do_not_look_like_lines() -> None:
    import ipaddress

    address = ipaddress.ip_address("192.0.2.9")
    assert looks_like_access("dsl-9.example.test", address)
    assert looks_like_access("host-192-0-2-9.example.test", address)
    assert not looks_like_access("mail9.dynamics.test", address)


LIST = BlockList("bl.test", "List", "https://bl.test")
SELF_TEST = "2.0.0.127.bl.test. IN A 127.0.0.2\n"


@pytest.mark.parametrize(
    ("zone", "outcome"),
    [
        (SELF_TEST, Outcome.PASSED),
        (SELF_TEST + "9.2.0.192.bl.test. IN A 127.0.0.4", Outcome.FAILED),
        (SELF_TEST + "9.2.0.192.bl.test. IN A 127.255.255.254", Outcome.SKIPPED),
        (SELF_TEST + "9.2.0.192.bl.test. IN A 203.0.113.5", Outcome.SKIPPED),
        ("9.2.0.192.bl.test. IN A 127.0.0.4", Outcome.SKIPPED),
        ("2.0.0.127.bl.test. IN A 127.255.255.252", Outcome.SKIPPED),
        (
            SELF_TEST + "1.0.0.127.bl.test. IN A 127.0.0.2\n9.2.0.192.bl.test. IN A 127.0.0.2",
            Outcome.SKIPPED,
        ),
    ],
)
def test_no_refusal_and_no_dead_list_is_taken_for_a_listing(zone: str, outcome: Outcome) -> None:
    asked = question("example.test", source_ip="192.0.2.9")
    (check,) = list_checks(FakeNames(zone + "\n"), asked, [LIST])
    assert check.outcome is outcome


CHECKED = Area.TLS
WHOLE = hashlib.sha256(b"whole").hexdigest()
EXACT = {"chain": [{"sha256": WHOLE, "spki_sha256": WHOLE}], "verified": True}
CERTIFICATE = {"chain": [{"sha256": "aa" * 32, "spki_sha256": "bb" * 32}], "verified": True}
BAD = {**CERTIFICATE, "verified": False, "problems": [{"kind": "expired"}]}


def live(mode: str, tlsa: str, **seen: object) -> Check:
    at = {"host": "mx.test", "tlsa": [tlsa]} if tlsa else {"host": "mx.test"}
    before = [
        Check("tls.mta-sts", CHECKED, Outcome.PASSED, "", {"mode": mode}),
        Check("tls.dane", CHECKED, Outcome.PASSED, "", at),
    ]
    given = {"host": "mx.test", "reached": True, "starttls": True, "detail": "", **seen}
    (check,) = live_checks([Seen(**given)], before)  # type: ignore[arg-type]
    return check


@pytest.mark.parametrize(
    ("mode", "tlsa", "handshake", "starttls", "expected"),
    [
        ("", "", CERTIFICATE, True, ""),
        ("", "", BAD, True, ""),
        ("enforce", "", BAD, True, "mx-certificate"),
        ("testing", "", BAD, True, "mx-certificate"),
        ("", "3 1 1 " + "bb" * 32, BAD, True, ""),
        ("", "3 0 1 " + "aa" * 32, BAD, True, ""),
        ("", "3 1 1 " + "cc" * 32, CERTIFICATE, True, "dane-mismatch"),
        ("", "3 1 2 " + "cc" * 64, CERTIFICATE, True, ""),
        ("", "3 0 0 " + b"whole".hex(), EXACT, True, ""),
        ("", "3 1 0 " + b"other".hex(), EXACT, True, "dane-mismatch"),
        ("enforce", "", {}, False, "mx-no-starttls"),
        ("enforce", "", {}, True, "mx-no-tls"),
    ],
)
def test_what_a_host_shows_is_held_against_what_the_domain_promises(
    mode: str, tlsa: str, handshake: dict[str, object], starttls: bool, expected: str
) -> None:
    assert live(mode, tlsa, handshake=handshake, starttls=starttls).kind == expected


def test_a_host_that_cannot_be_reached_is_not_judged() -> None:
    assert live("enforce", "", reached=False, handshake={}).outcome is Outcome.SKIPPED
