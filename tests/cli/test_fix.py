"""`probe --fix` from end to end: the diff, the confirming probe, the file, and what stays."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from smtpcheck.sandbox.limits import Ports
from smtpcheck.sandbox.scenario import Scenario
from smtpcheck.sandbox.server import Sandbox
from tests.cli.command_line import CommandLine, Done
from tests.scripted.proxies import ScriptedProxy, socks5

PROFILE = """schema = 1
# the mail of the night watch

[server]
host = "localhost"  # this machine
port = {port}
security = "{security}"  # from an old manual
timeout = 0.6

[tls]
ca_file = "{ca_file}"

[auth]
username = "{username}"
password = {{ env = "SANDBOX_PASSWORD" }}

[sender]
address = "{sender}"

[test]
to = ["self"]  # whoever sends
"""


@pytest.fixture
def talk() -> list[str]:
    """What the clients of the sandbox said."""
    return []


@pytest.fixture
def server(
    request: pytest.FixtureRequest, talk: list[str], monkeypatch: pytest.MonkeyPatch
) -> Iterator[Sandbox]:
    """A sandbox that plays the scenario of the test's parameter, if it has one."""
    scenario = getattr(request, "param", None)
    with Sandbox(
        ports=Ports(relay=0), scenario=scenario, on_event=lambda each: talk.append(each.text)
    ) as made:
        monkeypatch.setenv("SANDBOX_PASSWORD", made.password)
        yield made


def write(
    smtpcheck: CommandLine,
    server: Sandbox,
    *,
    port: int = 0,
    security: str = "tls",
    sender: str = "",
    more: str = "",
) -> str:
    """A profile `night` for the sandbox; its text."""
    text = PROFILE.format(
        port=port or server.submission_port,
        security=security,
        ca_file=server.ca_file,
        username=server.username,
        sender=sender or server.username,
    )
    smtpcheck.write("night", text + more)
    return text + more


def logins(talk: list[str]) -> int:
    return sum(each.startswith("AUTH") for each in talk)


def assert_untouched(smtpcheck: CommandLine, text: str, done: Done) -> None:
    assert smtpcheck.read("night") == text
    assert "fixed:" not in done.out


def test_the_proven_change_is_shown_tried_and_written(
    smtpcheck: CommandLine, server: Sandbox
) -> None:
    text = write(smtpcheck, server)
    done = smtpcheck("probe", "night", "--fix")
    assert done.code == 0, done.err
    changed = text.replace('security = "tls"', 'security = "starttls"')
    assert smtpcheck.read("night") == changed, "comments and order stay"
    assert '-security = "tls"  # from an old manual' in done.out
    assert '+security = "starttls"  # from an old manual' in done.out
    assert "fixed:" in done.out
    assert server.messages == ()


def test_the_mode_of_a_tls_port_is_mended_too(smtpcheck: CommandLine, server: Sandbox) -> None:
    write(smtpcheck, server, port=server.submissions_port, security="starttls")
    done = smtpcheck("probe", "night", "--fix")
    assert done.code == 0, done.err
    assert 'security = "tls"  # from an old manual' in smtpcheck.read("night")


def test_a_message_leaves_only_with_send(smtpcheck: CommandLine, server: Sandbox) -> None:
    write(smtpcheck, server)
    assert smtpcheck("probe", "night", "--fix", "--send").code == 0
    assert len(server.messages) == 1


def test_a_profile_that_works_is_left_alone(smtpcheck: CommandLine, server: Sandbox) -> None:
    text = write(smtpcheck, server, security="starttls")
    done = smtpcheck("probe", "night", "--fix")
    assert (done.code, smtpcheck.read("night")) == (0, text)
    assert "nothing to fix" in done.err
    assert server.messages == ()


@pytest.mark.parametrize(
    "server",
    [Scenario(name="picky", reply={"RCPT": "550 5.1.1 no such user"})],
    indirect=True,
)
def test_a_change_that_does_not_lead_to_a_passing_probe_is_not_written(
    smtpcheck: CommandLine, server: Sandbox
) -> None:
    text = write(smtpcheck, server)
    done = smtpcheck("probe", "night", "--fix")
    assert done.code == 12, "as the profile is"
    assert_untouched(smtpcheck, text, done)
    assert "recipient-unknown" in done.out, "why it does not pass"
    assert "is as it was" in done.err


@pytest.mark.parametrize(
    "server", [Scenario(name="no", reply={"AUTH": "535 5.7.8 bad password"})], indirect=True
)
def test_a_refused_login_is_not_tried_again(
    smtpcheck: CommandLine, server: Sandbox, talk: list[str]
) -> None:
    text = write(smtpcheck, server, security="starttls")
    done = smtpcheck("probe", "night", "--fix")
    assert done.code == 13
    assert_untouched(smtpcheck, text, done)
    assert logins(talk) == 1


@pytest.mark.parametrize(
    "server",
    [Scenario(name="oauth", reply={"AUTH": "535 5.7.139 Authentication unsuccessful, basic "
                                   "authentication is disabled."})],
    indirect=True,
)  # fmt: skip
def test_a_change_of_the_mechanism_is_no_reason_to_try_the_secret_again(
    smtpcheck: CommandLine, server: Sandbox, talk: list[str]
) -> None:
    text = write(smtpcheck, server, security="starttls")
    done = smtpcheck("probe", "night", "--fix")
    assert done.code == 13
    assert_untouched(smtpcheck, text, done)
    assert logins(talk) == 1


@pytest.mark.parametrize("server", [Scenario(name="strict", check_sender=True)], indirect=True)
def test_the_sender_becomes_the_login(
    smtpcheck: CommandLine, server: Sandbox, talk: list[str]
) -> None:
    write(smtpcheck, server, security="starttls", sender="someone@else.test")
    done = smtpcheck("probe", "night", "--fix")
    assert done.code == 0, done.out + done.err
    assert f'address = "{server.username}"' in smtpcheck.read("night")
    assert logins(talk) == 2, "the login was accepted, so it may be used again"


def relay(smtpcheck: CommandLine, server: Sandbox) -> str:
    text = write(smtpcheck, server, port=server.relay_port, security="starttls")
    text = text.replace("[auth]", '[auth]\nmethod = "none"')
    text = "\n".join(line for line in text.splitlines() if "username" not in line)
    text = "\n".join(line for line in text.splitlines() if "password" not in line) + "\n"
    smtpcheck.write("night", text)
    return text


def test_tls_is_given_up_only_with_the_user_s_word(smtpcheck: CommandLine, server: Sandbox) -> None:
    text = relay(smtpcheck, server)
    done = smtpcheck("probe", "night", "--fix")
    assert done.code == 12
    assert_untouched(smtpcheck, text, done)
    assert "--accept server.security=none" in done.err
    other = smtpcheck("probe", "night", "--fix", "--accept", "tls.verify=false")
    assert_untouched(smtpcheck, text, other)
    done = smtpcheck("probe", "night", "--fix", "--accept", "server.security=none")
    assert done.code == 0, done.err
    assert 'security = "none"' in smtpcheck.read("night")


@pytest.mark.parametrize("server", [Scenario(name="old", tls_min="1.0", tls_max="1.1")],
                         indirect=True)  # fmt: skip
def test_an_older_tls_is_allowed_only_with_the_user_s_word(
    smtpcheck: CommandLine, server: Sandbox
) -> None:
    text = write(smtpcheck, server, security="starttls")
    done = smtpcheck("probe", "night", "--fix", "--accept", "tls.min_version=1.0")
    assert_untouched(smtpcheck, text, done)
    assert "--accept tls.min_version=1.1" in done.err
    assert smtpcheck("probe", "night", "--fix", "--accept", "tls.min_version=1.1").code == 0


def test_a_setting_of_the_environment_is_not_fought(
    smtpcheck: CommandLine, server: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = write(smtpcheck, server, security="starttls")
    monkeypatch.setenv("SMTPCHECK_SERVER_SECURITY", "tls")
    done = smtpcheck("probe", "night", "--fix")
    assert done.code == 12
    assert_untouched(smtpcheck, text, done)
    assert "SMTPCHECK_SERVER_SECURITY" in done.err


def test_a_file_works_as_well_as_a_name(
    smtpcheck: CommandLine, server: Sandbox, tmp_path: Path
) -> None:
    text = write(smtpcheck, server)
    path = tmp_path / "mine.toml"
    path.write_text(text)
    assert smtpcheck("probe", str(path), "--fix").code == 0
    assert 'security = "starttls"' in path.read_text()


def test_json_is_one_document_about_the_profile_as_it_is_in_the_end(
    smtpcheck: CommandLine, server: Sandbox
) -> None:
    write(smtpcheck, server)
    done = smtpcheck("probe", "night", "--fix", "--format", "json")
    saved = json.loads(done.out)
    assert saved["exit_code"] == 0
    assert any('server.security = "starttls"' in note for note in saved["targets"][0]["notes"])
    assert "+security" in done.err


def test_json_of_a_profile_that_stays_broken_holds_the_failure(
    smtpcheck: CommandLine, server: Sandbox
) -> None:
    relay(smtpcheck, server)
    saved = json.loads(smtpcheck("probe", "night", "--fix", "--format", "json").out)
    changes = saved["targets"][0]["diagnoses"][0]["changes"]
    assert changes == [{"key": "server.security", "value": "none", "verified": True}]


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (("probe", "localhost:1", "--fix"), "profile init"),
        (("probe", "--sandbox", "--fix"), "--sandbox is none"),
        (("probe", "night", "--accept", "server.port=465"), "--accept belongs to --fix"),
        (("probe", "night", "--send"), "--send belongs to --fix"),
        (("probe", "night", "--fix", "--accept", "server.port"), "KEY=VALUE"),
        (("probe", "night", "--fix", "--accept", "server.prot=465"), "server.prot"),
        (("probe", "night", "other", "--fix"), "one profile at a time"),
    ],
)
def test_what_cannot_be_fixed_is_a_usage_error(
    smtpcheck: CommandLine, server: Sandbox, line: tuple[str, ...], said: str, talk: list[str]
) -> None:
    text = write(smtpcheck, server)
    smtpcheck.write("other", text)
    done = smtpcheck(*line)
    assert done.code == 2
    assert said in done.err
    assert talk == [], "nothing was sent"


def test_a_report_of_a_profile_names_the_command_that_makes_the_proven_change(
    smtpcheck: CommandLine, server: Sandbox
) -> None:
    write(smtpcheck, server)
    command = "made and kept by: smtpcheck probe night --fix"
    assert command in smtpcheck("probe", "night").out
    assert command not in smtpcheck("probe", "night", "--no-experiments").out
    ca_file = f"tls.ca_file={server.ca_file}"
    raw = smtpcheck("probe", f"smtps://localhost:{server.submission_port}", "--set", ca_file)
    assert "(tried in this run: it gets further)" in raw.out
    assert "--fix" not in raw.out


def test_no_experiments_means_no_further_connection(
    smtpcheck: CommandLine, server: Sandbox, talk: list[str]
) -> None:
    write(smtpcheck, server)
    done = smtpcheck("probe", "night", "--no-experiments", "--format", "json")
    saved = json.loads(done.out)["targets"][0]
    assert saved["experiments"] == []
    assert [each["verified"] for each in saved["diagnoses"][0]["changes"]] == [False]
    assert not any(each.startswith("EHLO") for each in talk)


def test_the_password_of_the_variable_that_env_follows_is_known_to_both_probes(
    smtpcheck: CommandLine, server: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("all_proxy", "no_proxy", "NO_PROXY", "smtp_proxy", "SMTP_PROXY"):
        monkeypatch.delenv(name, raising=False)
    write(smtpcheck, server)
    way = socks5(server.submission_port, login=b"me:canary-pw")
    with ScriptedProxy(way) as met:
        monkeypatch.setenv("ALL_PROXY", f"socks5h://me:canary-pw@127.0.0.1:{met.port}")
        done = smtpcheck(
            "probe", "night", "--proxy", "env", "--fix", "--accept", "server.security=starttls"
        )
    assert '+security = "starttls"' in done.out, done.out + done.err
    assert "canary-pw" not in done.out + done.err
    assert done.code == 0, done.out + done.err
    assert "fixed:" in done.out
    assert len(met.said) == 2


def test_an_expectation_is_nothing_to_fix(smtpcheck: CommandLine, server: Sandbox) -> None:
    expects = "\n[expect]\ncertificate_days = 3650\n"
    text = write(smtpcheck, server, security="starttls", more=expects)
    done = smtpcheck("probe", "night", "--fix")
    assert done.code == 15
    assert "nothing to fix: every stage passes" in done.err
    assert_untouched(smtpcheck, text, done)


def test_a_change_that_mends_every_stage_is_kept_though_an_expectation_is_not_met(
    smtpcheck: CommandLine, server: Sandbox
) -> None:
    write(smtpcheck, server, more="\n[expect]\ncertificate_days = 3650\n")
    done = smtpcheck("probe", "night", "--fix")
    assert done.code == 15
    assert "fixed:" in done.out
    assert 'security = "starttls"' in smtpcheck.read("night")
