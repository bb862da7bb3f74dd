"""Every mechanism at a server that checks it, and what may be seen of the secret."""

from __future__ import annotations

import base64
import logging
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from smtpcheck.api import Job, probe
from smtpcheck.model.plan import Plan
from smtpcheck.model.report import TargetReport
from smtpcheck.model.secret import Secret, SecretRef, SecretSource
from smtpcheck.sandbox.bearer import TOKEN_MECHANISMS
from smtpcheck.sandbox.exchange import Accounts
from smtpcheck.sandbox.mechanisms import MECHANISMS
from smtpcheck.sandbox.scenario import Scenario
from smtpcheck.sandbox.server import Sandbox
from smtpcheck.store.profile_reader import profile_from_settings
from smtpcheck.wire.masking import encodings
from tests.pki import TestPki
from tests.scripted.probing import (
    PASSWORD,
    USERNAME,
    Settings,
    assert_confined,
    cause,
    forms,
    passed,
    run,
    shown,
    step,
    taken,
)
from tests.scripted.server import ScriptedServer

AUTH = Plan(until="auth", deadline=10.0, experiments=False)
PASSWORDS = [name for name in MECHANISMS if name not in ("EXTERNAL", *TOKEN_MECHANISMS)]
HELLO = (
    "!: include parts/hello.smtp\nC: STARTTLS\nS: 220 go\n!: tls good\nC: EHLO\n"
    "S: 250-mail.example.test | 250 AUTH {}\n"
)


def b64(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


@contextmanager
def sandbox(mechanisms: str, **scenario: Any) -> Iterator[Sandbox]:
    if "NTLM" in mechanisms and find_spec("spnego") is None:
        pytest.skip("the extra ntlm is not installed")
    played = Scenario(**scenario) if scenario else None
    with Sandbox(
        users={USERNAME: PASSWORD}, mechanisms=tuple(mechanisms.split()), scenario=played
    ) as server:
        yield server


def log_in(
    running: Sandbox, method: str, password: str = PASSWORD, **tables: dict[str, Any]
) -> TargetReport:
    settings: dict[str, dict[str, Any]] = {
        "server": {"host": "localhost", "port": running.submission_port, "timeout": 2.0},
        "tls": {"ca_file": str(running.ca_file)},
        "auth": {"method": method, "username": USERNAME, "password": {"prompt": True}},
    }
    for name, table in tables.items():
        settings[name] |= table
    settings["auth"] = {key: each for key, each in settings["auth"].items() if each}
    loaded = profile_from_settings(settings, environment={})
    if loaded.profile.auth.password is not None:
        given = SecretRef(SecretSource.GIVEN, given=Secret(password))
        auth = replace(loaded.profile.auth, password=given)
        loaded = replace(loaded, profile=replace(loaded.profile, auth=auth))
    return probe(Job("sandbox", loaded, AUTH))


def assert_hidden(text: str, password: str = PASSWORD) -> None:
    for form in (*forms(password), *encodings(password.encode())):
        assert form not in text, form


@pytest.mark.parametrize("name", PASSWORDS)
@pytest.mark.parametrize("right", [True, False])
def test_the_password_is_judged_and_seen_nowhere(
    name: str, right: bool, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    told: list[str] = []
    with sandbox(name) as server:
        server._on_event = lambda talk: told.append(talk.text)
        report = log_in(
            server, name.removesuffix("-PLUS").lower(), PASSWORD if right else "another-canary"
        )
    assert step(report, "auth.login").facts["mechanism"] == name
    assert passed(report) is right, shown(report)
    assert right or (cause(report), report.exit_code) == ("auth-bad-credentials", 13)
    for text in (shown(report), caplog.text, *told):
        assert_hidden(text)
        assert_hidden(text, "another-canary")


@pytest.mark.parametrize("name", ["CRAM-MD5", "SCRAM-SHA-1", "SCRAM-SHA-256-PLUS", "NTLM"])
def test_a_refused_challenge_mechanism_is_never_certain_of_the_password(name: str) -> None:
    with sandbox(f"{name} PLAIN") as server:
        report = log_in(server, name.removesuffix("-PLUS").lower(), "wrong")
    [diagnosis] = report.diagnoses
    assert diagnosis.confidence != "certain"
    assert any("auth.method=plain" in line for line in diagnosis.help), diagnosis.help


def test_a_method_that_the_server_does_not_offer_is_not_advised() -> None:
    with sandbox("CRAM-MD5") as server:
        report = log_in(server, "cram-md5", "wrong")
    [diagnosis] = report.diagnoses
    assert not any("auth.method" in line for line in diagnosis.help), diagnosis.help


@pytest.mark.parametrize(("version", "kind"), [("1.2", "tls-unique"), ("1.3", "")])
def test_a_login_is_tied_to_the_connection_in_every_version_of_tls(version: str, kind: str) -> None:
    with sandbox("SCRAM-SHA-256-PLUS") as server:
        report = log_in(server, "scram-sha-256", tls={"max_version": version})
    assert passed(report), shown(report)
    scram = step(report, "auth.login").facts["scram"]
    assert isinstance(scram, dict)
    assert scram["channel_binding"] == (kind or "tls-server-end-point")


@pytest.mark.parametrize("name", PASSWORDS)
@pytest.mark.parametrize("how", ["closes", "silent", "resets"])
def test_an_exchange_that_ends_half_way_shows_nothing(name: str, how: str) -> None:
    with sandbox(name, **{how: ("AUTH",), "title": "x"}) as server:
        report = log_in(server, name.removesuffix("-PLUS").lower(), server={"timeout": 0.3})
    assert report.exit_code == 13
    assert_hidden(shown(report))


@pytest.mark.parametrize("name", ["CRAM-MD5", "SCRAM-SHA-256", "NTLM"])
def test_what_a_server_echoes_of_the_response_is_masked(pki: TestPki, name: str) -> None:
    if name == "NTLM" and find_spec("spnego") is None:
        pytest.skip("the extra ntlm is not installed")
    text = HELLO.format(name) + "C: AUTH *\nS: 535 5.7.8 no {line}\nC: *\nS: 250 x\nC: *\nS: 250 x"
    with ScriptedServer(text, pki, strict=False) as server:
        settings: Settings = {"auth": {"method": name.lower()}, "server": {"timeout": 0.5}}
        report = run(server.port, pki, settings=settings, plan=AUTH)
        sent = [line.split()[-1] for line in server.connection.lines if len(line) > 30]
    for each in sent:
        assert each not in shown(report)
    assert_confined(server, report)


def test_external_logs_in_with_a_certificate_and_no_password() -> None:
    with sandbox("PLAIN EXTERNAL") as server:
        assert server.client_certificate is not None
        certificate, key = map(str, server.client_certificate)
        tls = {"client_cert": certificate, "client_key": key}
        nobody = {"username": "", "password": None}
        for method in ("external", "auto"):
            report = log_in(server, method, auth=nobody, tls=tls)
            assert passed(report), shown(report)
            facts = step(report, "auth.login").facts
            assert (facts["mechanism"], facts["username_form"]) == ("EXTERNAL", "empty")
        assert passed(log_in(server, "external", auth={"password": None}, tls=tls))
        other = {"username": "bob@example.test", "password": None}
        report = log_in(server, "external", auth=other, tls=tls)
        assert (report.exit_code, cause(report)) == (13, "auth-certificate-refused")


def test_a_certificate_without_external_on_offer_is_no_login() -> None:
    with sandbox("EXTERNAL") as server:
        assert server.client_certificate is not None
        certificate, key = map(str, server.client_certificate)
        tls = {"client_cert": certificate, "client_key": key}
        server._running._house.offered = ("PLAIN",)  # type: ignore[union-attr]
        report = log_in(server, "auto", auth={"username": "", "password": None}, tls=tls)
    assert passed(report)
    assert not any(each.startswith("auth.") for each in taken(report))


def test_external_over_a_connection_without_tls_says_that_no_certificate_is_shown(
    pki: TestPki,
) -> None:
    text = "S: 220 mail.example.test ESMTP\nC: EHLO\nS: 250-mail.example.test | 250 AUTH EXTERNAL"
    chain, key = pki.write("client-auth-only")
    settings: Settings = {
        "server": {"security": "none", "timeout": 0.5},
        "auth": {"method": "external"},
        "tls": {"client_cert": str(chain), "client_key": str(key)},
    }
    with ScriptedServer(text, pki, strict=False) as server:
        report = run(server.port, pki, settings=settings, plan=AUTH)
    assert (report.exit_code, cause(report)) == (13, "auth-credentials-missing")


def test_every_mechanism_is_listed_before_and_within_tls(pki: TestPki) -> None:
    text = (
        "S: 220 mail.example.test ESMTP\nC: EHLO\n"
        "S: 250-mail.example.test | 250-AUTH PLAIN SCRAM-SHA-1 | 250 STARTTLS\n"
        "C: STARTTLS\nS: 220 go\n!: tls good\nC: EHLO\n"
        "S: 250-mail.example.test | 250 AUTH PLAIN XOAUTH2 ANONYMOUS\n"
        "C: AUTH PLAIN *\nS: 235 in\nC: *\nS: 221 x"
    )
    with ScriptedServer(text, pki, strict=False) as server:
        report = run(server.port, pki, plan=AUTH)
    facts = step(report, "auth.choose").facts
    assert facts["usable"] == ["PLAIN"]
    assert (facts["mechanisms_lost"], facts["weaker_in_tls"]) == (["SCRAM-SHA-1"], True)
    assert facts["mechanisms_gained"] == ["XOAUTH2", "ANONYMOUS"]
    assert passed(report)
    assert [each.cause for each in report.diagnoses] == ["auth-weaker-in-tls"]
    for line in (
        "PLAIN, usable (also offered before TLS)",
        "XOAUTH2, not usable: takes a token, never a password (auth.method xoauth2)",
        "ANONYMOUS, not usable: smtpcheck does not speak it",
        "SCRAM-SHA-1, not usable: only offered before TLS",
    ):
        assert " ".join(line.split()) in " ".join(shown(report).split())


def test_a_list_that_was_changed_before_tls_changes_nothing(pki: TestPki) -> None:
    text = (
        "S: 220 mail.example.test ESMTP\nC: EHLO\n"
        "S: 250-mail.example.test | 250-AUTH PLAIN | 250 STARTTLS\n"
        "C: STARTTLS\nS: 220 go\n!: tls good\nC: EHLO\n"
        "S: 250-mail.example.test | 250 AUTH SCRAM-SHA-256 PLAIN\n"
        "C: AUTH SCRAM-SHA-256 *\nS: 535 no\nC: *\nS: 221 x"
    )
    with ScriptedServer(text, pki, strict=False) as server:
        report = run(server.port, pki, plan=AUTH)
    assert report.exit_code == 13
    assert server.connection.verbs().count("AUTH") == 1


@pytest.mark.parametrize(
    ("answers", "found", "kind"),
    [
        ("S: 235 in", "auth-server-not-authentic", "early-reply"),
        ("S: 334 !!!", "protocol-violation", "challenge-not-base64"),
        (f"S: 334 {b64('r=other,s=AAAA,i=4096')}", "protocol-violation", "challenge-malformed"),
        (f"S: 334 {b64('nonsense')}", "protocol-violation", "challenge-malformed"),
    ],
)
def test_a_server_that_breaks_scram_is_told_so_and_learns_nothing(
    pki: TestPki, answers: str, found: str, kind: str
) -> None:
    text = HELLO.format("SCRAM-SHA-256") + f"C: AUTH SCRAM-SHA-256 *\n{answers}\nC: *\nS: 501 x"
    with ScriptedServer(text, pki, strict=False) as server:
        report = run(server.port, pki, settings={"server": {"timeout": 0.5}}, plan=AUTH)
    assert (report.exit_code, cause(report)) == (13, found), shown(report)
    error = step(report, "auth.login").facts["error"]
    assert isinstance(error, dict)
    assert error["kind"] == kind
    for form in forms(PASSWORD):
        assert form.encode() not in server.received
    assert_confined(server, report)


def test_a_wrong_proof_of_the_server_is_no_login_and_no_mail() -> None:
    with sandbox("SCRAM-SHA-256", wrong_proof=True, title="x") as server:
        report = log_in(server, "auto")
    assert (report.exit_code, cause(report)) == (13, "auth-server-not-authentic")
    assert not server.messages


def test_a_50x_lets_auto_go_on_and_says_what_worked(pki: TestPki) -> None:
    text = (
        HELLO.format("SCRAM-SHA-256 PLAIN")
        + "C: AUTH SCRAM-SHA-256 *\nS: 504 5.5.4 no\nC: AUTH PLAIN *\nS: 235 in\nC: *\nS: 221 x"
    )
    with ScriptedServer(text, pki, strict=False) as server:
        report = run(server.port, pki, plan=AUTH)
    assert passed(report)
    [warning] = report.diagnoses
    assert warning.cause == "auth-mechanism-broken"
    assert [(each.key, each.value) for each in warning.changes] == [("auth.method", "plain")]


def test_after_two_mechanisms_that_the_server_cannot_do_auto_stops(pki: TestPki) -> None:
    refusals = "C: AUTH *\nS: 504 5.5.4 no\n" * 5
    text = HELLO.format("SCRAM-SHA-256 SCRAM-SHA-1 PLAIN LOGIN CRAM-MD5") + refusals
    with ScriptedServer(text, pki, strict=False) as server:
        report = run(server.port, pki, plan=AUTH)
    assert report.exit_code == 13
    said = [line.split()[1] for line in server.connection.lines if line.startswith("AUTH")]
    assert said == ["SCRAM-SHA-256", "PLAIN"]


def test_a_binding_that_the_server_does_not_know_is_left_out_once() -> None:
    with sandbox("SCRAM-SHA-256-PLUS SCRAM-SHA-256") as server:
        server._running._house.binding = b""  # type: ignore[union-attr]
        report = log_in(server, "auto")
    assert passed(report), shown(report)
    facts = step(report, "auth.login").facts
    assert (facts["mechanism"], facts["fallback_from"]) == ("SCRAM-SHA-256", "SCRAM-SHA-256-PLUS")


def test_another_certificate_at_the_server_is_seen_by_the_channel_binding() -> None:
    with sandbox("SCRAM-SHA-256-PLUS") as server:
        server._running._house.binding = b"of another certificate"  # type: ignore[union-attr]
        report = log_in(server, "scram-sha-256")
    assert (report.exit_code, cause(report)) == (13, "auth-channel-binding")


def test_a_password_that_scram_cannot_carry_goes_the_plain_way() -> None:
    password = "canary\u0007\U0001f600"
    with sandbox("SCRAM-SHA-256 PLAIN") as server:
        server._running._house.accounts = Accounts({USERNAME: password})  # type: ignore[union-attr]
        report = log_in(server, "auto", password)
        assert passed(report), shown(report)
        facts = step(report, "auth.login").facts
        assert facts["mechanism"] == "PLAIN"
        assert "fallback_from" not in facts
        named = log_in(server, "scram-sha-256", password)
    assert (named.exit_code, cause(named)) == (13, "auth-encoding")
    assert "canary" not in shown(report) + shown(named)


def test_external_over_a_unix_socket_needs_neither_tls_nor_certificate(tmp_path: Path) -> None:
    path = str(tmp_path / "smtp")
    lines: list[bytes] = []

    def serve(listener: socket.socket) -> None:
        with listener.accept()[0] as sock, sock.makefile("rwb") as file:
            file.write(b"220 mail.example.test ESMTP\r\n")
            file.flush()
            answers = {b"EHLO": b"250-mail.example.test\r\n250 AUTH EXTERNAL PLAIN\r\n"}
            for line in file:
                lines.append(line.strip())
                if lines[-1] == b"QUIT":
                    break  # its answer is not waited for
                file.write(answers.get(line[:4], b"235 2.7.0 in\r\n"))
                file.flush()

    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(path)
        listener.listen()
        thread = threading.Thread(target=serve, args=(listener,), daemon=True)
        thread.start()
        tables = {
            "server": {"socket": path, "security": "none", "timeout": 2.0},
            "auth": {"method": "external"},
        }
        report = probe(Job(path, profile_from_settings(tables, environment={}), AUTH))
        thread.join(5)
    assert passed(report), shown(report)
    assert b"AUTH EXTERNAL =" in lines


def test_a_server_that_wants_the_user_name_of_login_with_the_command_gets_it(pki: TestPki) -> None:
    name = base64.b64encode(USERNAME.encode()).decode()
    text = HELLO.format("LOGIN") + (
        "C: AUTH LOGIN\nS: 501 5.5.4 Syntax: AUTH mechanism initial-response\n"
        f"C: AUTH LOGIN {name}\nS: 334 UGFzc3dvcmQ6\nC: *\nS: 235 2.7.0 ok\n"
        "C: QUIT\nS: 221 bye"
    )
    with ScriptedServer(text, pki) as server:
        report = run(server.port, pki, settings={"auth": {"username": USERNAME}}, plan=AUTH)
    assert passed(report), shown(report)
    assert_hidden(shown(report))
