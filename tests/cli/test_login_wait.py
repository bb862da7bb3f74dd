"""What a new user of `smtpcheck login` sees: the page, the code, the time, and why not."""

from __future__ import annotations

import json
import webbrowser
from collections.abc import Iterator

import pytest

from smtpcheck.cli.login_wait import Waiting, span
from smtpcheck.oauth.device import DeviceCode
from tests.cli.command_line import CommandLine
from tests.cli.test_login_command import ACCESS, DEVICE, REFRESH, profile
from tests.oauth.fake_issuer import Answer, FakeIssuer, granted
from tests.pki import TestPki

CODE = DeviceCode("https://issuer.example/device", "WXYZ-1234", 61.0)
URL = "https://issuer.example/a?redirect_uri=http%3A%2F%2F127.0.0.1%3A4711%2F&state=x"
OFF = "enabled = false\n"


@pytest.fixture
def issuer(pki: TestPki) -> Iterator[FakeIssuer]:
    with FakeIssuer(pki) as running:
        running.on("/device", Answer(DEVICE))
        running.on("/token", granted(access_token=ACCESS, refresh_token=REFRESH))
        yield running


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    """Standard error is a terminal on which a line can be written over."""
    monkeypatch.setattr("smtpcheck.cli.login_wait.can_redraw", lambda _stream: True)


def test_page_and_code_stand_alone_on_their_lines(capsys: pytest.CaptureFixture[str]) -> None:
    Waiting(900).show_code(CODE)
    assert capsys.readouterr().err.splitlines() == [
        "to sign in, open this page, on any device",
        "    https://issuer.example/device",
        "and enter this code there",
        "    WXYZ-1234",
        "waiting for at most 61 s; Ctrl-C stops",
    ]


@pytest.mark.usefixtures("terminal")
def test_on_a_terminal_the_last_line_counts_down_and_goes(
    capsys: pytest.CaptureFixture[str],
) -> None:
    waiting = Waiting(900)
    waiting.show_code(CODE)
    assert "waiting" not in capsys.readouterr().err, "the line that counts down says it"
    waiting.wait(0.02)
    assert capsys.readouterr().err == "\rwaiting: 1:01 left; Ctrl-C stops\x1b[K"
    waiting.end()
    assert capsys.readouterr().err == "\r\x1b[K"
    waiting.wait(0.02)
    assert capsys.readouterr().err == "", "nothing is drawn once it is over"


def test_in_a_pipe_nothing_is_drawn_over(capsys: pytest.CaptureFixture[str]) -> None:
    waiting = Waiting(900)
    waiting.wait(0.01)
    waiting.end()
    assert capsys.readouterr().err == ""


def test_a_hostile_page_or_code_cannot_steer_the_terminal(
    capsys: pytest.CaptureFixture[str],
) -> None:
    Waiting(9).show_code(DeviceCode("https://x.example/\x1b[2J", "A\u202eB", 9))
    assert not {"\x1b", "\u202e"} & set(capsys.readouterr().err)


def test_without_a_browser_it_is_told_how_another_machine_helps(
    capsys: pytest.CaptureFixture[str],
) -> None:
    Waiting(899.6).show_url(URL, opens=False, name="web")
    said = capsys.readouterr().err.splitlines()
    assert said[1] == f"    {URL}"
    assert said[2] == "from another machine, first: ssh -L 4711:127.0.0.1:4711 THIS-MACHINE"
    assert said[3] == "or by a code: smtpcheck profile set web auth.oauth.flow device"
    assert said[4] == "waiting for at most 15 min; Ctrl-C stops"


def test_a_browser_that_does_not_open_is_told(
    smtpcheck: CommandLine, issuer: FakeIssuer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DISPLAY", ":0")
    monkeypatch.setattr(webbrowser, "open", lambda _url: False)
    smtpcheck.write("web", profile(issuer, flow="browser"))
    done = smtpcheck("login", "web", "--wait", "--deadline", "1")
    assert done.code == 1
    assert "a browser opens this page; if none does, open it" in done.err
    assert "no browser could be opened" in done.err
    assert "ssh -L " in done.err


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0, "0 s"), (119, "119 s"), (90, "90 s"), (899.6, "15 min"), (7_200, "2 h"), (3e5, "3 days")],
)
def test_times_are_told_in_their_largest_unit(seconds: float, words: str) -> None:
    assert span(seconds) == words


@pytest.mark.parametrize("named", [["off"], []])
def test_a_disabled_profile_is_not_signed_in_and_the_switch_is_named(
    smtpcheck: CommandLine, issuer: FakeIssuer, named: list[str]
) -> None:
    smtpcheck.write("off", OFF + profile(issuer))
    done = smtpcheck("login", *named, "--wait")
    assert done.code == 2
    assert "profile off is disabled: enabled = false" in done.err
    assert "smtpcheck profile set off enabled true" in done.err
    assert issuer.asked == []


def test_the_only_enabled_profile_is_the_one_that_is_meant(
    smtpcheck: CommandLine, issuer: FakeIssuer
) -> None:
    smtpcheck.write("off", OFF + profile(issuer))
    smtpcheck.write("mail", profile(issuer))
    done = smtpcheck("login", "--wait")
    assert done.code == 0, done.err
    assert "for profile mail" in done.out


def test_the_login_of_a_disabled_profile_is_told_and_can_be_ended(
    smtpcheck: CommandLine, issuer: FakeIssuer
) -> None:
    smtpcheck.write("mail", profile(issuer))
    assert smtpcheck("login", "mail", "--wait").code == 0
    smtpcheck.write("mail", OFF + profile(issuer))
    status = smtpcheck("login", "mail", "--status")
    assert (status.code, "enabled = false" in status.out) == (0, True)
    [told] = json.loads(smtpcheck("login", "--status", "--format", "json").out)["logins"]
    assert (told["enabled"], told["kept"]) == (False, True)
    issuer.on("/revoke", Answer(b""))
    assert smtpcheck("login", "mail", "--logout").code == 0


def test_a_profile_without_an_application_is_told_what_it_lacks(
    smtpcheck: CommandLine, issuer: FakeIssuer
) -> None:
    text = profile(issuer).replace('client_id = "app-1"\n', "")
    smtpcheck.write("half", text.replace('client_id = "app-1"', ""))
    done = smtpcheck("login")
    assert done.code == 2
    assert "none sets auth.oauth.client_id" in done.err


def test_a_profile_that_cannot_be_read_is_named(smtpcheck: CommandLine, issuer: FakeIssuer) -> None:
    smtpcheck.write("broken", "[server]\nport = 0.5\n")
    smtpcheck.write("mail", profile(issuer))
    done = smtpcheck("login", "--wait")
    assert done.code == 0
    assert "broken cannot be read: smtpcheck profile lint broken" in done.err


def test_an_issuer_that_is_not_there_is_told_in_the_words_of_the_system(
    smtpcheck: CommandLine, issuer: FakeIssuer
) -> None:
    smtpcheck.write("dead", profile(issuer, issuer="https://127.0.0.1:1"))
    done = smtpcheck("login", "dead", "--wait")
    assert done.code == 1
    assert "Connection refused" in done.err
    for noise in ("HTTPSConnection", "Errno", "object at"):
        assert noise not in done.err
