"""What may have gone wrong according to a text, as tables of facts: each is judged by the rules."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from smtpcheck.catalog.matcher import Open
from smtpcheck.catalog.signal import Signal, load_signals
from smtpcheck.diagnosis.pasted.bounce import opened
from smtpcheck.diagnosis.pasted.client import (
    client_of,
    exceptions_of,
    other_protocol,
    speaks_of_mail,
)
from smtpcheck.diagnosis.pasted.conversation import Conversation, conversation_of, step_of
from smtpcheck.diagnosis.pasted.lines import Line, lines_of
from smtpcheck.diagnosis.pasted.payload import oddities_of
from smtpcheck.diagnosis.pasted.place import Place, place_of
from smtpcheck.diagnosis.pasted.said import Said, said_in
from smtpcheck.diagnosis.provider import provider_of
from smtpcheck.diagnosis.reply_facts import COMMAND_OF_STEP
from smtpcheck.model.jsonvalue import Json
from smtpcheck.model.stage import STEPS, Stage
from smtpcheck.wire.inspection import product_named

_BOILERPLATE: Final = re.compile(
    r"This usually means that the SSL certificate|"
    r"^\d\. (?:The server is using a self-signed|The local system is missing a Root"
    r"|A Certificate Authority CRL|The certificate presented by the server is expired|"
    r"The set of SSL/TLS protocols|You are trying to connect to a port)"
    r"|^the following reasons|fall(?:s|ing) back to|^ +at "
)
_HANDSHAKE: Final = re.compile(
    (
        r"handshake|SSL or TLS connection|do_handshake|wrap_socket|startHandshake|SslStream|"
        r"enable_crypto|SSL_connect|starttls:|STARTTLS failed|TLS startup|tlsConnect|"
        r"TLS error|ssl error|wrapper mode"
    ),
    re.IGNORECASE,
)
_CONNECTING: Final = re.compile(
    (
        r"create_connection|_get_socket|ConnectAsync|\bdial(?:ing)? tcp|connect\(|connect E|"
        r"could ?n[o']t connect|could not connect|failed to connect|cannot connect|"
        r"unable to connect"
        r"|connect to |connection attempt|OpenTimeout|TCPSocket|"
        r"Connection could not be established|connect error|No SMTP servers were available|"
        r"connecting to"
    ),
    re.IGNORECASE,
)
_OWN_HOUSE: Final = re.compile(
    (
        r"Milter service|connect to (?:subsystem|private/|policy|auth)|dovecot: auth|"
        r"lookup table|connect to (?:mysql|pgsql|ldap)"
    ),
    re.IGNORECASE,
)
"""A server's log about its own services: no connection to a mail server."""
_TEMPORARY: Final = (421, 450, 451, 452, 454, 430, 431, 432, 440, 441, 442, 447, 449, 455, 458, 459)
_PERMANENT: Final = (
    550, 554, 535, 530, 553, 552, 501, 503, 504, 551, 500, 502, 534, 538,
    521, 523, 524, 525, 541, 555, 556, 571,
)  # fmt: skip
_CODES: Final = {
    "4": (*_TEMPORARY, 471, 554, 535, 550),
    "5": (*_PERMANENT, 451),
    "": (*_PERMANENT, *_TEMPORARY),
}
"""Reply codes that may belong to an enhanced status code of that class; the likeliest first."""
_STAGES: Final = tuple(str(stage) for stage in Stage)
_STEPS: Final = tuple(step for steps in STEPS.values() for step in steps)
_COMMANDS: Final = tuple(dict.fromkeys(COMMAND_OF_STEP.values()))
_OWN_SOFTWARE: Final = frozenset(
    (
        "gmail",
        "google-smtp-relay",
        "m365",
        "outlook-com",
        "ses",
        "sendgrid",
        "mailgun",
        "yahoo",
        "icloud",
        "zoho",
        "yandex",
        "mailru",
        "qq",
        "netease",
    )
)
"""Providers whose servers greet with no name of common software."""
_MOST_WORDS: Final = 6000


@dataclass(frozen=True, slots=True)
class Failure:
    """One thing that a text reports, for the rules to judge."""

    facts: Mapping[str, Json]
    open: Open
    tier: int
    """How directly the text shows it: 0 a reply or a failure named outright, 1 one that may be a
    consequence, 2 mere words."""
    number: int
    """Of its line; 0: none."""
    last: int
    summary: str


@dataclass(slots=True)
class Reading:
    """All that was found in a text."""

    lines: list[Line]
    conversation: Conversation
    place: Place
    client: str
    common: dict[str, Json]
    failures: list[Failure] = field(default_factory=list)
    other: str = ""
    """Another protocol that the text is about: `imap`, `pop3`, `http`, `other`."""
    of_mail: bool = True


def read_text(text: str) -> Reading:
    """Reads a pasted text: replies, failures below SMTP, and what is known around them."""
    text = opened(text)
    lines = [line for line in lines_of(text) if not _BOILERPLATE.search(line.text)]
    conversation = conversation_of(lines, said_in(lines))
    clean = "\n".join(line.text for line in lines)
    place = place_of(clean)
    reading = Reading(
        lines=lines,
        conversation=conversation,
        place=place,
        client=client_of(text[: _MOST_WORDS * 4]),
        common={},
        other=other_protocol(clean[: _MOST_WORDS * 4]),
        of_mail=speaks_of_mail(text[: _MOST_WORDS * 4]),
    )
    reading.common = _common(reading, clean)
    reading.failures = [
        *_refusals(reading),
        *_odd_host(reading),
        *_foreign_greeting(reading),
        *_signals(reading),
        *_words(reading, clean),
    ]
    return reading


def _common(reading: Reading, clean: str) -> dict[str, Json]:
    place, conversation = reading.place, reading.conversation
    facts: dict[str, Json] = {"text": clean[:_MOST_WORDS], **conversation.facts()}
    known: dict[str, Json] = {
        "client": reading.client,
        "exceptions": list(exceptions_of(clean[: _MOST_WORDS * 2])),
        "server.host": place.host if place.host and not place.oddity else None,
        "server.port": place.port,
        "server.security": place.security,
        "login.oddities": list(oddities_of(reading.lines)),
    }
    facts |= {name: value for name, value in known.items() if value}
    words = [each.text for each in conversation.replies]
    provider = provider_of(facts, conversation.greeting, [*words, clean[:_MOST_WORDS]])
    if provider:
        facts["provider"] = provider
    if conversation.greeting and _foreign(conversation.greeting, place.host or ""):
        facts["greeting.foreign"] = True
    if place.host:
        facts["dns.name.ascii"] = place.host.lower().rstrip(".")
        if place.host in ("localhost", "127.0.0.1", "::1"):
            facts["dns.name.special"] = "localhost"
    return facts


def _foreign(greeting: str, host: str) -> bool:
    """Whether the greeting is that of a common mail server, on the name of a provider that runs
    one of its own making."""
    meant = provider_of({"server.host": host}, "", ())
    shown = re.search(
        r"\b(?:Exim|Postfix|cPanel|Sendmail|Plesk|Haraka|hMailServer|We do not authorize)\b",
        greeting,
    )
    domain = ".".join(host.lower().split(".")[-2:])
    return meant in _OWN_SOFTWARE and bool(shown) and domain not in greeting.lower()


def _refusals(reading: Reading) -> list[Failure]:
    return [_refusal(said, reading) for said in reading.conversation.replies if said.refuses]


def _refusal(said: Said, reading: Reading) -> Failure:
    facts: dict[str, Json] = {**reading.common, **said.facts()}
    open_: dict[str, Sequence[Json] | None] = {"stage": _STAGES, "step": _STEPS}
    if said.command:
        step = step_of(said.command)
        facts |= {"step": step, "stage": step.partition(".")[0]}
    else:
        open_["reply.command"] = _COMMANDS
    if not said.code:
        open_["reply.code"] = _CODES[said.enhanced[:1]]
    return Failure(
        facts, open_, 0, said.number, said.last, f"{said.code or said.enhanced} {said.text}"
    )


def _odd_host(reading: Reading) -> list[Failure]:
    oddity = reading.place.oddity
    if not oddity:
        return []
    line = next((line for line in reading.lines if (reading.place.host or "") in line.text), None)
    facts = {
        **reading.common,
        "step": "dns.name",
        "stage": "dns",
        "error.kind": "malformed",
        "host.oddity": oddity,
    }
    number = line.number if line else 0
    return [Failure(facts, {}, 0, number, number, f"the host is {oddity}: {reading.place.host!r}")]


def _foreign_greeting(reading: Reading) -> list[Failure]:
    if "greeting.foreign" not in reading.common:
        return []
    said = next(each for each in reading.conversation.replies if each.code == 220)
    facts: dict[str, Json] = {**reading.common, "step": "tcp.greeting", "stage": "tcp"}
    return [Failure(facts, {}, 0, said.number, said.last, said.text)]


def _signals(reading: Reading) -> list[Failure]:
    found: list[Failure] = []
    seen: set[str] = set()
    ended = False
    for line in reading.lines:
        for signal in load_signals():
            if signal.elsewhere and not reading.of_mail:
                continue
            hit = signal.words.search(line.text)
            if hit and not _OWN_HOUSE.search(line.text) and not _is_reply_text(line, reading):
                facts = _placed(signal, line, reading)
                if ended and signal.weak:
                    break
                key = repr(
                    sorted(
                        (name, value) for name, value in facts.items() if name != "error.message"
                    )
                )
                if key not in seen:
                    seen.add(key)
                    found.append(_failure(facts, line, reading, tier=1 if signal.weak else 0))
                break
        ended = ended or bool(re.match(r"\W{0,8}(?:OK: )?221\b", line.text))
    return found


def _failure(facts: dict[str, Json], line: Line, reading: Reading, *, tier: int) -> Failure:
    whole: dict[str, Json] = {**reading.common, **facts, "error.message": line.text[:500]}
    if facts.get("error.kind") == "plain-text" or facts.get("step") == "tcp.greeting":
        whole.setdefault("server.security", _mode(facts, reading))
    if facts.get("error.kind") == "plain-text" and whole.get("server.security") != "starttls":
        whole["server.security"] = "tls"
    if facts.get("step") == "tcp.connect" and re.search(
        r"\[?[0-9a-f]{1,4}(?::[0-9a-f]{0,4}){3,8}", line.text
    ):
        whole["family"] = "ipv6"
    if "problem.kind" in whole and product_named(str(reading.common["text"])):
        whole["problem.kind"] = "inspection"
    return Failure(whole, {}, tier, line.number, line.number, line.text)


def _mode(facts: Mapping[str, Json], reading: Reading) -> str:
    """How the client began, as its failure shows it: who waits for a greeting speaks plain first;
    who hears plain text in a handshake began with TLS, unless STARTTLS was said before."""
    if facts.get("step") == "tcp.greeting":
        return "none"
    return "starttls" if "STARTTLS" in reading.conversation.commands else "tls"


def _placed(signal: Signal, line: Line, reading: Reading) -> dict[str, Json]:
    """The signal's facts, with the step where it does not say itself."""
    facts = dict(signal.facts)
    if "step" in facts:
        return _with_stage(facts)
    kind = facts.get("silence.kind")
    text = "\n".join(each.text for each in reading.lines[:60])
    commands = reading.conversation.commands
    if not isinstance(kind, str):
        return _with_stage(facts)
    if _HANDSHAKE.search(text):
        return {"step": "tls.handshake", "stage": "tls", "error.kind": kind}
    if commands:
        step = step_of(commands[-1])
        return _with_stage(
            {**facts, "silence.command": commands[-1], "step": step} if step else facts
        )
    if reading.conversation.greeting:
        return facts
    if kind == "timeout" or (kind == "reset" and re.search(r"connect\b|dial tcp", line.text)):
        return {"step": "tcp.connect", "stage": "tcp", "error.kind": kind}
    if re.search(r"in connect\b|getreply\b.{0,40}$|getgreeting|_connect\b", text, re.MULTILINE):
        return {**facts, "silence.command": "CONNECT", "step": "tcp.greeting", "stage": "tcp"}
    return facts


def _with_stage(facts: dict[str, Json]) -> dict[str, Json]:
    step = facts.get("step")
    return {**facts, "stage": step.partition(".")[0]} if isinstance(step, str) else facts


def _is_reply_text(line: Line, reading: Reading) -> bool:
    """Whether the words stand in a refusal: they are the server's then, and no failure of ours."""
    return any(
        each.number <= line.number <= each.last
        and each.refuses
        and each.code
        and each.context.find(line.text) >= 0
        for each in reading.conversation.replies
    )


def _words(reading: Reading, clean: str) -> list[Failure]:
    """The text as a whole, for rules that know words without a code."""
    facts: dict[str, Json] = {**reading.common, "reply.text": clean[:_MOST_WORDS]}
    open_: Open = {
        "stage": _STAGES,
        "step": _STEPS,
        "reply.command": _COMMANDS,
        "reply.code": _CODES[""],
        "reply.enhanced": None,
    }
    return [Failure(facts, open_, 2, 0, 0, "")]
