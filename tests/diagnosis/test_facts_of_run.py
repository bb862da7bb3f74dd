"""Which tables of facts a run gives."""

from __future__ import annotations

from dataclasses import replace

from smtpcheck.diagnosis.facts import facts_of_run
from smtpcheck.model.diagnosis import Severity
from smtpcheck.model.jsonvalue import Facts
from smtpcheck.model.stage import Outcome
from tests.diagnosis.observed import failed, reply, run, step, warned

REFUSED = failed("auth.login", mechanism="PLAIN", reply=reply(535, "5.7.8", "no"))


def test_a_run_in_which_all_passed_has_nothing_to_judge() -> None:
    assert facts_of_run(run(step("dns.name"), step("tcp.connect"))) == []


def test_own_facts_stand_under_their_own_names_and_under_the_step() -> None:
    [judged] = facts_of_run(run(REFUSED))
    assert judged.severity is Severity.ERROR
    assert (judged.stage, judged.step) == ("auth", "auth.login")
    assert judged.facts["stage"] == "auth"
    assert judged.facts["step"] == "auth.login"
    assert judged.facts["reply.code"] == judged.facts["auth.login.reply.code"] == 535


def test_facts_of_other_steps_and_the_settings_are_there() -> None:
    greeting = step("tcp.greeting", reply=reply(220, "", "mx ESMTP Exim 4.97"))
    ehlo = step("tcp.ehlo", extensions={"SIZE": "10"}, keywords=["SIZE"])
    settings: Facts = {"server.host": "mail.example.com", "server.port": 587}
    [judged] = facts_of_run(run(greeting, ehlo, REFUSED, settings=settings))
    assert judged.facts["tcp.greeting.reply.text"] == "mx ESMTP Exim 4.97"
    assert judged.facts["tcp.ehlo.extensions.SIZE"] == "10"
    assert judged.facts["tcp.ehlo.keywords"] == ["SIZE"]
    assert judged.facts["server.port"] == 587
    assert judged.facts["provider"] == "exim"


def test_nothing_stands_for_a_provider_that_does_not_show() -> None:
    [judged] = facts_of_run(run(REFUSED, settings={"provider": ""}))
    assert judged.facts["provider"] is None


def test_a_warned_step_and_a_failed_step_of_a_stage_that_went_on_are_warnings() -> None:
    observations = run(warned("dns.compare", difference="dns-only"), failed("dns.system"))
    [stage] = observations.stages
    going_on = replace(observations, stages=(replace(stage, outcome=Outcome.WARNED),))
    assert [each.severity for each in facts_of_run(going_on)] == [Severity.WARNING] * 2


def test_each_problem_is_judged_on_its_own_and_the_most_urgent_first() -> None:
    handshake = failed(
        "tls.handshake",
        error={"kind": "verify"},
        problems=[
            {"kind": "expires-soon"},
            {"kind": "something-new"},
            {"kind": "expired", "not_after": "2025-01-01T00:00:00Z"},
            {"kind": "hostname-mismatch", "names": ["a.example.com"]},
        ],
    )
    judged = facts_of_run(run(handshake))
    assert [each.facts["problem.kind"] for each in judged] == [
        "hostname-mismatch",
        "expired",
        "expires-soon",
        "something-new",
    ]
    assert judged[1].facts["problem.not_after"] == "2025-01-01T00:00:00Z"
    assert judged[0].facts["problem.names"] == ["a.example.com"]
    assert "problem.not_after" not in judged[0].facts


def test_problems_beside_another_failure_are_warnings_behind_it() -> None:
    handshake = failed("tls.handshake", error={"kind": "alert"}, problems=[{"kind": "expired"}])
    first, second = facts_of_run(run(handshake))
    assert (first.severity, first.facts.get("problem.kind")) == (Severity.ERROR, None)
    assert (second.severity, second.facts["problem.kind"]) == (Severity.WARNING, "expired")


def test_the_members_of_a_list_of_tables_have_names() -> None:
    handshake = failed("tls.handshake", chain=[{"subject": "CN=a", "names": ["a"]}])
    [judged] = facts_of_run(run(handshake))
    assert judged.facts["chain.0.subject"] == "CN=a"


def test_each_refused_recipient_is_judged_by_its_own_reply() -> None:
    rcpt = warned(
        "send.rcpt",
        reply=reply(550, "5.1.1", "No such user", "RCPT", 4),
        accepted=["c@example.com"],
        refused=["a@example.com", "b@example.com"],
        replies={
            "a@example.com": "550 5.1.1 No such user",
            "b@example.com": "452 4.2.2 Mailbox full",
            "c@example.com": "250 2.1.5 Ok",
        },
    )
    first, second = facts_of_run(run(rcpt))
    assert (first.facts["recipient"], first.facts["reply.event"]) == ("a@example.com", 4)
    assert (second.facts["recipient"], second.facts["reply.code"]) == ("b@example.com", 452)
    assert second.facts["reply.command"] == "RCPT"
    assert "reply.event" not in second.facts
