"""`--retries` as a user meets it: a sandbox that greylists, reports, an interrupt."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema
import pytest

from smtpcheck.report.schema_report import report_schema
from smtpcheck.sandbox.received import Received
from smtpcheck.sandbox.scenario import find_scenario
from smtpcheck.sandbox.server import Sandbox
from tests.cli.command_line import CommandLine
from tests.cli.test_probe_interrupt import interrupted, start, write_profile
from tests.pki import TestPki
from tests.scripted.server import ScriptedServer

BUSY = "S: 421 4.3.2 too busy"


def write_sandbox_profile(smtpcheck: CommandLine, server: Sandbox) -> None:
    smtpcheck.write(
        "box",
        f"""\
schema = 1
[server]
host = "localhost"
port = {server.submission_port}
[tls]
ca_file = "{server.ca_file}"
[auth]
username = "{server.username}"
password = {{ env = "BOX_PASSWORD" }}
[sender]
address = "{server.username}"
[test]
to = ["self"]
""",
    )


@pytest.mark.parametrize("command", ["probe", "send-test"])
def test_a_greylisted_message_leaves_at_the_second_attempt_and_once(
    smtpcheck: CommandLine, monkeypatch: pytest.MonkeyPatch, command: str
) -> None:
    arrived: list[Received] = []
    with Sandbox(scenario=find_scenario("greylist-timed"), on_message=arrived.append) as server:
        monkeypatch.setenv("BOX_PASSWORD", server.password)
        write_sandbox_profile(smtpcheck, server)
        once = smtpcheck(command, "box", "--format", "json")
        assert once.code == 75
        assert json.loads(once.out)["targets"][0]["attempts"] == []
        done = smtpcheck(command, "box", "--to", "b@sandbox.test", "--retries", "2", "-f", "json")
    assert done.code == 0
    report = json.loads(done.out)
    jsonschema.validate(report, report_schema())
    (target,) = report["targets"]
    assert [(each["exit_code"], each["cause"]) for each in target["attempts"]] == [
        (75, "greylisted"),
        (0, ""),
    ]
    assert target["attempts"][1]["waited_ms"] >= 2000
    assert any(note.startswith("tried 2 times") for note in target["notes"])
    assert not any("450" in event["text"] for event in target["transcript"])
    assert len(arrived) == 1


def test_a_saved_report_keeps_the_attempts(
    smtpcheck: CommandLine, pki: TestPki, tmp_path: Path
) -> None:
    with ScriptedServer(BUSY, pki, strict=False) as server:
        done = smtpcheck(
            "probe", f"127.0.0.1:{server.port}", "--retries", "1", "--retry-wait", "0", "-f", "json"
        )
        assert len(server.connections) >= 2
    assert done.code == 75
    path = tmp_path / "report.json"
    path.write_text(done.out)
    again = smtpcheck("replay", str(path), "--format", "json")
    saved, replayed = json.loads(done.out)["targets"], json.loads(again.out)["targets"]
    assert len(saved[0]["attempts"]) == 2
    assert replayed[0]["attempts"] == saved[0]["attempts"]
    assert again.code == 75


def test_every_reader_of_a_report_can_tell_that_it_took_two_attempts(
    smtpcheck: CommandLine, pki: TestPki, tmp_path: Path
) -> None:
    text = f"{BUSY}\n===\nS: 220 hi\nC: EHLO\nS: 250 hi\nC: QUIT\nS: 221 bye\n"
    files = {"prometheus": "attempts", "junit": "tried 2 times", "markdown": "tried 2 times"}
    formats = [word for name in files for word in ("-f", f"{name}={tmp_path / name}")]
    with ScriptedServer(text, pki, strict=False) as server:
        target = f"smtp://127.0.0.1:{server.port}"
        wishes = ("--set", "server.security=none", "--retries", "1", "--retry-wait", "0")
        done = smtpcheck("probe", target, *wishes, *formats, "-f", "text")
    assert done.code == 0, done.out
    assert "passed at attempt 2 in" in done.out
    for name, said in files.items():
        assert said in (tmp_path / name).read_text(), name
    assert f'smtpcheck_attempts{{target="{target}"}} 2' in (tmp_path / "prometheus").read_text()


def test_a_password_is_asked_for_once(
    smtpcheck: CommandLine, pki: TestPki, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []

    def ask(question: str) -> str:
        asked.append(question)
        return "canary"

    monkeypatch.setattr("smtpcheck.cli.session.asker", lambda **_: ask)
    text = "!: include parts/starttls.smtp\nC: AUTH\nS: 454 4.7.0 not now\n"
    with ScriptedServer(text, pki, strict=False) as server:
        target = f"submission://alice%40example.test@127.0.0.1:{server.port}"
        trust = (
            "--set",
            f"tls.ca_file={pki.ca_file}",
            "--set",
            "tls.server_name=mail.example.test",
        )
        done = smtpcheck("probe", target, *trust, "--retries", "2", "--retry-wait", "0")
        logins = sum(each.verbs().count("AUTH") for each in server.connections)
    assert (done.code, logins) == (75, 3)
    assert len(asked) == 1


def test_a_wait_that_is_not_asked_for_is_refused(smtpcheck: CommandLine) -> None:
    done = smtpcheck("probe", "localhost:1", "--retry-wait", "5")
    assert done.code == 2
    assert "--retries N" in done.err


@pytest.mark.parametrize("number", ["-1", "x", "101"])
def test_a_number_of_retries_that_is_none_is_refused(smtpcheck: CommandLine, number: str) -> None:
    done = smtpcheck("probe", "localhost:1", f"--retries={number}")
    assert done.code == 2
    assert "--retries" in done.err


def test_a_log_tells_why_it_stands_still_and_an_interrupt_ends_the_wait_at_once(
    pki: TestPki, tmp_path: Path
) -> None:
    with ScriptedServer(BUSY, pki, strict=False) as server:
        write_profile(tmp_path, "one", server, pki)
        words = ("--retries", "3", "--retry-wait", "40", "--deadline", "600", "--format", "json")
        process = start(tmp_path, "probe", "one", *words)
        assert process.stderr is not None
        said = process.stderr.readline().decode()
        report, err, seconds = interrupted(process)
    assert said.startswith("note: greeting-busy: attempt 2 of 4 in 4")
    assert process.returncode == 130
    assert err == ""
    assert seconds < 2
    (target,) = report["targets"]
    assert (target["outcome"], target["exit_code"]) == ("interrupted", 130)
    assert target["diagnoses"][0]["cause"] == "greeting-busy"
    assert target["notes"] == ["interrupted while waiting for attempt 2"]
