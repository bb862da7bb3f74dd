"""Drift: what two runs both saw, and saw differently."""

from __future__ import annotations

import random
from dataclasses import replace
from typing import Any

import pytest

from smtpcheck.diagnosis.drift import changes, drift, traits_of, words_of
from smtpcheck.model.drift import COMPARED, Drift
from smtpcheck.model.jsonvalue import Json
from smtpcheck.model.observation import Observations
from smtpcheck.model.stage import Stage
from tests.diagnosis.observed import failed, reply, run, step

LEAF = {
    "subject": "CN=mail.example.com",
    "issuer": "CN=R3",
    "not_after": "2026-05-14T00:00:00Z",
    "sha256": "aa",
    "spki_sha256": "11",
}
USUAL: dict[str, Any] = {
    "dns.query": {"addresses": ["192.0.2.1", "192.0.2.2"]},
    "tcp.greeting": {"reply": reply(220, "", "mail.example.com ESMTP Postfix", "CONNECT")},
    "tls.handshake": {"version": "TLSv1.3", "cipher": "TLS_AES_256_GCM_SHA384", "chain": [LEAF]},
    "tls.ehlo": {
        "name": "mail.example.com",
        "keywords": ["SIZE", "AUTH"],
        "size": 1000,
        "mechanisms": ["PLAIN", "LOGIN"],
    },
    "auth.login": {"mechanism": "PLAIN"},
    "send.prepare": {},
}


def seen(**changed: Any) -> Observations:
    """A run; a step's facts are changed by its name, `tls__ehlo={"size": 5}`, or it is left out."""
    taken = []
    for name, facts in USUAL.items():
        more = changed.get(name.replace(".", "__"), {})
        if more is not None:
            taken.append(replace(step(name), facts={**facts, **more}))
    return run(*taken, settings={"server.security": "starttls"})


def greets(text: str) -> Observations:
    return seen(tcp__greeting={"reply": reply(220, "", text, "CONNECT")})


def test_a_run_has_not_changed_from_itself() -> None:
    assert drift(seen(), seen()) == ()
    assert set(traits_of(seen())) >= set(COMPARED)


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        (
            {"dns__query": {"addresses": ["192.0.2.2", "192.0.2.9"]}},
            {"addresses": "gained 192.0.2.9, lost 192.0.2.1"},
        ),
        ({"tls__handshake": {"version": "TLSv1.2"}}, {"tls_version": "was 1.3, now 1.2"}),
        (
            {"tls__handshake": {"chain": [{**LEAF, "sha256": "bb", "not_after": "2026-08-01T"}]}},
            {"certificate": "renewed, until 2026-08-01 instead of 2026-05-14"},
        ),
        (
            {"tls__handshake": {"chain": [{**LEAF, "sha256": "bb", "issuer": "CN=Evil"}]}},
            {
                "certificate": "replaced: issuer CN=Evil instead of CN=R3, until 2026-05-14 as "
                "before",
                "issuer": "was CN=R3, now CN=Evil",
            },
        ),
        (
            {"tls__handshake": {"chain": [{**LEAF, "sha256": "bb", "spki_sha256": "22"}]}},
            {
                "certificate": "renewed, until 2026-05-14 as before",
                "key": "was SHA-256 11..., now 22...",
            },
        ),
        ({"tls__ehlo": {"name": "mx2.example.com"}}, {"ehlo_name": "was mail.example.com, now "
          "mx2.example.com"}),
        ({"tls__ehlo": {"keywords": ["AUTH", "SIZE", "DSN"]}}, {"extensions": "gained DSN"}),
        ({"tls__ehlo": {"size": 0}}, {"size": "was 1000, now none"}),
        ({"tls__ehlo": {"mechanisms": ["XOAUTH2"]}}, {"mechanisms": "gained XOAUTH2, lost PLAIN, "
          "LOGIN"}),
        ({"auth__login": {"mechanism": "LOGIN"}}, {"login": "was PLAIN, now LOGIN"}),
    ],
)  # fmt: skip
def test_each_change_is_told_once_and_in_words(
    changed: dict[str, Any], told: dict[str, str]
) -> None:
    assert {each.what: words_of(each) for each in drift(seen(), seen(**changed))} == told


def test_another_server_software_is_told_with_its_greeting() -> None:
    found = drift(seen(), greets("mail.example.com ESMTP Exim 4.96"))
    assert [each.what for each in found] == ["banner", "software"]
    assert words_of(found[1]) == "was postfix-relay, now exim"


@pytest.mark.parametrize(
    ("before", "now", "same"),
    [
        (
            "mx ESMTP Exim 4.96 Fri, 28 Nov 2026 10:58:14 +0000",
            "mx ESMTP Exim 4.96 Sat, 29 Nov 2026 01:00:00 +0000",
            True,
        ),
        (
            "mx.google.com ESMTP x12-20020a05 - gsmtp",
            "mx.google.com ESMTP b7-1d0a1700b - gsmtp",
            True,
        ),
        ("mx ESMTP Exim 4.96", "mx ESMTP Exim 4.97", False),
        ("a.example ESMTP", "b.example ESMTP", False),
    ],
)  # fmt: skip
def test_a_greeting_differs_by_more_than_its_date_and_the_mark_of_a_session(
    before: str, now: str, *, same: bool
) -> None:
    assert (drift(greets(before), greets(now)) == ()) is same


def test_what_one_of_the_two_did_not_see_is_not_compared() -> None:
    short = seen(tls__handshake=None, tls__ehlo=None, auth__login=None)
    assert drift(seen(), short) == drift(short, seen()) == ()


def test_giving_up_tls_is_told() -> None:
    plain = replace(
        seen(tls__handshake=None, tls__ehlo=None, auth__login=None),
        settings={"server.security": "none"},
    )
    assert Drift("tls_version", "1.3", None) in drift(seen(), plain)


@pytest.mark.parametrize(
    ("before", "now", "told"),
    [(100, 599, False), (100, 601, True), (601, 100, True), (400, 1100, False), (0, 500, False)],
)
def test_a_time_is_told_where_it_is_three_times_as_long_and_half_a_second(
    before: int, now: int, *, told: bool
) -> None:
    assert bool(changes({"tls_ms": before}, {"tls_ms": now})) is told


def test_a_failure_is_told_with_its_cause_and_so_is_its_end() -> None:
    good = traits_of(seen(), outcome="passed")
    bad = traits_of(
        run(failed("tcp.connect")), outcome="failed at tcp", cause="tcp-timeout-blocked"
    )
    broke, healed = changes(good, bad), changes(bad, good)
    assert [words_of(each) for each in broke] == [
        "was passed, now failed at tcp",
        "was none, now tcp-timeout-blocked",
    ]
    assert words_of(healed[0]) == "recovered: was failed at tcp"


def test_what_changed_one_way_changes_back() -> None:
    dice = random.Random(6)  # noqa: S311 - a test that repeats itself
    odd: list[Json] = [None, True, 7, 1.5, "", "x", ["a"], [], [None], {}, {"sha256": "b"}]
    names = ["addresses", "version", "cipher", "chain", "name", "keywords", "size", "mechanism"]
    for _ in range(300):
        runs = [
            run(
                *(
                    replace(
                        step(name), facts={each: dice.choice(odd) for each in [*names, "reply"]}
                    )
                    for name in USUAL
                ),
                settings={"server.security": dice.choice(odd)},
            )
            for _ in range(2)
        ]
        there, back = drift(*runs), drift(*reversed(runs))
        assert [(each.before, each.now) for each in there] == [
            (each.now, each.before) for each in back
        ]
        assert drift(runs[0], runs[0]) == ()
        assert all(words_of(each) for each in there)
        assert {each.what for each in there} <= {*COMPARED, *(f"{each}_ms" for each in Stage)}
