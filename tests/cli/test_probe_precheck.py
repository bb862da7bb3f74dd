"""Lint before the first packet: what it found is in the report, beside what was observed."""

from __future__ import annotations

import pytest

from smtpcheck.api import load_target, settings_findings
from tests.cli.command_line import CommandLine
from tests.pki import TestPki
from tests.scripted import ScriptedServer
from tests.scripted.probing import Settings, cause, errors_of, run
from tests.scripted.script import read_script

REFUSES = """
S: 220 mail.example.test ESMTP
C: EHLO *
S: 250-mail.example.test | 250 STARTTLS
C: STARTTLS
S: 220 go
!: tls good
C: EHLO *
S: 250-mail.example.test | 250 AUTH PLAIN
C: AUTH *
S: 535 5.7.8 Authentication failed
C: QUIT
S: 221 bye
"""
SHORT = {"timeout": 0.5}


def test_a_finding_that_may_explain_it_stands_beside_the_observed_cause(pki: TestPki) -> None:
    with ScriptedServer("!: hang\n", pki, strict=False) as server:
        report = run(server.port, pki, settings={"server": SHORT})
    with ScriptedServer(REFUSES, pki, strict=False) as server:
        other = run(server.port, pki, settings={"server": {"timeout": 4.0}})
    (hint,) = (each for each in errors_of(report)[0].help if each.startswith("(the settings)"))
    assert "server.timeout" in hint
    assert (cause(report), report.exit_code) == ("greeting-missing", 11)
    assert (cause(other), other.exit_code) == ("auth-bad-credentials", 13)
    assert not [each for each in errors_of(other)[0].help if "server.timeout" in each]
    assert [each for each in other.notes if each.startswith("server.timeout: ")]


def test_findings_change_neither_the_exit_code_nor_the_diagnoses(pki: TestPki) -> None:
    with ScriptedServer(read_script("good"), pki, strict=False) as server:
        settings: Settings = {"sender": {"bounce": "b@elsewhere.test"}, "server": {"timeout": 9.0}}
        report = run(server.port, pki, settings=settings)
    assert (report.exit_code, report.diagnoses) == (0, ())
    assert [each.id for each in report.observations.findings] == ["bounce-in-other-domain"]
    assert [note.partition(":")[0] for note in report.notes] == ["sender.bounce"]


def test_the_form_of_a_refused_password_is_told_at_the_login(
    pki: TestPki, smtpcheck: CommandLine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KEY_HERE", "canary-P4ssw0rd")
    with ScriptedServer(REFUSES, pki, strict=False) as server:
        smtpcheck.write(
            "sendgrid",
            f'preset = "sendgrid"\n[server]\nhost = "127.0.0.1"\nport = {server.port}\n'
            f'security = "starttls"\n[tls]\nca_file = "{pki.ca_file}"\n'
            'server_name = "mail.example.test"\n[auth]\npassword = { env = "KEY_HERE" }\n',
        )
        done = smtpcheck("probe", "sendgrid", "--format", "json")
    assert done.code == 13
    assert "does not begin with SG." in done.out
    assert "canary" not in done.out + done.err


@pytest.mark.parametrize(
    ("target", "found"),
    [
        ("smtp.gmial.com", "host-misspelt"),
        ("aspmx.l.google.com:587", "mx-host-for-submission"),
        ("smtps://mail.example.com:587", "port-security-mismatch"),
        ("mailhost", "host-short-name"),
        ("mail.example.com:993", "port-for-reading-mail"),
    ],
)
def test_a_target_that_is_no_profile_is_looked_at_too(
    smtpcheck: CommandLine, target: str, found: str
) -> None:
    assert not list(smtpcheck.folder.rglob("*.toml"))
    assert found in {each.id for each in settings_findings(load_target(target).loaded)}
