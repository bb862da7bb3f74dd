"""What all conversations of one sandbox share."""

from __future__ import annotations

import ssl
import threading
from collections import Counter
from dataclasses import dataclass, field
from enum import Enum
from time import monotonic

from smtpcheck.sandbox.exchange import Accounts, Caller
from smtpcheck.sandbox.limits import Limits
from smtpcheck.sandbox.mechanisms import USUAL
from smtpcheck.sandbox.received import OnMessage, OnTalk
from smtpcheck.sandbox.scenario import Scenario
from smtpcheck.sandbox.tokens import Tokens


class Door(Enum):
    """Which listener a client came through."""

    SUBMISSION = "submission"
    """STARTTLS, then a login."""
    SUBMISSIONS = "submissions"
    """TLS from the first byte, then a login."""
    RELAY = "relay"
    """No TLS, no login."""


@dataclass(slots=True)
class House:
    """The settings, the accounts and the shared memory of a sandbox."""

    name: str
    accounts: Accounts
    tokens: Tokens
    scenario: Scenario
    limits: Limits
    tls: ssl.SSLContext
    deliver: OnMessage
    tell: OnTalk
    offered: tuple[str, ...] = USUAL
    """The SASL mechanisms on offer, unless the scenario names others."""
    binding: bytes = b""
    """`tls-server-end-point` of the certificate."""
    stopping: threading.Event = field(default_factory=threading.Event)
    _played: Counter[tuple[str, str]] = field(default_factory=Counter)
    _began: dict[tuple[str, str], float] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def size_limit(self) -> int:
        """The largest message, in octets."""
        return self.scenario.size or self.limits.message

    @property
    def mechanisms(self) -> tuple[str, ...]:
        """The SASL mechanisms on offer."""
        return self.scenario.mechanisms or self.offered

    def caller(self, certificate_user: str, unique: bytes) -> Caller:
        """What a mechanism works with on a connection that showed this certificate, and whose
        `tls-unique` this is."""
        return Caller(
            accounts=self.accounts,
            tokens=self.tokens,
            certificate_user=certificate_user,
            bindings={"tls-server-end-point": self.binding, "tls-unique": unique},
            offers_plus=any(name.endswith("-PLUS") for name in self.mechanisms),
            iterations=self.scenario.iterations,
            lies=self.scenario.wrong_proof,
        )

    def keywords(self, door: Door, *, secured: bool) -> list[str]:
        """The lines of the EHLO reply (RFC 5321 section 4.1.1.1)."""
        lines = ["PIPELINING", f"SIZE {self.size_limit}"]
        if door is Door.SUBMISSION and not secured:
            lines.append("STARTTLS")
            early = self.scenario.mechanisms_before_tls
            lines += [f"AUTH {' '.join(early)}"] if early else []
        if door is not Door.RELAY and secured:
            lines.append(f"AUTH {' '.join(self.mechanisms)}")
        lines += ["8BITMIME", "SMTPUTF8", "CHUNKING", "DSN", "ENHANCEDSTATUSCODES"]
        lines += self.scenario.offers
        hidden = {each.upper() for each in self.scenario.hidden}
        return [line for line in lines if line.split(" ")[0].upper() not in hidden]

    def override(self, point: str, key: str) -> str:
        """What the scenario says at this point instead of the good reply; empty: nothing."""
        text = self.scenario.reply.get(point, "")
        if not text or not (self.scenario.times or self.scenario.lasts):
            return text
        with self._lock:
            self._played[point, key] += 1
            spent = self.scenario.times and self._played[point, key] > self.scenario.times
            began = self._began.setdefault((point, key), monotonic())
            over = self.scenario.lasts and monotonic() - began >= self.scenario.lasts
            return "" if spent or over else text
