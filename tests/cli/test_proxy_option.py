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


PLAIN = ("--set", "server.security=none")
UNUSED = "127.0.0.1:1"


def advised(smtpcheck: CommandLine, *words: str) -> str:
    """The text of a run that a proxy kept from the server, on one line."""
    done = smtpcheck("probe", *words, "--no-experiments")
    assert done.code == 11, done.out + done.err
    return " ".join(done.out.split())


def test_advice_about_a_proxy_of_the_command_line_is_for_the_command_line(
    smtpcheck: CommandLine,
) -> None:
    said = advised(smtpcheck, UNUSED, *PLAIN, "--proxy", f"socks5://{UNUSED}")
    assert f"smtpcheck probe {UNUSED} --proxy none --set server.security=none" in said
    assert "--proxy socks5://HOST:PORT" in said
    assert "unset" not in said
    assert "profile set" not in said
    assert f"{UNUSED} --proxy none" not in said.partition("smtpcheck probe")[0]


def test_the_flag_is_named_too_where_a_profile_is_probed(smtpcheck: CommandLine) -> None:
    smtpcheck.write("mine", 'schema = 1\n[server]\nhost = "127.0.0.1"\nport = 1\n')
    said = advised(smtpcheck, "mine", "--proxy", f"socks5://{UNUSED}")
    assert "--proxy socks5://HOST:PORT" in said
    assert "smtpcheck probe mine --proxy none" in said
    assert "profile set mine proxy" not in said
    assert "profile unset" not in said


def test_advice_about_a_proxy_of_the_environment_names_the_variables(
    smtpcheck: CommandLine, monkeypatch: pytest.MonkeyPatch
) -> None:
    for key, value in (("TYPE", "socks5"), ("HOST", "127.0.0.1"), ("PORT", "1")):
        monkeypatch.setenv(f"SMTPCHECK_PROXY_{key}", value)
    said = advised(smtpcheck, UNUSED, *PLAIN)
    assert "set SMTPCHECK_PROXY_HOST=HOST and SMTPCHECK_PROXY_PORT=PORT" in said
    assert "unset the variables SMTPCHECK_PROXY_*" in said
    assert f"smtpcheck probe {UNUSED} --proxy none" in said
    assert "profile unset" not in said


def test_advice_about_a_proxy_that_env_found_names_its_variable(
    smtpcheck: CommandLine, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("all_proxy", "no_proxy", "NO_PROXY", "smtp_proxy", "SMTP_PROXY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("ALL_PROXY", f"socks5h://me:{CANARY}@{UNUSED}")
    said = advised(smtpcheck, UNUSED, *PLAIN, "--proxy", "env")
    assert "ALL_PROXY=socks5://me@HOST:PORT" in said
    assert "correct or unset ALL_PROXY" in said
    assert f"try: smtpcheck probe {UNUSED} --proxy env" in said
    assert CANARY not in said


def test_advice_about_a_proxy_of_the_profile_is_for_the_profile(smtpcheck: CommandLine) -> None:
    smtpcheck.write(
        "mine",
        'schema = 1\n[server]\nhost = "127.0.0.1"\nport = 1\n'
        '[proxy]\ntype = "socks5"\nhost = "127.0.0.1"\nport = 1\n',
    )
    said = advised(smtpcheck, "mine")
    assert "smtpcheck profile set mine proxy.host HOST proxy.port PORT" in said
    assert "smtpcheck probe mine --proxy none; then remove it" in said
    assert "smtpcheck profile unset mine proxy" in said


@pytest.mark.parametrize(
    ("flag", "family"), [("-4", "ipv6"), ("-6", "ipv4"), ("-6", "any"), ("--ipv4", "ipv6")]
)
def test_a_family_that_flag_and_setting_do_not_agree_on_is_a_usage_error(
    smtpcheck: CommandLine, flag: str, family: str
) -> None:
    done = smtpcheck("probe", UNUSED, flag, "--set", f"server.address_family={family}")
    assert (done.code, done.out) == (2, "")
    assert f"{flag[:1]}{flag[-1]} and --set server.address_family={family}" in done.err


def test_a_flag_that_says_what_the_setting_says_is_none(smtpcheck: CommandLine) -> None:
    same = ("-4", "--set", "server.address_family=ipv4", *PLAIN)
    assert smtpcheck("probe", UNUSED, *same, "--no-experiments").code == 11


def test_both_families_alone_exclude_each_other(smtpcheck: CommandLine) -> None:
    done = smtpcheck("probe", UNUSED, "-4", "-6")
    assert (done.code, done.out) == (2, "")
    assert "-4 and -6 exclude each other" in done.err


def test_a_flag_for_the_family_is_stronger_than_variable_and_profile(
    smtpcheck: CommandLine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SMTPCHECK_SERVER_ADDRESS_FAMILY", "ipv6")
    smtpcheck.write(
        "mine",
        'schema = 1\n[server]\nhost = "localhost"\nport = 1\naddress_family = "ipv6"\n',
    )
    done = smtpcheck("probe", "mine", "-4", "--no-experiments", "--format", "json")
    assert done.code == 11
    assert '"address": "127.0.0.1"' in done.out
    assert '"::1"' not in done.out
