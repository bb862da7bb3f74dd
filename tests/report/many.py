"""A run against more targets than a renderer may hold: each is made when it is asked for, and
counted while it is alive.
"""

from __future__ import annotations

import weakref
from collections.abc import Sequence
from dataclasses import fields, replace
from typing import overload

from smtpcheck.model.report import Report, TargetReport
from smtpcheck.model.stage import Outcome
from tests.report.samples import (
    EMPTY,
    INT,
    STARTED,
    F,
    S,
    failed_auth,
    failed_send_for_now,
    failed_tcp,
    no_rule_matched,
    passed_implicit_with_warnings,
    passed_starttls,
    sent_nothing,
    target,
)

GOOD = passed_starttls
KINDS = (
    *[GOOD] * 13,
    failed_auth,
    passed_implicit_with_warnings,
    failed_tcp,
    no_rule_matched,
    sent_nothing,
    failed_send_for_now,
)
"""What a run of many is made of, in turn."""


class Watched(TargetReport):
    """A target that can be watched."""

    __slots__ = ("__weakref__",)


class MadeOnDemand(Sequence[TargetReport]):
    """As many targets as are wanted, none of them kept."""

    def __init__(self, count: int, base: Sequence[TargetReport]) -> None:
        self._count, self._base = count, base
        self._alive = 0
        self.most_alive = 0
        self.made = 0

    def __len__(self) -> int:
        return self._count

    @overload
    def __getitem__(self, at: int) -> TargetReport: ...
    @overload
    def __getitem__(self, at: slice) -> Sequence[TargetReport]: ...
    def __getitem__(self, at: int | slice) -> TargetReport | Sequence[TargetReport]:
        if isinstance(at, slice):
            raise TypeError("whoever takes a slice holds many")
        if not 0 <= at < self._count:
            raise IndexError(at)
        base = self._base[at % len(self._base)]
        one = Watched(*(getattr(base, each.name) for each in fields(base)))
        one = replace(one, target=f"{base.target}-{at}")
        self.made += 1
        self._alive += 1
        self.most_alive = max(self.most_alive, self._alive)
        weakref.finalize(one, self._gone)
        return one

    def _gone(self) -> None:
        self._alive -= 1


def many(count: int, base: Sequence[TargetReport] | None = None) -> tuple[Report, MadeOnDemand]:
    """A report of so many targets, and what watches them."""
    base = base or [make().targets[0] for make in KINDS]
    targets = MadeOnDemand(count, base)
    failed = any(each.outcome is F for each in base)
    return Report(STARTED, F if failed else Outcome.PASSED, 1 if failed else 0, targets), targets


def unbegun() -> TargetReport:
    """What an interrupt leaves of a target that was not reached."""
    one = target(outcome=INT, exit_code=130, transcript=(), notes=("interrupted before its turn",))
    return replace(one, target="later")


def disabled() -> TargetReport:
    """A profile that is switched off."""
    return target(*EMPTY, name="off", outcome=S, transcript=(), notes=("the profile is disabled",))
