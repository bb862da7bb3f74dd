"""Experiments in the session that stands: another sender, and nothing that would send a mail."""

from __future__ import annotations

import pytest

from smtpcheck.model.plan import Plan
from smtpcheck.model.stage import Outcome
from smtpcheck.sandbox.scenario import Scenario
from smtpcheck.sandbox.server import Sandbox
from tests.pki import TestPki
from tests.probe.test_experiments_ways import tried, verified
from tests.scripted import ScriptedServer
from tests.scripted.probing import USERNAME, assert_confined, cause, errors_of, run, shown

LOGGED_IN = """
!: include parts/login.smtp
C: MAIL FROM:<info@example.test>
S: 553 5.7.1 {said}
C: RCPT
S: 503 5.5.1 need MAIL
C: DATA
S: 503 5.5.1 need RCPT
C: RSET
S: 250 ok
C: MAIL FROM:<alice@example.test>
S: {answer}
"""
ENDING = "C: RSET\nS: 250 ok\nC: QUIT\nS: 221 bye\n!: close\n"
SENDER = {"sender": {"address": "info@example.test"}}


def script(said: str, answer: str) -> str:
    return LOGGED_IN.format(said=said, answer=answer) + ENDING


def test_the_login_s_own_address_is_proven_in_the_same_session(pki: TestPki) -> None:
    refused = "<info@example.test>: Sender address rejected: not owned by user alice"
    with ScriptedServer(script(refused, "250 ok"), pki) as server:
        report = run(server.port, pki, settings=SENDER, experiments=True)
        server.wait()
    assert cause(report) == "sender-not-authorized", shown(report)
    assert verified(report) == {"sender.address": USERNAME}
    assert server.connection.verbs().count("AUTH") == 1
    assert server.connection.bodies == []
    assert server.connection.verbs()[-4:] == ["RSET", "MAIL", "RSET", "QUIT"]
    assert_confined(server, report)


def test_words_that_say_nothing_become_a_cause_when_the_own_address_is_taken(pki: TestPki) -> None:
    with ScriptedServer(script("denied", "250 ok"), pki) as server:
        report = run(server.port, pki, settings=SENDER, experiments=True)
    assert cause(report) == "sender-not-authorized", shown(report)
    assert errors_of(report)[0].confidence == "likely"


def test_an_own_address_that_is_refused_as_well_proves_nothing(pki: TestPki) -> None:
    with ScriptedServer(script("denied", "550 5.7.1 denied"), pki) as server:
        report = run(server.port, pki, settings=SENDER, experiments=True)
    assert tried(report)["own-sender"].outcome is Outcome.FAILED
    assert verified(report) == {}
    assert cause(report) != "sender-not-authorized"


def test_a_session_that_the_server_has_ended_is_not_begun_anew(pki: TestPki) -> None:
    gone = (
        "!: include parts/login.smtp\nC: MAIL FROM:<info@example.test>\n"
        "S: 553 5.7.1 not owned by user\n!: close\n"
    )
    with ScriptedServer(gone, pki, strict=False) as server:
        report = run(server.port, pki, settings=SENDER, experiments=True)
    assert len(server.connections) == 1
    assert verified(report) == {}


@pytest.mark.parametrize("deliver", [True, False])
def test_the_sandbox_sees_no_second_login_and_no_message(deliver: bool) -> None:
    from dataclasses import replace

    from smtpcheck.api import Job, probe
    from smtpcheck.model.secret import Secret, SecretRef, SecretSource
    from smtpcheck.store.profile_reader import profile_from_settings

    talk: list[str] = []
    with Sandbox(
        scenario=Scenario(name="strict", check_sender=True),
        on_event=lambda each: talk.append(each.text),
    ) as server:
        loaded = profile_from_settings(
            {
                "server": {"host": "localhost", "port": server.submission_port},
                "tls": {"ca_file": str(server.ca_file)},
                "auth": {"username": server.username, "password": {"prompt": True}},
                "sender": {"address": "someone@else.test"},
                "test": {"to": ["ops@example.test"]},
            },
            environment={},
        )
        given = SecretRef(SecretSource.GIVEN, given=Secret(server.password))
        auth = replace(loaded.profile.auth, password=given)
        loaded = replace(loaded, profile=replace(loaded.profile, auth=auth))
        report = probe(Job("sandbox", loaded, Plan(deadline=5.0, deliver=deliver)))
        assert server.messages == ()
    assert cause(report) == "sender-not-authorized"
    assert verified(report) == {"sender.address": server.username}
    assert sum(each.startswith("AUTH") for each in talk) == 1
