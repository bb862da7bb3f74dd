"""Tests 1 to 4 and 6: nothing that was said in clear counts within TLS, and nothing secret is said
before it (RFC 3207)."""

from __future__ import annotations

import pytest

from smtpcheck.model.plan import Plan
from tests.pki import TestPki
from tests.scripted.probing import (
    assert_confined,
    assert_no_login_and_no_mail,
    cause,
    failed_step,
    passed,
    run,
    shown,
    step,
    taken,
)
from tests.scripted.script import read_script
from tests.scripted.server import ScriptedServer

QUICK = {"server": {"timeout": 0.5}}


@pytest.mark.parametrize("name", ["starttls-injected", "starttls-injected-fragment"])
def test_text_behind_the_220_ends_the_run_before_a_client_hello(pki: TestPki, name: str) -> None:
    with ScriptedServer(read_script(name), pki, strict=False) as server:
        report = run(server.port, pki, settings=QUICK)
    assert failed_step(report) == "tls.starttls"
    assert report.exit_code == 12
    assert not server.connection.client_hello
    assert "XEVIL" in str(step(report, "tls.starttls").facts["injected"])
    assert "XEVIL" in shown(report)
    assert_no_login_and_no_mail(server, report)


def test_text_during_the_handshake_ends_the_run(pki: TestPki) -> None:
    with ScriptedServer(read_script("starttls-injected-late"), pki, strict=False) as server:
        report = run(server.port, pki, settings=QUICK)
    assert failed_step(report) in ("tls.starttls", "tls.handshake")
    assert report.exit_code == 12
    assert server.tls_received == b""
    assert "XEVIL" in shown(report)
    assert_no_login_and_no_mail(server, report)


def test_early_and_late_injection_have_one_cause(pki: TestPki) -> None:
    causes = set()
    for name in ("starttls-injected", "starttls-injected-fragment", "starttls-injected-late"):
        with ScriptedServer(read_script(name), pki, strict=False) as server:
            causes.add(cause(run(server.port, pki, settings=QUICK)))
    assert len(causes) == 1
    assert causes != {""}


def test_silence_within_tls_is_not_filled_from_before(pki: TestPki) -> None:
    with ScriptedServer(read_script("silent-after-tls"), pki) as server:
        report = run(server.port, pki, settings=QUICK)
    assert failed_step(report) == "tls.ehlo"
    assert "silence" in step(report, "tls.ehlo").facts
    assert_no_login_and_no_mail(server, report)


@pytest.mark.parametrize("keyword", ["", "250-XXXXXXXA | ", "250-XXXX | "])
def test_without_the_offer_there_is_no_login(pki: TestPki, keyword: str) -> None:
    text = (
        "S: 220 mail.example.test ESMTP\nC: EHLO\n"
        f"S: 250-mail.example.test | {keyword}250 AUTH PLAIN LOGIN\nC: STARTTLS\nS: 502 no"
    )
    with ScriptedServer(text, pki, strict=False) as server:
        report = run(server.port, pki, settings=QUICK)
    assert failed_step(report) == "tls.starttls"
    assert report.exit_code == 12
    assert cause(report) == ("starttls-stripped" if keyword else "starttls-not-offered")
    assert bool(step(report, "tls.starttls").facts["masked"]) is bool(keyword)
    assert not server.connection.client_hello
    assert_no_login_and_no_mail(server, report)


@pytest.mark.parametrize(
    ("reply", "code"),
    [
        ("502 5.5.1 no", 12),
        ("454 4.7.0 TLS not available", 75),
        ("354 go", 12),
        ("221 bye", 12),
        ("250 ok", 12),
        ("2200 go", 12),
        ("220", None),
    ],
)
def test_only_the_exact_220_starts_tls(pki: TestPki, reply: str, code: int | None) -> None:
    text = f"!: include parts/hello.smtp\nC: STARTTLS\nS: {reply}\n!: tls good\nC: EHLO\n!: close"
    with ScriptedServer(text, pki, strict=False) as server:
        report = run(server.port, pki, settings=QUICK)
    assert len(server.connections) == 1
    assert server.connection.client_hello is (code is None)
    if code is not None:
        assert report.exit_code == code
        assert failed_step(report) == "tls.starttls"
    assert_no_login_and_no_mail(server, report)


def test_half_a_reply_to_starttls_starts_nothing(pki: TestPki) -> None:
    text = "!: include parts/hello.smtp\nC: STARTTLS\nS: 220-half\n!: close"
    with ScriptedServer(text, pki, strict=False) as server:
        report = run(server.port, pki, settings=QUICK)
    assert failed_step(report) == "tls.starttls"
    assert not server.connection.client_hello
    assert "half" in shown(report)
    assert_no_login_and_no_mail(server, report)


@pytest.mark.parametrize("in_tls", [False, True])
def test_helo_instead_of_ehlo_is_no_way_around_tls_and_login(pki: TestPki, in_tls: bool) -> None:
    before = "!: include parts/hello.smtp\nC: STARTTLS\nS: 220 go\n!: tls good\n" if in_tls else ""
    text = (
        f"{before or 'S: 220 mail.example.test'}\nC: EHLO\nS: 502 5.5.2 unknown\n"
        "C: HELO\nS: 250 mail.example.test"
    )
    with ScriptedServer(text, pki, strict=False) as server:
        report = run(server.port, pki, settings=QUICK)
    assert report.exit_code in (11, 12, 13)
    assert report.exit_code != 0
    assert_no_login_and_no_mail(server, report)


def test_what_was_offered_before_tls_is_forgotten(pki: TestPki) -> None:
    with ScriptedServer(read_script("other-capabilities-in-tls"), pki) as server:
        report = run(server.port, pki)
        assert passed(report), shown(report)
    assert step(report, "auth.choose").facts["offered"] == ["PLAIN"]
    assert step(report, "tls.ehlo").facts["lost"] == ["PIPELINING", "SIZE"]
    assert step(report, "send.mail").facts["pipelined"] is False
    assert_confined(server, report)


def test_exactly_one_ehlo_comes_first_within_tls_and_none_with_starttls(pki: TestPki) -> None:
    with ScriptedServer(read_script("good"), pki) as server:
        run(server.port, pki)
    assert bytes(server.connection.plain_received).endswith(b"STARTTLS\r\n")
    assert bytes(server.connection.plain_received).count(b"EHLO") == 1
    assert bytes(server.connection.tls_received).startswith(b"EHLO ")
    assert bytes(server.connection.tls_received).count(b"EHLO") == 1


def test_ehlo_is_never_said_after_the_login(pki: TestPki) -> None:
    with ScriptedServer(read_script("good"), pki) as server:
        run(server.port, pki)
    verbs = server.connection.verbs()
    assert not {"EHLO", "HELO"} & set(verbs[verbs.index("AUTH") :])


def test_a_refused_ehlo_within_tls_ends_the_run(pki: TestPki) -> None:
    with ScriptedServer(read_script("ehlo-refused-in-tls"), pki, strict=False) as server:
        report = run(server.port, pki, settings=QUICK)
    assert failed_step(report) == "tls.ehlo", taken(report)
    assert_no_login_and_no_mail(server, report)


@pytest.mark.parametrize("until", ["dns", "tcp", "ehlo", "tls"])
def test_no_earlier_end_sends_a_secret(pki: TestPki, until: str) -> None:
    with ScriptedServer(read_script("good"), pki, strict=False) as server:
        report = run(server.port, pki, plan=Plan(until=until, deadline=5.0))
    assert report.exit_code == 0
    for connection in server.connections:
        assert "AUTH" not in connection.verbs()
    assert_confined(server, report)
