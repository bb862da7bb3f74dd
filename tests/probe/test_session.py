"""Which reply belongs to which command, what may leave, and how long each answer may take."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import closing

import pytest

from smtpcheck.model.reply import Defect, Heard, Reply, Silence, SilenceKind
from smtpcheck.probe.deadline import Deadline
from smtpcheck.probe.link import Link, Trust
from smtpcheck.probe.recorder import TEXT_LIMIT, Recorder
from smtpcheck.probe.session import Session, words
from smtpcheck.wire.command import Dialogue, Say, ask, command, hidden, listen

SOON = 0.3
SECRET = hidden("AUTH", "AUTH PLAIN <hidden>", b"AUTH PLAIN AGEAYg==")


class Talk:
    """A session, the server's end of its connection, and what was written down."""

    def __init__(self, deadline: float = 10.0) -> None:
        client, self.server = socket.socketpair()
        self.server.settimeout(2)
        self.recorder = Recorder("test")
        self.link = Link(client)
        self.session = Session(self.link, self.recorder, Deadline(deadline), timeout=SOON)

    def transcript(self) -> list[str]:
        return [f"{event.who} {event.text}" for event in self.recorder.transcript]

    def came(self) -> bytes:
        """What the server has been sent until now."""
        self.server.settimeout(0.05)
        try:
            return self.server.recv(65_536)
        except TimeoutError:
            return b""


@pytest.fixture
def talk() -> Iterator[Talk]:
    made = Talk()
    with closing(made.server), closing(made.link):
        yield made


def group(*says: Say) -> Dialogue[tuple[Heard, ...]]:
    return (yield says)


def answering(talk: Talk, *answers: tuple[float, bytes]) -> threading.Thread:
    """The server reads something and then sends each answer after a pause."""

    def serve() -> None:
        talk.server.recv(65_536)
        for pause, data in answers:
            time.sleep(pause)
            talk.server.sendall(data)

    thread = threading.Thread(target=serve)
    thread.start()
    return thread


def test_each_reply_of_a_group_belongs_to_its_command(talk: Talk) -> None:
    server = answering(talk, (0, b"250-a\r\n250 b\r\n550 c\r"), (0.05, b"\n354 d\r\n"))
    heard = talk.session.run(group(command("MAIL"), command("RCPT"), command("DATA")))
    server.join()
    assert [each.code for each in heard if isinstance(each, Reply)] == [250, 550, 354]


def test_what_comes_with_the_greeting_is_no_answer_to_the_first_command(talk: Talk) -> None:
    def dialogue() -> Dialogue[tuple[Heard, ...]]:
        first = yield (listen("CONNECT"),)
        return first + (yield (command("EHLO", "x"),))

    talk.server.sendall(b"220 hi\r\n250 AUTH PLAIN\r\n")
    greeting, unasked = talk.session.run(dialogue())
    assert isinstance(greeting, Reply)
    assert isinstance(unasked, Reply)
    assert greeting.code == 220
    assert Defect.UNSOLICITED in unasked.defects
    assert talk.came() == b""


def test_an_unasked_reply_answers_none_of_a_group_and_nothing_is_said(talk: Talk) -> None:
    talk.server.sendall(b"421 bye\r\n")
    time.sleep(0.02)
    heard = talk.session.run(group(command("MAIL", "FROM:<a@b>"), command("DATA")))
    assert len(heard) == 2
    assert all(isinstance(each, Reply) and Defect.UNSOLICITED in each.defects for each in heard)
    assert talk.came() == b""
    assert talk.transcript() == ["S 421 bye"]


def test_a_secret_does_not_leave_in_clear(talk: Talk) -> None:
    with pytest.raises(RuntimeError, match="verified TLS"):
        talk.session.run(ask(SECRET))
    assert talk.came() == b""


def test_a_secret_does_not_leave_over_tls_that_was_not_verified(talk: Talk) -> None:
    talk.link.trust = Trust.OBSERVED
    with pytest.raises(RuntimeError, match="verified TLS"):
        talk.session.run(group(command("NOOP"), SECRET))
    assert talk.came() == b""


def test_a_secret_leaves_when_the_user_says_so_and_is_hidden(talk: Talk) -> None:
    talk.session.secrets_allowed = True
    talk.session.run(ask(SECRET))
    assert talk.came() == SECRET.wire
    assert talk.transcript()[0] == "C AUTH PLAIN <hidden>"


def test_the_first_answer_of_a_group_has_the_whole_wait(talk: Talk) -> None:
    server = answering(talk, (SOON / 2, b"250 slow\r\n"), (0, b"250 quick\r\n"))
    heard = talk.session.run(group(command("MAIL"), command("DATA")), following=0.05)
    server.join()
    assert all(isinstance(each, Reply) for each in heard)


def test_the_answers_behind_the_first_have_a_wait_of_their_own(talk: Talk) -> None:
    server = answering(talk, (0, b"250 quick\r\n"))
    began = time.monotonic()
    first, second = talk.session.run(group(command("MAIL"), command("DATA")), following=0.05)
    server.join()
    assert isinstance(first, Reply)
    assert isinstance(second, Silence)
    assert time.monotonic() - began < SOON


def test_silence_answers_all_that_is_still_due_and_is_told_once(talk: Talk) -> None:
    talk.server.sendall(b"")
    heard = talk.session.run(group(command("MAIL"), command("RCPT"), command("DATA")))
    assert len(heard) == 3
    assert heard[0] is heard[1] is heard[2]
    assert [line for line in talk.transcript() if line.startswith("!")] == [
        "! no reply: timeout: timed out"
    ]


def test_the_end_of_the_run_is_told_from_the_end_of_a_wait() -> None:
    talk = Talk(deadline=0.1)
    with closing(talk.server), closing(talk.link):
        heard = talk.session.run(ask(command("NOOP")))
    assert isinstance(heard, Silence)
    assert heard.kind is SilenceKind.DEADLINE
    assert "the time of the whole run is over" in words(heard)


def test_a_command_that_never_left_is_not_written_down_as_said(talk: Talk) -> None:
    talk.server.close()
    heard = talk.session.run(ask(command("MAIL", "FROM:<a@b>")))
    assert isinstance(heard, Silence)
    assert heard.unsent
    assert not [line for line in talk.transcript() if line.startswith("C")]


def test_a_command_that_left_may_have_been_acted_on(talk: Talk) -> None:
    heard = talk.session.run(ask(command("NOOP")))
    assert isinstance(heard, Silence)
    assert not heard.unsent


def test_quit_is_not_said_to_nobody(talk: Talk) -> None:
    talk.server.close()
    talk.session.run(ask(command("NOOP")))
    talk.session.part()
    assert not [line for line in talk.transcript() if "QUIT" in line]


def test_a_secret_that_an_endless_line_echoes_is_not_cut_before_it_is_masked(talk: Talk) -> None:
    talk.recorder.masker.add("canary-secret")
    talk.recorder.note("x" * (TEXT_LIMIT - 6) + "canary-secret")
    assert "canary" not in talk.transcript()[0]
