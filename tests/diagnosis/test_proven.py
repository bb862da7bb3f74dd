"""What experiments proved becomes verified changes of the first error, and of nothing else."""

from __future__ import annotations

from smtpcheck.diagnosis.proven import proved, with_proof
from smtpcheck.model.diagnosis import Change, Confidence, Diagnosis, Evidence, Owner, Severity
from smtpcheck.model.jsonvalue import Json
from smtpcheck.model.observation import ExperimentResult, Observations
from smtpcheck.model.stage import Outcome
from smtpcheck.model.transcript import Event, Who

TLS: list[Json] = [{"key": "server.security", "value": "tls"}]
GUESS = Change("server.port", 465, verified=False)
OTHER = Change("auth.method", "login", verified=False)


def result(
    name: str, changes: Json = None, outcome: Outcome = Outcome.PASSED, event: int = 0
) -> ExperimentResult:
    return ExperimentResult(name, outcome, "it answers", 1.0, {"changes": changes, "event": event})


def diagnosis(cause: str, severity: Severity = Severity.ERROR) -> Diagnosis:
    return Diagnosis(
        cause, severity, "", "", Confidence.LIKELY, Owner.YOU, retryable=False, why="", help=(),
        changes=(GUESS, OTHER),
    )  # fmt: skip


def seen(*experiments: ExperimentResult) -> Observations:
    events = (Event(7, 1.0, Who.NOTE, "experiment mode-tls: passed: it answers"),)
    return Observations({}, (), experiments, events)


def test_the_first_error_gets_the_proof_and_its_evidence() -> None:
    told = with_proof([diagnosis("a"), diagnosis("b")], seen(result("mode-tls", TLS, event=7)))
    assert told[0].changes == (Change("server.security", "tls", verified=True), OTHER)
    assert told[0].evidence == (Evidence(7, "! experiment mode-tls: passed: it answers"),)
    assert told[1] == diagnosis("b")


def test_the_first_proof_counts() -> None:
    port: list[Json] = [{"key": "server.port", "value": 587}]
    told = with_proof([diagnosis("a")], seen(result("mode-tls", TLS), result("port-587", port)))
    assert [each.key for each in told[0].changes if each.verified] == ["server.security"]


def test_a_guess_stays_a_guess_without_proof() -> None:
    failed = result("mode-tls", TLS, Outcome.FAILED)
    assert with_proof([diagnosis("a")], seen(failed)) == (diagnosis("a"),)
    assert with_proof([diagnosis("a")], seen(result("mode-tls"))) == (diagnosis("a"),)


def test_a_warning_alone_gets_no_proof() -> None:
    warned = diagnosis("a", Severity.WARNING)
    assert with_proof([warned], seen(result("mode-tls", TLS))) == (warned,)


def test_a_saved_report_of_any_shape_is_no_failure() -> None:
    for odd in ("tls", [1, {"value": 1}, {"key": 2}], {"key": "a"}, True):
        assert proved(result("x", odd)) == ()  # type: ignore[arg-type]  # a saved report holds anything
