"""The command lines that repeat a run: all of it, or as much as sends no message."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from smtpcheck.model.message import MessageSpec
from smtpcheck.model.plan import Plan
from smtpcheck.model.report import Again
from smtpcheck.model.stage import Stage

if TYPE_CHECKING:
    from smtpcheck.api.job import Job


def options_of(job: Job, proxy: str | None, without: str = "") -> tuple[str, ...]:
    """The options that change how the server is reached, and to whom; none of a table left out."""
    left_out = {"proxy" if proxy == "none" else "", without} - {""}
    plan = job.plan
    settings = [
        f"{key}={text}"
        for key, text in job.overrides.items()
        if key != "proxy" and key.partition(".")[0] not in left_out
    ]
    return (
        *(("--proxy", proxy) if proxy else ()),
        *_each("--set", settings),
        *_each("--to", plan.recipients),
        *(("--resolver", plan.resolver) if plan.resolver else ()),
        *(("--tls", plan.tls) if plan.tls != "normal" else ()),
    )


def bounds_of(plan: Plan) -> tuple[str, ...]:
    """The options that bound the run, or add a step to it."""
    silent = not plan.experiments and not (plan.senders or plan.relay or _tried_sender(plan))
    return (
        *(("--deadline", f"{plan.deadline:g}") if plan.deadline != Plan().deadline else ()),
        *(("--ping",) if plan.ping else ()),
        *(("--no-experiments",) if silent else ()),
    )


def extras_of(job: Job) -> tuple[str, ...]:
    """Those, and what the run is compared with; a report of standard input is read once alone."""
    file = job.before.file if job.before is not None and job.before.traits is not None else "-"
    return (*bounds_of(job.plan), *(() if file == "-" else ("--baseline", file)))


def who_of(plan: Plan) -> tuple[str, ...]:
    """The options that ask who may send, instead of sending."""
    return (*_each("--sender", plan.senders), *(("--relay",) if plan.relay else ()))


def again_of(job: Job) -> Again:
    """How this run is repeated."""
    from smtpcheck.probe.runner import goes_on_to_a_message

    plan = job.plan
    probe = ("probe", *_words(job))
    who = who_of(plan)
    if who:
        return Again(whole=(*probe, *who), envelope=(*probe, *who), sends=False)
    if plan.until and not goes_on_to_a_message(plan.until, job.loaded.profile.security):
        whole = (*probe, "--until", plan.until)
        return Again(whole=whole, envelope=whole, sends=False)
    envelope, says_all = _envelope(job)
    return Again(whole=_whole(job), envelope=envelope, exact=says_all and _is_plain(plan))


def _words(job: Job) -> tuple[str, ...]:
    return (job.target, *job.options, *extras_of(job))


def _whole(job: Job) -> tuple[str, ...]:
    plan, words = job.plan, _words(job)
    if plan.typed is not None:
        return ("send-test", *words, *plan.typed)
    confirm = ("--confirm", "imap") if plan.confirm else ()
    sender = _tried_sender(plan)
    if sender:
        return ("probe", *words, "--sender", sender, "--send", *confirm)
    if plan.message != MessageSpec() or plan.bounce is not None or plan.dsn.wanted:
        return ()
    return ("probe", *words, *confirm, "--until", plan.until or Stage.SEND.value)


def _envelope(job: Job) -> tuple[tuple[str, ...], bool]:
    """The command that says the same envelope without a message, and whether there is one."""
    from dataclasses import replace

    from smtpcheck.probe.identity import identity_of

    profile, plan = job.loaded.profile, job.plan
    said = identity_of(profile, plan)
    usual = identity_of(profile, Plan())
    sender = said.envelope_sender
    asked = plan.recipients or profile.test.to
    me = said.author.address
    named = tuple(me if each == "self" else each for each in asked)
    recipients = named if "self" in asked else plan.recipients
    same_self = "self" not in asked or me == usual.author.address
    if sender == usual.envelope_sender and same_self:
        return ("probe", *_words(job), "--until", "rcpt"), True
    if not sender:  # the null sender is nobody's to try
        return ("probe", *_words(job), "--until", Stage.AUTH.value), False
    there = replace(job, plan=replace(plan, recipients=recipients))
    return ("probe", *_words(there), "--sender", sender), True


def _tried_sender(plan: Plan) -> str:
    """The address of `--sender` beside `--send`, or nothing."""
    address = plan.message.from_address
    typed = plan.typed is not None or plan.bounce != address
    return "" if typed or plan.message != MessageSpec(from_address=address) else address


def _is_plain(plan: Plan) -> bool:
    """Whether a message says nothing of itself beside MAIL and RCPT: no notices, no great size."""
    message = plan.message
    return not (plan.dsn.wanted or message.attachments or message.raw)


def _each(option: str, values: Iterable[str]) -> tuple[str, ...]:
    return tuple(word for each in values for word in (option, each))
