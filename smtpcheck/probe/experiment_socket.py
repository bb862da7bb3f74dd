"""A ClientHello on the connection whose greeting never came (RFC 8314: the port may want TLS)."""

from __future__ import annotations

import threading
from dataclasses import replace

from smtpcheck.diagnosis.experiment import SpeakTls
from smtpcheck.model.jsonvalue import Json
from smtpcheck.model.observation import ExperimentResult
from smtpcheck.model.stage import Outcome
from smtpcheck.probe.deadline import Deadline
from smtpcheck.probe.experiment_way import (
    PATIENCE,
    Walk,
    findings,
    no_secret,
    steps_for,
    told_changes,
    without_locked_key,
)
from smtpcheck.probe.run import Run
from smtpcheck.probe.session import Session
from smtpcheck.probe.tls_steps import prepare_context


def speak_tls(
    run: Run, experiment: SpeakTls, deadline: Deadline, stop: threading.Event
) -> ExperimentResult:
    """Greeting and EHLO inside TLS, on the run's own connection; it is of no other use after."""
    recorder = run.recorder
    link = run.talk.link
    if link.lost is not None:
        said = "not tried: the connection is gone"
        return ExperimentResult(experiment.name, Outcome.SKIPPED, said, 0.0)
    begun = recorder.now_ms
    recorder.note(f"experiment {experiment.name}: a ClientHello on the silent connection")
    server = replace(
        run.profile.server, security="tls", timeout=min(run.profile.server.timeout, PATIENCE)
    )
    profile = replace(run.profile, server=server)
    sub = Run(profile, run.plan, recorder, deadline, no_secret)
    sub.session = Session(link, recorder, deadline, timeout=server.timeout)
    sub.context = run.context or prepare_context(without_locked_key(profile), no_secret)
    walk = Walk(sub)
    walk.go(steps_for(profile, "ehlo", connected=True), stop)
    facts: dict[str, Json] = {"port": profile.port, "connections": 0, **findings(walk)}
    outcome = Outcome.PASSED if walk.arrived else Outcome.FAILED
    if walk.arrived:
        facts["changes"] = told_changes(experiment.changes)
        summary = f"the port speaks TLS: {facts.get('version')}, greeting and EHLO inside it"
    else:
        name, ended = walk.last
        summary = f"{name}: {ended.summary}"
    return ExperimentResult(
        experiment.name,
        outcome,
        recorder.masker.text(summary),
        round(recorder.now_ms - begun, 3),
        recorder.masker.facts(facts),
    )
