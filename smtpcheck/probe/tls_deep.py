"""`--tls deep`: closer looks at a server's TLS once the run is over, one connection after another.

No credential and no mail is sent, and only the run's own server is asked. It ends at the first
421, at a connection that is refused, and at bounds of its own within those of the run.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping
from typing import Final

from smtpcheck.model.jsonvalue import Json
from smtpcheck.model.observation import ExperimentResult, Step
from smtpcheck.model.stage import TLS_DEEP, Outcome, Stage
from smtpcheck.probe.experiment_way import facts_say_421
from smtpcheck.probe.run import Run
from smtpcheck.probe.tls_ask import Asker, AskingEndedError, mechanisms_of
from smtpcheck.probe.tls_look import Look, Seen
from smtpcheck.probe.tls_look_chains import look_at_chains
from smtpcheck.probe.tls_look_ciphers import look_at_ciphers, look_at_features, look_at_versions
from smtpcheck.probe.tls_look_commands import look_at_commands
from smtpcheck.probe.tls_look_groups import look_at_groups
from smtpcheck.probe.tls_look_issuance import look_at_issuance
from smtpcheck.probe.tls_look_sessions import look_at_sessions

SECONDS: Final = 30.0
"""That all looks may take together."""
MOST_CONNECTIONS: Final = 40
"""Far more than a sound server needs, which is about 20."""
_LOOKS: Final[Mapping[str, Callable[[Asker, Seen, Look], None]]] = dict(
    zip(
        TLS_DEEP,
        (
            look_at_versions,
            look_at_ciphers,
            look_at_groups,
            look_at_features,
            look_at_sessions,
            look_at_chains,
            look_at_issuance,
            look_at_commands,
        ),
        strict=True,
    )
)


def look_deeper(run: Run, experiments: tuple[ExperimentResult, ...]) -> None:
    """Adds the steps of `TLS_DEEP` to the tls stage, or a note that says why not."""
    reason = _why_not(run, experiments)
    if reason:
        run.note(f"--tls deep was not done: {reason}")
        return
    offers = mechanisms_of(run, "tls.ehlo") or mechanisms_of(run, "tcp.ehlo")
    seen = Seen(threading.Event(), bool(offers))
    asker = Asker(run, run.deadline.within(SECONDS), seen.stop, most=MOST_CONNECTIONS)
    for name, take in _LOOKS.items():
        run.recorder.begin(name)
        look = Look()
        before = asker.connections
        try:
            take(asker, seen, look)
        except AskingEndedError as ended:
            look.stopped = str(ended)
        except KeyboardInterrupt:
            look.stopped = "interrupted"
            raise
        finally:
            if not seen.choices:
                look.stopped = look.stopped or "no offer was accepted"
                asker.give_up("nothing came out about its TLS")
            look.facts["connections"] = asker.connections - before
            _write(run, name, look)


def _write(run: Run, name: str, look: Look) -> None:
    ended = look.ended()
    run.recorder.note(f"{name}: {ended.outcome}: {ended.summary}")
    run.recorder.end_late(Stage.TLS, name, ended)


def _why_not(run: Run, experiments: tuple[ExperimentResult, ...]) -> str:
    if run.profile.security == "none":
        return "the profile uses no TLS"
    steps = {step.step: step for step in _steps(run)}
    shaken = steps.get("tls.handshake")
    if shaken is None or shaken.outcome is Outcome.SKIPPED:
        return "the run did not get as far as TLS"
    error = shaken.facts.get("error")
    if isinstance(error, Mapping) and error.get("kind") == "local":
        return "the TLS settings of this machine stand against it"
    facts: list[Mapping[str, Json]] = [step.facts for step in steps.values()]
    if any(facts_say_421(each) for each in (*facts, *(each.facts for each in experiments))):
        return "the server asked to be left alone (421)"
    return "no time left" if run.deadline.expired else ""


def _steps(run: Run) -> Iterator[Step]:
    for stage in run.recorder.stages:
        yield from stage.steps
