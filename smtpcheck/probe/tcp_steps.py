"""The steps of the tcp stage, and greeting and EHLO wherever they come."""

from __future__ import annotations

import re
from collections.abc import Mapping

from smtpcheck.model.jsonvalue import Json
from smtpcheck.model.reply import Defect, Silence
from smtpcheck.model.stage import Outcome
from smtpcheck.probe.connect import connect, is_loopback, where
from smtpcheck.probe.deadline import Deadline
from smtpcheck.probe.link import Trust
from smtpcheck.probe.recorder import Ended
from smtpcheck.probe.run import Run
from smtpcheck.probe.session import words
from smtpcheck.wire.command import ask, listen
from smtpcheck.wire.hello import Hello, hello
from smtpcheck.wire.reply_parser import sound

# What other protocols say first, or say when they are spoken to in SMTP.
_PROTOCOLS = (
    ("http", re.compile(rb"HTTP/\d|<!DOCTYPE|<html", re.IGNORECASE)),
    ("imap", re.compile(rb"\* (OK|BYE|PREAUTH)\b")),
    ("pop3", re.compile(rb"[+]OK|-ERR")),
    ("ssh", re.compile(rb"SSH-\d")),
    ("tls", re.compile(rb"[\x15\x16]\x03[\x00-\x04]")),
    ("mysql", re.compile(rb"..\x00\x00[\x0a\xff]", re.DOTALL)),
    ("nntp", re.compile(rb"20[01] ")),
    # A host may be called ftp.example.com: the word counts where it is no part of a name.
    ("ftp", re.compile(rb"(?is)220(?!.*SMTP).*[\s(-]\w*(FTPD?|FileZilla)[\s)]")),
)
_BEGINNING = re.compile(rb"(2|22|220|[45]|[45]\d{1,2})\Z|[2-5]\d\d[ \r\n-]")
"""What the beginning of a greeting looks like, be it cut off."""


def connect_step(run: Run) -> Ended:
    """tcp.connect"""
    server = run.profile.server
    race = connect(run.peers, run.deadline, timeout=server.timeout, source=server.source_address)
    run.race = race
    facts = race.facts()
    if race.sock is None:
        race.settle(run.deadline)
        return Ended(Outcome.FAILED, _why_not(facts), facts)
    run.begin_session(race.sock)
    there = where(race.winner) if race.winner else ""
    run.recorder.note(f"connected to {there}")
    return Ended(Outcome.PASSED, there, {**facts, "local": run.talk.link.local_address})


def settle_connect(run: Run, deadline: Deadline) -> None:
    """Says of each address how it answered in the end: a dead one is worth a warning."""
    race = run.race
    if race is None or race.sock is None or len(race.attempts) == 1:
        return  # of one address all is said
    race.settle(deadline)
    facts = race.facts()
    steps = [step for stage in run.recorder.stages for step in stage.steps]
    step = next((each for each in steps if each.step == "tcp.connect"), None)
    if step is None:
        return  # interrupted before the stage was over
    # `localhost` has two addresses, and most servers listen on one: not worth a word.
    bad = [address for address in _texts(facts["failed_addresses"]) if not is_loopback(address)]
    if not bad:
        run.recorder.amend(step, step.outcome, step.summary, {"attempts": facts["attempts"]})
        return
    total = len(race.attempts)
    summary = f"{step.summary}; {len(bad)} of {total} addresses did not answer: {', '.join(bad)}"
    run.recorder.amend(step, Outcome.WARNED, summary, facts)


def greeting_step(run: Run) -> Ended:
    """tcp.greeting, or tls.greeting with implicit TLS"""
    heard = run.talk.run(ask(listen("CONNECT")))
    facts = run.talk.facts(heard, "CONNECT")
    if isinstance(heard, Silence):
        protocol = protocol_of(heard.partial)
        if not protocol and heard.partial and not _BEGINNING.match(heard.partial):
            protocol = "other"
        if protocol:
            facts["protocol"] = protocol
        return Ended(Outcome.FAILED, words(heard), facts)
    protocol = protocol_of(heard.raw)
    if not protocol and Defect.NOT_A_REPLY in heard.defects and heard.code == 0:
        protocol = "other"
    first = heard.texts[0].split() if heard.texts else []
    facts |= {
        "name": first[0] if first else "",
        "esmtp": "ESMTP" in heard.text.upper(),
    }
    if protocol:
        facts["protocol"] = protocol
        return Ended(Outcome.FAILED, f"not SMTP but {protocol}: {heard.text}", facts)
    if heard.code != 220 or not sound(heard):
        return Ended(Outcome.FAILED, words(heard), facts)
    return Ended(Outcome.PASSED, heard.text, facts)


def ehlo_step(run: Run) -> Ended:
    """tcp.ehlo"""
    said = _hello(run)
    facts = hello_facts(run, said)
    if not said.accepted:
        return Ended(Outcome.FAILED, words(said.heard), facts)
    if said.verb == "HELO":
        return Ended(Outcome.WARNED, f"{said.name}: only HELO, no extensions", facts)
    return Ended(Outcome.PASSED, _offers(said), facts)


def ehlo_in_tls_step(run: Run) -> Ended:
    """tls.ehlo: everything that was offered before TLS is forgotten (RFC 3207 section 4.2)"""
    before = run.hello
    run.hello_in_clear = before
    run.hello = None
    said = _hello(run)
    facts = hello_facts(run, said)
    if before is not None:
        old, new = set(before.extensions), set(said.extensions)
        facts |= {"gained": sorted(new - old), "lost": sorted(old - new - {"STARTTLS"})}
    if not said.accepted or (said.verb == "HELO" and before is not None and before.verb != "HELO"):
        return Ended(Outcome.FAILED, words(said.heard), facts)
    if said.verb == "HELO":
        return Ended(Outcome.WARNED, f"{said.name}: only HELO, no extensions", facts)
    return Ended(Outcome.PASSED, _offers(said), facts)


def hello_facts(run: Run, said: Hello) -> dict[str, Json]:
    """What the answer to EHLO holds."""
    return {
        **run.talk.facts(said.heard, said.verb),
        "verb": said.verb,
        "name": said.name,
        "helo": run.helo,
        "extensions": dict(said.extensions),
        "keywords": list(said.extensions),
        "mechanisms": list(said.mechanisms),
        "logins": dict(_logins(run, said)),
        "size": said.size,
        "masked": list(said.masked),
    }


def _logins(run: Run, said: Hello) -> Mapping[str, Json]:
    if not said.mechanisms:
        return {}
    from smtpcheck.wire.ntlm import ntlm_installed
    from smtpcheck.wire.sasl_choice import logins

    secured = run.talk.link.trust is not Trust.NONE
    ntlm = "NTLM" in said.mechanisms and ntlm_installed()
    return logins(said.mechanisms, secured=secured, ntlm=ntlm)


def protocol_of(raw: bytes) -> str:
    """The protocol whose first words these are, or nothing."""
    return next((name for name, pattern in _PROTOCOLS if pattern.match(raw)), "")


def _hello(run: Run) -> Hello:
    said = run.talk.run(hello(run.helo, lmtp=run.profile.server.protocol == "lmtp"))
    run.hello = said
    return said


def _offers(said: Hello) -> str:
    return f"{said.name} offers {', '.join(said.extensions) or 'no extension'}"


def _why_not(facts: dict[str, Json]) -> str:
    attempts = facts["attempts"]
    told = [
        f"{each['address']}: {each['error'] or each['outcome']}"
        for each in (attempts if isinstance(attempts, list) else [])
        if isinstance(each, dict)
    ]
    return "; ".join(told) or "no address to connect to"


def _texts(value: Json) -> list[str]:
    return [each for each in value if isinstance(each, str)] if isinstance(value, list) else []
