"""Turns what a run recorded into tables of facts, one for each thing that is to be judged."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from smtpcheck.catalog.flat import flat
from smtpcheck.diagnosis.provider import provider_by_host, provider_of
from smtpcheck.diagnosis.reply_facts import facts_of_reply
from smtpcheck.model.diagnosis import Severity
from smtpcheck.model.jsonvalue import Facts, Json
from smtpcheck.model.observation import Observations, StageResult, Step
from smtpcheck.model.stage import Outcome
from smtpcheck.model.value import dataclass

_GREETINGS: Final = ("tcp.greeting", "tls.greeting")
_MOST_RECIPIENTS: Final = 20
_PER_RECIPIENT: Final = ("send.rcpt", "send.message")
"""Steps whose refusals are of recipients; the message itself only over LMTP."""
_MENDED_FIRST: Final = (
    "inspection",
    "empty-trust-store",
    "fingerprint-mismatch",
    "hostname-mismatch",
    "no-san",
    "revoked",
    "expired",
    "not-yet-valid",
    "self-signed",
    "self-signed-in-chain",
    "chain-incomplete",
    "unknown-ca",
    "wrong-purpose",
    "weak-key",
    "weak-signature",
    "strict-only",
    "other",
    "expires-soon",
)
"""Problems of a certificate. What shows that another server answers than the one meant stands
first, since mending the rest would mend the wrong one."""


@dataclass(frozen=True, slots=True)
class FactSet:
    """One thing to be judged: a step that failed or warned, or one of its problems."""

    facts: Facts
    severity: Severity
    stage: str
    step: str
    summary: str
    """The step's summary, as the probe words it."""


def facts_of_run(observations: Observations) -> list[FactSet]:
    """The tables of facts of a run, in the order of its steps; docs/facts.md says what is in them.

    A failed step of a failed stage is an error; a failed step of another stage and a warned
    step are warnings, and so are problems beside which the step failed by something else.
    """
    common = common_facts(observations)
    session: dict[str, Json] = {"session.trust": "none"}
    found: list[FactSet] = []
    for stage in observations.stages:
        for step in stage.steps:
            session |= _of_session(step)
            if step.outcome in (Outcome.FAILED, Outcome.WARNED):
                found += _judged(stage, step, {**common, **session})
    return found


def _of_session(step: Step) -> dict[str, Json]:
    """What the step made of the session: what the server says of TLS and of logins is judged by
    what was so when it was said."""
    good = step.outcome in (Outcome.PASSED, Outcome.WARNED)
    if step.step == "tls.handshake" and good:
        verified = step.facts.get("verified") is True
        return {"session.trust": "verified" if verified else "observed"}
    if step.step == "auth.login" and "reply" in step.facts:
        return {"session.login": "accepted" if good else "refused"}
    return {}


def common_facts(observations: Observations) -> dict[str, Json]:
    """The settings and the facts of every step and experiment, under their full names."""
    facts = {**flat(observations.settings), **_of_experiments(observations)}
    greeting = ""
    replies = []
    for stage in observations.stages:
        for step in stage.steps:
            own = flat(step.facts, f"{step.step}.")
            facts |= own
            text = own.get(f"{step.step}.reply.text")
            if isinstance(text, str):
                replies.append(text)
                greeting = text if step.step in _GREETINGS else greeting
    facts["provider"] = provider_of(facts, greeting, replies) or None
    host = facts.get("server.host")
    facts["known_host"] = bool(provider_by_host(host if isinstance(host, str) else "")) or None
    return facts


def _of_experiments(observations: Observations) -> dict[str, Json]:
    """`experiment.NAME.*`, and which ports of the server other than its own answered."""
    facts: dict[str, Json] = {}
    ports: dict[bool, list[Json]] = {True: [], False: []}
    for each in observations.experiments:
        prefix = f"experiment.{each.name}."
        facts |= {**flat(each.facts, prefix), f"{prefix}outcome": str(each.outcome)}
        if each.name.startswith("port-") and each.outcome is not Outcome.SKIPPED:
            ports[each.facts.get("connected") is True].append(each.facts.get("port"))
    if any(ports.values()):
        facts |= {"experiment.ports_open": ports[True], "experiment.ports_shut": ports[False]}
    return facts


def _judged(stage: StageResult, step: Step, common: Facts) -> Iterator[FactSet]:
    failed = stage.outcome is Outcome.FAILED and step.outcome is Outcome.FAILED
    severity = Severity.ERROR if failed else Severity.WARNING
    # A later message that was refused is judged as the first would have been.
    at = step.facts.get("at") if step.step == "send.repeat" else None
    own = {**common, **flat(step.facts), "stage": str(stage.stage), "step": at or step.step}
    if step.step == "send.sender":
        own["send.prepare.sender"] = own.get("sender")  # by this name the catalogue knows it
    problems = _problems(step)
    besides = _went_wrong_besides(own)
    if not problems or besides:
        for facts in _by_recipient(own):
            yield FactSet(facts, severity, str(stage.stage), step.step, step.summary)
    if besides:
        severity = Severity.WARNING
    for problem in problems:
        facts = {**own, **flat(problem, "problem.")}
        yield FactSet(facts, severity, str(stage.stage), step.step, step.summary)


def _by_recipient(own: Facts) -> Iterator[Facts]:
    """The facts once for each refused recipient, `reply.*` being the answer to that one."""
    refused = own.get("refused")
    listed = refused if isinstance(refused, (list, tuple)) else ()
    names = [name for name in listed if isinstance(name, str)]
    step = str(own.get("step"))
    if step not in _PER_RECIPIENT or "reply.code" not in own or not names:
        yield own
        return
    yield {**own, "recipient": names[0]}
    for name in names[1:_MOST_RECIPIENTS]:
        said = own.get(f"replies.{name}")
        reply = facts_of_reply(said if isinstance(said, str) else "", step=step)
        if reply["reply.code"]:
            rest = {key: fact for key, fact in own.items() if not key.startswith("reply.")}
            yield {**rest, **reply, "recipient": name}


def _problems(step: Step) -> list[Mapping[str, Json]]:
    listed = step.facts.get("problems")
    if not isinstance(listed, (list, tuple)):
        return []
    return sorted((each for each in listed if isinstance(each, Mapping)), key=_urgency)


def _urgency(problem: Mapping[str, Json]) -> int:
    kind = problem.get("kind")
    return _MENDED_FIRST.index(kind) if kind in _MENDED_FIRST else len(_MENDED_FIRST)


def _went_wrong_besides(own: Facts) -> bool:
    """Whether the step failed by something that its problems do not say."""
    kind = own.get("error.kind")
    refused = own.get("reply.code")
    return (
        (kind is not None and kind != "verify")
        or "silence.kind" in own
        or (isinstance(refused, int) and refused >= 400)
    )
