"""`send-test`: what leaves, what is refused before anything leaves, and what is shown."""

from __future__ import annotations

import email
import email.policy
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.command_line import CommandLine, Done
from tests.scripted.server import ScriptedServer

TAKES = (
    "S: 220 hi\nC: EHLO\nS: 250 hi\n"
    "C: MAIL\nS: 250 2.1.0 sender ok\nC: RCPT\nS: 250 2.1.5 rcpt ok\n"
    "C: DATA\nS: 354 go\n!: body\nS: 250 2.0.0 queued as 4F2A1C77\nC: QUIT\nS: 221 2.0.0 bye\n"
)


@pytest.fixture
def server() -> Iterator[ScriptedServer]:
    with ScriptedServer(TAKES) as made:
        yield made


class Sender:
    def __init__(self, smtpcheck: CommandLine, server: ScriptedServer) -> None:
        self._run = smtpcheck
        self._server = server

    def __call__(self, *words: str, stdin: bytes = b"") -> Done:
        target = f"127.0.0.1:{self._server.port}"
        plain = ("--set", "server.security=none", "--set", "server.timeout=2")
        usual = () if "--from" in words else ("--from", "alice@example.test")
        aimed = () if {"--to", "--self"} & set(words) else ("--to", "bob@example.test")
        return self._run("send-test", target, *plain, *usual, *aimed, *words, stdin=stdin)

    @property
    def raw(self) -> bytes:
        """The message as it came, dots undoubled, without the final dot."""
        (body,) = self._server.connection.bodies
        return body.removesuffix(b".\r\n").replace(b"\r\n..", b"\r\n.")

    @property
    def mail(self) -> email.message.EmailMessage:
        made = email.message_from_bytes(self.raw, policy=email.policy.SMTP)
        assert isinstance(made, email.message.EmailMessage)
        return made

    @property
    def text(self) -> str:
        """The text of the message, with the line ends of this machine."""
        content: str = self.mail.get_content()
        return content.replace("\r\n", "\n")


@pytest.fixture
def send(smtpcheck: CommandLine, server: ScriptedServer) -> Sender:
    return Sender(smtpcheck, server)


def test_the_servers_answer_to_each_command_is_shown(send: Sender) -> None:
    done = send()
    assert done.code == 0, done
    for words in ("2.1.0 sender ok", "2.1.5 rcpt ok", "queued as 4F2A1C77", "2.0.0 bye"):
        assert words in done.out
    assert done.err == ""


@pytest.mark.parametrize("words", [("--empty",), ("--body", "")])
def test_an_empty_body_is_empty(send: Sender, words: tuple[str, ...]) -> None:
    assert send(*words).code == 0
    assert send.text.strip() == ""


@pytest.mark.parametrize(
    "text", [".", "..\n.\n...", "line\n.", "ä", "a\0b", "x" * 5000, "tab\tand = sign", "\x1b[2J"]
)
def test_the_body_arrives_as_it_was_given(send: Sender, text: str) -> None:
    assert send("--body", text).code == 0
    assert send.text == text + "\n"
    assert max(map(len, send.raw.split(b"\r\n"))) <= 998


@pytest.mark.parametrize("text", ["a\rb", "a\r\nb", "a\nb"])
def test_every_line_end_becomes_one_that_mail_allows(send: Sender, text: str) -> None:
    assert send("--body", text).code == 0
    assert b"a\r\nb\r\n" in send.raw
    assert b"\r" not in send.raw.replace(b"\r\n", b"")


def test_the_body_may_come_from_a_file_or_from_standard_input(send: Sender, tmp_path: Path) -> None:
    assert send("--body-file", "-", stdin="grüße\n".encode()).code == 0
    assert send.text == "grüße\n"


def test_every_header_that_was_asked_for_is_there(send: Sender) -> None:
    done = send(
        *("--subject", "Grüße aus Köln", "--reply-to", "r@example.test"),
        *("--bounce", "b@example.test", "--to", "c@example.test", "--from", "f@example.test"),
    )
    assert done.code == 0
    assert send.mail["Subject"] == "Grüße aus Köln"
    assert send.mail["Reply-To"] == "r@example.test"
    assert send.mail["From"] == "f@example.test"
    assert send.mail["To"] == "c@example.test"
    assert send._server.connection.lines[1].startswith("MAIL FROM:<b@example.test>")


def test_self_is_the_sender(send: Sender) -> None:
    assert send("--self").code == 0
    assert send.mail["To"] == "alice@example.test"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--subject", "a\nBcc: evil@example.test"), "--subject"),
        (("--subject", "a\u2028b"), "--subject"),
        (("--from", "self"), "--from self"),
        (("--bounce", "self"), "--bounce self"),
        (("--reply-to", "self"), "--reply-to self"),
        (("--to", "nobody"), "--to"),
        (("--to", ""), "--to"),
        (("--to", "a@b.example\r\nRCPT TO:<c@d.example>"), "--to"),
        (("--body", "x", "--empty"), "exclude each other"),
        (("--body", "", "--body-file", "-"), "exclude each other"),
        (("--body-file", "/nonexistent"), "cannot read /nonexistent"),
        (("--body-file", ""), "cannot read"),
        (("--body-file", "/"), "cannot read /"),
        (("--set", "test.charset=utf-16", "--self", "--from", "x@"), "--from"),
    ],
)
def test_what_cannot_be_sent_is_refused_before_anything_is(
    smtpcheck: CommandLine, words: tuple[str, ...], said: str
) -> None:
    with ScriptedServer(TAKES) as server:
        done = Sender(smtpcheck, server)(*words)
    assert (done.code, done.out) == (2, ""), done
    assert said in done.err
    assert server.connections == []


def test_an_empty_target_is_no_target_and_not_the_usual_one(smtpcheck: CommandLine) -> None:
    with ScriptedServer(TAKES) as server:
        smtpcheck.write(
            "only",
            f'schema = 1\n[server]\nhost = "127.0.0.1"\nport = {server.port}\nsecurity = "none"\n'
            '[sender]\naddress = "a@example.test"\n[test]\nto = ["self"]\n',
        )
        done = smtpcheck("send-test", "")
        assert done.code == 2
        assert server.connections == []
        assert smtpcheck("send-test").code == 0


def test_somebody_must_be_named(smtpcheck: CommandLine) -> None:
    done = smtpcheck("send-test", "127.0.0.1:1", "--from", "a@example.test")
    assert done.code == 2
    assert "--to" in done.err


@pytest.mark.parametrize(
    ("reply", "code"), [("550 5.1.1 no such user", 14), ("450 4.2.0 greylisted", 75)]
)
def test_a_refused_recipient_is_told_with_the_code_of_the_send_stage(
    smtpcheck: CommandLine, reply: str, code: int
) -> None:
    text = TAKES.replace("250 2.1.5 rcpt ok", reply).partition("C: DATA")[0] + "C: QUIT\nS: 221 x"
    with ScriptedServer(text) as server:
        done = Sender(smtpcheck, server)("--format", "json")
    assert done.code == code
    assert json.loads(done.out)["exit_code"] == code
    assert reply in done.out


def test_after_a_failure_no_experiments_connects_no_further(
    smtpcheck: CommandLine,
) -> None:
    script = "S: 220 mail.example.test ESMTP\nC: EHLO\nS: 250 mail.example.test\n"
    connections = {}
    for words in ((), ("--no-experiments",)):
        with ScriptedServer(script, strict=False) as server:
            target = f"127.0.0.1:{server.port}"
            done = smtpcheck("send-test", target, "--to", "bob@example.test", *words)
            connections[words] = len(server.connections)
            assert done.code == 12
            assert ("tried after the failure" in done.out) is not bool(words)
    assert connections[("--no-experiments",)] == 1
