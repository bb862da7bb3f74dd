"""LMTP: LHLO, and a verdict for each recipient after the message (RFC 2033)."""

from __future__ import annotations

import socket
import threading
from pathlib import Path
from typing import Any

import pytest

from smtpcheck.api import Job
from smtpcheck.api import probe as probe_job
from smtpcheck.model.errors import ProfileError
from smtpcheck.model.plan import Plan
from smtpcheck.model.report import TargetReport
from smtpcheck.model.stage import Outcome
from smtpcheck.store.profile_reader import profile_from_settings
from tests.pki import TestPki
from tests.scripted.probing import cause, errors_of, failed_step, passed, run, shown, step, taken
from tests.scripted.server import ScriptedServer

ALICE, BOB, CAROL = "alice@example.test", "bob@example.test", "carol@example.test"
HELLO = "S: 220 mail.example.test LMTP\nC: LHLO\nS: 250-mail.example.test | 250 {}\n"
ENVELOPE = (
    "C: MAIL\nS: 250 ok\nC: RCPT\nS: 250 ok\nC: RCPT\nS: 250 ok\nC: RCPT\nS: 250 ok\n"
    "C: DATA\nS: 354 go\n!: body\n"
)
LMTP: dict[str, dict[str, Any]] = {
    "server": {"protocol": "lmtp", "security": "", "timeout": 0.6},
    "test": {"to": [ALICE, BOB, CAROL]},
}


def probe(pki: TestPki, text: str, **server: object) -> TargetReport:
    settings = {**LMTP, "server": {**LMTP["server"], **server}}
    with ScriptedServer(text, pki, strict=False) as played:
        report = run(played.port, pki, settings=settings, login=False)
        played.wait(0.5)
    assert not played.deviations, played.deviations
    return report


def hello(extensions: str = "8BITMIME") -> str:
    return HELLO.format(extensions)


def test_each_recipient_gets_a_verdict_of_its_own(pki: TestPki) -> None:
    text = hello() + ENVELOPE + "S: 250 2.0.0 a1 Saved | 250 2.0.0 a2 Saved | 250 2.0.0 a3 Saved\n"
    report = probe(pki, text + "C: QUIT\nS: 221 bye")
    assert passed(report), shown(report)
    facts = step(report, "send.message").facts
    assert facts["accepted"] == [ALICE, BOB, CAROL]
    assert facts["replies"] == {
        ALICE: "250 2.0.0 a1 Saved",
        BOB: "250 2.0.0 a2 Saved",
        CAROL: "250 2.0.0 a3 Saved",
    }
    assert step(report, "tcp.ehlo").facts["verb"] == "LHLO"
    assert not [each for each in taken(report) if each.startswith("tls.")]


def test_a_refusal_after_the_message_is_a_warning_as_that_of_a_recipient_is(pki: TestPki) -> None:
    text = (
        hello()
        + ENVELOPE
        + (
            "S: 250 2.0.0 Saved | 552 5.2.2 <bob@example.test> Quota exceeded (mailbox for user is "
            "full) | 451 4.2.0 <carol@example.test> Temporary internal error\nC: QUIT\nS: 221 bye"
        )
    )
    report = probe(pki, text)
    assert report.exit_code == 0, shown(report)
    assert step(report, "send.message").outcome is Outcome.WARNED
    facts = step(report, "send.message").facts
    assert (facts["accepted"], facts["refused"]) == ([ALICE], [BOB, CAROL])
    causes = [each.cause for each in report.diagnoses]
    assert causes == ["recipient-mailbox-full", "server-internal-error"]
    assert "refused: bob@example.test, carol@example.test" in " ".join(shown(report).split())


@pytest.mark.parametrize(("reply", "code"), [("550 5.1.1 no", 14), ("451 4.3.0 later", 75)])
def test_it_fails_where_nobody_got_the_message(pki: TestPki, reply: str, code: int) -> None:
    text = hello() + ENVELOPE + f"S: {reply} | {reply} | {reply}\nC: QUIT\nS: 221 bye"
    report = probe(pki, text)
    assert (report.exit_code, failed_step(report)) == (code, "send.message")


def test_only_recipients_that_were_accepted_are_heard_of_after_the_message(pki: TestPki) -> None:
    envelope = ENVELOPE.replace("C: RCPT\nS: 250 ok", "C: RCPT\nS: 550 5.1.1 no such user", 1)
    text = hello() + envelope + "S: 250 2.0.0 Saved | 250 2.0.0 Saved\nC: QUIT\nS: 221 bye"
    report = probe(pki, text)
    assert report.exit_code == 0, shown(report)
    assert step(report, "send.message").facts["accepted"] == [BOB, CAROL]
    assert step(report, "send.rcpt").facts["refused"] == [ALICE]


@pytest.mark.parametrize("end", ["!: close", "!: hang", "!: reset"])
def test_a_verdict_that_never_comes_leaves_the_message_in_doubt(pki: TestPki, end: str) -> None:
    report = probe(pki, hello() + ENVELOPE + "S: 250 2.0.0 Saved\n" + end)
    assert (report.exit_code, failed_step(report)) == (14, "send.message")
    facts = step(report, "send.message").facts
    assert (facts["accepted"], facts["in_doubt"]) == ([ALICE], True)
    assert cause(report) == "delivery-partly-in-doubt"
    told = " ".join(shown(report).split())
    assert "whether the message was accepted" not in told
    assert "accepted for some recipients, unknown for others" in told


def test_pipelined_verdicts_are_told_apart(pki: TestPki) -> None:
    text = hello("PIPELINING") + (
        "C: MAIL\nC: RCPT\nC: RCPT\nC: RCPT\nC: DATA\n"
        "S: 250 ok | 250 ok | 550 5.1.1 no | 250 ok | 354 go\n!: body\n"
        "S: 250 2.0.0 Saved | 250-2.0.0 more | 250 2.0.0 Saved\nC: QUIT\nS: 221 bye"
    )
    report = probe(pki, text)
    assert report.exit_code == 0, shown(report)
    assert step(report, "send.message").facts["accepted"] == [ALICE, CAROL]


def test_with_no_recipient_left_no_dot_is_sent(pki: TestPki) -> None:
    """LMTP answers a dot once for each accepted recipient: to none of them nobody would answer."""
    text = hello("PIPELINING") + (
        "C: MAIL\nC: RCPT\nC: RCPT\nC: RCPT\nC: DATA\n"
        "S: 250 ok | 550 5.1.1 no | 550 5.1.1 no | 550 5.1.1 no | 354 go\n!: hang"
    )
    report = probe(pki, text)
    assert (report.exit_code, failed_step(report)) == (14, "send.rcpt")


def test_lhlo_has_no_older_form(pki: TestPki) -> None:
    text = "S: 220 mail.example.test ESMTP\nC: LHLO\nS: 502 5.5.2 Error: command not recognized\n"
    report = probe(pki, text + "C: QUIT\nS: 221 bye")
    assert (report.exit_code, cause(report)) == (11, "lmtp-smtp-mismatch")
    [error] = errors_of(report)
    assert [(each.key, each.value) for each in error.changes] == [("server.protocol", "smtp")]


def test_smtp_to_an_lmtp_service_is_named(pki: TestPki) -> None:
    text = (
        "S: 220 mail.example.test LMTP\nC: EHLO\nS: 500 5.5.1 Unknown command\n"
        "C: HELO\nS: 500 5.5.1 Unknown command"
    )
    assert cause(probe(pki, text, protocol="smtp", security="none")) == "lmtp-smtp-mismatch"


def test_starttls_is_used_where_it_is_asked_for(pki: TestPki) -> None:
    text = (
        hello("STARTTLS")
        + "C: STARTTLS\nS: 220 go\n!: tls good\nC: LHLO\nS: 250 mail.example.test\n"
        + ENVELOPE
        + "S: 250 2.0.0 Saved | 250 2.0.0 Saved | 250 2.0.0 Saved\nC: QUIT\nS: 221 bye"
    )
    report = probe(pki, text, security="starttls")
    assert passed(report), shown(report)
    assert step(report, "tls.ehlo").facts["verb"] == "LHLO"


def test_a_unix_socket_speaks_lmtp_without_port_and_tls(tmp_path: Path) -> None:
    path = tmp_path / "lmtp"
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(path))
        listener.listen()
        served = threading.Thread(target=_serve_once, args=(listener,), daemon=True)
        served.start()
        loaded = profile_from_settings(
            {"server": {"socket": str(path), "protocol": "lmtp"}}, environment={}
        )
        report = probe_job(Job("lmtp", loaded, Plan(until="ehlo", deadline=5.0)))
        served.join(5)
    assert passed(report), shown(report)
    assert step(report, "tcp.connect").facts["family"] == "unix"
    assert report.observations.settings["server.security"] == "none"


def _serve_once(listener: socket.socket) -> None:
    sock, _ = listener.accept()
    with sock:
        sock.sendall(b"220 mail.example.test LMTP\r\n")
        assert sock.recv(100).startswith(b"LHLO ")
        sock.sendall(b"250 mail.example.test\r\n")
        sock.recv(100)


@pytest.mark.parametrize("port", [0, 25])
def test_lmtp_over_tcp_wants_a_port_that_is_not_25(port: int) -> None:
    tables = {
        "server": {"host": "h.example", "protocol": "lmtp", **({"port": port} if port else {})}
    }
    with pytest.raises(ProfileError) as caught:
        profile_from_settings(tables, environment={})
    [problem] = caught.value.problems
    assert (problem.key, "24" in problem.suggestion) == ("server.port", True)
