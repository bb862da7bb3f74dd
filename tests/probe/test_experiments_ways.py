"""Experiments against real sockets: what each proves, and what none of them ever sends."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import pytest

from smtpcheck.api.probing import _becomes
from smtpcheck.model.diagnosis import Change
from smtpcheck.model.jsonvalue import Json
from smtpcheck.model.observation import ExperimentResult
from smtpcheck.model.plan import Plan
from smtpcheck.model.report import TargetReport
from smtpcheck.model.stage import Outcome
from smtpcheck.store.profile_reader import profile_from_settings
from tests.pki import TestPki
from tests.scripted import ScriptedServer
from tests.scripted.probing import assert_confined, cause, errors_of, run, shown

ELSEWHERE = "127.0.0.97"
"""An address of this machine on whose well-known ports nobody listens."""
TLS_SERVER = """
!: tls good
S: 220 mail.example.test ESMTP
C: EHLO *
S: 250-mail.example.test | 250 AUTH PLAIN
C: QUIT
S: 221 bye
!: close
"""
SUBMISSION = """
S: 220 mail.example.test ESMTP
C: EHLO *
S: 250-mail.example.test | 250 STARTTLS
C: STARTTLS
S: 220 go
!: tls good
C: EHLO *
S: 250-mail.example.test | 250 AUTH PLAIN
C: QUIT
S: 221 bye
!: close
"""
FORBIDDEN = {"AUTH", "DATA", "BDAT", "MAIL", "RCPT"}


@contextmanager
def quiet_ports(pki: TestPki, **scripts: str) -> Iterator[dict[int, ScriptedServer]]:
    """Servers on well-known ports of an address of their own; skipped without the right to."""
    with ExitStack() as stack:
        made = {}
        for port, script in scripts.items():
            number = int(port.removeprefix("p"))
            try:
                server = ScriptedServer(script, pki, hosts=(ELSEWHERE,), port=number, strict=False)
            except OSError as error:
                pytest.skip(f"port {number} cannot be listened on here: {error}")
            made[number] = stack.enter_context(server)
        yield made


def tried(report: TargetReport) -> dict[str, ExperimentResult]:
    return {each.name: each for each in report.observations.experiments}


def verified(report: TargetReport) -> dict[str, object]:
    """The verified changes of the first error."""
    errors = errors_of(report)
    return {each.key: each.value for each in errors[0].changes if each.verified} if errors else {}


def assert_harmless(server: ScriptedServer) -> None:
    for connection in server.connections:
        assert not FORBIDDEN & set(connection.verbs()), connection.lines


@pytest.mark.parametrize("security", ["none", "starttls"])
def test_a_client_hello_on_the_silent_connection_proves_implicit_tls(
    pki: TestPki, security: str
) -> None:
    with ScriptedServer(TLS_SERVER, pki) as server:
        report = run(
            server.port,
            pki,
            settings={"server": {"security": security, "timeout": 0.4}},
            experiments=True,
        )
        server.wait()
    assert cause(report) == "tls-plain-on-implicit-port", shown(report)
    assert errors_of(report)[0].confidence == "certain"
    assert verified(report) == {"server.security": "tls"}
    assert list(tried(report)) == ["tls-on-silence"]
    assert len(server.connections) == 1, "the same connection"
    assert_harmless(server)
    assert_confined(server, report)


def test_a_silent_server_that_is_no_tls_server_either_proves_nothing(pki: TestPki) -> None:
    with ScriptedServer("!: hang\n", pki) as server:
        began = time.monotonic()
        report = run(
            server.port,
            pki,
            settings={"server": {"timeout": 0.3, "host": ELSEWHERE}},
            experiments=True,
        )
        assert time.monotonic() - began < 8
    assert verified(report) == {}
    assert report.exit_code == 11


def test_a_server_that_hangs_up_in_clear_is_found_to_want_tls(pki: TestPki) -> None:
    script = f"!: close\n=== then\n{TLS_SERVER}"
    with ScriptedServer(script, pki) as server:
        report = run(server.port, pki, experiments=True)
        server.wait()
    assert cause(report) == "tls-plain-on-implicit-port", shown(report)
    assert verified(report) == {"server.security": "tls"}
    assert_harmless(server)


def test_a_starttls_port_is_proven_where_tls_was_begun_at_once(pki: TestPki) -> None:
    script = f"S: 220 mail.example.test ESMTP\n!: hang\n=== then\n{SUBMISSION}"
    with ScriptedServer(script, pki, strict=False) as server:
        report = run(server.port, pki, settings={"server": {"security": "tls"}}, experiments=True)
        server.wait()
    assert cause(report) == "tls-implicit-on-starttls-port", shown(report)
    assert verified(report) == {"server.security": "starttls"}
    assert_harmless(server)
    assert_confined(server, report)


def test_an_unanswered_handshake_on_a_plain_port_is_told_from_a_dead_one(pki: TestPki) -> None:
    script = f"!: hang\n=== then\n{SUBMISSION}"
    with ScriptedServer(script, pki, strict=False) as server:
        report = run(
            server.port,
            pki,
            settings={"server": {"security": "tls", "timeout": 0.4}},
            experiments=True,
        )
    assert cause(report) == "tls-implicit-on-starttls-port", shown(report)
    assert errors_of(report)[0].confidence == "certain"
    assert verified(report) == {"server.security": "starttls"}


def test_a_login_without_tls_is_proven_to_work_within_it_and_is_not_made(pki: TestPki) -> None:
    clear = (
        "S: 220 mail.example.test ESMTP\nC: EHLO *\n"
        "S: 250-mail.example.test | 250-STARTTLS | 250 AUTH PLAIN\nC: QUIT\nS: 221 bye\n!: close\n"
    )
    with ScriptedServer(f"{clear}=== then\n{SUBMISSION}", pki, strict=False) as server:
        report = run(server.port, pki, settings={"server": {"security": "none"}}, experiments=True)
        server.wait()
    assert (cause(report), report.exit_code) == ("auth-plaintext-over-insecure", 13)
    assert verified(report) == {"server.security": "starttls"}
    assert_harmless(server)
    assert_confined(server, report)


def test_a_verified_handshake_is_proven_where_the_profile_does_not_verify(pki: TestPki) -> None:
    with ScriptedServer(SUBMISSION, pki, strict=False) as server:
        report = run(server.port, pki, settings={"tls": {"verify": False}}, experiments=True)
        server.wait()
    assert cause(report) == "auth-plaintext-over-insecure"
    assert verified(report) == {"tls.verify": True}
    assert_harmless(server)


def test_no_verification_is_proven_where_the_certificate_would_not_pass(pki: TestPki) -> None:
    script = SUBMISSION.replace("tls good", "tls self-signed")
    with ScriptedServer(script, pki, strict=False) as server:
        report = run(server.port, pki, settings={"tls": {"verify": False}}, experiments=True)
    assert verified(report) == {}
    assert Change("tls.verify", value=True, verified=False) in errors_of(report)[0].changes


def test_a_free_choice_of_the_mechanism_is_proven_without_a_login(pki: TestPki) -> None:
    with ScriptedServer(SUBMISSION, pki, strict=False) as server:
        report = run(server.port, pki, settings={"auth": {"method": "cram-md5"}}, experiments=True)
        server.wait()
    assert cause(report) == "auth-mechanism-unsupported"
    assert verified(report) == {"auth.method": "auto"}
    assert_harmless(server)


@pytest.mark.parametrize(("version", "named"), [("1.0", "TLSv1"), ("1.1", "TLSv1.1")])
def test_an_outdated_server_is_named_with_its_version(
    pki: TestPki, version: str, named: str
) -> None:
    script = SUBMISSION.replace("tls good", f"tls good min=1.0 max={version}")
    with ScriptedServer(script, pki, strict=False) as server:
        report = run(server.port, pki, experiments=True)
    assert cause(report) == "tls-version-mismatch"
    assert tried(report)["tls-older"].facts["version"] == named
    assert verified(report) == {"tls.min_version": version}
    assert_harmless(server)


def test_a_profile_that_stops_too_early_is_told_so(pki: TestPki) -> None:
    script = SUBMISSION.replace("tls good", "tls good min=1.3 max=1.3")
    with ScriptedServer(script, pki, strict=False) as server:
        report = run(server.port, pki, settings={"tls": {"max_version": "1.2"}}, experiments=True)
    assert cause(report) == "tls-version-mismatch"
    assert errors_of(report)[0].owner == "you"
    assert verified(report) == {"tls.max_version": "1.3"}


def test_an_old_cipher_is_named_and_is_no_change(pki: TestPki) -> None:
    script = SUBMISSION.replace("tls good", "tls good max=1.2 ciphers=ECDHE-ECDSA-AES128-SHA")
    with ScriptedServer(script, pki, strict=False) as server:
        report = run(server.port, pki, experiments=True)
    assert cause(report) == "tls-no-shared-cipher"
    assert tried(report)["tls-ciphers"].facts["cipher"] == "ECDHE-ECDSA-AES128-SHA"
    assert verified(report) == {}
    assert "ECDHE-ECDSA-AES128-SHA" in errors_of(report)[0].why


def test_the_name_of_the_certificate_becomes_the_name_to_verify_of_an_address(
    pki: TestPki,
) -> None:
    with ScriptedServer(SUBMISSION, pki, strict=False) as server:
        report = run(
            server.port,
            pki,
            settings={"tls": {"server_name": "wrong.example.test"}},
            experiments=True,
        )
    assert cause(report) == "cert-hostname-mismatch"
    # The host is an address that the certificate covers, so the wrong name is given up for it.
    assert verified(report) == {"tls.server_name": "127.0.0.1"}
    assert_harmless(server)


def test_another_port_is_proven_with_the_mode_that_belongs_to_it(pki: TestPki) -> None:
    with quiet_ports(pki, p465=TLS_SERVER) as servers:
        report = run(587, pki, settings={"server": {"host": ELSEWHERE}}, experiments=True)
        servers[465].wait()
    assert cause(report) == "tcp-refused", shown(report)
    assert verified(report) == {"server.port": 465, "server.security": "tls"}
    assert list(tried(report)) == ["port-25", "port-465", "port-2525"]
    assert_harmless(servers[465])
    assert "465" in errors_of(report)[0].why


def test_only_the_port_is_a_change_where_the_mode_stays(pki: TestPki) -> None:
    with quiet_ports(pki, p2525=SUBMISSION):
        report = run(587, pki, settings={"server": {"host": ELSEWHERE}}, experiments=True)
    assert verified(report) == {"server.port": 2525}


def test_a_port_without_a_login_is_no_way_for_a_profile_that_logs_in(pki: TestPki) -> None:
    no_auth = SUBMISSION.replace("250-mail.example.test | 250 AUTH PLAIN", "250 mail.example.test")
    with quiet_ports(pki, p25=no_auth):
        report = run(587, pki, settings={"server": {"host": ELSEWHERE}}, experiments=True)
        open_ = run(
            587, pki, settings={"server": {"host": ELSEWHERE}}, login=False, experiments=True
        )
    assert tried(report)["port-25"].facts["failed"] == "auth.choose"
    assert verified(report) == {}
    assert verified(open_) == {"server.port": 25}


def test_a_closed_host_is_told_from_a_closed_port(pki: TestPki) -> None:
    report = run(587, pki, settings={"server": {"host": ELSEWHERE}}, experiments=True)
    assert cause(report) == "tcp-refused"
    assert "none of the other mail ports" in errors_of(report)[0].why


def test_the_first_421_ends_the_experiments(pki: TestPki) -> None:
    busy = "S: 421 4.3.2 too busy\n!: close\n"
    first = "S: 220 mail.example.test ESMTP\n!: hang\n"
    with ScriptedServer(f"{first}=== then\n{busy}", pki, strict=False) as server:
        report = run(
            server.port,
            pki,
            settings={"server": {"security": "tls"}},
            login=False,
            experiments=True,
        )
        server.wait()
    assert list(tried(report)) == ["mode-starttls"]
    assert len(server.connections) == 2
    assert verified(report) == {}


def test_a_server_that_is_busy_is_left_alone(pki: TestPki) -> None:
    with ScriptedServer("S: 421 4.3.2 too busy\n!: close\n", pki) as server:
        report = run(server.port, pki, experiments=True)
    assert len(server.connections) == 1
    assert tried(report) == {}


def test_no_experiment_is_made_where_none_is_wanted(pki: TestPki) -> None:
    with ScriptedServer("!: close\n", pki) as server:
        report = run(server.port, pki, experiments=False)
    assert len(server.connections) == 1
    assert tried(report) == {}


def test_no_experiment_is_made_after_a_run_that_passes(pki: TestPki) -> None:
    with ScriptedServer(SUBMISSION, pki, strict=False) as server:
        report = run(
            server.port, pki, login=False, plan=Plan(until="ehlo", deadline=10), experiments=True
        )
    assert report.outcome is Outcome.PASSED
    assert (len(server.connections), tried(report)) == (1, {})


def test_the_run_s_deadline_holds_for_the_experiments_too(pki: TestPki) -> None:
    with ScriptedServer("!: hang\n", pki) as server:
        began = time.monotonic()
        report = run(
            server.port,
            pki,
            settings={"server": {"timeout": 0.5}},
            plan=Plan(deadline=1.0),
            experiments=True,
        )
        assert time.monotonic() - began < 1.6
    assert report.exit_code == 11


def test_a_report_with_experiments_is_judged_again_with_the_same_result(pki: TestPki) -> None:
    import json
    from datetime import UTC, datetime

    from smtpcheck.api import report_of
    from smtpcheck.catalog.loader import load_catalog
    from smtpcheck.diagnosis.judge import judge
    from smtpcheck.report.json_reading import report_from_data
    from smtpcheck.report.json_report import render_json

    with ScriptedServer(TLS_SERVER, pki, strict=False) as server:
        report = run(server.port, pki, settings={"server": {"timeout": 0.4}}, experiments=True)
    saved = json.loads("".join(render_json(report_of(datetime.now(UTC), [report]))))
    again = report_from_data(saved).targets[0]
    assert judge(again.observations, load_catalog()) == report.diagnoses
    made = saved["targets"][0]["experiments"][0]
    assert made["name"] == "tls-on-silence"
    assert made["changes"] == [{"key": "server.security", "value": "tls"}]
    told = [each["text"] for each in saved["targets"][0]["transcript"]]
    assert any(each.startswith("experiment tls-on-silence: passed") for each in told)


@pytest.mark.parametrize(
    ("tables", "changes", "becomes"),
    [
        ({"server": {"host": "x.test"}}, {"server.port": 465}, (465, "tls")),
        ({"server": {"host": "x.test"}}, {"server.security": "tls"}, (465, "tls")),
        (
            {"server": {"host": "x.test", "port": 587, "security": "starttls"}},
            {"server.port": 465},
            (465, "starttls"),
        ),
        ({"preset": "gmail"}, {"server.port": 587}, (587, "starttls")),
        ({"server": {"host": "x.test"}}, {"server.security": "sometimes"}, None),
    ],
)
def test_what_a_change_leads_to_is_asked_of_the_profile(
    tables: dict[str, object], changes: dict[str, Json], becomes: tuple[int, str] | None
) -> None:
    assert _becomes(profile_from_settings(tables, environment={}))(changes) == becomes
