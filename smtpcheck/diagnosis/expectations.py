"""What `[expect]` asks for, held against what a run saw: met, unmet, or not looked at.

A pure function of the observations, whose settings hold the expectations, so that a saved report is
judged again.
"""

from __future__ import annotations

from typing import Final

from smtpcheck.diagnosis.drift import traits_of, words_of
from smtpcheck.diagnosis.expectation import Check, Expectation, held, left_open
from smtpcheck.diagnosis.expected_offers import banner, extensions, mechanisms, min_size
from smtpcheck.diagnosis.expected_ways import families, senders
from smtpcheck.diagnosis.seen import Seen, text_in, whole_in, words_in
from smtpcheck.model.observation import Observations, StageResult
from smtpcheck.model.profile import TLS_VERSIONS
from smtpcheck.model.stage import Stage

_NO_BASELINE: Final = "no --baseline holds a run of this target"
_USUAL_DAYS: Final = 21
"""Proposed where more is expected than a CA gives: renewals begin 30 days before the end."""
_SLACK: Final = 1.5
"""A time limit that is proposed leaves so much room above what was seen."""


def expectations(observations: Observations) -> tuple[Expectation, ...]:
    """Every expectation that is set, in the order of the profile's keys."""
    seen = Seen(observations)
    made = []
    for check in _CHECKS:
        found = check(seen, observations)
        if found is not None:
            made.append(found)
    return tuple(made)


def unmet(observations: Observations) -> tuple[Expectation, ...]:
    """Those that the run shows to be not met."""
    return tuple(each for each in expectations(observations) if each.met is False)


def expectation_notes(observations: Observations) -> tuple[str, ...]:
    """What was not looked at, and why, in a line for each reason."""
    left: dict[str, list[str]] = {}
    doubts = []
    for each in expectations(observations):
        if each.met is None:
            left.setdefault(each.seen, []).append(f"expect.{each.key}")
        if each.doubt:
            doubts.append(f"expect.{each.key} was not looked at whole: {each.doubt}")
    return (*(f"not looked at, {why}: {', '.join(keys)}" for why, keys in left.items()), *doubts)


def _min_tls(seen: Seen, _: Observations) -> Expectation | None:
    least = seen.text("expect.min_tls")
    if least not in TLS_VERSIONS:
        return None
    wanted = f"TLS {least}" + ("" if least == TLS_VERSIONS[-1] else " or newer")
    version = seen.tls_version
    if seen.without_tls and seen.good(Stage.TCP):
        return held("min_tls", Stage.TLS, wanted, "no TLS: server.security is none", met=False)
    if not version:
        return left_open("min_tls", Stage.TLS, wanted)
    met = version in TLS_VERSIONS[TLS_VERSIONS.index(least) :]
    shown = f"TLS {version}" if version in TLS_VERSIONS else "SSL 3.0"
    fitting = version if version in TLS_VERSIONS else ""
    return held("min_tls", Stage.TLS, wanted, shown, met=met, fitting=fitting)


def _certificate_days(seen: Seen, _: Observations) -> Expectation | None:
    least = whole_in(seen.settings, "expect.certificate_days")
    if not least:
        return None
    wanted = f"at least {_days(least)} left"
    leaf = seen.leaf
    days = whole_in(leaf, "days_left") if leaf is not None else None
    if seen.without_tls and seen.good(Stage.TCP):
        said = "no certificate: server.security is none"
        return held("certificate_days", Stage.TLS, wanted, said, met=False)
    if leaf is None or days is None:
        return left_open("certificate_days", Stage.TLS, wanted)
    left = f"{_days(days)} left, until" if days >= 0 else f"ended {_days(-days)} ago, on"
    said = f"{left} {text_in(leaf, 'not_after')} ({text_in(leaf, 'subject')})"
    fitting = str(max(1, min(_USUAL_DAYS, days // 2))) if days > 0 else ""
    return held("certificate_days", Stage.TLS, wanted, said, met=days >= least, fitting=fitting)


def _total_ms(seen: Seen, _: Observations) -> Expectation | None:
    most = whole_in(seen.settings, "expect.total_ms")
    if not most:
        return None
    wanted, took = f"{most} ms at most", round(seen.total_ms)
    over = took > most
    if not (seen.whole or over):
        return left_open("total_ms", "", wanted)
    slowest = max(seen.stages, key=seen.elapsed_ms, default=None)
    longest = f", most of it in {slowest}: {seen.elapsed_ms(slowest):.0f} ms" if slowest else ""
    said = f"{took} ms{longest if over else ''}"
    return held("total_ms", "", wanted, said, met=not over, fitting=_limit(took))


def _stage_ms(stage: Stage) -> Check:
    key = f"{stage}_ms"

    def check(seen: Seen, _: Observations) -> Expectation | None:
        most = whole_in(seen.settings, f"expect.{key}")
        if not most:
            return None
        wanted, took = f"{most} ms at most", round(seen.elapsed_ms(stage))
        if not seen.good(stage) and took <= most:
            why = f"this run has no stage {stage}" if seen.left_out(stage) else ""
            return left_open(key, stage, wanted, why)
        over = took > most
        said = f"{took} ms{_slowest(seen.stages[stage]) if over else ''}"
        return held(key, stage, wanted, said, met=not over, fitting=_limit(took))

    return check


def _slowest(result: StageResult) -> str:
    if len(result.steps) < 2:
        return ""
    step = max(result.steps, key=lambda each: each.elapsed_ms)
    return f", the slowest step: {step.step}, {step.elapsed_ms:.0f} ms"


def _unchanged(seen: Seen, observations: Observations) -> Expectation | None:
    asked = words_in(seen.settings, "expect.unchanged")
    if not asked:
        return None
    wanted = ", ".join(asked)
    if not observations.baseline:
        return left_open("unchanged", "", wanted, _NO_BASELINE)
    changed = [each for each in observations.drift if each.what in asked]
    here = traits_of(observations)
    lost = [each for each in asked if each not in here]
    if lost == asked and not changed:
        return left_open("unchanged", "", wanted)
    said = "; ".join(f"{each.what} {words_of(each)}" for each in changed) or "all as it was"
    names = tuple(each.what for each in changed)
    kept = ",".join(each for each in asked if each not in names)
    doubt = f"this run did not see {', '.join(lost)}" if lost else ""
    return held(
        "unchanged", "", wanted, said, met=not changed, missing=names, fitting=kept, doubt=doubt
    )


_CHECKS: Final[tuple[Check, ...]] = (
    _min_tls,
    _certificate_days,
    _total_ms,
    *(_stage_ms(stage) for stage in Stage),
    mechanisms,
    extensions,
    min_size,
    families,
    senders,
    banner,
    _unchanged,
)


def _days(count: int) -> str:
    return "1 day" if count == 1 else f"{count} days"


def _limit(took: int) -> str:
    """A limit with room above what was seen, rounded up to two digits."""
    roomy = max(1, int(took * _SLACK))
    step = 10 ** max(0, len(str(roomy)) - 2)
    return str(-(-roomy // step) * step)
