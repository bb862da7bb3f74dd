"""Which failures are worth another attempt, and how long it has to wait."""

from __future__ import annotations

from dataclasses import replace

import pytest

from smtpcheck.catalog.loader import load_catalog
from smtpcheck.diagnosis.judge import judge
from smtpcheck.diagnosis.retry import NoRetry, Patience, Retry, retry_of
from smtpcheck.model.jsonvalue import Facts
from smtpcheck.model.observation import Observations, Step
from tests.diagnosis.observed import failed, reply, run, step

CONNECT = step("tcp.connect", address="192.0.2.7", family="ipv4")
SILENT: Facts = {"kind": "timeout", "command": "CONNECT", "partial": "", "waited_ms": 20_000.0}


def judged(*steps: Step, interrupted: bool = False) -> Retry | NoRetry:
    seen = replace(run(*steps), interrupted=interrupted)
    return retry_of(seen, judge(seen, load_catalog()))


def silence(kind: str, command: str, partial: str = "") -> Facts:
    return {**SILENT, "kind": kind, "command": command, "partial": partial}


@pytest.mark.parametrize(
    "last",
    [
        failed("dns.query", status="servfail", server="192.0.2.1:53"),
        failed("dns.query", status="timeout", server="192.0.2.1:53"),
        failed("dns.system", error={"kind": "try-again", "symbol": "EAI_AGAIN"}),
        failed("tcp.connect", error={"kind": "timeout", "kinds": ["timeout"]}),
        failed("tcp.connect", error={"kind": "reset", "kinds": ["reset"]}),
        failed("tcp.greeting", silence=silence("timeout", "CONNECT")),
        failed("tcp.greeting", silence=silence("closed", "CONNECT", "421 busy")),
        failed("tcp.greeting", reply=reply(421, "4.3.2", "try again later", "CONNECT")),
        failed("tls.starttls", reply=reply(454, "4.7.0", "TLS not available", "STARTTLS")),
        failed("tls.handshake", error={"kind": "reset"}),
        failed("auth.login", reply=reply(454, "4.7.0", "Temporary authentication failure")),
        failed("send.mail", reply=reply(451, "4.3.0", "local error in processing", "MAIL")),
        failed("send.rcpt", silence=silence("closed", "RCPT")),
        failed("send.data", reply=reply(452, "4.3.1", "Insufficient system storage", "DATA")),
        failed("send.message", silence=silence("reset", "MESSAGE"), in_doubt=False),
    ],
)
def test_what_is_temporary_or_may_be_over_soon_is_worth_another_attempt(last: Step) -> None:
    assert isinstance(judged(CONNECT, last), Retry)


@pytest.mark.parametrize(
    "last",
    [
        failed("dns.query", status="nxdomain", server="192.0.2.1:53"),
        failed("dns.name", error={"kind": "malformed"}),
        failed("tcp.connect", error={"kind": "refused", "kinds": ["refused"]}),
        failed("tcp.greeting", reply=reply(554, "5.7.1", "no", "CONNECT")),
        failed("tls.handshake", error={"kind": "verify"}, problems=[{"kind": "expired"}]),
        failed("auth.login", reply=reply(535, "5.7.8", "wrong password")),
        failed("auth.login", reply=reply(454, "4.7.0", "Authentication failed, wrong password")),
        failed("auth.login", silence=silence("closed", "AUTH")),
        failed("auth.login", silence=silence("timeout", "AUTH")),
        failed("auth.login", error={"kind": "credentials-missing"}),
        failed("send.rcpt", reply=reply(550, "5.1.1", "no such user", "RCPT")),
        failed("send.mail", reply=reply(550, "5.4.5", "Daily user sending limit exceeded", "MAIL")),
        failed("send.message", reply=reply(451, "4.7.1", "Greylisted", "MESSAGE"), in_doubt=False),
        failed("send.message", silence=silence("closed", "MESSAGE"), in_doubt=True),
        failed(
            "send.message",
            silence=silence("closed", "MESSAGE"),
            in_doubt=False,
            accepted=["a@example.com"],
        ),
        failed("send.repeat", reply=reply(450, "4.2.0", "slow down", "RCPT")),
    ],
)
def test_what_is_permanent_judged_or_on_its_way_is_not_tried_again(last: Step) -> None:
    sent = [step("send.message")] if last.step == "send.repeat" else []
    assert isinstance(judged(CONNECT, *sent, last), NoRetry)


@pytest.mark.parametrize(
    "said",
    [
        "450 4.7.1 wrong password",
        "421 4.7.8 Error: authentication failed: wrong credentials",
        "451 4.3.0 Error: authentication failed",
        "454 4.7.1 account locked, try again later",
        "471 4.7.0 Your account is temporarily suspended",
        "430 4.7.0 Login denied",
        "454 4.7.0 invalid user name or secret",
    ],
)
def test_a_login_that_is_refused_in_words_is_not_tried_twice_whatever_its_code(said: str) -> None:
    code, enhanced, text = said.split(" ", 2)
    found = judged(CONNECT, failed("auth.login", reply=reply(int(code), enhanced, text)))
    assert isinstance(found, NoRetry)
    assert "not tried twice" in found.why


@pytest.mark.parametrize(
    "said",
    [
        "454 4.7.0 Temporary authentication failure: Connection lost to authentication server",
        "435 4.7.0 Unable to authenticate at present",
        "451 4.3.0 Internal server error",
        "454 4.3.0 Authentication failed: service temporarily unavailable",
        "454 4.7.0 Too many login attempts, please try again later",
        "421 4.7.0 Try again later, closing connection",
    ],
)
def test_a_server_that_cannot_judge_a_login_now_is_asked_again(said: str) -> None:
    code, enhanced, text = said.split(" ", 2)
    found = judged(CONNECT, failed("auth.login", reply=reply(int(code), enhanced, text)))
    assert isinstance(found, Retry)


def test_a_run_that_passed_or_was_interrupted_has_no_other_attempt() -> None:
    busy = failed("tcp.greeting", reply=reply(421, "4.3.2", "try again later", "CONNECT"))
    assert judged(CONNECT) == NoRetry()
    assert judged(CONNECT, busy, interrupted=True) == NoRetry()


@pytest.mark.parametrize(
    ("last", "why"),
    [
        (failed("send.message", reply=reply(451, "4.7.1", "Greylisted", "MESSAGE")), "sent twice"),
        (failed("auth.login", silence=silence("closed", "AUTH")), "not tried twice"),
        (failed("send.rcpt", reply=reply(550, "5.1.1", "no such user", "RCPT")), ""),
    ],
)
def test_why_is_told_where_a_reader_would_expect_another_attempt(last: Step, why: str) -> None:
    found = judged(CONNECT, last)
    assert isinstance(found, NoRetry)
    assert why in found.why
    assert bool(why) == bool(found.why)


@pytest.mark.parametrize(
    ("last", "patience", "asked"),
    [
        (failed("send.rcpt", reply=reply(450, "4.2.0", "Greylisted", "RCPT")), "GREYLIST", None),
        (
            failed("send.rcpt", reply=reply(450, "4.2.0", "Greylisted for 90 seconds", "RCPT")),
            "GREYLIST",
            90,
        ),
        (failed("send.mail", reply=reply(450, "4.7.1", "rate limit", "MAIL")), "LIMIT", None),
        (failed("tcp.greeting", silence=silence("reset", "CONNECT")), "USUAL", None),
    ],
)
def test_greylisting_and_limits_want_more_patience_than_a_reset(
    last: Step, patience: str, asked: float | None
) -> None:
    found = judged(CONNECT, last)
    assert isinstance(found, Retry)
    assert (found.patience, found.asked) == (Patience[patience], asked)


def test_a_sender_that_is_put_off_speaks_with_the_same_server_again() -> None:
    off = judged(CONNECT, failed("send.rcpt", reply=reply(450, "4.2.0", "Greylisted", "RCPT")))
    busy = judged(CONNECT, failed("tcp.greeting", reply=reply(421, "", "busy", "CONNECT")))
    assert isinstance(off, Retry)
    assert isinstance(busy, Retry)
    assert (off.peer, busy.peer) == ("192.0.2.7", "")


def test_nothing_seen_is_nothing_to_retry() -> None:
    assert retry_of(Observations({}, ()), ()) == NoRetry()
