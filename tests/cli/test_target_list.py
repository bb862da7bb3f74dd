"""Where targets come from: lists, patterns, settings beside a target."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from smtpcheck.model.errors import UsageError
from smtpcheck.model.target import split_settings, with_settings
from tests.cli.command_line import CommandLine
from tests.cli.test_probe_command import HELLO, TAKES, write
from tests.scripted.server import ScriptedServer


def targets(out: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(out)["targets"]
    return found


def names(out: str) -> list[str]:
    return [each["target"] for each in targets(out)]


@pytest.mark.parametrize(
    ("text", "target", "settings"),
    [
        ("notify", "notify", {}),
        ("  notify  ", "notify", {}),
        ("notify server.port=25", "notify", {"server.port": "25"}),
        ('n a.b=\'x y\'  c.d="q\\" e"', "n", {"a.b": "x y", "c.d": 'q" e'}),
        ("n a.b=x#y # don't", "n", {"a.b": "x#y"}),
        ("n a.b='x # y'", "n", {"a.b": "x # y"}),
        ("# all of it", "", {}),
        ("n a.b=", "n", {"a.b": ""}),
        ("n a.b=c=d", "n", {"a.b": "c=d"}),
        (r"'C:\p\x.toml' a.b=1", r"C:\p\x.toml", {"a.b": "1"}),
    ],
)
def test_settings_behind_a_target_are_read_as_a_shell_would(
    text: str, target: str, settings: dict[str, str]
) -> None:
    assert split_settings(text) == (target, settings)
    assert split_settings(with_settings(target, settings)) == (target, settings)


@pytest.mark.parametrize("text", ["n 'x", "n canary", "n =canary", "n server.port =canary"])
def test_what_is_no_setting_is_refused_and_not_quoted(text: str) -> None:
    with pytest.raises(UsageError) as refused:
        split_settings(text)
    assert "canary" not in refused.value.message


def test_a_list_names_targets_with_settings_of_their_own(
    smtpcheck: CommandLine, tmp_path: Path
) -> None:
    with ScriptedServer(TAKES, strict=False) as server:
        write(smtpcheck, "notify", 1)
        (tmp_path / "list").write_text(
            "\ufeff# two of them\n"
            f"notify   server.port={server.port} sender.name='A B'   # here\n"
            "\n"
            f"notify server.port={server.port} 'sender.name=A B'\n"
            "notify\n"
        )
        done = smtpcheck("probe", "--targets", "list", "--no-experiments", "-f", "json")
        changed, plain = targets(done.out)
        assert changed["target"] == f"notify server.port={server.port} 'sender.name=A B'"
        assert (changed["profile"], changed["outcome"]) == ("notify", "passed")
        assert changed["settings"]["sender.name"] == "A B"
        assert (plain["target"], plain["exit_code"], plain["settings"]["server.port"]) == (
            *("notify", 11, 1),
        )
        again = smtpcheck("probe", changed["target"], "-f", "json")
    assert (again.code, names(again.out)) == (0, [changed["target"]])


def test_settings_behind_a_target_win_over_those_of_the_command_line(
    smtpcheck: CommandLine,
) -> None:
    done = smtpcheck(
        *("probe", "127.0.0.1:1 server.timeout=3", "127.0.0.1:1", "--set", "server.timeout=2"),
        *("--no-experiments", "-f", "json"),
    )
    assert [each["settings"]["server.timeout"] for each in targets(done.out)] == [3, 2]


def test_the_command_that_tries_again_keeps_the_settings(smtpcheck: CommandLine) -> None:
    done = smtpcheck("probe", "127.0.0.1:1 server.timeout=3", "--no-experiments")
    command = "smtpcheck probe '127.0.0.1:1 server.timeout=3' --no-experiments --until tcp"
    assert command in done.out


def test_standard_input_is_a_list_and_adds_to_the_targets(smtpcheck: CommandLine) -> None:
    done = smtpcheck(
        *("probe", "127.0.0.1:1", "--targets", "-", "--no-experiments", "-f", "json"),
        stdin=b"127.0.0.1:2\r\n127.0.0.1:1\r\n",
    )
    assert names(done.out) == ["127.0.0.1:1", "127.0.0.1:2"]


def test_what_is_wrong_with_all_targets_is_told_at_once_and_nothing_is_sent(
    smtpcheck: CommandLine, tmp_path: Path
) -> None:
    with ScriptedServer(HELLO) as server:
        smtpcheck.write("broken", "schema = 1\n[server]\nprot = 3\n")
        (tmp_path / "list").write_text(
            f"127.0.0.1:{server.port}\n"
            "127.0.0.1:99999\n"
            "127.0.0.1 server.prot=1\n"
            "127.0.0.1 auth.password=canary\n"
            "smtp://u:canary@127.0.0.1\n"
            "127.0.0.1 canary\n"
            "127.0.0.1 'x\n"
            "none-*\n"
            "broken\n"
            "missing.toml\n"
            "a|b.example\n"
        )
        (tmp_path / "bytes").write_bytes(b"ok.example\n\xff\n")
        done = smtpcheck("probe", "--targets", "list", "--targets", "bytes")
    assert (done.code, done.out) == (2, "")
    assert server.connections == []
    assert "canary" not in done.err
    for line in (2, 3, 4, 5, 6, 7, 8, 10, 11):
        assert f"list:{line}: " in done.err, line
    assert "list:1:" not in done.err
    assert "bytes:2: " in done.err
    assert "broken.toml:3: unknown key server.prot" in done.err
    assert "12 problems in the targets" in done.err


@pytest.mark.parametrize("content", [b"", b"# none\n\n", b"x" * 5000, b"\0" * 100])
def test_a_file_that_is_no_list_is_refused(
    smtpcheck: CommandLine, tmp_path: Path, content: bytes
) -> None:
    (tmp_path / "list").write_bytes(content)
    done = smtpcheck("probe", "--targets", "list")
    assert (done.code, done.out) == (2, "")


def test_a_reason_that_all_targets_share_is_told_once(smtpcheck: CommandLine) -> None:
    done = smtpcheck("probe", "127.0.0.1:1", "127.0.0.1:2", "127.0.0.1:3", "--until", "noon")
    assert done.code == 2
    assert done.err.count("noon") == 1
    assert "127.0.0.1:1 and 2 more" in done.err


def test_a_wrong_variable_is_told_once_for_all_targets(
    smtpcheck: CommandLine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ALL_PROXY", "socks9://proxy.example:1080")
    (tmp_path / "list").write_text("a.example\nb.example\nc.example\n")
    done = smtpcheck("probe", "--targets", "list", "--proxy", "env")
    assert done.code == 2
    assert done.err.count("socks9") == 1
    assert "list:1: a.example and 2 more: " in done.err
    done = smtpcheck("probe", "a.example", "--proxy", "env")
    assert "a.example" not in done.err


def test_an_empty_standard_input_is_called_by_its_name(smtpcheck: CommandLine) -> None:
    done = smtpcheck("probe", "--targets", "-", stdin=b"")
    assert done.code == 2
    assert "there is no target in standard input" in done.err


def test_a_pattern_stands_for_profiles_and_skips_those_that_are_disabled(
    smtpcheck: CommandLine,
) -> None:
    with ScriptedServer(TAKES, strict=False) as server:
        for name in ("eu-1", "eu-2", "us-1"):
            write(smtpcheck, name, server.port, enabled=name != "eu-2")
        done = smtpcheck("probe", "eu-*", "-f", "json")
        settled = smtpcheck("probe", "?u-1 server.timeout=3", "eu-1", "-f", "json")
        named = smtpcheck("probe", "eu-*", "eu-2")
    assert [(e["target"], e["outcome"]) for e in targets(done.out)] == [
        ("eu-1", "passed"),
        ("eu-2", "skipped"),
    ]
    assert names(settled.out) == ["eu-1 server.timeout=3", "eu-1"]
    assert (named.code, "eu-2 is disabled" in named.err) == (2, True)


def test_a_pattern_that_nothing_matches_is_refused_with_what_there_is(
    smtpcheck: CommandLine,
) -> None:
    with ScriptedServer(HELLO) as server:
        write(smtpcheck, "us-1", server.port)
        done = smtpcheck("probe", "us-1", "eu-*")
        files = smtpcheck("probe", "config/none/*.toml")
    assert (done.code, files.code) == (2, 2)
    assert "no profile matches eu-*" in done.err
    assert "there are: us-1" in done.err
    assert "no file matches config/none/*.toml" in files.err
    assert server.connections == []


def test_a_pattern_of_paths_works_where_no_shell_has_resolved_it(smtpcheck: CommandLine) -> None:
    with ScriptedServer(TAKES, strict=False) as server:
        for name in ("a", "b"):
            write(smtpcheck, name, server.port)
        done = smtpcheck("probe", "config/profiles/*.toml", "-f", "json")
    assert names(done.out) == ["config/profiles/a.toml", "config/profiles/b.toml"]


def test_an_address_in_brackets_is_no_pattern(smtpcheck: CommandLine) -> None:
    assert smtpcheck("probe", "[::1]:1", "--no-experiments", "-f", "json").code == 11


def test_one_message_goes_to_one_target(smtpcheck: CommandLine) -> None:
    for name in ("a", "b"):
        write(smtpcheck, name, 1)
    done = smtpcheck("send-test", "*")
    assert (done.code, "* stands for 2 targets" in done.err) == (2, True)


def test_settings_behind_a_target_are_not_mended(smtpcheck: CommandLine) -> None:
    write(smtpcheck, "notify", 1)
    done = smtpcheck("probe", "notify server.timeout=3", "--fix")
    assert (done.code, "--set KEY=VALUE" in done.err) == (2, True)
