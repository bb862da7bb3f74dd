"""Failures below SMTP in the words of systems and libraries: which they are, and in which step."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from smtpcheck.catalog.signal import Signal, load_signals
from smtpcheck.diagnosis.pasted.conversation import step_of
from smtpcheck.diagnosis.pasted.lines import Line
from smtpcheck.diagnosis.pasted.reading import Reading
from smtpcheck.diagnosis.pasted.said import without_mark
from smtpcheck.model.jsonvalue import Json
from smtpcheck.model.value import dataclass

_HANDSHAKE: Final = re.compile(
    (
        r"handshake|SSL or TLS connection|do_handshake|wrap_socket|startHandshake|SslStream|"
        r"enable_crypto|SSL_connect|starttls:|STARTTLS failed|TLS startup|tlsConnect|"
        r"TLS error|ssl error|wrapper mode"
    ),
    re.IGNORECASE,
)
_FRAME: Final = re.compile(
    r"at (?:async |new )?[\w.$<>\[\]]+(?: \[as \w+\])? ?\(|at [\w/.-]+:\d+|\S+\.(?:rb|"
    r"py|js):\d+:in "
)
"""A line of a stack trace: the names of functions are no failures."""
_WHILE: Final = re.compile(
    (
        r"while (?:sending|performing|receiving)(?: the)? (initial server greeting|EHLO|"
        r"HELO|LHLO|STARTTLS|AUTH|MAIL FROM|RCPT TO|DATA|end of data|message body|RSET|QUIT)"
    ),
    re.IGNORECASE,
)
_DURING: Final = {
    "initial server greeting": "CONNECT",
    "HELO": "EHLO",
    "LHLO": "EHLO",
    "MAIL FROM": "MAIL",
    "RCPT TO": "RCPT",
    "end of data": "MESSAGE",
    "message body": "MESSAGE",
}
"""Postfix's words for what it waited for, as the verbs of `silence.command`."""
_READING: Final = re.compile(
    r"ReadTimeout|Read timed out|recv_response|waiting for server response|getreply|"
    r"rbuf_fill"
)
_OWN_HOUSE: Final = re.compile(
    (
        r"Milter service|milter (?:inet|unix|local)|transport private/|"
        r"hostname \S{1,200} does not resolve|"
        r"connect to (?:subsystem|private/|policy|auth)|dovecot: auth|"
        r"lookup table|connect to (?:mysql|pgsql|ldap)"
    ),
    re.IGNORECASE,
)
"""A server's log about its own services: no connection to a mail server."""
_CONNECTING: Final = re.compile(r"connect\b|dial tcp")
_GREETING: Final = re.compile(
    r"in connect\b|getreply\b.{0,40}$|getgreeting|_connect\b", re.MULTILINE
)
_QUIT: Final = re.compile(r"(?:OK: ?)?221\b")


@dataclass(frozen=True, slots=True)
class Symptom:
    """One failure, with the facts that the probe would have recorded."""

    facts: dict[str, Json]
    line: Line
    weak: bool
    """It may be the consequence of another failure."""


def symptoms_in(reading: Reading) -> Iterator[Symptom]:
    """The failures in the order of their lines, each once; what follows a good end is none."""
    seen: set[str] = set()
    ended = False
    for line in reading.lines:
        signal = _signal_in(line, reading)
        if signal is not None and not (ended and signal.weak):
            facts = _with_stage(_placed(signal, line, reading))
            key = repr(sorted(facts.items()))
            if key not in seen:
                seen.add(key)
                yield Symptom(facts, line, signal.weak)
        ended = ended or bool(_QUIT.match(without_mark(line.text)))


def _signal_in(line: Line, reading: Reading) -> Signal | None:
    for signal in load_signals():
        if signal.elsewhere and not reading.of_mail:
            continue
        if signal.words.search(line.text):
            return None if _is_no_symptom(line, reading) else signal
    return None


def _is_no_symptom(line: Line, reading: Reading) -> bool:
    """Names of functions, a server's own services, and the words of a refusal: these are the
    server's, and no failure of the way to it."""
    if _FRAME.match(line.text) or _OWN_HOUSE.search(line.text):
        return True
    return any(
        each.number <= line.number <= each.last
        and each.refuses
        and each.code
        and line.text in each.context
        for each in reading.conversation.replies
    )


def _placed(signal: Signal, line: Line, reading: Reading) -> dict[str, Json]:
    """The signal's facts, with the step where it does not say itself: from the sentence, else from
    what else the text shows."""
    facts = dict(signal.facts)
    kind = facts.get("silence.kind")
    if "step" in facts or kind is None:
        return facts
    during = _WHILE.search(line.text)
    text = "\n".join(each.text for each in reading.lines[:60])
    commands = reading.conversation.commands
    if during:
        return _waiting(facts, _DURING.get(during[1], during[1].upper()))
    if _HANDSHAKE.search(text):
        return {"step": "tls.handshake", "error.kind": kind}
    if commands:
        return _waiting(facts, commands[-1])
    if reading.conversation.greeting or (kind == "timeout" and _READING.search(text)):
        return facts
    if kind == "timeout" or (kind == "reset" and _CONNECTING.search(line.text)):
        return {"step": "tcp.connect", "error.kind": kind}
    return _waiting(facts, "CONNECT") if _GREETING.search(text) else facts


def _waiting(facts: dict[str, Json], verb: str) -> dict[str, Json]:
    """The facts of a silence in the step that hears the answer to this command."""
    step = step_of(verb)
    return {**facts, "silence.command": verb, "step": step} if step else facts


def _with_stage(facts: dict[str, Json]) -> dict[str, Json]:
    step = facts.get("step")
    return {**facts, "stage": step.partition(".")[0]} if isinstance(step, str) else facts
