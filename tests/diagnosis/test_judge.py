"""What the judge says of a run."""

from __future__ import annotations

import pytest

from smtpcheck.diagnosis.judge import judge
from smtpcheck.model.diagnosis import Change, Confidence, Diagnosis, Owner, Severity
from smtpcheck.model.jsonvalue import Facts
from smtpcheck.model.observation import Observations, Step
from tests.diagnosis.observed import failed, reply, run, sample_catalog, step, warned

DISABLED = (
    "535 5.7.139 Authentication unsuccessful, SmtpClientAuthentication is disabled for the Tenant."
)
M365: Facts = {"server.host": "smtp.office365.com", "server.port": 587, "auth.username": "a@b.c"}


def judged(*steps: Step, settings: Facts | None = None) -> list[Diagnosis]:
    return list(judge(run(*steps, settings=settings), sample_catalog()))


def problems(*kinds: str, **more: object) -> Step:
    listed = [{"kind": kind, **more} for kind in kinds]
    return failed("tls.handshake", error={"kind": "verify"}, problems=listed)  # type: ignore[arg-type] # made here


def test_the_cause_is_named_with_the_words_of_the_winning_rule() -> None:
    text = DISABLED.partition("5.7.139 ")[2]
    login = failed("auth.login", mechanism="LOGIN", reply=reply(535, "5.7.139", text))
    [diagnosis] = judge(run(login, settings=M365, said=(DISABLED,)), sample_catalog())
    assert diagnosis.cause == "auth-smtp-disabled"
    assert diagnosis.severity is Severity.ERROR
    assert diagnosis.stage == "auth"
    assert diagnosis.confidence is Confidence.CERTAIN
    assert diagnosis.owner is Owner.PROVIDER
    assert diagnosis.retryable is False
    assert diagnosis.help == ("enable authenticated SMTP for a@b.c",)
    assert diagnosis.changes == (Change("auth.method", "xoauth2", verified=False),)
    assert diagnosis.references == ("RFC 4954 section 4",)
    assert [each.event for each in diagnosis.evidence] == [1]


def test_no_rule_that_holds_gives_no_diagnosis() -> None:
    assert judged(failed("send.mail", reply=reply(550, "5.7.1", "go away", "MAIL"))) == []


def test_nothing_wrong_is_nothing_found() -> None:
    assert judged(step("dns.name"), step("send.quit")) == []


def test_a_cause_is_listed_once_with_the_evidence_of_all_its_findings() -> None:
    query = failed("dns.query", status="nxdomain")
    [diagnosis] = judged(failed("dns.system", error={"kind": "not-found"}), query)
    assert [each.text for each in diagnosis.evidence] == [
        "dns.system: summary of dns.system",
        "dns.query: summary of dns.query",
    ]


def test_expired_and_hostname_mismatch_are_both_listed_and_the_wrong_name_first() -> None:
    found = judged(problems("expired", "hostname-mismatch"))
    assert [each.cause for each in found] == ["cert-hostname-mismatch", "cert-expired"]
    assert {each.severity for each in found} == {Severity.ERROR}


def test_errors_stand_before_warnings() -> None:
    early = warned("tls.handshake", problems=[{"kind": "expired"}])
    late = failed("auth.login", mechanism="PLAIN", reply=reply(535, "", "no"))
    found = judged(early, late)
    assert [each.cause for each in found] == ["auth-bad-credentials", "cert-expired"]
    assert [each.severity for each in found] == [Severity.ERROR, Severity.WARNING]


def test_a_cause_that_never_fails_a_run_stays_a_warning_in_a_failed_step() -> None:
    found = judged(problems("expires-soon", "expired"))
    assert [(each.cause, each.severity) for each in found] == [
        ("cert-expired", Severity.ERROR),
        ("cert-expires-soon", Severity.WARNING),
    ]


def test_an_error_outweighs_the_same_cause_as_a_warning() -> None:
    soft = warned("send.rcpt", reply=reply(450, "4.2.0", "Greylisted", "RCPT"))
    hard = failed("send.message", reply=reply(450, "4.2.0", "Greylisted", "MESSAGE"))
    [diagnosis] = judged(soft, hard)
    assert diagnosis.severity is Severity.ERROR


def test_a_change_keeps_the_type_of_the_fact_and_is_left_out_without_it() -> None:
    handshake = problems("hostname-mismatch", names=["mx.example.com"], depth=465)
    [diagnosis] = judged(handshake)
    assert diagnosis.changes == (Change("server.port", 465, verified=False),)
    [without] = judged(problems("hostname-mismatch", names=["mx.example.com"]))
    assert without.changes == ()
    assert diagnosis.why == "it is for mx.example.com, not for unknown"


def test_an_absent_fact_is_a_neutral_word_and_a_long_reply_is_cut() -> None:
    login = failed("auth.login", mechanism="PLAIN", reply=reply(535, "", "x" * 5000))
    [diagnosis] = judged(login)
    assert diagnosis.why.startswith("the server does not accept the login of the user: xxx")
    assert len(diagnosis.why) < 260


@pytest.mark.parametrize(
    ("wrong", "retryable"),
    [
        (failed("send.rcpt", reply=reply(450, "", "Greylisted")), True),
        (failed("send.rcpt", reply=reply(550, "5.1.1", "no")), False),
        (failed("tcp.greeting", silence={"kind": "timeout"}), True),
        (failed("dns.query", status="nxdomain"), False),
        (problems("expired"), False),
    ],
)
def test_what_the_server_calls_temporary_may_be_tried_again(wrong: Step, retryable: bool) -> None:
    [diagnosis] = judged(wrong)
    assert diagnosis.retryable is retryable


@pytest.mark.parametrize("mechanism", ["CRAM-MD5", "NTLM", "SCRAM-SHA-256"])
def test_a_refused_challenge_does_not_prove_a_wrong_password(mechanism: str) -> None:
    login = failed("auth.login", mechanism=mechanism, reply=reply(535, "5.7.8", "no"))
    [diagnosis] = judged(login)
    assert diagnosis.confidence is Confidence.POSSIBLE


def test_the_same_observations_give_the_same_diagnoses() -> None:
    observations: Observations = run(problems("expired", "hostname-mismatch"))
    assert judge(observations, sample_catalog()) == judge(observations, sample_catalog())


def test_each_refused_recipient_may_have_its_own_cause() -> None:
    rcpt = warned(
        "send.rcpt",
        reply=reply(450, "4.2.0", "Greylisted", "RCPT"),
        refused=["a@example.com", "b@example.com"],
        replies={"a@example.com": "450 4.2.0 Greylisted", "b@example.com": "550 5.1.1 no"},
    )
    found = judged(rcpt)
    assert [each.cause for each in found] == ["greylisted", "recipient-unknown"]
    assert found[1].why == "b@example.com is not known there"


def test_a_change_that_the_profile_has_already_is_not_named() -> None:
    text = DISABLED.partition("5.7.139 ")[2]
    login = failed("auth.login", mechanism="LOGIN", reply=reply(535, "5.7.139", text))
    settings: Facts = {**M365, "auth.method": "xoauth2"}
    [diagnosis] = judge(run(login, settings=settings, said=(DISABLED,)), sample_catalog())
    assert diagnosis.changes == ()
