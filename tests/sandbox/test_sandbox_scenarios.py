"""Named failures: their text form, and that the sandbox plays them."""

from __future__ import annotations

import ssl
import time
from collections.abc import Callable

import pytest

from smtpcheck.sandbox.certificates import CertificateKind
from smtpcheck.sandbox.scenario import (
    Scenario,
    ScenarioError,
    find_scenario,
    load_scenarios,
    read_scenario,
)
from smtpcheck.sandbox.server import Sandbox
from tests.sandbox.smtp_client import Client

SCENARIOS = load_scenarios()


def until(scenario: Scenario, point: str) -> str:
    """The answer that a well-behaved client gets at this point."""
    with (
        Sandbox(scenario=scenario) as sandbox,
        Client(sandbox.submission_port, sandbox.ca_file) as client,
    ):
        steps: dict[str, Callable[[], str]] = {
            "CONNECT": client.hear,
            "EHLO": lambda: client.say("EHLO client.test"),
            "STARTTLS": lambda: client.say("STARTTLS"),
            "HANDSHAKE": client.secure,
            "EHLO-TLS": lambda: client.say("EHLO client.test"),
            "AUTH": lambda: client.login(sandbox.username, sandbox.password),
            "MAIL": lambda: client.say("MAIL FROM:<a@x.test>"),
            "RCPT": lambda: client.say("RCPT TO:<b@y.test>"),
            "DATA": lambda: client.say("DATA"),
            "MESSAGE": lambda: client.say("Subject: x", "", "y" * 200, "."),
            "QUIT": lambda: client.say("QUIT"),
        }
        for step, take in steps.items():
            answer = take()
            if step == point:
                return answer
    raise AssertionError(point)


@pytest.mark.parametrize(
    "scenario", [each for each in SCENARIOS.values() if each.reply], ids=lambda each: each.name
)
def test_a_scenario_says_its_reply_at_its_point(scenario: Scenario) -> None:
    point = next(iter(scenario.reply))
    assert until(scenario, point).replace("\r\n", "\n").startswith(scenario.reply[point])


@pytest.mark.parametrize("name", list(SCENARIOS))
def test_a_scenario_can_be_served(name: str) -> None:
    with Sandbox(scenario=SCENARIOS[name]) as sandbox:
        assert sandbox.submission_port


@pytest.mark.parametrize(
    ("name", "point"),
    [("lost-at-auth", "AUTH"), ("lost-after-dot", "MESSAGE"), ("closes-at-quit", "QUIT")],
)
def test_a_scenario_closes_at_its_point(name: str, point: str) -> None:
    assert until(SCENARIOS[name], point) == ""


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("expired-certificate", 10),
        ("not-yet-valid", 9),
        ("wrong-name", 62),
        ("self-signed", 18),
        ("unknown-ca", 20),
        ("chain-incomplete", 20),
        ("weak-key", 66),
    ],
)
def test_a_scenario_presents_its_certificate(name: str, code: int) -> None:
    with pytest.raises(ssl.SSLCertVerificationError) as refused:
        until(SCENARIOS[name], "HANDSHAKE")
    assert refused.value.verify_code == code


@pytest.mark.parametrize("name", ["handshake-closed", "old-tls"])
def test_a_scenario_spoils_the_handshake(name: str) -> None:
    with pytest.raises(OSError, match=r"EOF|ALERT_PROTOCOL_VERSION|UNSUPPORTED_PROTOCOL"):
        until(SCENARIOS[name], "HANDSHAKE")


def test_a_client_certificate_is_demanded() -> None:
    with pytest.raises(OSError, match="CERTIFICATE_REQUIRED"):
        until(SCENARIOS["client-certificate"], "EHLO-TLS")


def test_a_hidden_extension_is_neither_offered_nor_served() -> None:
    scenario = SCENARIOS["starttls-missing"]
    assert "STARTTLS" not in until(scenario, "EHLO")
    assert until(scenario, "STARTTLS").startswith("502")
    assert "AUTH" not in until(SCENARIOS["auth-not-offered"], "EHLO-TLS")
    assert until(SCENARIOS["auth-not-offered"], "AUTH").startswith("502")


def test_only_the_named_mechanisms_are_offered() -> None:
    assert "250-AUTH GSSAPI\r\n" in until(SCENARIOS["no-common-mechanism"], "EHLO-TLS")
    assert until(SCENARIOS["no-common-mechanism"], "AUTH").startswith("504")


def test_greylisting_accepts_the_second_try() -> None:
    with (
        Sandbox(scenario=SCENARIOS["greylist"]) as sandbox,
        Client(sandbox.submission_port, sandbox.ca_file) as client,
    ):
        client.starttls()
        client.login(sandbox.username, sandbox.password)
        client.say("MAIL FROM:<a@x.test>")
        answers = [client.say(f"RCPT TO:<{name}@y.test>")[:3] for name in ("b", "b", "c", "c")]
    assert answers == ["450", "250", "450", "250"]


def test_greylisting_that_lasts_ends_with_its_time_and_not_with_the_number_of_tries(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    now = [1000.0]
    monkeypatch.setattr("smtpcheck.sandbox.house.monotonic", lambda: now[0])
    with (
        Sandbox(scenario=SCENARIOS["greylist-timed"]) as sandbox,
        Client(sandbox.submission_port, sandbox.ca_file) as client,
    ):
        client.starttls()
        client.login(sandbox.username, sandbox.password)
        client.say("MAIL FROM:<a@x.test>")
        early = [client.say("RCPT TO:<b@y.test>")[:3] for _ in range(3)]
        now[0] += 2
        late = [client.say(f"RCPT TO:<{name}@y.test>")[:3] for name in ("b", "c")]
    assert early == ["450"] * 3
    assert late == ["250", "450"]


def test_a_size_limit_is_announced_and_kept() -> None:
    assert "250-SIZE 100\r\n" in until(SCENARIOS["message-too-large"], "EHLO")
    assert until(SCENARIOS["message-too-large"], "MESSAGE").startswith("552 5.3.4")


def test_a_delay_is_kept() -> None:
    began = time.monotonic()
    assert until(Scenario(delay={"CONNECT": 0.3}), "CONNECT").startswith("220")
    assert time.monotonic() - began >= 0.3


def test_silence_is_silence() -> None:
    with Sandbox(scenario=SCENARIOS["silent"]) as sandbox:
        client = Client(sandbox.submission_port)
        client.sock.settimeout(0.2)
        with client, pytest.raises(TimeoutError):
            client.hear()


def test_a_reset_is_a_reset() -> None:
    with pytest.raises(ConnectionResetError):
        until(SCENARIOS["reset-at-connect"], "CONNECT")


def test_another_protocol_says_its_lines_and_leaves() -> None:
    with (
        Sandbox(scenario=SCENARIOS["not-smtp"]) as sandbox,
        Client(sandbox.submission_port) as client,
    ):
        heard = client.hear() + client.hear()
    assert heard.startswith("HTTP/1.1 400 Bad Request\r\n")


def test_after_a_refused_greeting_only_quit_is_served() -> None:
    with (
        Sandbox(scenario=SCENARIOS["refused-554"]) as sandbox,
        Client(sandbox.submission_port) as client,
    ):
        assert client.hear().startswith("554")
        assert client.say("EHLO x").startswith("503")
        assert client.say("QUIT").startswith("221")


def test_names_are_kebab_case_and_every_scenario_has_a_title() -> None:
    for name, scenario in SCENARIOS.items():
        assert name == name.lower()
        assert "_" not in name
        begins_with_a_name = scenario.title.split()[0].isupper() or ": " in scenario.title
        assert scenario.title[0].islower() or begins_with_a_name


def test_an_unknown_name_suggests_the_nearest() -> None:
    with pytest.raises(ScenarioError, match="did you mean greylist"):
        find_scenario("graylist")


@pytest.mark.parametrize(
    ("table", "problem"),
    [
        ({"title": "x", "repply": {}}, "unknown key repply"),
        ({"title": "x", "reply": {"MAYL": "550 no"}}, "MAYL is no point"),
        ({"title": "x", "reply": {"MAIL": 550}}, "a reply is a text"),
        ({"title": "x", "delay": {"MAIL": 9999}}, "0 to 600"),
        ({"title": "x", "lasts": -1}, "0 to 600"),
        ({"title": "x", "certificate": "fine"}, "fine"),
        ({"title": "x", "tls_min": "1.4"}, "no TLS version"),
        ({"title": "x."}, "full stop"),
        ({"reply": "all"}, "mine"),
    ],
)
def test_a_wrong_scenario_is_refused(table: dict[str, object], problem: str) -> None:
    with pytest.raises(ScenarioError, match=problem):
        read_scenario("mine", table)


def test_a_scenario_is_read_as_it_is_written() -> None:
    assert read_scenario(
        "mine", {"title": "t", "closes": ["QUIT"], "certificate": "expired"}
    ) == Scenario(name="mine", title="t", closes=("QUIT",), certificate=CertificateKind.EXPIRED)
