"""What experiments of the run disproved is no change, and no step says that it would work."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Final

from smtpcheck.model.diagnosis import Diagnosis
from smtpcheck.model.jsonvalue import Json
from smtpcheck.model.observation import ExperimentResult, Observations
from smtpcheck.model.profile import DEFAULT_PORTS
from smtpcheck.model.stage import Outcome

_WAY: Final = ("server.port", "server.security")
_PAIR: Final = re.compile(r"\b([a-z]+(?:\.[a-z_]+)+)[ =]['\"]?([A-Za-z0-9.-]+)")
_PORT: Final = re.compile(r"(?:\bport |:|\bserver\.port[ =])(\d{2,5})\b")
_ASK: Final = "ask whoever runs the server which port and mode are open"
_IN_VAIN: Final = "(tried in this run, in vain)"
_SETS: Final = ("smtpcheck profile set ", "--set ")


def without_disproved(
    diagnoses: Sequence[Diagnosis], observations: Observations
) -> tuple[Diagnosis, ...]:
    """The diagnoses, each without the changes that an experiment of this run disproved. The steps
    that advise them go last and say that they were in vain; where no other is left, one says whom
    to ask."""
    tried = _Tried(observations)
    if not tried.failed:
        return tuple(diagnoses)
    return tuple(_held(each, tried) for each in diagnoses)


class _Tried:
    """What the experiments of a run say of a proposal."""

    def __init__(self, observations: Observations) -> None:
        made = observations.experiments
        self.failed = [each for each in made if _is_final(each)]
        self._good = [each for each in made if each.outcome is Outcome.PASSED]
        self._settings = observations.settings

    def disproves(self, changes: Mapping[str, Json]) -> bool:
        """Whether a profile with these changes was tried, in the part that they are about, and
        did not get further."""
        if any(key in changes for key in _WAY):
            return self._way(changes.get("server.port"), changes.get("server.security"))
        return any(self._single(key, value) for key, value in changes.items())

    def shut(self, port: int) -> bool:
        """Whether no way over this port, which is not the configured one, got further."""
        if port == self._settings.get("server.port"):
            return False
        return self._way(port, None)

    def _way(self, port: Json, security: Json) -> bool:
        if port is None:
            return self._mode(str(security))
        if self._passed(port, security):
            return False
        return any(
            each.facts.get("port") == port
            and (
                each.facts.get("connected") is False
                or security in (None, each.facts.get("security"))
            )
            for each in self.failed
        )

    def _mode(self, security: str) -> bool:
        """A mode alone: the port stays, or follows where the profile names none."""
        ports = (self._settings.get("server.port"), DEFAULT_PORTS.get(security))
        if any(self._passed(port, security) for port in ports):
            return False
        return any(
            each.facts.get("port") == ports[0] and each.facts.get("security") == security
            for each in self.failed
            if each.name.startswith("mode-")
        )

    def _passed(self, port: Json, security: Json) -> bool:
        return any(
            each.facts.get("port") == port and security in (None, each.facts.get("security"))
            for each in self._good
        )

    def _single(self, key: str, value: Json) -> bool:
        names = {each.name for each in self.failed}
        match key, value:
            case "server.address_family", "any":
                own = self._settings.get("server.address_family")
                return f"family-{'ipv6' if own == 'ipv4' else 'ipv4'}" in names
            case "server.address_family", _:
                return f"family-{value}" in names
            case "auth.method", "auto":
                return "auth-auto" in names
            case "sender.address" | "sender.bounce", _:
                return any(
                    each.name == "own-sender" and each.facts.get("address") == value
                    for each in self.failed
                )
        return False


def _is_final(result: ExperimentResult) -> bool:
    """Whether it failed for good: what a 4yz reply put off was not disproved."""
    reply = result.facts.get("reply")
    code = reply.get("code") if isinstance(reply, Mapping) else None
    return result.outcome is Outcome.FAILED and not (isinstance(code, int) and 400 <= code < 500)


def _held(diagnosis: Diagnosis, tried: _Tried) -> Diagnosis:
    proposed = {each.key: each.value for each in diagnosis.changes}
    way = {key: value for key, value in proposed.items() if key in _WAY}
    gone = set(way) if way and tried.disproves(way) else set()
    gone |= {
        key for key, value in proposed.items() if key not in _WAY and tried.disproves({key: value})
    }
    vain = [each for each in diagnosis.help if _advises(each, tried)]
    kept = [each for each in diagnosis.help if each not in vain] or [_ASK]
    return replace(
        diagnosis,
        changes=tuple(each for each in diagnosis.changes if each.key not in gone),
        help=(*kept, *(f"{_IN_VAIN} {each.removeprefix('or ')}" for each in vain)),
    )


def _advises(step: str, tried: _Tried) -> bool:
    """Whether a step of a fix sends the reader where the run has been in vain."""
    if any(words in step for words in _SETS):
        pairs = {key: _typed(value) for key, value in _PAIR.findall(step)}
        if pairs and tried.disproves(pairs):
            return True
    ports = {int(each) for each in _PORT.findall(step)}
    ports |= {465} if "smtps://" in step or "submissions://" in step else set()
    return bool(ports) and all(tried.shut(port) for port in ports)


def _typed(value: str) -> Json:
    return int(value) if value.isdecimal() else value
