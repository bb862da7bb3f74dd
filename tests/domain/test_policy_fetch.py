"""An MTA-STS policy is fetched as RFC 8461 section 3.3 wants it, from a real HTTPS server."""

from __future__ import annotations

import socket
import ssl
import time
from pathlib import Path

import pytest

from smtpcheck.domain.policy_fetch import LARGEST, Fetched, WebPlace, fetch_policy
from smtpcheck.sandbox.certificates import Authority, CertificateKind
from smtpcheck.sandbox.tls_context import server_context
from tests.domain.policy_server import Page, policy, policy_server

HOST = "mta-sts.example.test"
GOOD = policy(["mx.example.test"])


@pytest.fixture(scope="module")
def authority() -> Authority:
    return Authority((HOST,), "smtpcheck tests")


@pytest.fixture
def ca_file(authority: Authority, tmp_path: Path) -> str:
    path = tmp_path / "ca.pem"
    path.write_bytes(authority.root_pem)
    return str(path)


def context(authority: Authority, kind: str = "good") -> ssl.SSLContext:
    return server_context(authority.issue(CertificateKind(kind)))


def fetched(tls: ssl.SSLContext, page: Page, ca_file: str, seconds: float = 10.0) -> Fetched:
    with policy_server(tls, page) as port:
        return fetch_policy(HOST, ["127.0.0.1"], WebPlace(port, ca_file), seconds)


def test_a_policy_arrives_with_its_type(authority: Authority, ca_file: str) -> None:
    found = fetched(context(authority), Page(body=GOOD), ca_file)
    assert found == Fetched(GOOD.decode(), "text/plain")


def test_the_largest_policy_arrives_and_a_larger_one_does_not(
    authority: Authority, ca_file: str
) -> None:
    assert len(fetched(context(authority), Page(body=b"x" * LARGEST), ca_file).body) == LARGEST
    too_large = fetched(context(authority), Page(body=b"x" * (LARGEST + 1)), ca_file)
    assert (too_large.problem, too_large.body) == ("too-large", "")


@pytest.mark.parametrize(
    ("page", "problem"),
    [
        (Page(status=301, headers={"Location": "https://elsewhere.test/"}), "redirect"),
        (Page(status=302, body=GOOD, headers={"Location": "/other"}), "redirect"),
        (Page(status=404), "status"),
        (Page(status=500, body=GOOD), "status"),
        (Page(status=204), "status"),
    ],
)
def test_only_a_200_counts_and_nothing_is_followed(
    page: Page, problem: str, authority: Authority, ca_file: str
) -> None:
    assert fetched(context(authority), page, ca_file).problem == problem


@pytest.mark.parametrize(
    "kind", ["expired", "unknown-ca", "wrong-name", "self-signed", "no-san", "no-intermediate"]
)
def test_a_certificate_that_does_not_hold_is_none(
    kind: str, authority: Authority, ca_file: str
) -> None:
    found = fetched(context(authority, kind), Page(body=GOOD), ca_file)
    assert (found.problem, found.body) == ("certificate", "")
    assert found.detail


def test_a_certificate_of_a_ca_that_only_the_test_knows_is_none_for_others(
    authority: Authority,
) -> None:
    assert fetched(context(authority), Page(body=GOOD), "").problem == "certificate"


def test_a_server_that_drips_is_shut_out_when_the_time_is_over(
    authority: Authority, ca_file: str
) -> None:
    begun = time.monotonic()
    found = fetched(context(authority), Page(body=b"x" * 150, drip=0.2), ca_file, seconds=1.0)
    assert found.problem == "unreachable"
    assert time.monotonic() - begun < 20  # all of it would take 30 s


def test_a_server_that_says_nothing_is_not_waited_for() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        place = WebPlace(silent.getsockname()[1])
        found = fetch_policy(HOST, ["127.0.0.1"], place, 0.5)
    assert found.problem == "unreachable"


def test_another_address_is_tried_where_the_first_does_not_answer(
    authority: Authority, ca_file: str
) -> None:
    with policy_server(context(authority), Page(body=GOOD)) as port:
        place = WebPlace(port, ca_file)
        found = fetch_policy(HOST, ["127.0.0.77", "127.0.0.1"], place, 5.0)
        assert fetch_policy(HOST, [], place, 5.0).problem == "unreachable"
    assert found.body == GOOD.decode()
