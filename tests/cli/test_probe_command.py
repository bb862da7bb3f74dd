"""`probe` as users call it: which targets, how far, with which settings, and which code it ends
with."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from smtpcheck.sandbox.server import Sandbox
from tests.cli.command_line import CommandLine
from tests.scripted.server import ScriptedServer

HELLO = "S: 220 hi\nC: EHLO\nS: 250 hi\n"
TAKES = HELLO + "C: MAIL\nS: 250 ok\nC: RCPT\nS: 250 ok\nC: DATA\nS: 354 go\n!: body\nS: 250 ok"
PROFILE = """\
schema = 1
enabled = {enabled}
tags = ["{tag}"]
[server]
host = "127.0.0.1"
port = {port}
security = "none"
timeout = 2.0
[sender]
address = "a@example.test"
[test]
to = ["self"]
"""


RECEIVED: list[object] = []


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(on_message=RECEIVED.append) as made:
        yield made


def write(
    smtpcheck: CommandLine, name: str, port: int, *, tag: str = "t", enabled: bool = True
) -> Path:
    return smtpcheck.write(
        name, PROFILE.format(port=port, tag=tag, enabled="true" if enabled else "false")
    )


def stages(out: str) -> dict[str, Any]:
    (target,) = json.loads(out)["targets"]
    return {stage["stage"]: stage["outcome"] for stage in target["stages"]}


def last_step(out: str) -> str:
    (target,) = json.loads(out)["targets"]
    name: str = [step["step"] for stage in target["stages"] for step in stage["steps"]][-1]
    return name


@pytest.mark.parametrize(
    ("word", "last"),
    [
        ("dns", "dns.name"),
        ("connect", "tcp.connect"),
        ("tcp", "tcp.ehlo"),
        ("tcp.greeting", "tcp.greeting"),
        ("starttls", "tls.starttls"),
        ("handshake", "tls.handshake"),
        ("tls", "tls.ehlo"),
        ("ehlo", "tls.ehlo"),
        ("auth.choose", "auth.choose"),
        ("auth", "auth.login"),
        ("prepare", "send.prepare"),
        ("mail", "send.mail"),
        ("rcpt", "send.rcpt"),
        ("send", "send.quit"),
    ],
)
def test_the_probe_stops_where_it_is_told_to_and_passes(
    smtpcheck: CommandLine,
    sandbox: Sandbox,
    monkeypatch: pytest.MonkeyPatch,
    word: str,
    last: str,
) -> None:
    monkeypatch.setenv("SMTPCHECK_PASSWORD", sandbox.password)
    RECEIVED.clear()
    done = smtpcheck(
        *("probe", f"127.0.0.1:{sandbox.submission_port}", "--until", word, "--format", "json"),
        *("--set", f"tls.ca_file={sandbox.ca_file}", "--set", "tls.server_name=localhost"),
        *("--set", f"auth.username={sandbox.username}", "--to", "self"),
    )
    assert done.code == 0, done
    assert last_step(done.out) == last
    assert len(RECEIVED) == (word == "send")


def test_a_stage_that_failed_blocks_the_later_ones(smtpcheck: CommandLine) -> None:
    done = smtpcheck("probe", "127.0.0.1:1", "--format", "json")
    assert done.code == 11
    (target,) = json.loads(done.out)["targets"]
    assert [stage["blocked_by"] for stage in target["stages"]] == [None, None, "tcp", "tcp", "tcp"]


@pytest.mark.parametrize(
    "words",
    [
        ("--until", "nonsense"),
        ("--jobs", "0"),
        ("--jobs", "4097"),
        ("--per-host", "0"),
        ("--shard", "3/2"),
        ("--shard", "auto", "--shard", "x"),
        ("--targets", "no such file"),
        ("--targets", "/"),
        ("--deadline", "0"),
        ("--deadline", "nan"),
        ("-4", "-6"),
        ("--resolver", "not-an-address"),
        ("--to", "nobody"),
        ("--set", "server.port"),
        ("--set", "server.prot=1"),
        ("--set", "auth.password=canary"),
        ("--set", "server.helo=a b"),
        ("--format", "nonsense"),
        ("--format", "json", "--format", "text"),
        ("--password", "canary"),
        ("--all",),
        ("--tag", "t"),
        ("--sandbox",),
        ("--nonsense",),
    ],
)
def test_a_wrong_command_line_is_refused_before_anything_is_sent(
    smtpcheck: CommandLine, words: tuple[str, ...]
) -> None:
    with ScriptedServer(HELLO) as server:
        done = smtpcheck("probe", f"127.0.0.1:{server.port}", *words)
    assert (done.code, done.out) == (2, ""), done
    assert done.err
    assert "canary" not in done.err
    assert server.connections == []


@pytest.mark.parametrize(
    "target",
    ["submission://u:canary@127.0.0.1:1", "", " ", "a b", "http://127.0.0.1", "h:0", "u@h"],
)
def test_what_is_no_target_is_refused(smtpcheck: CommandLine, target: str) -> None:
    done = smtpcheck("probe", target)
    assert done.code == 2
    assert "canary" not in done.err


def test_without_a_target_the_only_enabled_profile_is_probed(smtpcheck: CommandLine) -> None:
    with ScriptedServer(TAKES, strict=False) as server:
        write(smtpcheck, "off", server.port, enabled=False)
        write(smtpcheck, "on", server.port)
        assert smtpcheck("probe").code == 0
        write(smtpcheck, "other", server.port)
        done = smtpcheck("probe")
    assert done.code == 2
    assert all(name in done.err for name in ("on", "other"))


def test_all_skips_what_is_disabled_and_tag_takes_what_has_it(smtpcheck: CommandLine) -> None:
    with ScriptedServer(TAKES, strict=False) as server:
        write(smtpcheck, "off", server.port, enabled=False, tag="x")
        alone = smtpcheck("probe", "--all", "--format", "json")
        write(smtpcheck, "one", server.port, tag="x")
        write(smtpcheck, "two", server.port, tag="y")
        every = smtpcheck("probe", "--all", "--format", "json")
        tagged = smtpcheck("probe", "--tag", "x", "--format", "json")
        named = smtpcheck("probe", "off")
    assert (alone.code, json.loads(alone.out)["outcome"]) == (0, "skipped")
    assert every.code == 0
    told = {each["target"]: each["outcome"] for each in json.loads(every.out)["targets"]}
    assert told == {"off": "skipped", "one": "passed", "two": "passed"}
    assert [each["target"] for each in json.loads(tagged.out)["targets"]] == ["off", "one"]
    assert named.code == 2
    assert "enabled true" in named.err


def test_one_broken_file_ends_a_run_over_all_before_it_begins(smtpcheck: CommandLine) -> None:
    with ScriptedServer(TAKES, strict=False) as server:
        write(smtpcheck, "good", server.port)
        smtpcheck.write("bad", "schema = 1\n[server]\nprot = 3\n")
        smtpcheck.write("worse", "schema = ")
        done = smtpcheck("probe", "--all")
        assert smtpcheck("probe", "good").code == 0
    assert done.code == 2
    assert "server.prot" in done.err
    assert "worse.toml" in done.err
    assert len(server.connections) == 1


def test_a_target_that_is_named_twice_is_probed_once(smtpcheck: CommandLine) -> None:
    with ScriptedServer(TAKES, strict=False) as server:
        write(smtpcheck, "one", server.port)
        done = smtpcheck("probe", "one", "one", "--format", "json")
    assert done.code == 0
    assert len(json.loads(done.out)["targets"]) == 1
    assert len(server.connections) == 1


def test_the_codes_of_several_targets_are_joined(smtpcheck: CommandLine) -> None:
    with (
        ScriptedServer(HELLO, strict=False) as good,
        ScriptedServer("S: 554 no", strict=False) as bad,
        ScriptedServer("S: 421 later", strict=False) as busy,
    ):
        ports = {"good": good.port, "bad": bad.port, "busy": busy.port}

        def code(*names: str) -> int:
            targets = [f"127.0.0.1:{ports[name]}" for name in names]
            return smtpcheck("probe", *targets, "--set", "server.security=none").code

        assert code("good") == 0
        assert code("good", "bad") == 11
        assert code("busy", "good") == 75
        assert code("bad", "busy") == 1


def test_a_flag_wins_over_the_environment_and_that_over_the_profile(
    smtpcheck: CommandLine, monkeypatch: pytest.MonkeyPatch
) -> None:
    with ScriptedServer(TAKES, strict=False) as server:
        write(smtpcheck, "one", server.port)

        def helo(*words: str) -> str:
            done = smtpcheck("probe", "one", "--until", "ehlo", *words)
            assert done.code == 0, done
            return server.connections[-1].lines[0]

        monkeypatch.setenv("SMTPCHECK_SERVER_HELO", "env.example.test")
        assert helo() == "EHLO env.example.test"
        assert helo("--set", "server.helo=flag.example.test") == "EHLO flag.example.test"


def test_a_name_outside_ascii_goes_to_the_server_in_ascii_form(smtpcheck: CommandLine) -> None:
    with ScriptedServer(HELLO, strict=False) as server:
        words = ("--set", "server.security=none", "--set", "server.helo=münchen.example")
        assert smtpcheck("probe", f"127.0.0.1:{server.port}", *words).code == 0
    assert server.connection.lines[0] == "EHLO xn--mnchen-3ya.example"


def test_the_profile_may_name_the_debug_file(smtpcheck: CommandLine, tmp_path: Path) -> None:
    told = tmp_path / "told.txt"
    with ScriptedServer(TAKES, strict=False) as server:
        path = write(smtpcheck, "one", server.port)
        path.write_text(path.read_text() + f'[debug]\nfile = "{told}"\n')
        assert smtpcheck("probe", "one", "--until", "ehlo").code == 0
    assert "EHLO" in told.read_text()


def test_a_unix_socket_is_a_server_too(smtpcheck: CommandLine, tmp_path: Path) -> None:
    path = tmp_path / "socket"
    profile = f'schema = 1\n[server]\nsocket = "{path}"\nsecurity = "none"\n'
    smtpcheck.write("unix", profile)
    assert smtpcheck("probe", "unix", "--until", "ehlo").code == 11
    with closing(socket.socket(socket.AF_UNIX)) as listener:
        listener.bind(str(path))
        assert smtpcheck("probe", "unix", "--until", "ehlo").code == 11
        listener.listen()
        done = smtpcheck(
            "probe", "unix", "--until", "tcp.connect", "--format", "json", "--no-input"
        )
    assert done.code == 0
    assert stages(done.out)["dns"] == "skipped"


@pytest.mark.parametrize("words", [(), ("--help",), ("probe", "--help"), ("send-test", "-h")])
def test_help_is_given(smtpcheck: CommandLine, words: tuple[str, ...]) -> None:
    done = smtpcheck(*words)
    assert done.code in (0, 2)
    assert (done.code == 0) is bool(words)
    assert "smtpcheck" in done.out + done.err


@pytest.mark.parametrize(("word", "meant"), [("prbe", "probe"), ("sendtest", "send-test")])
def test_an_unknown_command_is_answered_with_the_one_that_was_meant(
    smtpcheck: CommandLine, word: str, meant: str
) -> None:
    done = smtpcheck(word)
    assert (done.code, done.out) == (2, "")
    assert meant in done.err
