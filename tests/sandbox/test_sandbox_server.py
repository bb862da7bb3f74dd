"""Starting, stopping and sharing the sandbox."""

from __future__ import annotations

import os
import smtplib
import socket
import ssl
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from smtpcheck.sandbox.limits import Limits, Ports
from smtpcheck.sandbox.received import Received
from smtpcheck.sandbox.scenario import Scenario
from smtpcheck.sandbox.server import Sandbox, SandboxError
from tests.sandbox.smtp_client import Client


def threads() -> set[str]:
    return {each.name for each in threading.enumerate() if "smtpcheck-sandbox" in each.name}


def open_files() -> int:
    return len(os.listdir("/proc/self/fd"))  # noqa: PTH208 - the count alone matters


def send(sandbox: Sandbox, number: int = 0) -> None:
    context = ssl.create_default_context(cafile=str(sandbox.ca_file))
    port = sandbox.submissions_port
    with smtplib.SMTP_SSL("127.0.0.1", port, context=context, timeout=20) as smtp:
        smtp.login(sandbox.username, sandbox.password)
        smtp.sendmail("a@x.test", [f"b{number}@y.test"], "Subject: x\r\n\r\nhi\r\n")


def test_many_clients_are_served_at_once() -> None:
    with Sandbox() as sandbox, ThreadPoolExecutor(20) as pool:
        list(pool.map(lambda number: send(sandbox, number), range(60)))
        assert {each.recipients[0] for each in sandbox.messages} == {
            f"b{number}@y.test" for number in range(60)
        }


def test_the_callback_hears_of_each_message_and_may_ask_for_the_others() -> None:
    heard: list[tuple[Received, int]] = []
    sandbox = Sandbox(on_message=lambda message: heard.append((message, len(sandbox.messages))))
    with sandbox:
        send(sandbox)
        send(sandbox)
    assert [count for _, count in heard] == [1, 2]


def test_nothing_is_left_behind() -> None:
    before = open_files()
    with Sandbox() as sandbox:
        send(sandbox)
        ca_file = sandbox.ca_file
        assert ca_file.exists()
        assert threads()
    assert not threads()
    assert not ca_file.exists()
    assert not ca_file.parent.exists()
    assert open_files() == before


def test_stopping_does_not_wait_for_clients() -> None:
    sandbox = Sandbox().start()
    mute = [Client(sandbox.submission_port), Client(sandbox.submissions_port)]
    within = Client(sandbox.submission_port, sandbox.ca_file)
    within.starttls()
    began = time.monotonic()
    sandbox.stop()
    assert time.monotonic() - began < 2
    assert not threads()
    assert within.hear() == ""
    for each in (*mute, within):
        each.sock.close()


def test_stopping_ends_a_scenario_that_waits() -> None:
    scenario = Scenario(name="slow", delay={"CONNECT": 300.0})
    sandbox = Sandbox(scenario=scenario).start()
    with Client(sandbox.submission_port):
        time.sleep(0.05)
        began = time.monotonic()
        sandbox.stop()
    assert time.monotonic() - began < 2
    assert not threads()


def test_a_stopped_sandbox_keeps_its_messages_and_can_start_again() -> None:
    sandbox = Sandbox()
    with sandbox:
        send(sandbox)
    with sandbox:
        send(sandbox)
    assert len(sandbox.messages) == 2


def test_the_oldest_messages_go_first() -> None:
    with Sandbox(limits=Limits(kept=2)) as sandbox:
        for number in range(3):
            send(sandbox, number)
    assert [each.recipients[0] for each in sandbox.messages] == ["b1@y.test", "b2@y.test"]


def test_a_taken_port_is_an_error_and_leaves_nothing_open() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        before = open_files()
        port = taken.getsockname()[1]
        with pytest.raises(SandboxError, match=f"port {port}"):
            Sandbox(ports=Ports(submissions=port)).start()
        assert open_files() == before
    assert not threads()


def test_ports_can_be_chosen() -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    with Sandbox(ports=Ports(submission=port)) as sandbox:
        assert sandbox.submission_port == port
        with pytest.raises(KeyError):
            _ = sandbox.relay_port


def test_it_serves_ipv6_with_the_same_certificate() -> None:
    with (
        Sandbox("::1") as sandbox,
        Client(sandbox.submission_port, sandbox.ca_file, "::1") as client,
    ):
        assert "AUTH PLAIN" in client.starttls()


def test_each_run_has_another_password() -> None:
    assert Sandbox().password != Sandbox().password
    assert len(Sandbox().password) >= 16


def test_the_password_is_not_in_any_repr() -> None:
    with Sandbox(users={"u": "canary"}) as sandbox:
        assert "canary" not in repr(sandbox) + repr(sandbox._accounts) + repr(vars(sandbox._run))


def test_files_can_be_read_by_the_owner_only() -> None:
    with Sandbox() as sandbox:
        assert sandbox.ca_file.stat().st_mode & 0o077 == 0
        assert sandbox.ca_file.parent.stat().st_mode & 0o077 == 0
        assert {each.name for each in Path(sandbox.ca_file.parent).iterdir()} == {"ca.pem"}


def test_too_many_clients_are_turned_away() -> None:
    with Sandbox(limits=Limits(connections=1)) as sandbox, Client(sandbox.submission_port) as first:
        first.hear()
        with Client(sandbox.submission_port) as second:
            assert second.hear().startswith("421 4.3.2")
        first.say("QUIT")


def test_a_client_without_tls_on_the_tls_port_harms_nobody() -> None:
    told: list[str] = []
    with (
        Sandbox(on_event=lambda talk: told.append(talk.text)) as sandbox,
        Client(sandbox.submissions_port) as client,
    ):
        client.sock.sendall(b"EHLO me\r\n")
        with pytest.raises((ConnectionResetError, AssertionError)):
            assert client.hear().startswith("220")
        send(sandbox)
    assert any("handshake failed" in text for text in told)


def test_a_refused_certificate_is_told() -> None:
    told: list[str] = []
    with Sandbox(on_event=lambda talk: told.append(talk.text)) as sandbox:
        with (
            socket.create_connection(("127.0.0.1", sandbox.submissions_port), 5) as sock,
            pytest.raises(ssl.SSLCertVerificationError),
        ):
            ssl.create_default_context().wrap_socket(sock, server_hostname="localhost")
        time.sleep(0.1)
    assert any("unknown ca" in text for text in told)
