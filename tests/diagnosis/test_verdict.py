"""Outcome and exit code of a run."""

from __future__ import annotations

from dataclasses import replace

import pytest

from smtpcheck.diagnosis.verdict import combine, verdict
from smtpcheck.model.observation import Observations, StageResult, Step
from smtpcheck.model.stage import Outcome, Stage
from tests.diagnosis.observed import failed, reply, run, step, warned


@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        (failed("dns.query", status="nxdomain"), 10),
        (failed("dns.system", error={"kind": "try-again"}), 10),
        (failed("tcp.connect", error={"kind": "timeout"}), 11),
        (failed("tcp.connect", error={"kind": "refused"}), 11),
        (failed("tcp.greeting", silence={"kind": "timeout"}), 11),
        (failed("tcp.greeting", reply=reply(554, "", "no")), 11),
        (failed("tcp.greeting", reply=reply(421, "", "busy")), 75),
        (failed("tcp.greeting", reply=reply(450, "", "later")), 75),
        (failed("tls.greeting", silence={"kind": "closed"}), 12),
        (failed("tls.starttls", offered=False), 12),
        (failed("tls.starttls", reply=reply(454, "4.7.0", "no TLS")), 75),
        (failed("tls.starttls", reply=reply(220, "", "go"), injected="250 x"), 12),
        (failed("tls.handshake", error={"kind": "verify"}), 12),
        (failed("auth.choose", error={"kind": "not-offered"}), 13),
        (failed("auth.login", reply=reply(535, "5.7.8", "no")), 13),
        (failed("auth.login", reply=reply(454, "4.7.0", "later")), 75),
        (failed("auth.login", silence={"kind": "reset"}), 13),
        (failed("auth.login", silence={"kind": "closed", "partial": "421 bye"}), 75),
        (failed("send.rcpt", reply=reply(550, "5.1.1", "no")), 14),
        (failed("send.rcpt", reply=reply(450, "4.2.0", "later")), 75),
        (failed("send.message", reply=reply(452, "4.3.1", "full")), 75),
        (failed("send.message", silence={"kind": "closed", "partial": ""}), 14),
    ],
)
def test_a_failure_has_the_code_of_its_stage_or_75_where_the_server_calls_it_temporary(
    wrong: Step, code: int
) -> None:
    assert verdict(run(wrong)) == (Outcome.FAILED, code)


def test_the_first_failed_stage_decides() -> None:
    both = run(failed("tcp.connect"), failed("send.rcpt", reply=reply(450, "", "later")))
    assert verdict(both) == (Outcome.FAILED, 11)


def test_warnings_pass() -> None:
    assert verdict(run(step("dns.name"), warned("tls.handshake"))) == (Outcome.PASSED, 0)


def test_a_skipped_stage_counts_as_passed() -> None:
    skipped = StageResult(Stage.TLS, Outcome.SKIPPED)
    assert verdict(Observations({}, (skipped,))) == (Outcome.PASSED, 0)


def test_a_stage_that_failed_without_a_step_has_its_code() -> None:
    assert verdict(Observations({}, (StageResult(Stage.TLS, Outcome.FAILED),))) == (
        Outcome.FAILED,
        12,
    )


def test_an_interruption_is_its_own_outcome() -> None:
    interrupted = replace(run(failed("tcp.connect")), interrupted=True)
    assert verdict(interrupted) == (Outcome.INTERRUPTED, 130)
    stopped = Observations({}, (StageResult(Stage.TCP, Outcome.INTERRUPTED),))
    assert verdict(stopped) == (Outcome.INTERRUPTED, 130)


@pytest.mark.parametrize(
    ("codes", "code"),
    [([], 0), ([0, 0], 0), ([0, 13, 13], 13), ([12, 13], 1), ([75], 75), ([0, 75, 12], 1)],
)
def test_several_targets_share_a_code_or_are_1(codes: list[int], code: int) -> None:
    assert combine(codes) == code
