"""What the choice of experiments looks at: the failed step, its facts, the settings of the run."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping, Sequence
from typing import Final, Self

from smtpcheck.catalog.flat import flat
from smtpcheck.diagnosis.experiment import Changes, Known
from smtpcheck.diagnosis.facts import common_facts
from smtpcheck.diagnosis.provider import provider_by_host
from smtpcheck.model.diagnosis import Diagnosis
from smtpcheck.model.jsonvalue import Facts, Json
from smtpcheck.model.observation import Observations
from smtpcheck.model.stage import Outcome, Stage
from smtpcheck.model.value import dataclass

_LOCAL: Final = ("local", "source-address", "denied", "no-socket", "malformed")
"""Failures of this machine or of the profile: the server has no part in them."""
_CUT: Final = ("timeout", "closed", "reset")


@dataclass(frozen=True, slots=True)
class Case:
    """One failed run."""

    stage: Stage
    step: str
    facts: Facts
    """Those of the failed step under their own names, and all others under their full names."""
    cause: str
    """The cause that the run stands behind so far, or the empty string."""
    known: Known

    @classmethod
    def of(
        cls, observations: Observations, diagnoses: Sequence[Diagnosis], known: Known
    ) -> Self | None:
        """The case; None where nothing failed or the run was broken off."""
        failed = next((s for s in observations.stages if s.outcome is Outcome.FAILED), None)
        step = failed.failed_step if failed else None
        if failed is None or step is None or observations.interrupted:
            return None
        facts = {**common_facts(observations), **flat(step.facts)}
        cause = diagnoses[0].cause if diagnoses else ""
        return cls(failed.stage, step.step, facts, cause, known)

    def text(self, name: str) -> str:
        """A fact that is a text, else the empty string."""
        value = self.facts.get(name)
        return value if isinstance(value, str) else ""

    def texts(self, name: str) -> tuple[str, ...]:
        """The texts of a fact that is a list."""
        value = self.facts.get(name)
        listed = value if isinstance(value, list | tuple) else ()
        return tuple(each for each in listed if isinstance(each, str))

    @property
    def port(self) -> int:
        """The port in use."""
        port = self.facts.get("server.port")
        return port if isinstance(port, int) else 0

    @property
    def security(self) -> str:
        """The mode in use."""
        return self.text("server.security")

    @property
    def protocol(self) -> str:
        """What the greeting showed instead of SMTP."""
        return self.text("protocol") if self.step.endswith(".greeting") else ""

    @property
    def through_proxy(self) -> bool:
        """Whether a proxy stands between: other ways go through it too, and what only a direct
        connection could tell is not asked."""
        return bool(self.text("proxy.host"))

    @property
    def problems(self) -> set[str]:
        """Kinds of what is wrong with the certificate."""
        listed = self.facts.get("problems")
        tables = listed if isinstance(listed, list | tuple) else ()
        return {str(each.get("kind")) for each in tables if isinstance(each, Mapping)}

    @property
    def wants_login(self) -> bool:
        """Whether the profile logs in."""
        method = self.text("auth.method")
        credentials = self.facts.get("auth.username") or self.facts.get("auth.password")
        return method != "none" and (bool(credentials) or method not in ("", "auto"))

    @property
    def must_stop(self) -> bool:
        """Whether there is nobody to ask, or nobody who may be asked again: a 421 or another
        temporary refusal at the greeting, time that is up, an attack, a fault of this side."""
        if self.facts.get("error.kind") in _LOCAL or self.facts.get("injected"):
            return True
        if self.text("proxy.host") and self.facts.get("proxy.password"):
            return True  # another way would have to log in at the proxy once more
        if self.text("server.socket") or self.facts.get("silence.kind") == "deadline":
            return True
        code = self.facts.get("reply.code")
        greeted = self.step.endswith(".greeting")
        if code == 421 or (greeted and isinstance(code, int) and 400 <= code < 500):
            return True
        spoken = (self.text("silence.partial"), self.text("plain_text"))
        return any(each.startswith(("421", "4")) for each in spoken) or self._stopped

    @property
    def _stopped(self) -> bool:
        return any(
            name.startswith("experiment.") and name.endswith(".reply.code") and value == 421
            for name, value in self.facts.items()
        )

    @property
    def goal(self) -> str:
        """The last step that another way on the same port has to pass."""
        if self.stage is Stage.SEND:
            return "send.mail"
        return "auth.choose" if self.stage is Stage.AUTH else "ehlo"

    @property
    def can_reach_goal(self) -> bool:
        """Without a login nobody gets to MAIL where a login is needed."""
        return self.stage is not Stage.SEND or not self.wants_login

    @property
    def may_go_without_tls(self) -> bool:
        """Whether plain text may be proposed at all: no login, a server in a private network or on
        this machine, and no sign that something on the way takes STARTTLS out."""
        masked = self.facts.get("masked") or "***" in self.text("tcp.greeting.reply.text")
        return not self.wants_login and not masked and _is_private(self.text("tcp.connect.address"))

    @property
    def is_known_host(self) -> bool:
        """Whether the host belongs to a known provider."""
        return bool(provider_by_host(self.text("server.host")))

    @property
    def is_cut_off(self) -> bool:
        """Whether the server broke off or refused behind an address that did connect."""
        if self.step not in ("tcp.greeting", "tls.greeting", "tls.handshake", "tcp.ehlo"):
            return False
        code = self.facts.get("reply.code")
        gone = (self.facts.get("silence.kind"), self.facts.get("error.kind"))
        refused = self.step.endswith(".greeting") and isinstance(code, int) and code >= 500
        return refused or any(each in _CUT for each in gone)

    @property
    def families(self) -> set[str]:
        """The address families that the host has."""
        addresses = (*self.texts("dns.system.addresses"), *self.texts("dns.query.addresses"))
        return {"ipv6" if ":" in each else "ipv4" for each in addresses}

    def changes(self, port: int, security: str) -> Changes:
        """The fewest changes of the profile that lead to this port and mode."""
        both: dict[str, Json] = {"server.port": port, "server.security": security}
        tries: list[dict[str, Json]] = [
            {"server.security": security},
            {"server.port": port},
            both,
        ]
        if port != self.port:
            tries = [tries[1], tries[0], both]
        return next(
            (tuple(each.items()) for each in tries if self._becomes(each) == (port, security)),
            tuple(both.items()),
        )

    def _becomes(self, changes: Mapping[str, Json]) -> tuple[Json, Json] | None:
        if self.known.becomes is not None:
            return self.known.becomes(changes)
        return (
            changes.get("server.port", self.port),
            changes.get("server.security", self.security),
        )


def _is_private(address: str) -> bool:
    try:
        return ipaddress.ip_address(address.partition("%")[0]).is_private
    except ValueError:
        return False
