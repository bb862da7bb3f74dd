"""`--proxy` as a user types it."""

from __future__ import annotations

import pytest

from tests.cli.command_line import CommandLine
from tests.pki import TestPki
from tests.scripted.proxies import ScriptedProxy, socks5
from tests.scripted.server import ScriptedServer

GOOD = "S: 220 mail.example.test\nC: EHLO\nS: 250 mail.example.test"
CANARY = "canary-pw"


@pytest.mark.parametrize("command", ["probe", "send-test"])
def test_a_password_in_the_url_is_refused_with_the_safe_ways(
    smtpcheck: CommandLine, command: str
) -> None:
    done = smtpcheck(command, "127.0.0.1:1", "--proxy", f"socks5://me:{CANARY}@127.0.0.1:1")
    assert done.code == 2
    assert CANARY not in done.out + done.err
    for way in ("on a terminal", "proxy.password={env", "SMTPCHECK_PROXY_PASSWORD"):
        assert way in done.err


@pytest.mark.parametrize("value", ["", "p.example:1080", "https://p.example:1", "http://p.example"])
def test_what_is_no_proxy_is_a_usage_error(smtpcheck: CommandLine, value: str) -> None:
    done = smtpcheck("probe", "127.0.0.1:1", "--proxy", value)
    assert (done.code, done.out) == (2, "")
    assert "--proxy" in done.err


def test_set_of_the_table_names_the_option(smtpcheck: CommandLine) -> None:
    done = smtpcheck("probe", "127.0.0.1:1", "--set", "proxy=socks5://127.0.0.1:1")
    assert done.code == 2
    assert "--proxy URL" in done.err


def test_the_way_is_told_and_the_command_to_try_again_holds_it(
    smtpcheck: CommandLine, pki: TestPki
) -> None:
    with ScriptedServer(GOOD, pki) as server, ScriptedProxy(socks5(server.port)) as met:
        url = f"socks5://127.0.0.1:{met.port}"
        target = f"127.0.0.1:{server.port}"
        plain = ("--set", "server.security=none")
        done = smtpcheck("probe", target, *plain, "--proxy", url)
        assert done.code == 0, done.out + done.err
        assert "through the socks5 proxy 127.0.0.1" in done.out
    failed = smtpcheck("probe", target, *plain, "--proxy", url)
    assert failed.code == 11
    assert f"--proxy {url}" in failed.out


def test_none_goes_around_the_proxy_of_the_profile(smtpcheck: CommandLine, pki: TestPki) -> None:
    with ScriptedServer(GOOD, pki) as server:
        smtpcheck.write(
            "mine",
            f'schema = 1\n[server]\nhost = "127.0.0.1"\nport = {server.port}\nsecurity = "none"\n'
            '[proxy]\ntype = "socks5"\nhost = "127.0.0.1"\nport = 1\n',
        )
        assert smtpcheck("probe", "mine", "--until", "ehlo", "--no-experiments").code == 11
        done = smtpcheck("probe", "mine", "--until", "ehlo", "--proxy", "none")
        assert done.code == 0, done.out + done.err


def test_env_says_which_variable_it_took(
    smtpcheck: CommandLine, pki: TestPki, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("all_proxy", "no_proxy", "NO_PROXY", "smtp_proxy", "SMTP_PROXY"):
        monkeypatch.delenv(name, raising=False)
    with ScriptedServer(GOOD, pki) as server, ScriptedProxy(socks5(server.port)) as met:
        monkeypatch.setenv("ALL_PROXY", f"socks5h://127.0.0.1:{met.port}")
        target = f"127.0.0.1:{server.port}"
        plain = ("--set", "server.security=none")
        direct = smtpcheck("probe", target, *plain)
        assert (direct.code, met.said) == (0, [])
        done = smtpcheck("probe", target, *plain, "--proxy", "env")
        assert (done.code, len(met.said)) == (0, 1)
    assert "ALL_PROXY" in done.out


@pytest.mark.parametrize(
    ("lacking", "extra", "table"),
    [
        ({"h11"}, "proxy", ""),
        ({"spnego"}, "ntlm", 'username = "u"\ndomain = "D"\npassword = { env = "P" }\n'),
        ({"h11", "spnego"}, "proxy,ntlm", 'username = "u"\ndomain = "D"\npassword = { env="P" }\n'),
    ],
)
def test_a_missing_extra_is_named_before_anything_is_sent(
    smtpcheck: CommandLine,
    monkeypatch: pytest.MonkeyPatch,
    lacking: set[str],
    extra: str,
    table: str,
) -> None:
    monkeypatch.setattr(
        "smtpcheck.probe.proxy_aim.find_spec",
        lambda name: None if name in lacking else object(),
    )
    smtpcheck.write(
        "mine",
        'schema = 1\n[server]\nhost = "mail.invalid"\n[proxy]\ntype = "http"\n'
        f'host = "127.0.0.1"\nport = 1\n{table}',
    )
    done = smtpcheck("probe", "mine")
    assert (done.code, done.out) == (2, "")
    assert f"pip install 'smtpcheck[{extra}]'" in done.err
