"""The probe against Postfix and Dovecot: real replies, real TLS, real logins."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest

from smtpcheck.model.plan import Plan
from smtpcheck.model.report import TargetReport
from smtpcheck.model.stage import Outcome
from tests.lab.postfix import USERS, MailLab, mail_lab
from tests.pki import TestPki
from tests.scripted.probing import run as probe_scripted

pytestmark = pytest.mark.lab
ALICE = "alice@good.test"


@pytest.fixture(scope="module")
def lab(pki: TestPki) -> Iterator[MailLab]:
    # Not below pytest's own folder: Postfix' user must be able to pass through it.
    with (
        TemporaryDirectory(prefix="smtpcheck-lab-") as folder,
        mail_lab(Path(folder), pki) as running,
    ):
        yield running


def run(lab: MailLab, pki: TestPki, service: str, **more: Any) -> TargetReport:
    """Probes a service as alice, to a recipient of the lab."""
    tables: dict[str, dict[str, Any]] = {
        "server": {"timeout": 10.0},
        "sender": {"address": ALICE, "name": "Alice"},
        "test": {"to": ["x@sink.test"]},
        "auth": {"username": ALICE, "password": {"prompt": True}},
    }
    for name, table in more.pop("settings", {}).items():
        tables[name] = {**tables.get(name, {}), **table}
    if not more.get("login", True):
        del tables["auth"]
    return probe_scripted(
        lab.ports[service],
        pki,
        settings=tables,
        password=more.pop("password", USERS[ALICE]),
        plan=more.pop("plan", Plan(deadline=30.0)),
        **more,
    )


def causes(report: TargetReport) -> list[str]:
    return [each.cause for each in report.diagnoses]


def fact(report: TargetReport, step: str, name: str) -> Any:
    value: Any = next(
        each.facts
        for stage in report.observations.stages
        for each in stage.steps
        if each.step == step
    )
    for part in name.split("."):
        value = value[part]
    return value


@pytest.mark.parametrize("service", ["submission", "submissions"])
def test_all_five_stages_pass_and_the_server_queued_the_mail(
    lab: MailLab, pki: TestPki, service: str
) -> None:
    security = {"submission": "starttls", "submissions": "tls"}[service]
    report = run(lab, pki, service, settings={"server": {"security": security}})
    assert report.exit_code == 0, report
    assert [stage.outcome for stage in report.observations.stages] == [Outcome.PASSED] * 5
    assert report.diagnoses == ()
    queue_id = fact(report, "send.message", "queue_id")
    queued = f"{queue_id}: from=<{ALICE}>"
    assert queued in _log_with(lab, queued)


@pytest.mark.parametrize("method", ["plain", "login", "cram-md5"])
def test_each_mechanism_logs_in(lab: MailLab, pki: TestPki, method: str) -> None:
    report = run(lab, pki, "submission", settings={"auth": {"method": method}})
    assert report.exit_code == 0
    assert fact(report, "auth.login", "mechanism") == method.upper()


def test_a_password_outside_ascii_logs_in(lab: MailLab, pki: TestPki) -> None:
    report = run(
        lab,
        pki,
        "submission",
        settings={"auth": {"username": "üser@good.test"}},
        password=USERS["üser@good.test"],
        plan=Plan(until="auth"),
    )
    assert report.exit_code == 0


def test_without_recipients_the_envelope_is_tried_and_no_message_sent(
    lab: MailLab, pki: TestPki
) -> None:
    report = run(lab, pki, "submission", settings={"test": {"to": []}})
    assert report.exit_code == 0
    assert fact(report, "send.reset", "reply.code") == 250
    assert any("no message was sent" in note for note in report.notes)
    assert "DATA" not in [event.text for event in report.observations.transcript]


FAILING = [
    ("wrong-password", "submission", {}, "nope", 13, "auth-bad-credentials"),
    (
        "sender-not-owned",
        "submission",
        {"sender": {"address": "bob@good.test"}},
        None,
        14,
        "sender-not-authorized",
    ),
    ("expired", "expired", {}, None, 12, "cert-expired"),
    ("wrong-name", "wrong-name", {}, None, 12, "cert-hostname-mismatch"),
    ("self-signed", "self-signed", {}, None, 12, "cert-self-signed"),
    ("unknown-ca", "unknown-ca", {}, None, 12, "cert-unknown-ca"),
    ("no-intermediate", "no-intermediate", {}, None, 12, "cert-chain-incomplete"),
    ("454", "broken-tls", {}, None, 75, "starttls-failed-on-server"),
    ("clear", "clear-auth", {}, None, 12, "starttls-not-offered"),
    (
        "no-login-in-clear",
        "clear-auth",
        {"server": {"security": "none"}},
        None,
        13,
        "auth-plaintext-over-insecure",
    ),
    (
        "tls-on-starttls-port",
        "submission",
        {"server": {"security": "tls"}},
        None,
        12,
        "tls-implicit-on-starttls-port",
    ),
    ("no-auth-offered", "relay", {}, None, 13, "auth-not-offered"),
    (
        "unknown-recipient",
        "submission",
        {"test": {"to": ["nobody@good.test"]}},
        None,
        14,
        "recipient-unknown",
    ),
]


@pytest.mark.parametrize(
    ("service", "settings", "password", "code", "cause"),
    [each[1:] for each in FAILING],
    ids=[each[0] for each in FAILING],
)
def test_the_cause_of_a_failure_is_named(
    lab: MailLab,
    pki: TestPki,
    service: str,
    settings: dict[str, Any],
    password: str | None,
    code: int,
    cause: str,
) -> None:
    report = run(lab, pki, service, settings=settings, password=password or USERS[ALICE])
    assert (report.exit_code, causes(report)[:1]) == (code, [cause])
    assert report.diagnoses[0].help


def test_relaying_is_denied_without_a_login(lab: MailLab, pki: TestPki) -> None:
    report = run(
        lab,
        pki,
        "relay",
        login=False,
        settings={"server": {"security": "none"}, "test": {"to": ["you@elsewhere.test"]}},
    )
    assert report.exit_code == 14
    assert causes(report)[0] == "relay-denied"


def test_a_relay_takes_mail_for_its_own_domain(lab: MailLab, pki: TestPki) -> None:
    report = run(lab, pki, "relay", login=False, settings={"server": {"security": "none"}})
    assert report.exit_code == 0


def test_a_helo_name_that_the_server_refuses_is_named(lab: MailLab, pki: TestPki) -> None:
    report = run(
        lab,
        pki,
        "strict-helo",
        login=False,
        settings={"server": {"security": "none", "helo": "localhost"}},
    )
    assert causes(report)[0] == "helo-name-invalid"


def test_a_refused_port_is_named(pki: TestPki) -> None:
    import socket

    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    report = probe_scripted(port, pki)
    assert (report.exit_code, causes(report)) == (11, ["tcp-refused"])


def test_plain_smtp_to_a_port_with_implicit_tls_is_silence(lab: MailLab, pki: TestPki) -> None:
    report = run(lab, pki, "submissions", settings={"server": {"timeout": 1.0}})
    assert report.exit_code == 11
    assert causes(report)[0] in ("greeting-missing", "tls-plain-on-implicit-port")


def test_the_capabilities_before_and_after_tls_are_compared(lab: MailLab, pki: TestPki) -> None:
    report = run(lab, pki, "submission", plan=Plan(until="ehlo"))
    assert fact(report, "tls.ehlo", "gained") == ["AUTH"]
    assert fact(report, "tls.ehlo", "lost") == []
    scram = {"SCRAM-SHA-1", "SCRAM-SHA-256"}
    assert set(fact(report, "tls.ehlo", "mechanisms")) == {"PLAIN", "LOGIN", "CRAM-MD5"} | scram


def test_a_wrong_password_is_tried_once(lab: MailLab, pki: TestPki) -> None:
    report = run(lab, pki, "submission", password="nope")
    said = [event.text for event in report.observations.transcript if event.who == "C"]
    assert len([text for text in said if text.startswith("AUTH")]) == 1


def _log_with(lab: MailLab, word: str) -> str:
    import time

    for _ in range(200):
        if word in (text := lab.log.read_text()):
            return text
        time.sleep(0.05)
    return text


def test_a_login_may_send_as_itself_and_not_as_another(lab: MailLab, pki: TestPki) -> None:
    plan = Plan(deadline=30.0, senders=("bob@good.test", ALICE))
    report = run(lab, pki, "submission", plan=plan)
    assert (report.exit_code, causes(report)) == (14, ["sender-not-authorized"])
    steps = [
        (each.facts["sender"], each.outcome)
        for stage in report.observations.stages
        for each in stage.steps
        if each.step == "send.sender"
    ]
    assert steps == [("bob@good.test", Outcome.FAILED), (ALICE, Outcome.PASSED)]


@pytest.mark.parametrize(
    ("recipient", "verdict"), [("you@elsewhere.test", "closed"), ("x@sink.test", "open")]
)
def test_relaying_is_told_from_the_answer_to_a_stranger(
    lab: MailLab, pki: TestPki, recipient: str, verdict: str
) -> None:
    plan = Plan(deadline=30.0, relay=True, recipients=(recipient,))
    report = run(
        lab, pki, "relay", login=False, settings={"server": {"security": "none"}}, plan=plan
    )
    assert fact(report, "send.relay", "verdict") == verdict
    assert report.exit_code == (14 if verdict == "open" else 0)
