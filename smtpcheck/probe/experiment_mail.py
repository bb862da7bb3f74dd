"""Whether a server takes a sender: MAIL, perhaps RCPT, and RSET. No message is ever begun."""

from __future__ import annotations

from smtpcheck.diagnosis.experiment import OwnSender
from smtpcheck.model.jsonvalue import Json
from smtpcheck.model.observation import ExperimentResult
from smtpcheck.model.reply import Heard, Reply
from smtpcheck.model.stage import Outcome
from smtpcheck.probe.deadline import Deadline
from smtpcheck.probe.identity import identity_of
from smtpcheck.probe.recorder import Ended
from smtpcheck.probe.run import Run
from smtpcheck.probe.session import Session, words
from smtpcheck.wire.address import envelope_address, needs_smtputf8
from smtpcheck.wire.command import ask, command
from smtpcheck.wire.mail import Envelope, agreed, mail_from, rcpt_to


def try_sender_step(run: Run) -> Ended:
    """MAIL with the sender of the run, then RSET; for a server that wants no login."""
    sender = identity_of(run.profile, run.plan).envelope_sender
    heard = _asked(run.talk, sender, ())
    if heard is None:
        return Ended.failed("the sender is no usable address")
    facts = run.talk.facts(heard, "MAIL")
    return Ended(Outcome.PASSED if agreed(heard) else Outcome.FAILED, words(heard), facts)


def try_own_sender(run: Run, experiment: OwnSender, deadline: Deadline) -> ExperimentResult:
    """The refused envelope once more, with the login's own address, in the session that stands."""
    recorder = run.recorder
    begun = recorder.now_ms
    link = run.talk.link
    if link.lost is not None:
        words_ = "not tried: the server closed the session"
        return ExperimentResult(experiment.name, Outcome.SKIPPED, words_, 0.0)
    recorder.note(f"experiment {experiment.name}: the envelope with the login's own address")
    talk = Session(link, recorder, deadline, timeout=run.profile.server.timeout)
    heard = _asked(talk, experiment.address, experiment.recipients)
    took = round(recorder.now_ms - begun, 3)
    if heard is None:
        return ExperimentResult(experiment.name, Outcome.SKIPPED, "no usable address", took)
    good = agreed(heard)
    verb = "RCPT" if experiment.recipients else "MAIL"
    facts: dict[str, Json] = {"address": experiment.address, **talk.facts(heard, verb)}
    if good and experiment.changes:
        facts["changes"] = [{"key": key, "value": value} for key, value in experiment.changes]
    said = f"MAIL FROM:<{experiment.address}>: {words(heard)}"
    return ExperimentResult(
        experiment.name,
        Outcome.PASSED if good else Outcome.FAILED,
        recorder.masker.text(said),
        took,
        recorder.masker.facts(facts),
    )


def _asked(talk: Session, sender: str, recipients: tuple[str, ...]) -> Heard | None:
    """The answer that decides: to the first refused recipient, else to MAIL; None for an address
    that cannot be put into an envelope. What stood before is reset first, and this afterwards."""
    try:
        address = envelope_address(sender)
    except ValueError:
        return None
    parameters = ("SMTPUTF8",) if needs_smtputf8(address) else ()
    cleared = talk.run(ask(command("RSET")))
    if not isinstance(cleared, Reply):
        return cleared
    heard = talk.run(ask(mail_from(Envelope(address, (), parameters))))
    if agreed(heard):
        for recipient in recipients:
            answer = talk.run(ask(rcpt_to(recipient)))
            heard = answer
            if not agreed(answer):
                break
    if isinstance(heard, Reply):
        talk.run(ask(command("RSET")))
    return heard
