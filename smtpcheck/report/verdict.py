"""The last line: how the run ended, in one sentence."""

from __future__ import annotations

from smtpcheck.model.diagnosis import Severity
from smtpcheck.model.observation import Observations
from smtpcheck.model.report import TargetReport
from smtpcheck.model.stage import ExitCode, Outcome, Stage
from smtpcheck.report.essentials import delivered
from smtpcheck.report.facts import facts_of, stage_of, step_of, text_of
from smtpcheck.report.rows import Piece, Role
from smtpcheck.report.words import counted, place, run_time, total_ms

_RAN = (Outcome.PASSED, Outcome.WARNED)
_TALK = ("tcp.greeting", "tcp.ehlo")


def verdict(target: TargetReport) -> list[Piece]:
    """The pieces of the sentence; the first is the one that says it all."""
    time = run_time(total_ms(target))
    attempt = f" at attempt {len(target.attempts)}" if target.attempts else ""
    match target.outcome:
        case Outcome.SKIPPED:
            return [("skipped", Role.WARNING), (f": {_why_skipped(target)}", Role.PLAIN)]
        case Outcome.INTERRUPTED:
            return [
                (f"interrupted{_where(target, ' in ')}", Role.WARNING),
                (f" after {time} (exit {target.exit_code})", Role.PLAIN),
            ]
        case Outcome.FAILED:
            return [
                (short_verdict(target), Role.ERROR),
                (f"{attempt} in {time}{_failed_how(target)} (exit {target.exit_code})", Role.PLAIN),
            ]
        case _:
            return [
                (f"passed{_with_warnings(target)}", Role.SUCCESS),
                (f"{attempt} in {time}: {_proved(target)}", Role.PLAIN),
            ]


def short_verdict(target: TargetReport) -> str:
    """`passed`, `failed at auth`, for a table."""
    if target.outcome is Outcome.FAILED:
        return f"failed{_where(target, ' at ')}"
    if target.outcome in _RAN:
        return "passed"
    return target.outcome.value


def warnings_of(target: TargetReport) -> int:
    """How many warnings a reader was given."""
    return sum(1 for each in target.diagnoses if each.severity is Severity.WARNING)


def _why_skipped(target: TargetReport) -> str:
    return "; ".join(target.notes) or "the profile is disabled"


def _where(target: TargetReport, joint: str) -> str:
    bad = (Outcome.FAILED, Outcome.INTERRUPTED)
    stage = next((each for each in target.observations.stages if each.outcome in bad), None)
    if stage is not None:
        return f"{joint}{stage.stage.value}"
    return " an expectation" if target.exit_code == ExitCode.EXPECTATION else ""


def _failed_how(target: TargetReport) -> str:
    send = stage_of(target.observations, Stage.SEND)
    doubt = (facts_of(send, step).get("in_doubt") for step in ("send.message", "send.repeat"))
    if True in doubt:
        accepted = facts_of(send, "send.message").get("accepted")
        if isinstance(accepted, (list, tuple)) and accepted:
            return ", accepted for some recipients, unknown for others"
        return ", unknown whether the message was accepted"
    if target.exit_code == ExitCode.TEMPORARY:
        return ", for now: the server asks to try again later"
    return ""


def _with_warnings(target: TargetReport) -> str:
    count = warnings_of(target)
    return f" with {counted(count, 'warning')}" if count else ""


def _proved(target: TargetReport) -> str:
    """What the deepest stage that ran has shown."""
    seen, where = target.observations, place(target)
    if delivered(seen):
        return f"mail leaves through {where}"
    if _ran(seen, Stage.SEND):
        return _proved_by_envelope(seen, where)
    if _ran(seen, Stage.AUTH):
        return f"{where} accepts the login"
    if _ran(seen, Stage.TLS):
        verified = facts_of(stage_of(seen, Stage.TLS), "tls.handshake").get("verified")
        return f"{where} speaks SMTP over {'verified' if verified else 'unverified'} TLS"
    if _ran(seen, Stage.TCP):
        spoken = "LMTP" if text_of(seen.settings, "server.protocol") == "lmtp" else "SMTP"
        return f"{where} speaks {spoken}" if _spoke(seen) else f"{where} takes connections"
    if _ran(seen, Stage.DNS):
        return f"{text_of(seen.settings, 'server.host') or where} has an address"
    return "nothing was asked for"


def _proved_by_envelope(seen: Observations, where: str) -> str:
    send = stage_of(seen, Stage.SEND)
    if step_of(send, "send.sender") and not step_of(send, "send.prepare"):
        return f"{where} accepts every sender that was named; no message was sent"
    match text_of(facts_of(send, "send.relay"), "verdict"):
        case "closed":
            return f"{where} relays nothing without a login"
        case "unknown":
            return f"whether {where} relays without a login did not show"
    return f"{where} would take this mail; none was sent"


def _ran(seen: Observations, stage: Stage) -> bool:
    result = stage_of(seen, stage)
    return result is not None and result.outcome in _RAN


def _spoke(seen: Observations) -> bool:
    result = stage_of(seen, Stage.TCP)
    return result is not None and any(step.step in _TALK for step in result.steps)
