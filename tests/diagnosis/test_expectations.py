"""Expectations: each is met, unmet, or not looked at, and the exit code follows."""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from smtpcheck.catalog.loader import load_catalog
from smtpcheck.diagnosis.expectations import expectation_notes, expectations, unmet
from smtpcheck.diagnosis.judge import judge
from smtpcheck.diagnosis.verdict import verdict
from smtpcheck.model.diagnosis import Severity
from smtpcheck.model.drift import Drift
from smtpcheck.model.jsonvalue import Json
from smtpcheck.model.observation import Observations, StageResult
from smtpcheck.model.profile import Expect
from smtpcheck.model.settings import rules_of
from smtpcheck.model.stage import Outcome, Stage
from tests.diagnosis.observed import failed, reply, run, step, warned

KEYS = [field.name for field, _ in rules_of(Expect)]
LEAF: dict[str, Json] = {
    "subject": "CN=mail.example.com",
    "days_left": 20,
    "not_after": "2026-05-14T00:00:00Z",
}
ATTEMPTS: list[Json] = [
    {"address": "2001:db8::1", "family": "ipv6", "outcome": "failed", "error": "timeout"},
    {"address": "192.0.2.1", "family": "ipv4", "outcome": "connected", "error": ""},
]
OFFERED: dict[str, Json] = {
    "keywords": ["SIZE", "AUTH", "8BITMIME"],
    "mechanisms": ["PLAIN", "LOGIN"],
    "size": 10_000,
    "reply": {"event": 2, "lines": ["250-mail.example.com", "250-SIZE 10000", "250 AUTH PLAIN"]},
}
SAID = ("220 mail.example.com ESMTP Postfix", "250-mail.example.com", "250-SIZE 10000", "250 AUTH")
BOB = "bob@example.com"


def steps() -> dict[str, Any]:
    """A run in which everything went well."""
    greeting = reply(220, "", "mail.example.com ESMTP Postfix", "CONNECT")
    return {
        "dns.query": step("dns.query"),
        "tcp.connect": step("tcp.connect", attempts=ATTEMPTS),
        "tcp.greeting": step("tcp.greeting", reply=greeting),
        "tcp.ehlo": step("tcp.ehlo", keywords=["STARTTLS"], mechanisms=[], size=0),
        "tls.handshake": step("tls.handshake", version="TLSv1.2", chain=[LEAF]),
        "tls.ehlo": replace(step("tls.ehlo"), facts=OFFERED),
        "auth.login": step("auth.login", mechanism="PLAIN"),
        "send.prepare": step("send.prepare"),
    }


def seen(expect: Mapping[str, Json], **changed: Any) -> Observations:
    """A good run with these expectations; steps are replaced by name, or left out by None."""
    taken = {**steps(), **{name.replace("__", "."): each for name, each in changed.items()}}
    settings: dict[str, Json] = {"server.security": "starttls"}
    settings |= {f"expect.{key}": value for key, value in expect.items()}
    made = run(*(each for each in taken.values() if each), settings=settings, said=SAID)
    return replace(made, stages=tuple(replace(each, elapsed_ms=100.0) for each in made.stages))


def met(expect: Mapping[str, Json], **changed: Any) -> bool | None:
    [only] = expectations(seen(expect, **changed))
    return only.met


NO_TLS = {"server.security": "none"}
REFUSED = reply(553, "5.7.1", "not owned", "MAIL")
LATER = reply(450, "4.7.1", "greylisted", "RCPT")


@pytest.mark.parametrize(
    ("key", "good", "bad"),
    [
        ("min_tls", "1.2", "1.3"),
        ("certificate_days", 20, 21),
        ("total_ms", 500, 499),
        ("dns_ms", 100, 99),
        ("tcp_ms", 100, 99),
        ("tls_ms", 100, 99),
        ("auth_ms", 100, 99),
        ("send_ms", 100, 99),
        ("mechanisms", ["plain", "LOGIN"], ["PLAIN", "XOAUTH2"]),
        ("extensions", ["8bitmime", "STARTTLS"], ["8BITMIME", "DSN"]),
        ("min_size", 10_000, 10_001),
        ("families", ["ipv4"], ["ipv4", "ipv6"]),
        ("banner", "esmtp  postfix", "Exim"),
    ],
)
def test_each_key_has_its_edge_and_one_cause_in_the_catalogue(
    key: str, good: Json, bad: Json
) -> None:
    assert met({key: good}) is True
    assert verdict(seen({key: good})) == (Outcome.PASSED, 0)
    broken = seen({key: bad})
    assert met({key: bad}) is False
    assert verdict(broken) == (Outcome.FAILED, 15)
    [found] = judge(broken, load_catalog())
    assert found.severity is Severity.ERROR
    assert found.cause.startswith("expectation-")
    assert found.evidence[0].text.startswith(f"expect.{key}: ")
    assert any(f"expect.{key}" in each for each in found.help)
    assert found.changes == ()  # nothing for --fix


def test_every_key_of_the_profile_is_looked_at() -> None:
    everything: dict[str, Json] = {
        **dict.fromkeys(KEYS, 1),
        "min_tls": "1.2",
        "banner": "x",
        **{key: ["x"] for key in ("mechanisms", "extensions", "senders", "unchanged")},
        "families": ["ipv4"],
    }
    assert [each.key for each in expectations(seen(everything))] == KEYS


def test_the_evidence_quotes_the_line_that_shows_it() -> None:
    [found] = judge(seen({"min_size": 20_000}), load_catalog())
    assert [each.event for each in found.evidence] == [0, 3]
    assert found.evidence[1].text == "S 250-SIZE 10000"


def test_a_greeting_of_any_length_makes_evidence_that_is_bounded() -> None:
    greeting = reply(220, "", "a1-" * 100_000, "CONNECT")
    [found] = judge(seen({"banner": "Exim"}, tcp__greeting=step("tcp.greeting", reply=greeting)),
        load_catalog())  # fmt: skip
    assert all(len(each.text) < 1000 for each in found.evidence)


def test_several_unmet_expectations_are_several_errors_and_of_a_list_one() -> None:
    broken = seen({"dns_ms": 1, "tls_ms": 1, "mechanisms": ["A", "B"], "banner": "Exim"})
    found = judge(broken, load_catalog())
    assert [each.cause for each in found] == [
        "expectation-dns-too-slow",
        "expectation-tls-too-slow",
        "expectation-mechanism-missing",
        "expectation-banner-differs",
    ]


@pytest.mark.parametrize("key", ["min_tls", "certificate_days"])
def test_without_tls_what_is_expected_of_tls_is_not_met(key: str) -> None:
    value: Json = "1.2" if key == "min_tls" else 1
    made = seen({key: value}, tls__handshake=None, tls__ehlo=None)
    plain = replace(made, settings={**made.settings, **NO_TLS})
    [found] = judge(plain, load_catalog())
    assert verdict(plain)[1] == 15
    assert found.owner.value == "you"
    assert "server.security" in found.why


@pytest.mark.parametrize(("days", "holds"), [(-11, False), (0, True), (5, True)])
def test_a_certificate_that_has_ended_is_not_said_to_hold(days: int, *, holds: bool) -> None:
    leaf = {**LEAF, "days_left": days, "subject": "CN=extended 4.example.com"}
    handshake = step("tls.handshake", version="TLSv1.3", chain=[leaf])
    [found] = judge(seen({"certificate_days": 21}, tls__handshake=handshake), load_catalog())
    assert found.cause == "expectation-certificate-ends-soon"
    assert ("the certificate holds for now" in found.why) == holds
    assert ("ended 11 days ago" in found.why) != holds


@pytest.mark.parametrize(
    ("version", "least", "good"),
    [
        ("TLSv1.3", "1.3", True),
        ("TLSv1.2", "1.3", False),
        ("TLSv1", "1.0", True),
        ("TLSv1", "1.1", False),
        ("SSLv3", "1.0", False),
    ],
)
def test_versions_are_compared_in_their_order(version: str, least: str, *, good: bool) -> None:
    handshake = step("tls.handshake", version=version)
    assert met({"min_tls": least}, tls__handshake=handshake) is good


def test_no_size_is_no_promise_and_size_0_is_no_limit() -> None:
    assert met({"min_size": 9}, tls__ehlo=step("tls.ehlo", keywords=["AUTH"], size=0)) is False
    assert met({"min_size": 9}, tls__ehlo=step("tls.ehlo", keywords=["SIZE"], size=0)) is True


@pytest.mark.parametrize(
    ("answers", "good"),
    [
        ({"accepted": True}, True),
        ({"accepted": False, "reply": REFUSED}, False),
        ({"accepted": False, "error": {"kind": "address"}}, False),
        ({"accepted": False, "reply": LATER}, None),
        ({"accepted": False, "silence": {"kind": "timeout"}}, None),
    ],
)
def test_a_sender_is_judged_by_a_final_answer_alone(
    answers: Mapping[str, Json], *, good: bool | None
) -> None:
    tried = warned("send.sender", sender=BOB, **answers)
    assert met({"senders": [BOB]}, send__sender=tried) is good


def test_a_sender_that_was_not_tried_is_told_beside_those_that_were() -> None:
    tried = step("send.sender", sender=BOB, accepted=True)
    run_ = seen({"senders": [BOB, "eve@example.com"]}, send__sender=tried)
    assert verdict(run_)[1] == 0
    [note] = expectation_notes(run_)
    assert "eve@example.com not tried" in note


def test_a_family_that_was_not_asked_for_or_lies_behind_a_proxy_is_not_looked_at() -> None:
    only = seen({"families": ["ipv6"]})
    only = replace(only, settings={**only.settings, "server.address_family": "ipv4"})
    assert [each.met for each in expectations(only)] == [None]
    proxied = seen({"families": ["ipv6"]}, tcp__connect=step("tcp.proxy"))
    assert "proxy" in expectation_notes(proxied)[0]


def test_what_the_run_did_not_reach_is_a_note_and_no_finding() -> None:
    wanted: dict[str, Json] = {
        "min_tls": "1.3",
        "mechanisms": ["X"],
        "banner": "Exim",
        "send_ms": 1,
    }
    few = {name.replace(".", "__"): None for name in steps() if name[:3] in ("tls", "aut", "sen")}
    short = seen(wanted, **few)
    assert [each.key for each in unmet(short)] == ["banner"]
    [note] = expectation_notes(short)
    assert note.endswith("expect.min_tls, expect.send_ms, expect.mechanisms")


def test_beside_a_failed_stage_they_are_warnings_and_the_failure_leads() -> None:
    refused = failed("auth.login", reply=reply(535, "5.7.8", "authentication failed"))
    broken = seen({"min_tls": "1.3", "total_ms": 100_000}, auth__login=refused, send__prepare=None)
    found = judge(broken, load_catalog())
    assert verdict(broken) == (Outcome.FAILED, 13)
    assert [each.severity.value for each in found] == ["error", "warning"]
    assert found[1].cause == "expectation-tls-too-old"
    assert expectation_notes(broken) == (
        "not looked at, the run did not get so far: expect.total_ms",
    )


def test_an_interrupted_run_stays_interrupted() -> None:
    broken = replace(seen({"min_tls": "1.3"}), interrupted=True)
    assert verdict(broken) == (Outcome.INTERRUPTED, 130)
    assert [each.severity.value for each in judge(broken, load_catalog())] == ["warning"]


def test_what_was_asked_for_besides_is_not_timed() -> None:
    asked = seen({"send_ms": 50, "total_ms": 450})
    assert len(unmet(asked)) == 2
    waited = step("send.confirm")
    *others, send = asked.stages
    longer = replace(waited, elapsed_ms=60.0)
    send = StageResult(Stage.SEND, Outcome.PASSED, (*send.steps, longer), None, 100.0)
    assert unmet(replace(asked, stages=(*others, send))) == ()


def test_what_must_not_change_needs_a_baseline_and_names_the_change() -> None:
    watched = seen({"unchanged": ["certificate", "mechanisms"]})
    assert "--baseline" in expectation_notes(watched)[0]
    assert verdict(replace(watched, baseline="2026-01-01T00:00:00Z"))[1] == 0
    lost = (Drift("mechanisms", ["PLAIN", "LOGIN"], ["LOGIN"]), Drift("size", 1, 2))
    changed = replace(watched, baseline="2026-01-01T00:00:00Z", drift=lost)
    assert verdict(changed)[1] == 15
    [found] = judge(changed, load_catalog())
    assert "lost PLAIN" in found.evidence[0].text
    assert "size" not in found.evidence[0].text
    assert "smtpcheck profile set NAME expect.unchanged certificate" in found.help[-1]


def test_what_must_not_change_and_was_not_seen_is_not_said_to_be_as_it_was() -> None:
    since = "2026-01-01T00:00:00Z"
    blind = replace(seen({"unchanged": ["certificate"]}, tls__handshake=None), baseline=since)
    [only] = expectations(blind)
    assert only.met is None
    half = seen({"unchanged": ["certificate", "mechanisms"]}, tls__handshake=None)
    [only] = expectations(replace(half, baseline=since))
    assert only.met is True
    assert "certificate" in only.doubt
    assert "mechanisms" not in only.doubt


def test_a_fix_names_a_value_that_would_be_met() -> None:
    for key, bad in (
        ("min_tls", "1.3"),
        ("certificate_days", 300),
        ("total_ms", 7),
        ("auth_ms", 7),
        ("min_size", 99_999),
        ("mechanisms", ["PLAIN", "X"]),
        ("families", ["ipv4", "ipv6"]),
    ):
        [broken] = unmet(seen({key: bad}))
        fits: Json = broken.fitting
        if isinstance(bad, int):
            fits = int(broken.fitting)
        elif isinstance(bad, list):
            fits = broken.fitting.split(",")
        assert met({key: fits}) is True, key


ODD: list[Json] = [None, True, -1, 10**20, 1.5, "", "x" * 9000, [], [[]], [None, 3], {}, {"a": []}]


def test_whatever_a_saved_report_holds_is_judged_without_a_defect() -> None:
    dice = random.Random(6)  # noqa: S311 - a test that repeats itself
    names = [*LEAF, *OFFERED, "version", "chain", "attempts", "sender", "accepted", "outcome"]
    for _ in range(400):
        facts = {name: dice.choice(ODD) for name in names}
        settings = {f"expect.{key}": dice.choice(ODD) for key in KEYS}
        taken = [
            replace(each, facts={**facts, "chain": [facts], "attempts": [facts]})
            for each in (*steps().values(), step("send.sender"))
        ]
        odd = run(*taken, settings={**settings, "server.security": dice.choice(ODD)})
        code = verdict(odd)[1]
        assert code == (15 if unmet(odd) else 0)
        found = judge(odd, load_catalog()) if code else ()
        assert len(found) == len(unmet(odd))
