"""Plays a dialogue against replies given as bytes: the whole test of a conversation, no socket."""

from __future__ import annotations

from typing import TypeVar

from smtpcheck.model.reply import Heard, Reply, Silence, SilenceKind
from smtpcheck.wire.command import Dialogue, Say
from smtpcheck.wire.reply_parser import ReplyParser

T = TypeVar("T")


def replies(raw: bytes) -> list[Reply]:
    """Every reply in these bytes, the unfinished last one included."""
    parser = ReplyParser()
    parser.feed(raw)
    found = []
    while (reply := parser.take()) is not None:
        found.append(reply)
    rest = parser.finish()
    return [*found, rest] if rest else found


def play(dialogue: Dialogue[T], *answers: bytes) -> tuple[list[Say], T]:
    """What was said, in order, and the dialogue's result. When the answers run out the server has
    closed the connection."""
    heard: list[Heard] = [reply for answer in answers for reply in replies(answer)]
    said: list[Say] = []
    try:
        says = next(dialogue)
        while True:
            said += says
            due = [heard.pop(0) if heard else Silence(SilenceKind.CLOSED) for _ in says]
            says = dialogue.send(tuple(due))
    except StopIteration as end:
        result: T = end.value
        return said, result


def lines(said: list[Say]) -> list[str]:
    """The wire's face of what was said, a line each."""
    return [say.wire.decode("utf-8", "backslashreplace").rstrip("\r\n") for say in said]
