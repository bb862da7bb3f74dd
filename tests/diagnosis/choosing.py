"""Failed runs in few words, and which experiments are chosen for them, round by round."""

from __future__ import annotations

from collections.abc import Mapping

from smtpcheck.diagnosis.experiment import Experiment, Known, TryWay
from smtpcheck.diagnosis.experiments import choose
from smtpcheck.model.diagnosis import Confidence, Diagnosis, Owner, Severity
from smtpcheck.model.jsonvalue import Json
from smtpcheck.model.observation import ExperimentResult, Observations, Step
from smtpcheck.model.stage import Outcome
from tests.diagnosis.observed import reply, run, step

LOGIN: dict[str, Json] = {"auth.method": "auto", "auth.username": "alice@example.test"}
NO_LOGIN: dict[str, Json] = {"auth.method": "auto", "auth.username": ""}
CONNECTED = step("tcp.connect", address="127.0.0.1", family="ipv4")
GREETED = step("tcp.greeting", reply=reply(220, "", "mail ESMTP", "CONNECT"))


def seen(
    *steps: Step,
    port: int = 587,
    security: str = "starttls",
    more: Mapping[str, Json] | None = None,
) -> Observations:
    """A failed run with these settings."""
    given: dict[str, Json] = {
        "server.host": "mail.example.test",
        "server.port": port,
        "server.security": security,
        "server.address_family": "any",
        "tls.min_version": "1.2",
        "tls.max_version": "1.3",
        "tls.verify": True,
        **LOGIN,
    }
    return run(*steps, settings={**given, **(more or {})})


def silence(kind: str, command: str = "CONNECT") -> dict[str, Json]:
    return {"silence": {"kind": kind, "command": command, "partial": ""}}


def judged(cause: str) -> tuple[Diagnosis, ...]:
    return (
        Diagnosis(
            cause, Severity.ERROR, "", "", Confidence.CERTAIN, Owner.YOU, retryable=False, why="",
            help=(),
        ),
    )  # fmt: skip


def rounds(
    observations: Observations, cause: str = "", known: Known | None = None
) -> list[list[str]]:
    """The names of all rounds when nothing ever passes."""
    done: list[ExperimentResult] = []
    told: list[list[str]] = []
    for _ in range(9):
        now = Observations(observations.settings, observations.stages, tuple(done))
        chosen = choose(now, judged(cause) if cause else (), known or Known())
        if not chosen:
            return told
        told.append([each.name for each in chosen])
        done += [
            ExperimentResult(
                each.name, Outcome.FAILED, "", 1.0, {"connections": int(isinstance(each, TryWay))}
            )
            for each in chosen
        ]
    raise AssertionError(f"no end: {told}")


def one(observations: Observations, name: str, cause: str = "") -> Experiment:
    """The experiment of this name, of whichever round."""
    done: list[ExperimentResult] = []
    for _ in range(9):
        now = Observations(observations.settings, observations.stages, tuple(done))
        chosen = choose(now, judged(cause) if cause else ())
        found = next((each for each in chosen if each.name == name), None)
        if found is not None:
            return found
        assert chosen, f"{name} is not chosen: {[each.name for each in done]}"
        done += [ExperimentResult(each.name, Outcome.FAILED, "", 1.0) for each in chosen]
    raise AssertionError(name)


PORTS = ["port-25", "port-465", "port-2525"]
