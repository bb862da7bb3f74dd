"""Reads one reply of a server from text, as somebody wrote it down, into facts."""

from __future__ import annotations

import re
from typing import Final

from smtpcheck.model.jsonvalue import Json
from smtpcheck.model.reply import Line, Reply

COMMAND_OF_STEP: Final = {
    "tcp.greeting": "CONNECT",
    "tcp.ehlo": "EHLO",
    "tls.starttls": "STARTTLS",
    "tls.greeting": "CONNECT",
    "tls.ehlo": "EHLO",
    "auth.login": "AUTH",
    "send.mail": "MAIL",
    "send.rcpt": "RCPT",
    "send.data": "DATA",
    "send.message": "MESSAGE",
    "send.reset": "RSET",
    "send.quit": "QUIT",
}
"""What is answered in each step that hears a reply, in the words of `reply.command`."""
_PYTHON: Final = re.compile(r"\(([2-5]\d\d), (b?(?:'[^'\n]{0,2000}'|\"[^\"\n]{0,2000}\"))")
_MARK: Final = re.compile(r"\s*(?:[<>~*|-]{1,4}|S:|RX:|b?['\"])?\s*(?=[2-5]\d\d(?:[ \-]|$))")


def facts_of_reply(text: str, **known: Json) -> dict[str, Json]:
    """The facts `reply.*` that the text shows, together with those that are known besides.

    The text is a reply, one or more lines, with or without the mark that a log puts in front, or
    the pair that Python's smtplib prints. A text without a reply code is words with code 0.
    Where `step` is known, `stage` and `reply.command` follow from it.
    """
    reply = Reply(tuple(Line(line.encode("utf-8", "backslashreplace")) for line in _lines(text)))
    facts: dict[str, Json] = {
        "reply.code": reply.code,
        "reply.enhanced": reply.enhanced,
        "reply.text": reply.text,
        "reply.lines": [line.raw.decode("utf-8", "backslashreplace") for line in reply.lines],
    }
    return with_step({**facts, **known})


def with_step(facts: dict[str, Json]) -> dict[str, Json]:
    """The facts, and `stage` and `reply.command` as they follow from `step`."""
    step = facts.get("step")
    if not isinstance(step, str):
        return facts
    implied: dict[str, Json] = {"stage": step.partition(".")[0]}
    if "reply.code" in facts and step in COMMAND_OF_STEP:
        implied["reply.command"] = COMMAND_OF_STEP[step]
    return {**implied, **facts}


def _lines(text: str) -> list[str]:
    pair = _PYTHON.search(text)
    if pair:
        from ast import literal_eval

        said = literal_eval(pair[2])
        words = said.decode("utf-8", "backslashreplace") if isinstance(said, bytes) else str(said)
        *first, last = words.splitlines() or [""]
        return [*(f"{pair[1]}-{line}" for line in first), f"{pair[1]} {last}"]
    written = [line.rstrip() for line in text.strip().splitlines()]
    replies = [
        line[mark.end() :].rstrip("'\"") if mark[0].strip() else line.lstrip()
        for line in written
        if (mark := _MARK.match(line))
    ]
    return replies or written
