"""Test 8: where a credential goes, how often, and what may be seen of it."""

from __future__ import annotations

import base64

import pytest

from tests.pki import TestPki
from tests.scripted.probing import (
    PASSWORD,
    USERNAME,
    Settings,
    assert_confined,
    assert_no_login_and_no_mail,
    cause,
    forms,
    passed,
    run,
    shown,
    step,
)
from tests.scripted.script import read_script
from tests.scripted.server import ScriptedServer

QUICK: Settings = {"server": {"timeout": 0.5}}
PLAIN_SERVER = "S: 220 mail.example.test ESMTP\nC: EHLO\nS: 250-mail.example.test | 250 {}"


@pytest.mark.parametrize("offer", ["AUTH PLAIN LOGIN", "AUTH CRAM-MD5", "AUTH=LOGIN"])
def test_without_tls_no_login_leaves(pki: TestPki, offer: str) -> None:
    settings = {"server": {"security": "none", "timeout": 0.5}}
    with ScriptedServer(PLAIN_SERVER.format(offer), pki, strict=False) as server:
        report = run(server.port, pki, settings=settings)
    assert (report.exit_code, cause(report)) == (13, "auth-plaintext-over-insecure")
    assert_no_login_and_no_mail(server, report)


def test_without_tls_a_login_leaves_only_when_the_profile_says_so(pki: TestPki) -> None:
    text = PLAIN_SERVER.format("AUTH PLAIN") + "\nC: AUTH PLAIN\nS: 235 ok\n"
    settings: Settings = {"server": {"security": "none"}, "auth": {"allow_insecure": True}}
    with ScriptedServer(text + "!: include parts/envelope.smtp", pki) as server:
        report = run(server.port, pki, settings=settings)
        assert passed(report), shown(report)
    assert any("allow_insecure" in note for note in report.notes)
    for form in forms(PASSWORD):
        assert form not in shown(report)


def test_where_others_listen_the_password_itself_is_spared(pki: TestPki) -> None:
    challenge = base64.b64encode(b"<1@mail>").decode()
    text = (
        PLAIN_SERVER.format("AUTH PLAIN LOGIN CRAM-MD5")
        + f"\nC: AUTH CRAM-MD5$\nS: 334 {challenge}\nC: *\nS: 235 ok\n"
    )
    settings: Settings = {"server": {"security": "none"}, "auth": {"allow_insecure": True}}
    with ScriptedServer(text + "!: include parts/envelope.smtp", pki) as server:
        report = run(server.port, pki, settings=settings)
    for form in forms(PASSWORD):
        assert form.encode() not in server.received
        assert form not in shown(report)


def test_an_offer_before_tls_is_no_offer_after(pki: TestPki) -> None:
    text = (
        "!: include parts/hello.smtp\nC: STARTTLS\nS: 220 go\n!: tls good\nC: EHLO\n"
        "S: 250-mail.example.test | 250 SIZE 1000000"
    )
    with ScriptedServer(text, pki, strict=False) as server:
        report = run(server.port, pki, settings=QUICK)
    assert (report.exit_code, cause(report)) == (13, "auth-not-offered")
    assert_no_login_and_no_mail(server, report)


@pytest.mark.parametrize(
    "reply",
    ["535 5.7.8 wrong", "535 no", "534 5.7.9 no", "454 4.7.0 later", "432 4.7.12 x", "550 x"],
)
def test_one_refusal_is_one_try(pki: TestPki, reply: str) -> None:
    text = f"!: include parts/starttls.smtp\nC: AUTH PLAIN\nS: {reply}\nC: *\nS: 250 ok"
    with ScriptedServer(text, pki, strict=False) as server:
        report = run(server.port, pki, settings=QUICK)
    assert report.exit_code == (75 if reply.startswith("4") else 13)
    assert len(server.connections) == 1
    assert server.connection.verbs().count("AUTH") == 1
    assert_confined(server, report)


def test_a_50x_to_a_chosen_mechanism_is_not_walked_around(pki: TestPki) -> None:
    text = "!: include parts/starttls.smtp\nC: AUTH PLAIN\nS: 504 5.5.4 no\nC: *\nS: 250 ok"
    settings = {**QUICK, "auth": {"method": "plain"}}
    with ScriptedServer(text, pki, strict=False) as server:
        report = run(server.port, pki, settings=settings)
    assert report.exit_code == 13
    assert server.connection.verbs().count("AUTH") == 1
    assert_confined(server, report)


def test_a_535_to_login_after_a_504_to_plain_is_the_end(pki: TestPki) -> None:
    text = (
        "!: include parts/starttls.smtp\nC: AUTH PLAIN\nS: 504 5.5.4 no\nC: AUTH LOGIN\n"
        "S: 334 VXNlcm5hbWU6\nC: *\nS: 334 UGFzc3dvcmQ6\nC: *\n"
        "S: 535 5.7.8 wrong\nC: QUIT\nS: 221 x"
    )
    with ScriptedServer(text, pki, strict=False) as server:
        report = run(server.port, pki, settings=QUICK)
    assert report.exit_code == 13
    assert server.connection.verbs().count("AUTH") == 2
    assert_confined(server, report)


@pytest.mark.parametrize("challenge", ["!!!", "<not base64>", "Zg", "ü"])
def test_a_challenge_that_is_no_base64_is_cancelled(pki: TestPki, challenge: str) -> None:
    text = (
        "!: include parts/hello.smtp\nC: STARTTLS\nS: 220 go\n!: tls good\nC: EHLO\n"
        "S: 250-mail.example.test | 250 AUTH CRAM-MD5\nC: AUTH CRAM-MD5$\n"
        f"S: 334 {challenge}\nC: *\nS: 501 5.7.0 cancelled\nC: QUIT\nS: 221 bye"
    )
    with ScriptedServer(text, pki) as server:
        report = run(server.port, pki, settings=QUICK)
    assert server.connection.lines[4] == "*"
    error = step(report, "auth.login").facts["error"]
    assert isinstance(error, dict)
    assert error["kind"] == "challenge-not-base64"
    assert error["message"] == "the login broke off: challenge-not-base64"
    events = {event.n: event.text for event in report.observations.transcript}
    assert events[int(str(error["event"]))].startswith("334 ")
    assert report.exit_code == 13
    assert_confined(server, report)


def test_a_server_that_asks_for_ever_is_cancelled(pki: TestPki) -> None:
    rounds = "S: 334 UGFzc3dvcmQ6\nC: *\n" * 12
    text = (
        "!: include parts/hello.smtp\nC: STARTTLS\nS: 220 go\n!: tls good\nC: EHLO\n"
        f"S: 250-mail.example.test | 250 AUTH LOGIN\nC: AUTH LOGIN$\n{rounds}"
    )
    with ScriptedServer(text, pki, strict=False) as server:
        report = run(server.port, pki, settings=QUICK)
    assert report.exit_code == 13
    assert "*" in server.connection.lines
    encoded = base64.b64encode(PASSWORD.encode()).decode()
    assert server.connection.lines.count(encoded) == 1
    assert_confined(server, report)


def test_plain_is_not_said_twice_to_a_server_that_asks_again(pki: TestPki) -> None:
    text = (
        "!: include parts/starttls.smtp\nC: AUTH PLAIN *\nS: 334 \nC: *\nS: 501 5.5.2 x\nC: *\n"
        "S: 221 bye"
    )
    with ScriptedServer(text, pki, strict=False) as server:
        report = run(server.port, pki, settings=QUICK)
    payload = base64.b64encode(f"\0{USERNAME}\0{PASSWORD}".encode())
    assert bytes(server.connection.tls_received).count(payload) == 1
    assert report.exit_code == 13
    assert_confined(server, report)


@pytest.mark.parametrize("form", forms(PASSWORD))
@pytest.mark.parametrize("code", ["535 5.7.8", "235 2.7.0"])
def test_a_server_that_echoes_the_secret_is_masked(pki: TestPki, form: str, code: str) -> None:
    text = (
        f"!: include parts/starttls.smtp\nC: AUTH PLAIN *\nS: {code} you said {form} did you\n"
        f"C: *\nS: 550 5.7.1 <{form}> again\nC: *\nS: 250 {form}"
    )
    with ScriptedServer(text, pki, strict=False) as server:
        report = run(server.port, pki, settings=QUICK)
    assert form not in shown(report)
    assert "you said <hidden> did you" in shown(report)
    assert_confined(server, report)


def test_the_error_of_an_oauth_token_is_answered_and_the_token_is_masked(pki: TestPki) -> None:
    token = "ya29.canary-token-value"
    problem = base64.b64encode(b'{"status":"400","schemes":"Bearer"}').decode()
    text = (
        "!: include parts/hello.smtp\nC: STARTTLS\nS: 220 go\n!: tls good\nC: EHLO\n"
        "S: 250-mail.example.test | 250 AUTH PLAIN XOAUTH2\nC: AUTH XOAUTH2 *\n"
        f"S: 334 {problem}\nC: $\nS: 535 5.7.8 bad token {token}\nC: QUIT\nS: 221 bye"
    )
    settings = {**QUICK, "auth": {"method": "xoauth2"}}
    with ScriptedServer(text, pki) as server:
        report = run(server.port, pki, settings=settings, password=token)
    assert report.exit_code == 13
    payload = base64.b64encode(f"user={USERNAME}\x01auth=Bearer {token}\x01\x01".encode())
    assert payload in server.tls_received
    for form in (*forms(token), payload.decode()):
        assert form not in shown(report)


def test_a_password_is_never_used_as_a_token(pki: TestPki) -> None:
    text = (
        "!: include parts/hello.smtp\nC: STARTTLS\nS: 220 go\n!: tls good\nC: EHLO\n"
        "S: 250-mail.example.test | 250 AUTH XOAUTH2 OAUTHBEARER\nC: *\nS: 221 bye"
    )
    with ScriptedServer(text, pki, strict=False) as server:
        report = run(server.port, pki, settings=QUICK)
    assert (report.exit_code, cause(report)) == (13, "auth-mechanism-unsupported")
    assert_no_login_and_no_mail(server, report)


def test_the_login_is_hidden_in_the_transcript(pki: TestPki) -> None:
    with ScriptedServer(read_script("good"), pki) as server:
        report = run(server.port, pki)
    said = [event.text for event in report.observations.transcript if event.who == "C"]
    assert "AUTH PLAIN <hidden>" in said
    assert_confined(server, report)
