"""What is advised where no mechanism fits, or the one in use is broken at the server."""

from __future__ import annotations

from smtpcheck.catalog.loader import load_catalog
from smtpcheck.catalog.matcher import best
from smtpcheck.diagnosis.placeholder import fill, steps
from smtpcheck.model.jsonvalue import Json


def _advice(**facts: Json) -> tuple[str, str, str]:
    """Why and how, in one text each, and the changes as their keys and values."""
    told = {name.replace("__", "."): value for name, value in facts.items()}
    match = best(told, load_catalog())
    assert match is not None
    rule, cause = match.rule, match.cause
    changes = cause.changes if rule.changes is None else rule.changes
    helped = "; ".join(steps(rule.help or cause.help, told))
    return fill(rule.why or cause.why, told), helped, str([each.key for each in changes])


def _choose(offered: list[Json], **facts: Json) -> tuple[str, str, str]:
    common: dict[str, Json] = {
        "step": "auth.choose",
        "stage": "auth",
        "error__kind": "no-common-mechanism",
        "offered": offered,
        "auth__method": "auto",
    }
    return _advice(**(common | facts))


def test_plus_alone_without_tls_is_told_as_a_want_of_tls() -> None:
    why, how, _ = _choose(["SCRAM-SHA-256-PLUS"], binding_missing=True, trust="none")
    assert "this connection has no TLS" in why
    assert "server.security starttls" in how


def test_plus_alone_within_tls_says_when_no_binding_can_be_had() -> None:
    why, _, _ = _choose(["SCRAM-SHA-256-PLUS"], binding_missing=True, trust="verified")
    assert "no channel binding that smtpcheck can compute" in why


def test_oauth_alone_leads_to_smtpcheck_login() -> None:
    for provider in ("", "m365", "gmail", "yahoo"):
        _, how, _ = _choose(["XOAUTH2"], provider=provider)
        assert "smtpcheck login" in how
        assert "auth.oauth.client_id" in how


def _broken(other: str) -> tuple[str, str, str]:
    return _advice(
        step="auth.login",
        stage="auth",
        error__kind="challenge-malformed",
        mechanism="SCRAM-SHA-256",
        auth__choose__offered=["SCRAM-SHA-256", "CRAM-MD5"],
        other_method=other,
    )


def test_a_broken_mechanism_leads_to_one_that_is_offered() -> None:
    _, how, _ = _broken("cram-md5")
    assert "auth.method cram-md5" in how
    assert "auth.method login" not in how


def test_where_nothing_else_is_offered_that_is_said_and_whom_to_tell() -> None:
    why, how, _ = _broken("")
    assert "can use nothing else" in why
    assert "tell the server's admin" in how
    assert "auth.method" not in how


def test_a_set_method_is_not_sent_from_one_dead_end_into_another() -> None:
    _, how, changes = _choose(["GS2-X"], auth__method="cram-md5", other_method="")
    assert "auth.method" not in how
    assert changes == "[]"
