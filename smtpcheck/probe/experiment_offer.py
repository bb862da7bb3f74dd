"""What a server takes where no handshake with it succeeds: its versions, and a cipher suite."""

from __future__ import annotations

import threading

from smtpcheck.diagnosis.experiment import AskTls
from smtpcheck.model.jsonvalue import Json
from smtpcheck.model.observation import ExperimentResult
from smtpcheck.model.stage import Outcome
from smtpcheck.probe.deadline import Deadline
from smtpcheck.probe.experiment_way import PATIENCE
from smtpcheck.probe.run import Run
from smtpcheck.probe.tls_ask import Asker, AskingEndedError
from smtpcheck.probe.tls_versions import allowed_in_words, ask_versions, gap, in_words
from smtpcheck.wire.cipher_suites import WEAKNESSES
from smtpcheck.wire.server_flight import Choice


def ask_tls(
    run: Run, experiment: AskTls, deadline: Deadline, stop: threading.Event
) -> ExperimentResult:
    """Offers every version and suite that there is, whatever the TLS library here can do."""
    recorder = run.recorder
    begun = recorder.now_ms
    asker = Asker(run, deadline, stop, most=experiment.most, patience=PATIENCE)
    choices: list[Choice] = []
    ended = ""
    try:
        ask_versions(asker, choices)
    except AskingEndedError as error:
        ended = str(error)
    facts: dict[str, Json] = {"port": run.profile.port, "connections": asker.connections}
    if choices:
        facts |= _facts(run, choices, whole=not ended)
        outcome, said = Outcome.PASSED, _words(choices, whole=not ended)
    else:
        outcome = Outcome.FAILED
        said = ended or "the server refuses every version and cipher suite that there is"
    return ExperimentResult(
        experiment.name,
        outcome,
        recorder.masker.text(said),
        round(recorder.now_ms - begun, 3),
        recorder.masker.facts(facts),
    )


def _facts(run: Run, choices: list[Choice], *, whole: bool) -> dict[str, Json]:
    tls, first = run.profile.tls, choices[0]
    versions = [each.version for each in reversed(choices)]
    weakness = first.weakness
    facts: dict[str, Json] = {
        "versions": versions,
        "offers": in_words(versions, whole=whole),
        "allowed": allowed_in_words(tls.min_version, tls.max_version),
        "gap": gap(versions, tls.min_version, tls.max_version),
        "version": first.version,
        "cipher": first.cipher,
        "choice": _choice(first),
    }
    if weakness:
        facts |= {"weakness": weakness, "weak_because": WEAKNESSES[weakness]}
    if first.group:
        facts["group"] = first.group
    if first.dh_bits:
        facts["dh_bits"] = first.dh_bits
    return facts


def _words(choices: list[Choice], *, whole: bool) -> str:
    return (
        f"takes {in_words((each.version for each in choices), whole=whole)}, {_choice(choices[0])}"
    )


def _choice(first: Choice) -> str:
    """`DHE-RSA-AES128-SHA with 1024 bits`, `ECDHE-RSA-AES128-SHA over x25519`."""
    if first.dh_bits:
        return f"{first.cipher} with {first.dh_bits} bits"
    return f"{first.cipher} over {first.group}" if first.group else first.cipher
