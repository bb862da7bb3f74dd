"""One expectation, held against a run: met, unmet, or not looked at."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from smtpcheck.diagnosis.seen import Seen
from smtpcheck.model.jsonvalue import Facts
from smtpcheck.model.observation import Observations
from smtpcheck.model.stage import Stage
from smtpcheck.model.value import dataclass

NOT_REACHED: Final = "the run did not get so far"


@dataclass(frozen=True, slots=True, kw_only=True)
class Expectation:
    """One key of `[expect]`, held against a run."""

    key: str
    """Its name within `[expect]`."""
    stage: str
    """Where it is seen, or the empty string."""
    met: bool | None
    """None: it was not looked at."""
    wanted: str
    seen: str
    """In words; of one that was not looked at, why not."""
    missing: tuple[str, ...] = ()
    """Which of several wanted things are not there."""
    fitting: str = ""
    """The value that would be met, as a flag gives it; empty where there is none."""
    quoted: tuple[int, ...] = ()
    """Events of the transcript that show it."""
    doubt: str = ""
    """What of it could not be looked at, though the rest could."""

    @property
    def facts(self) -> Facts:
        """As a rule pins them; docs/facts.md, Expectations."""
        made = {"expectation": self.key, "wanted": self.wanted, "seen": self.seen}
        fits = {"fitting": self.fitting} if self.fitting else {"none_fits": f"expect.{self.key}"}
        missing = {"missing": list(self.missing)} if self.missing else {}
        return {**made, **fits, **missing}


Check = Callable[[Seen, Observations], Expectation | None]
"""Holds one key against a run; None where nothing is expected of it."""


def held(  # noqa: PLR0913 - what an expectation is made of, each by name
    key: str,
    stage: Stage | str,
    wanted: str,
    seen: str,
    *,
    met: bool,
    missing: tuple[str, ...] = (),
    fitting: str = "",
    quoted: tuple[int, ...] = (),
    doubt: str = "",
) -> Expectation:
    """One that was looked at."""
    return Expectation(
        key=key,
        stage=str(stage),
        met=met,
        wanted=wanted,
        seen=seen,
        missing=missing,
        fitting=fitting,
        quoted=quoted,
        doubt=doubt,
    )


def left_open(key: str, stage: Stage | str, wanted: str, why: str = "") -> Expectation:
    """One that was not looked at, and why not."""
    why = why or NOT_REACHED
    return Expectation(key=key, stage=str(stage), met=None, wanted=wanted, seen=why)
