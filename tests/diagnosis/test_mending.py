"""What `--fix` may change unasked, and when a login would be tried a second time."""

from __future__ import annotations

import pytest

from smtpcheck.diagnosis.mending import (
    changes_to_try,
    repeats_refused_login,
    why_not_unasked,
    wrote_final_dot,
)
from smtpcheck.model.diagnosis import Change, Confidence, Diagnosis, Owner, Severity
from smtpcheck.model.jsonvalue import Json
from smtpcheck.model.profile import Auth, Profile, Server, Tls
from tests.diagnosis.observed import failed, reply, run

PROFILE = Profile(
    server=Server(host="mail.example.test", security="starttls"),
    tls=Tls(server_name="cert.example.test"),
    auth=Auth(username="alice"),
)


def diagnosis(severity: Severity, *changes: Change) -> Diagnosis:
    return Diagnosis(
        "x", severity, "", "", Confidence.CERTAIN, Owner.YOU, retryable=False, why="", help=(),
        changes=changes,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("server.host", "smtp.example.net"),
        ("tls.server_name", "smtp.example.net"),
        ("server.security", "none"),
        ("tls.verify", False),
        ("tls.min_version", "1.1"),
        ("auth.allow_insecure", True),
        ("proxy.host", "proxy.example.net"),
    ],
)
def test_another_host_and_less_protection_need_the_user_s_word(key: str, value: Json) -> None:
    assert why_not_unasked(Change(key, value, verified=True), PROFILE)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("server.host", "CERT.example.test"),
        ("tls.server_name", "mail.example.test"),
        ("server.security", "tls"),
        ("server.security", "starttls"),
        ("server.port", 465),
        ("tls.verify", True),
        ("tls.min_version", "1.3"),
        ("tls.max_version", "1.3"),
        ("auth.allow_insecure", False),
        ("sender.address", "alice@example.test"),
    ],
)
def test_any_other_change_may_be_made(key: str, value: Json) -> None:
    assert why_not_unasked(Change(key, value, verified=True), PROFILE) == ""


def test_a_profile_without_tls_loses_none() -> None:
    bare = Profile(server=Server(host="x", security="none"))
    assert why_not_unasked(Change("server.security", "none", verified=True), bare) == ""


def test_what_is_proven_goes_before_what_is_proposed() -> None:
    proven = Change("server.security", "tls", verified=True)
    guess = Change("auth.method", "login", verified=False)
    assert changes_to_try([diagnosis(Severity.ERROR, guess, proven)]) == (proven,)
    assert changes_to_try([diagnosis(Severity.ERROR, guess)]) == (guess,)


def test_the_changes_of_a_warning_are_not_tried() -> None:
    change = Change("tls.verify", value=True, verified=False)
    assert changes_to_try([diagnosis(Severity.WARNING, change)]) == ()
    assert changes_to_try([]) == ()


@pytest.mark.parametrize(
    ("code", "key", "repeats"),
    [
        (535, "auth.method", True),
        (535, "server.port", True),
        (535, "auth.username", False),
        (535, "auth.password", False),
        (454, "auth.method", False),
    ],
)
def test_a_refused_login_is_repeated_unless_it_becomes_another(
    code: int, key: str, *, repeats: bool
) -> None:
    seen = run(failed("auth.login", reply=reply(code, "", "no")))
    assert repeats_refused_login(seen, [Change(key, "x", verified=False)]) is repeats


def test_only_a_message_that_was_handed_over_counts_as_sent() -> None:
    assert wrote_final_dot(run(failed("send.message", reply=reply(554, "", "no", "MESSAGE"))))
    assert not wrote_final_dot(run(failed("send.data", reply=reply(554, "", "no", "DATA"))))
