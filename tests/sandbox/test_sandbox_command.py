"""`smtpcheck sandbox` as a process."""

from __future__ import annotations

import json
import os
import signal
import smtplib
import socket
import ssl
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from smtpcheck.cli.sandbox_words import subject_of
from smtpcheck.report.schema_commands import sandbox_schema
from tests.schema_check import keeps_to

ROOT = Path(__file__).parent.parent.parent


@contextmanager
def sandbox(*options: str) -> Iterator[tuple[subprocess.Popen[str], dict[str, Any]]]:
    """A running `smtpcheck sandbox` and the first line of JSON that it prints."""
    argv = [sys.executable, "-m", "smtpcheck", "sandbox", "--format", "json", *options]
    with subprocess.Popen(
        argv, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        try:
            assert process.stdout is not None
            yield process, json.loads(process.stdout.readline() or "{}")
        finally:
            process.kill()


def run(*options: str) -> subprocess.CompletedProcess[str]:
    argv = [sys.executable, "-m", "smtpcheck", "sandbox", *options]
    environment = {**os.environ, "COLUMNS": "80"}
    return subprocess.run(
        argv, cwd=ROOT, capture_output=True, text=True, timeout=30, env=environment, check=False
    )


def send(started: dict[str, Any], message: str = "Subject: hello\r\n\r\nhi\r\n") -> None:
    context = ssl.create_default_context(cafile=started["ca_file"])
    port = started["ports"]["submissions"]
    with smtplib.SMTP_SSL("localhost", port, context=context, timeout=10) as smtp:
        smtp.login(started["username"], started["password"])
        smtp.sendmail("a@x.test", ["b@y.test"], message.encode())


def lines(text: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in text.splitlines()]


def test_each_mail_is_a_line_of_json() -> None:
    with sandbox("--user", "me") as (process, started):
        assert started["schema"] == 1
        assert started["username"] == "me"
        send(started)
        send(started)
        time.sleep(0.2)
        process.send_signal(signal.SIGTERM)
        out, err = process.communicate(timeout=10)
    assert process.returncode == 0
    assert err == ""
    mails = lines(out)
    for each in (started, *mails):
        keeps_to(sandbox_schema, each)
    assert [mail["number"] for mail in mails] == [1, 2]
    assert mails[0]["envelope_sender"] == "a@x.test"
    assert mails[0]["recipients"] == ["b@y.test"]
    assert mails[0]["subject"] == "hello"
    assert mails[0]["tls_version"] == "TLSv1.3"
    assert mails[0]["username"] == "me"


@pytest.mark.parametrize("signum", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_it_cleanly(signum: int) -> None:
    with sandbox() as (process, started):
        folder = Path(started["ca_file"]).parent
        with socket.create_connection(("127.0.0.1", started["ports"]["submission"]), 5) as sock:
            sock.recv(100)
            process.send_signal(signum)
            out, err = process.communicate(timeout=10)
    assert (process.returncode, out, err) == (0, "", "")
    assert not folder.exists()


def test_once_ends_after_the_first_mail_and_lets_the_client_finish() -> None:
    with sandbox("--once", "--seconds", "20") as (process, started):
        send(started)
        out, _ = process.communicate(timeout=10)
    assert process.returncode == 0
    assert len(lines(out)) == 1


def test_once_without_a_mail_is_a_finding() -> None:
    ended = run("--once", "--seconds", "0.2")
    assert ended.returncode == 1
    assert ended.stderr == "no mail came\n"


def test_after_its_seconds_it_ends() -> None:
    ended = run("--seconds", "0.1", "--relay-port", "0")
    assert ended.returncode == 0
    for word in ("submission ", "submissions ", "relay ", "certificate ", "user ", "password "):
        assert f"  {word}" in ended.stdout
    assert "smtpcheck probe submission://tester%40sandbox.test@localhost:" in ended.stdout


def test_every_scenario_is_listed() -> None:
    text, document = run("--list"), run("--list", "--format", "json")
    names = [line.split()[0] for line in text.stdout.splitlines()]
    assert "smtp-auth-disabled" in names
    listed = json.loads(document.stdout)
    keeps_to(sandbox_schema, listed)
    assert [each["name"] for each in listed["scenarios"]] == names


def test_a_scenario_is_named_and_played() -> None:
    with sandbox("--scenario", "busy-421") as (_, started):
        assert started["scenario"] == "busy-421"
        with socket.create_connection(("127.0.0.1", started["ports"]["submission"]), 5) as sock:
            assert sock.recv(100).startswith(b"421 4.3.2 ")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--scenario", "nonsense"], "no scenario is called 'nonsense'"),
        (["--format", "yaml"], "'yaml' is no format"),
        (["--host", "localhost:25"], "is not an address"),
        (["--host", "192.0.2.1"], "cannot listen on 192.0.2.1"),
        (["--user", " x"], "--user has a blank"),
        (["--port", "99999"], "99999"),
    ],
)
def test_a_wrong_option_is_a_usage_error(options: list[str], message: str) -> None:
    ended = run(*options)
    assert ended.returncode == 2
    assert message in ended.stderr
    assert "Traceback" not in ended.stderr


def test_the_named_mechanisms_are_offered_with_what_a_client_needs_for_them() -> None:
    with sandbox("--mechanisms", "scram-sha-256,EXTERNAL") as (_, started):
        assert started["mechanisms"] == ["SCRAM-SHA-256", "EXTERNAL"]
        context = ssl.create_default_context(cafile=started["ca_file"])
        context.load_cert_chain(*started["client_certificate"])
        port = started["ports"]["submissions"]
        with smtplib.SMTP_SSL("localhost", port, context=context, timeout=10) as smtp:
            smtp.ehlo()
            assert smtp.esmtp_features["auth"].split() == ["SCRAM-SHA-256", "EXTERNAL"]
            assert smtp.docmd("AUTH", "EXTERNAL =")[0] == 235
    with sandbox() as (_, started):
        assert started["client_certificate"] == []


def test_an_unknown_mechanism_is_a_usage_error_that_names_the_others() -> None:
    ended = run("--mechanisms", "PLAIN,DIGEST-MD5")
    assert ended.returncode == 2
    assert "'DIGEST-MD5'" in ended.stderr
    assert "SCRAM-SHA-256" in ended.stderr


def test_a_taken_port_is_a_usage_error() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        ended = run("--port", str(taken.getsockname()[1]))
    assert ended.returncode == 2
    assert "cannot listen on 127.0.0.1" in ended.stderr


def test_more_than_loopback_is_warned_of() -> None:
    ended = run("--host", "0.0.0.0", "--seconds", "0.1")
    assert ended.returncode == 0
    assert ended.stderr.startswith("warning: 0.0.0.0 is not loopback")
    assert "smtpcheck probe submission://tester%40sandbox.test@localhost:" in ended.stdout


def test_hostile_mail_cannot_steer_the_terminal() -> None:
    argv = [sys.executable, "-m", "smtpcheck", "sandbox", "--once", "--seconds", "20", "-v"]
    with subprocess.Popen(argv, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        started: dict[str, Any] = {"ports": {}}
        for line in process.stdout:
            words = line.split()
            if words[:1] == ["submissions"]:
                started["ports"]["submissions"] = int(words[1].rpartition(":")[2])
            elif words[:1] in (["certificate"], ["user"], ["password"]):
                name = {"certificate": "ca_file", "user": "username"}.get(words[0], words[0])
                started[name] = words[1]
            elif "smtpcheck probe" in line:
                break
        send(started, "Subject: \x1b[2J\u202e::error::gone\r\n\r\nhi\r\n")
        out, _ = process.communicate(timeout=10)
    assert process.returncode == 0
    assert "\x1b" not in out
    assert "\u202e" not in out
    assert "\\x1b[2J" in out
    assert "C AUTH CRAM-MD5" in out  # what the standard library chooses first
    assert started["password"] not in out


@pytest.mark.parametrize(
    ("data", "subject"),
    [
        (b"Subject: =?utf-8?q?gr=C3=BC=C3=9Fe?=\r\n\r\nSubject: other\r\n", "grüße"),
        (b"From: a@b\r\n\r\nSubject: body\r\n", ""),
        (b"", ""),
        (b"Subject: =?nonsense?x?y?=\r\n\r\n", "=?nonsense?x?y?="),
        (b"Subject: \xff\xfe\r\n\r\n", "\ufffd\ufffd"),
    ],
)
def test_the_subject_is_decoded(data: bytes, subject: str) -> None:
    assert subject_of(data) == subject


def test_a_token_is_printed_where_one_can_be_used_and_the_command_uses_it() -> None:
    ended = run("--scenario", "token-expired", "--seconds", "0.1")
    [row] = [line for line in ended.stdout.splitlines() if line.startswith("  token ")]
    token = row.split()[1]
    assert row.endswith("for XOAUTH2 and OAUTHBEARER")
    command = ended.stdout.splitlines()[-1]
    assert f"SMTPCHECK_PASSWORD={token} " in command
    assert "--set auth.method=xoauth2" in command
    assert "\n  token " not in run("--seconds", "0.1").stdout


def test_with_every_mechanism_the_token_stands_beside_the_password() -> None:
    with sandbox("--mechanisms", "plain,oauthbearer") as (_, started):
        assert started["token"].count(".") == 2
        assert started["password"]
    with sandbox() as (_, started):
        assert started["token"] is None


def test_a_signal_that_comes_while_it_starts_ends_it_too() -> None:
    """As soon as it takes connections: before the one that prints has begun to wait."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    argv = [sys.executable, "-m", "smtpcheck", "sandbox", "--port", str(port)]
    with subprocess.Popen(argv, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        try:
            end = time.monotonic() + 60
            while time.monotonic() < end:
                try:
                    socket.create_connection(("127.0.0.1", port), timeout=20).close()
                    break
                except ConnectionRefusedError:
                    time.sleep(0.001)
            process.send_signal(signal.SIGTERM)
            process.communicate(timeout=30)
            assert process.returncode == 0
        finally:
            process.kill()
