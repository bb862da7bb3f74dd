"""Runs the probe against a scripted server, and searches what it left behind for secrets."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from smtpcheck.api import Job, probe, replay, report_of
from smtpcheck.model.diagnosis import Diagnosis
from smtpcheck.model.message import MessageSpec
from smtpcheck.model.observation import Step
from smtpcheck.model.plan import Plan
from smtpcheck.model.report import TargetReport
from smtpcheck.model.secret import Secret, SecretRef, SecretSource
from smtpcheck.model.stage import Outcome
from smtpcheck.report.json_report import render_json
from smtpcheck.report.style import Style
from smtpcheck.report.text import render_text
from smtpcheck.report.transcript import render_transcript
from smtpcheck.store.profile_reader import profile_from_settings
from tests.pki import TestPki
from tests.scripted.server import ScriptedServer

USERNAME = "alice@example.test"
PASSWORD = "canary-P4ssw0rd"
RECIPIENT = "ops@example.test"
Settings = Mapping[str, Mapping[str, Any]]
"""Tables of a profile."""


def run(
    port: int,
    pki: TestPki,
    *,
    settings: Settings | None = None,
    plan: Plan | None = None,
    password: str = PASSWORD,
    login: bool = True,
    experiments: bool = False,
) -> TargetReport:
    """Probes `127.0.0.1:port` as `mail.example.test` with all five stages. `settings` are tables
    that win over the usual ones. Without `experiments` a script sees the run's own connection
    alone."""
    tables: dict[str, dict[str, Any]] = {
        "server": {"host": "127.0.0.1", "port": port, "security": "starttls", "timeout": 2.0},
        "tls": {"ca_file": str(pki.ca_file), "server_name": "mail.example.test"},
        "sender": {"address": USERNAME},
        "test": {"to": [RECIPIENT]},
    }
    if login:
        tables["auth"] = {"username": USERNAME, "password": {"prompt": True}}
    for name, table in (settings or {}).items():
        tables[name] = {**tables.get(name, {}), **table}
    loaded = profile_from_settings(tables, environment={})
    if loaded.profile.auth.password is not None:
        given = SecretRef(SecretSource.GIVEN, given=Secret(password))
        auth = replace(loaded.profile.auth, password=given)
        loaded = replace(loaded, profile=replace(loaded.profile, auth=auth))
    plan = replace(plan or Plan(deadline=10.0), experiments=experiments)
    report = probe(Job(f"127.0.0.1:{port}", loaded, plan))
    assert_replays(report)
    return report


def assert_replays(report: TargetReport) -> None:
    """The saved report, judged again, gives what the run gave: held for every conversation."""
    saved = json.loads("".join(render_json(report_of(datetime.now(UTC), [report]))))
    [again] = replay(saved).targets
    assert (again.diagnoses, again.notes) == (report.diagnoses, report.notes)
    assert again.observations.findings == report.observations.findings
    assert (again.outcome, again.exit_code) == (report.outcome, report.exit_code)


def with_message(**words: Any) -> Plan:
    """A plan that sends a message of these words."""
    return Plan(deadline=10.0, message=MessageSpec(**words))


def step(report: TargetReport, name: str) -> Step:
    """A step of the report; fails when it was not taken."""
    for stage in report.observations.stages:
        for each in stage.steps:
            if each.step == name:
                return each
    raise AssertionError(f"{name} was not taken: {taken(report)}")


def taken(report: TargetReport) -> list[str]:
    """The steps that were taken, with their outcomes."""
    return [
        f"{each.step}:{each.outcome.value}"
        for stage in report.observations.stages
        for each in stage.steps
    ]


def failed_step(report: TargetReport) -> str:
    """The step at which the run failed; empty where none did."""
    return next((each[:-7] for each in taken(report) if each.endswith(":failed")), "")


def cause(report: TargetReport) -> str:
    """The cause that the report stands behind; empty where it names none."""
    errors = errors_of(report)
    return errors[0].cause if errors else ""


def errors_of(report: TargetReport) -> list[Diagnosis]:
    """The diagnoses that made the run fail."""
    return [each for each in report.diagnoses if each.severity.value == "error"]


def shown(report: TargetReport) -> str:
    """Everything that a reader may see: text, JSON and the whole conversation."""
    whole = report_of(datetime.now(UTC), [report])
    style = Style(100, color=True, unicode=True)
    return "\n".join(
        [
            "".join(render_text(whole, style, verbose=True, quiet=False)),
            "".join(render_text(whole, style, verbose=False, quiet=False)),
            "".join(render_json(whole)),
            render_transcript(report),
        ]
    )


def passed(report: TargetReport) -> bool:
    """Whether every stage passed, warnings or not."""
    return report.outcome is Outcome.PASSED and report.exit_code == 0


def assert_confined(server: ScriptedServer, report: TargetReport, password: str = PASSWORD) -> None:
    """The password has left neither in clear nor into anything that is shown."""
    for form in forms(password):
        assert form.encode() not in server.plain_received, f"{form} was sent in clear"
        assert form not in shown(report), f"{form} is shown"


def assert_no_login_and_no_mail(server: ScriptedServer, report: TargetReport) -> None:
    """Neither AUTH nor MAIL was said on any connection, and the password stayed here."""
    for connection in server.connections:
        assert not {"AUTH", "MAIL", "RCPT", "DATA"} & set(connection.verbs()), connection.lines
    for form in forms(PASSWORD):
        assert form.encode() not in server.received
    assert_confined(server, report)


def forms(password: str, username: str = USERNAME) -> list[str]:
    """The password as it is, in base64, within PLAIN's message in base64, and in hex."""
    raw = password.encode()
    return [
        password,
        base64.b64encode(raw).decode(),
        base64.b64encode(b"\0" + username.encode() + b"\0" + raw).decode(),
        raw.hex(),
    ]
