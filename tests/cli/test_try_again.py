"""The line `try:` repeats what was asked, and sends no second message."""

from __future__ import annotations

import shlex
from pathlib import Path

import pytest

from tests.cli.command_line import CommandLine, Done
from tests.scripted.server import ScriptedServer

HELLO = "S: 220 hi\nC: EHLO\nS: 250 hi\n"
OF_BOB = HELLO + "C: MAIL\nS: 550 5.7.60 not as him\nC: QUIT\nS: 221 bye\n"
TO_NOBODY = HELLO + "C: MAIL\nS: 250 ok\nC: RCPT\nS: 550 5.1.1 nobody\nC: QUIT\nS: 221 bye\n"
UNTIL_DATA = HELLO + "C: MAIL\nS: 250 ok\nC: RCPT\nS: 250 ok\nC: DATA\nS: 354 go\n!: body\n"
REFUSED = UNTIL_DATA + "S: 554 5.7.1 this is spam\nC: QUIT\nS: 221 bye\n"
DOUBT = UNTIL_DATA + "!: close"
SECOND_REFUSED = UNTIL_DATA + "S: 250 ok\nC: MAIL\nS: 550 5.7.60 not as him\nC: QUIT\nS: 221 bye\n"


def tried(smtpcheck: CommandLine, script: str, *words: str, stdin: bytes = b"") -> str:
    """The label of the line and its command, for the profile `lab` of alice."""
    with ScriptedServer(script) as server:
        smtpcheck.write(
            "lab",
            f'[server]\nhost = "127.0.0.1"\nport = {server.port}\nsecurity = "none"\n'
            '[sender]\naddress = "alice@example.test"\n',
        )
        done = smtpcheck(words[0], "lab", *words[1:], stdin=stdin)
    assert done.code == 14, done.out + done.err
    return line_of(done).strip()


def line_of(done: Done) -> str:
    (line,) = {each for each in done.out.splitlines() if each.startswith("  try")}
    return line


TO = ("--to", "carol@example.net")


@pytest.mark.parametrize(
    "words", [("--from", "bob@example.test"), ("--bounce", "bob@example.test")]
)
def test_a_refused_sender_is_tried_again_as_that_sender(
    smtpcheck: CommandLine, words: tuple[str, ...]
) -> None:
    said = tried(smtpcheck, OF_BOB, "send-test", *TO, *words)
    aimed = "--to carol@example.net --sender bob@example.test"
    assert said == f"try without a message: smtpcheck probe lab {aimed}"


def test_a_sender_that_was_to_send_is_tried_again(smtpcheck: CommandLine) -> None:
    words = ("probe", *TO, "--sender", "bob@example.test", "--send")
    aimed = "--to carol@example.net --sender bob@example.test"
    said = tried(smtpcheck, OF_BOB, *words)
    assert said == f"try without a message: smtpcheck probe lab {aimed}"
    said = tried(smtpcheck, REFUSED, *words)
    assert said == f"try: smtpcheck probe lab {aimed} --send"


def test_senders_are_tried_again_without_a_stage(smtpcheck: CommandLine) -> None:
    said = tried(smtpcheck, OF_BOB, "probe", *TO, "--sender", "bob@example.test")
    assert said == "try: smtpcheck probe lab --to carol@example.net --sender bob@example.test"


def test_the_null_sender_is_tried_again_as_it_was(smtpcheck: CommandLine) -> None:
    said = tried(smtpcheck, OF_BOB, "send-test", *TO, "--bounce", "")
    assert said == "try: smtpcheck send-test lab --to carol@example.net --bounce ''"


def test_a_refused_recipient_is_tried_again_without_a_message(smtpcheck: CommandLine) -> None:
    said = tried(smtpcheck, TO_NOBODY, "send-test", *TO)
    what = "probe lab --to carol@example.net --until rcpt"
    assert said == f"try without a message: smtpcheck {what}"


def test_a_refused_message_is_tried_again_whole(smtpcheck: CommandLine, tmp_path: Path) -> None:
    (tmp_path / "a b.txt").write_text("hello")
    words = ("--subject", "it's me", "--body", "x y", "--attach", "a b.txt", "--header", "X-A: 1")
    bounds = ("--deadline", "30", "--no-experiments")
    more = ("--count", "3", "--dsn-notify", "never")
    said = tried(smtpcheck, REFUSED, "send-test", *TO, *bounds, *words, *more)
    typed = shlex.join([*TO, *bounds, *words, *("--dsn-notify", "never"), *("--count", "3")])
    assert said == f"try: smtpcheck send-test lab {typed}"


def test_a_file_is_named_again(smtpcheck: CommandLine, tmp_path: Path) -> None:
    (tmp_path / "mail.eml").write_bytes(b"From: a@example.test\r\n\r\nhello\r\n")
    said = tried(smtpcheck, REFUSED, "send-test", *TO, "--data", "mail.eml")
    assert said == "try: smtpcheck send-test lab --to carol@example.net --data mail.eml"


@pytest.mark.parametrize("option", ["--data", "--body-file"])
def test_what_came_from_standard_input_cannot_be_sent_again(
    smtpcheck: CommandLine, option: str
) -> None:
    mail = b"From: alice@example.test\r\n\r\nhello\r\n"
    said = tried(smtpcheck, REFUSED, "send-test", *TO, option, "-", stdin=mail)
    what = "probe lab --to carol@example.net --until rcpt"
    assert said == f"try without a message: smtpcheck {what}"


@pytest.mark.parametrize(("script", "count"), [(DOUBT, "1"), (SECOND_REFUSED, "2")])
def test_a_second_message_is_never_proposed(
    smtpcheck: CommandLine, script: str, count: str
) -> None:
    said = tried(smtpcheck, script, "send-test", *TO, "--from", "b@example.test", "--count", count)
    what = "probe lab --to carol@example.net --sender b@example.test"
    assert said == f"try without a message: smtpcheck {what}"


def test_the_commands_that_are_proposed_are_taken(smtpcheck: CommandLine) -> None:
    """With the same answer of the server: the same failure."""
    words = ("--to", "carol@example.net", "--set", "server.security=none")
    with ScriptedServer(OF_BOB) as server:
        port = server.port
        target = f"127.0.0.1:{port}"
        first = smtpcheck("send-test", target, *words, "--from", "bob@example.test")
    again = line_of(first).partition(": smtpcheck ")[2]
    with ScriptedServer(OF_BOB, port=port):
        second = smtpcheck(*shlex.split(again))
    assert (first.code, second.code) == (14, 14), second.out + second.err
    causes = [done.out.partition("error[")[2].partition("]")[0] for done in (first, second)]
    assert causes[0] == causes[1] != ""


TAKEN = UNTIL_DATA + "S: 250 ok\nC: QUIT\nS: 221 bye\n"


def test_a_mailbox_that_cannot_be_looked_into_costs_no_second_message(
    smtpcheck: CommandLine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("IMAP_SECRET", "x")
    place = ("host=127.0.0.1", "port=1", "username=me", 'password={env="IMAP_SECRET"}')
    settings = tuple(word for each in place for word in ("--set", f"confirm.{each}"))
    words = (*settings, *TO, "--from", "bob@example.test", "--confirm", "imap")
    said = tried(smtpcheck, TAKEN, "send-test", *words)
    aimed = shlex.join((*settings, *TO, "--sender", "bob@example.test"))
    assert said == f"try without a message or a look: smtpcheck probe lab {aimed}"
