"""What is said of the logins that a server offers, to somebody who has none."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import pytest

from smtpcheck.model.jsonvalue import Json
from smtpcheck.model.observation import Observations
from smtpcheck.model.stage import Outcome, Stage
from smtpcheck.report.escape import cells
from smtpcheck.report.login_offer import offer_rows
from smtpcheck.report.rows import row_text
from smtpcheck.report.style import Style
from tests.report.samples import skipped, stage, step

SETTINGS: Mapping[str, Json] = {"server.security": "starttls", "auth.method": "auto"}


def hello(name: str, logins: Mapping[str, Json], *keywords: str) -> Mapping[str, Json]:
    return {"name": name, "keywords": list(keywords), "logins": dict(logins)}


def seen(
    clear: Mapping[str, Json] | None, within: Mapping[str, Json] | None, **settings: Json
) -> Observations:
    """A run without a login, with these answers to EHLO before and within TLS."""
    stages = []
    if clear is not None:
        stages.append(stage(Stage.TCP, step("tcp.ehlo", "", clear)))
    if within is not None:
        stages.append(stage(Stage.TLS, step("tls.ehlo", "", within)))
    return Observations({**SETTINGS, **settings}, (*stages, skipped(Stage.AUTH)))


def said(observed: Observations, width: int = 80) -> str:
    rows = [row_text(line) for line in offer_rows(observed, Style(width, False, True))]
    assert all(cells(line) <= width for line in rows), rows
    return "\n".join(" ".join(line.split()) for line in rows)


ALL = {
    "password": ["PLAIN", "LOGIN"],
    "token": ["XOAUTH2"],
    "certificate": ["EXTERNAL"],
    "extra": ["NTLM"],
    "unspoken": ["GSSAPI"],
}


def test_each_mechanism_stands_by_what_it_needs() -> None:
    within = hello("m", ALL, "AUTH")
    words = said(seen(hello("m", {}, "STARTTLS"), within), 200)
    assert words == (
        "login offered: PLAIN, LOGIN with a password; XOAUTH2 with a token; EXTERNAL with a client "
        "certificate; NTLM needs smtpcheck[ntlm]; GSSAPI is not spoken"
    )


@pytest.mark.parametrize("width", [40, 80])
def test_a_long_list_is_wrapped(width: int) -> None:
    within = hello("m", ALL, "AUTH")
    assert said(seen(None, within), width).count("\n") >= 1


def test_lists_that_differ_before_and_within_tls_are_both_told() -> None:
    clear = hello("m", {"password": ["CRAM-MD5"], "tls": ["SCRAM-SHA-1-PLUS"]}, "STARTTLS", "AUTH")
    within = hello("m", {"password": ["PLAIN"]}, "AUTH")
    assert said(seen(clear, within)).splitlines() == [
        "login offered within TLS: PLAIN with a password",
        "login offered before TLS: CRAM-MD5 with a password; SCRAM-SHA-1-PLUS only",
        "within TLS",
    ]


def test_a_list_that_stays_the_same_is_told_once() -> None:
    both = hello("m", {"password": ["PLAIN"]}, "AUTH")
    assert said(seen(both, both)) == "login offered: PLAIN with a password"


def test_a_list_that_is_gone_within_tls_is_told_as_one_before_tls() -> None:
    clear = hello("m", {"password": ["PLAIN"]}, "STARTTLS", "AUTH")
    assert said(seen(clear, hello("m", {}, "SIZE"))).splitlines() == [
        "no login offered within TLS",
        "login offered before TLS: PLAIN with a password",
    ]


def test_a_server_without_auth_offers_no_login() -> None:
    assert said(seen(hello("m", {}, "SIZE"), None)) == "no login offered"
    assert said(seen(hello("m", {}, "STARTTLS"), hello("m", {}, "SIZE"))) == "no login offered"


def test_where_tls_is_left_out_nothing_is_claimed_of_what_it_would_bring() -> None:
    assert said(seen(hello("m", {}, "STARTTLS"), None)) == "no login offered before TLS"


def test_mechanisms_that_nothing_speaks_are_counted_in_their_verb() -> None:
    within = hello("m", {"unspoken": ["GSSAPI", "DIGEST-MD5"]}, "AUTH")
    assert said(seen(None, within)) == "login offered: GSSAPI, DIGEST-MD5 are not spoken"


def test_a_report_that_does_not_sort_its_mechanisms_names_them() -> None:
    within = {"name": "m", "keywords": ["AUTH"], "mechanisms": ["PLAIN", "LOGIN"]}
    assert said(seen(None, within)) == "login offered: PLAIN, LOGIN"


def test_nothing_is_said_to_a_target_that_has_a_login() -> None:
    within = hello("m", ALL, "AUTH")
    assert said(seen(None, within, **{"auth.username": "alice"})) == ""
    assert said(seen(None, within, **{"auth.method": "plain"})) == ""


def test_nothing_is_said_where_the_server_was_not_asked() -> None:
    assert said(seen(None, None)) == ""
    assert said(seen({"reply": {"code": 554}}, None)) == ""


def test_nothing_is_said_where_a_failure_came_first() -> None:
    made = seen(hello("m", ALL, "AUTH"), None)
    blocked = replace(made, stages=(*made.stages[:-1], skipped(Stage.AUTH, "tls")))
    assert said(blocked) == ""


def test_nothing_is_said_where_a_client_certificate_was_a_login() -> None:
    made = seen(None, hello("m", ALL, "AUTH"))
    ran = stage(Stage.AUTH, step("auth.login", ""), outcome=Outcome.PASSED)
    assert said(replace(made, stages=(*made.stages[:-1], ran))) == ""


def test_a_hostile_list_is_cut_and_escaped() -> None:
    names = [f"X\x1b[31m{number}" for number in range(500)]
    words = said(seen(None, hello("m", {"unspoken": names}, "AUTH")))
    assert "\x1b" not in words
    assert "492 more" in words
