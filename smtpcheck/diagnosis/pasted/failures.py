"""What may have gone wrong according to a text, as tables of facts: each is judged by the rules."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Final

from smtpcheck.catalog.rule_index import Open
from smtpcheck.diagnosis.pasted.conversation import step_of
from smtpcheck.diagnosis.pasted.issuer import issuer_refusal_in
from smtpcheck.diagnosis.pasted.payload import oauth_status_of
from smtpcheck.diagnosis.pasted.reading import MOST_WORDS, Failure, Reading, reading_of
from smtpcheck.diagnosis.pasted.said import Said
from smtpcheck.diagnosis.pasted.symptoms import Symptom, symptoms_in
from smtpcheck.diagnosis.reply_facts import COMMAND_OF_STEP
from smtpcheck.model.jsonvalue import Json
from smtpcheck.model.stage import STEPS, Stage
from smtpcheck.wire.inspection import product_named

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
_BEYOND: Final = tuple(str(stage) for stage in Stage if stage not in (Stage.DNS, Stage.TCP))
_COMMANDS: Final = tuple(dict.fromkeys(COMMAND_OF_STEP.values()))
_WRAPPERS: Final = re.compile(r"(?:SMTP|Mailer|mail) ?(?:server )?error:? ?", re.IGNORECASE)
"""What programs put before the words of a server."""
_IPV6: Final = re.compile(r"\[?[0-9a-f]{1,4}(?::[0-9a-f]{0,4}){3,8}")


def read_text(text: str) -> Reading:
    """Reads a pasted text: replies, failures below SMTP, and what is known around them."""
    reading = reading_of(text)
    reading.failures = [
        *(_refusal(said, reading) for said in reading.conversation.replies if said.refuses),
        *_odd_host(reading),
        *_foreign_greeting(reading),
        *_refused_token(reading),
        *_no_token(reading),
        *(_failure(symptom, reading) for symptom in symptoms_in(reading)),
        _words(reading),
    ]
    reading.failures = _another_way(reading.failures)
    return reading


def _another_way(failures: Sequence[Failure]) -> list[Failure]:
    """An address of IPv6 that could not be reached decides nothing where another line tells what
    came of another address."""
    beyond = any(
        each.tier == 0 and ("reply.lines" in each.facts or each.facts.get("stage") in _BEYOND)
        for each in failures
    )
    return [
        replace(each, tier=1) if beyond and each.facts.get("family") == "ipv6" else each
        for each in failures
    ]


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


def _refused_token(reading: Reading) -> list[Failure]:
    status = oauth_status_of(reading.lines)
    if not status:
        return []
    facts: dict[str, Json] = {
        **reading.common,
        "step": "auth.login",
        "stage": "auth",
        "mechanism": "XOAUTH2",
        "oauth.status": status,
    }
    number = next(line.number for line in reading.lines if "334" in line.text)
    return [Failure(facts, {}, 0, number, number, f"the token was refused with status {status}")]


def _no_token(reading: Reading) -> list[Failure]:
    found = issuer_refusal_in(reading.lines)
    if found is None:
        return []
    told, line = found
    own: dict[str, Json] = {"step": "auth.token", "stage": "auth", "error.kind": "token-refused"}
    facts = {**reading.common, **own, **told}
    said = told.get("oauth.code") or told.get("oauth.error")
    return [Failure(facts, {}, 0, line.number, line.number, f"the issuer refused: {said}")]


def _failure(symptom: Symptom, reading: Reading) -> Failure:
    facts, line = symptom.facts, symptom.line
    whole: dict[str, Json] = {**reading.common, **facts, "error.message": line.text[:500]}
    if facts.get("error.kind") == "plain-text" or facts.get("step") == "tcp.greeting":
        whole["server.security"] = _mode(whole, reading)
    if facts.get("step") == "tcp.connect" and _IPV6.search(line.text):
        whole["family"] = "ipv6"
    if "problem.kind" in whole and product_named(str(reading.common["text"])):
        whole["problem.kind"] = "inspection"
    tier = 1 if symptom.weak else 0
    return Failure(whole, {}, tier, line.number, line.number, line.text)


def _mode(facts: Mapping[str, Json], reading: Reading) -> Json:
    """How the client began, as its failure shows it: who waits for a greeting speaks plain first,
    unless it says otherwise; who hears plain text in a handshake began with TLS, unless STARTTLS
    was said before."""
    if facts.get("step") == "tcp.greeting":
        return facts.get("server.security") or "none"
    said = "STARTTLS" in reading.conversation.commands
    return "starttls" if said or facts.get("server.security") == "starttls" else "tls"


def _words(reading: Reading) -> Failure:
    """The text as a whole, without the replies, which are judged by themselves, for rules that
    know words without a code."""
    known = {
        number
        for said in reading.conversation.replies
        if said.whole or said.refuses
        for number in range(said.number, said.last + 1)
    }
    clean = "\n".join(line.text for line in reading.lines if line.number not in known)
    facts: dict[str, Json] = {**reading.common, "reply.text": _WRAPPERS.sub("", clean)[:MOST_WORDS]}
    open_: Open = {
        "stage": _STAGES,
        "step": _STEPS,
        "reply.command": _COMMANDS,
        "reply.code": _CODES[""],
        "reply.enhanced": None,
    }
    return Failure(facts, open_, 2, 0, 0, "")
