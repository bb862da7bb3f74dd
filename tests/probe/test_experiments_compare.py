"""The clock and the names of a server, compared in whole runs."""

from __future__ import annotations

from datetime import UTC, datetime
from email.utils import format_datetime

from smtpcheck.api import Job, probe
from smtpcheck.model.plan import Plan
from smtpcheck.store.profile_reader import profile_from_settings
from tests.pki import TestPki
from tests.probe.dns_server import serving, zone
from tests.probe.test_experiments_ways import SUBMISSION, tried, verified
from tests.scripted import ScriptedServer
from tests.scripted.probing import cause, errors_of, run, shown


def dated(date: str, kind: str) -> str:
    script = SUBMISSION.replace("mail.example.test ESMTP", f"mail.example.test ESMTP Exim {date}")
    return script.replace("tls good", f"tls {kind}")


def test_a_clock_that_is_wrong_is_the_cause_and_not_the_certificate(pki: TestPki) -> None:
    old = "Tue, 05 Mar 2019 10:00:00 +0000"
    with ScriptedServer(dated(old, "expired"), pki, strict=False) as server:
        report = run(server.port, pki, experiments=True)
    error = errors_of(report)[0]
    assert (error.cause, error.owner) == ("cert-expired", "you"), shown(report)
    assert "2019-03-05T10:00:00Z" in error.why


def test_a_clock_that_is_right_leaves_it_with_the_certificate(pki: TestPki) -> None:
    now = format_datetime(datetime.now(UTC))
    with ScriptedServer(dated(now, "not-yet-valid"), pki, strict=False) as server:
        report = run(server.port, pki, experiments=True)
    error = errors_of(report)[0]
    assert (error.cause, error.owner) == ("cert-not-yet-valid", "mail-admin"), shown(report)
    assert len(server.connections) == 1, "nothing is sent for that"


def test_a_hoster_that_answers_for_a_provider_is_named_and_not_proposed(pki: TestPki) -> None:
    script = SUBMISSION.replace("mail.example.test", "host1.example.net")
    with (
        serving(zone(["smtp.gmail.com. 60 IN A 127.0.0.1"])) as resolver,
        ScriptedServer(script, pki, strict=False) as server,
    ):
        loaded = profile_from_settings(
            {
                "server": {"host": "smtp.gmail.com", "port": server.port, "security": "starttls"},
                "tls": {"ca_file": str(pki.ca_file)},
            },
            environment={},
        )
        plan = Plan(until="ehlo", resolver=resolver.where, deadline=8.0)
        report = probe(Job("x", loaded, plan))
    assert cause(report) == "smtp-intercepted-by-host", shown(report)
    assert errors_of(report)[0].confidence == "certain"
    assert "host1.example.net" in errors_of(report)[0].why
    assert list(tried(report)) == ["interception"]
    assert verified(report) == {}
