"""Test 12: what was asked for is done or refused; nothing else is tried in silence."""

from __future__ import annotations

import pytest

from smtpcheck.model.plan import Plan
from tests.pki import TestPki
from tests.probe.dns_server import serving, zone
from tests.scripted.probing import (
    Settings,
    assert_no_login_and_no_mail,
    cause,
    failed_step,
    passed,
    run,
    shown,
    step,
)
from tests.scripted.server import ScriptedServer

IMPLICIT = (
    "!: tls good\nS: 220 mail.example.test ESMTP\nC: EHLO\n"
    "S: 250-mail.example.test | 250 AUTH PLAIN\nC: AUTH PLAIN\nS: 235 ok\n"
    "!: include parts/envelope.smtp"
)


def test_a_plain_greeting_on_a_tls_port_is_named_and_not_followed(pki: TestPki) -> None:
    settings = {"server": {"security": "tls", "timeout": 0.5}}
    text = "S: 220 mail.example.test ESMTP here\nC: *\nS: 500 what\nC: *\nS: 500 what"
    with ScriptedServer(text, pki, strict=False) as server:
        report = run(server.port, pki, settings=settings)
    assert (report.exit_code, failed_step(report)) == (12, "tls.handshake")
    assert cause(report) == "tls-implicit-on-starttls-port"
    assert "220 mail.example.test ESMTP here" in shown(report)
    assert b"EHLO" not in server.received
    assert_no_login_and_no_mail(server, report)


def test_a_tls_port_that_is_spoken_to_in_clear_gets_no_login(pki: TestPki) -> None:
    settings = {"server": {"security": "starttls", "timeout": 0.5}}
    with ScriptedServer(IMPLICIT, pki, strict=False) as server:
        report = run(server.port, pki, settings=settings)
    assert report.exit_code == 11
    assert failed_step(report) == "tcp.greeting"
    assert server.tls_received == b""
    assert_no_login_and_no_mail(server, report)


def test_implicit_tls_works_where_it_is_asked_for(pki: TestPki) -> None:
    settings = {"server": {"security": "tls"}}
    with ScriptedServer(IMPLICIT, pki) as server:
        report = run(server.port, pki, settings=settings)
        assert passed(report), shown(report)
    assert server.plain_received == b""


def test_a_failed_handshake_is_not_tried_again_in_clear(pki: TestPki) -> None:
    text = "!: include parts/hello.smtp\nC: STARTTLS\nS: 220 go\n!: close"
    with ScriptedServer(text, pki, strict=False) as server:
        report = run(server.port, pki, settings={"server": {"timeout": 0.5}})
    assert failed_step(report) == "tls.handshake"
    assert len(server.connections) == 1
    assert server.connection.lines == [server.connection.lines[0], "STARTTLS"]
    assert_no_login_and_no_mail(server, report)


@pytest.mark.parametrize("alias", ["mail.example.test", "other.example.test"])
def test_the_name_to_verify_is_the_configured_one(pki: TestPki, alias: str) -> None:
    """`smtp.example.test` is an alias of a name for which the certificate would be right."""
    kind = "good" if alias == "mail.example.test" else "wrong-name"
    records = [
        f"smtp.example.test. 60 IN CNAME {alias}.",
        f"{alias}. 60 IN A 127.0.0.1",
    ]
    settings: Settings = {
        "server": {"host": "smtp.example.test", "security": "tls", "timeout": 0.5},
        "tls": {"server_name": ""},
    }
    text = f"!: tls {kind}\nS: 220 {alias}\nC: EHLO\nS: 250 {alias}"
    with ScriptedServer(text, pki, strict=False) as server, serving(zone(records)) as resolver:
        report = run(
            server.port, pki, settings=settings, plan=Plan(resolver=resolver.where, deadline=5.0)
        )
    assert cause(report) == "cert-hostname-mismatch"
    assert server.connection.server_name == "smtp.example.test"
    assert_no_login_and_no_mail(server, report)


def test_a_bad_address_is_not_hidden_by_a_good_one(pki: TestPki) -> None:
    """The first address answers with a bad certificate: the second one is not used instead."""
    records = ["mail.example.test. 60 IN A 127.0.0.1", "mail.example.test. 60 IN AAAA ::1"]
    settings: Settings = {
        "server": {"host": "mail.example.test", "security": "tls", "timeout": 0.5},
        "tls": {"server_name": ""},
    }
    bad = "!: tls expired\nS: 220 mail.example.test\nC: EHLO\nS: 250 mail.example.test"
    with (
        ScriptedServer(bad, pki, hosts=("::1",), strict=False) as first,
        ScriptedServer(IMPLICIT, pki, port=first.port, strict=False) as second,
        serving(zone(records)) as resolver,
    ):
        report = run(
            first.port, pki, settings=settings, plan=Plan(resolver=resolver.where, deadline=5.0)
        )
    assert cause(report) == "cert-expired"
    assert step(report, "tcp.connect").facts["address"] == "::1"
    assert second.received == b""
    assert_no_login_and_no_mail(first, report)


@pytest.mark.parametrize("version", ["1.0", "1.1"])
def test_the_floor_of_tls_versions_holds(pki: TestPki, version: str) -> None:
    text = f"!: tls good min={version} max={version}\nS: 220 x\nC: EHLO\nS: 250 x"
    settings = {"server": {"security": "tls", "timeout": 0.5}}
    with ScriptedServer(text, pki, strict=False) as server:
        report = run(server.port, pki, settings=settings)
    assert report.exit_code == 12
    assert all(not each.tls_received for each in server.connections)
    assert_no_login_and_no_mail(server, report)


def test_the_floor_can_be_raised(pki: TestPki) -> None:
    text = "!: tls good max=1.2\nS: 220 x\nC: EHLO\nS: 250 x"
    settings: Settings = {
        "server": {"security": "tls", "timeout": 0.5},
        "tls": {"min_version": "1.3"},
    }
    with ScriptedServer(text, pki, strict=False) as server:
        report = run(server.port, pki, settings=settings)
    assert (report.exit_code, cause(report)) == (12, "tls-version-mismatch")
    assert_no_login_and_no_mail(server, report)


def test_a_message_goes_to_the_named_recipients_only(pki: TestPki) -> None:
    text = (
        "!: include parts/login.smtp\nC: MAIL FROM:<alice@example.test>\nS: 250 ok\n"
        "C: RCPT TO:<ops@example.test>\nS: 550 5.1.1 unknown\nC: *\nS: 554 5.5.1 no recipients\n"
        "C: QUIT\nS: 221 bye"
    )
    with ScriptedServer(text, pki, strict=False) as server:
        report = run(server.port, pki)
    assert (report.exit_code, cause(report)) == (14, "recipient-unknown")
    assert server.connection.verbs().count("RCPT") == 1
    assert server.connection.bodies == []
