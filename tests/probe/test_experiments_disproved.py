"""What a run has tried in vain is not its advice; what answered is."""

from __future__ import annotations

from smtpcheck.model.stage import Outcome
from tests.pki import TestPki
from tests.probe.test_experiments_ways import ELSEWHERE, TLS_SERVER, quiet_ports, tried, verified
from tests.scripted import ScriptedServer
from tests.scripted.probing import cause, errors_of, run

STRIPPED = """
S: 220 mail.example.test ESMTP
C: EHLO *
S: 250-mail.example.test | 250-XXXXXXXA | 250 AUTH PLAIN
C: QUIT
S: 221 bye
"""


def test_a_port_that_was_refused_in_this_run_is_no_way_around_a_stripped_starttls(
    pki: TestPki,
) -> None:
    with ScriptedServer(STRIPPED, pki, hosts=(ELSEWHERE,), strict=False) as server:
        settings = {"server": {"host": ELSEWHERE}}
        report = run(server.port, pki, settings=settings, experiments=True)
    assert cause(report) == "starttls-stripped"
    told = errors_of(report)[0]
    assert tried(report)["port-465"].outcome is Outcome.FAILED
    assert told.changes == ()
    (step,) = (each for each in told.help if "465" in each)
    assert step.startswith("(tried in this run, in vain)")
    assert [step for step in told.help if "inspect esmtp" in step]


def test_a_port_that_answers_is_the_verified_way_around_a_stripped_starttls(pki: TestPki) -> None:
    with (
        quiet_ports(pki, p465=TLS_SERVER),
        ScriptedServer(STRIPPED, pki, hosts=(ELSEWHERE,), strict=False) as server,
    ):
        settings = {"server": {"host": ELSEWHERE}}
        report = run(server.port, pki, settings=settings, experiments=True)
    assert cause(report) == "starttls-stripped"
    assert verified(report) == {"server.security": "tls", "server.port": 465}
    assert [step for step in errors_of(report)[0].help if "server.port=465" in step]
