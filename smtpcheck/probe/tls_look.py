"""What one closer look at a server's TLS finds: facts, problems, and a summary of both."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field

from smtpcheck.model.jsonvalue import Json
from smtpcheck.model.stage import Outcome
from smtpcheck.probe.recorder import Ended
from smtpcheck.wire.server_flight import Choice


@dataclass(slots=True)
class Look:
    """Filled bit by bit, so that what was found stays when the server hangs up."""

    facts: dict[str, Json] = field(default_factory=dict)
    said: list[str] = field(default_factory=list)
    problems: list[Json] = field(default_factory=list)
    stopped: str = ""
    """Why it ended early."""

    def problem(self, kind: str, detail: str, **more: Json) -> None:
        """Something that is to be judged."""
        self.problems.append({"kind": kind, "detail": detail, **more})

    def ended(self) -> Ended:
        """As a step; it never fails, since the run itself got through."""
        facts = dict(self.facts)
        said = list(self.said)
        if self.problems:
            facts["problems"] = list(self.problems)
        if self.stopped:
            facts["stopped"] = self.stopped
            said.append(f"not finished: {self.stopped}" if said else f"not made: {self.stopped}")
        outcome = Outcome.PASSED if self.said else Outcome.SKIPPED
        if self.problems:
            outcome = Outcome.WARNED
        return Ended(outcome, "; ".join(said), facts)


@dataclass(slots=True)
class Seen:
    """What the looks know from each other and from the run."""

    stop: threading.Event
    auth_offered: bool
    """The server takes logins: a client that trusts the wrong one loses a password."""
    choices: list[Choice] = field(default_factory=list)
    """One for each version that is taken, newest first."""
    whole: bool = False
    """Whether the search for versions came to its end: what is not among them is not taken."""
    usual: Choice | None = None
    """What a present-day client gets in the newest version up to 1.2."""

    leaf: bytes = b""
    """The server's own certificate in DER, where a whole handshake showed it."""

    @property
    def versions(self) -> list[str]:
        """The versions that are taken, newest first."""
        return [each.version for each in self.choices]

    @property
    def classic(self) -> str:
        """The newest version up to 1.2, whose handshake is in clear; empty where none is taken."""
        return next((each for each in self.versions if each != "1.3"), "")

    @property
    def legacy(self) -> list[str]:
        """The versions below 1.2, oldest first (RFC 8996)."""
        return [each for each in reversed(self.versions) if each not in ("1.2", "1.3")]
