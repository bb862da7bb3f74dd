"""The text form of a conversation."""

from __future__ import annotations

import pytest

from tests.scripted import ScriptError, parse_script, read_script
from tests.scripted.script import DIALOGUES, Eat, Expect, Pause, Send, StartTls


def test_server_lines_of_one_packet_are_one_step() -> None:
    script = parse_script("S: 250-mx | 250 STARTTLS   # both at once\n")
    assert script.part(0) == (Send(1, b"250-mx\r\n250 STARTTLS\r\n"),)


def test_escapes_are_bytes_and_other_text_is_utf8() -> None:
    script = parse_script("S: 220 \\e[2J \\x80 \\\\ ü\n!: bytes 250 a\\n250 b\\r\\n\n")
    assert script.part(0) == (
        Send(1, b"220 \x1b[2J \x80 \\ " + "ü".encode() + b"\r\n"),
        Send(2, b"250 a\n250 b\r\n"),
    )


def test_actions_carry_their_words() -> None:
    script = parse_script("!: tls expired max=1.2\n!: pause 2.5\n!: eat on\n")
    assert script.part(0) == (
        StartTls(1, "expired", (("max", "1.2"),)),
        Pause(2, 2.5),
        Eat(3, "on"),
    )


@pytest.mark.parametrize(
    ("pattern", "line", "fits"),
    [
        ("EHLO *", "ehlo me.test", True),
        ("EHLO *", "HELO me.test", False),
        ("MAIL FROM:", "MAIL FROM:<a@b> SIZE=3", True),
        (".$", ".", True),
        (".$", "..", False),
        ("*", "anything", True),
        ("AUTH * PLAIN$", "AUTH X PLAIN", True),
    ],
)
def test_a_pattern_is_a_beginning(pattern: str, line: str, fits: bool) -> None:
    assert Expect(1, pattern).matches(line) is fits


def test_each_connection_has_its_part_and_the_last_serves_the_rest() -> None:
    script = parse_script("S: 421 later\n=== again\nS: 220 now\n")
    assert [script.part(n)[0] for n in range(3)] == [
        Send(1, b"421 later\r\n"),
        Send(3, b"220 now\r\n"),
        Send(3, b"220 now\r\n"),
    ]


@pytest.mark.parametrize("text", ["X: what", "S 220", "!: explode", "!: pause", "!: pause long"])
def test_a_wrong_line_is_named(text: str) -> None:
    with pytest.raises(ScriptError, match="mine:2"):
        parse_script(f"# first\n{text}\n", "mine")


@pytest.mark.parametrize("path", sorted(DIALOGUES.rglob("*.smtp")), ids=lambda path: path.name)
def test_every_dialogue_can_be_read(path: object) -> None:
    assert read_script(str(path)).part(0)
