"""Passwords that are words of the protocol: hidden where they are told, and no verdict hangs on
them."""

from __future__ import annotations

import base64

import pytest

from smtpcheck.model.secret import Secret
from smtpcheck.wire.masking import Masker
from smtpcheck.wire.sasl import forms_of
from tests.pki import TestPki
from tests.scripted.probing import cause, run, shown, step
from tests.scripted.server import ScriptedServer

REPLIES = {
    "502 5.5.1 AUTH command not implemented": "auth-not-offered",
    "535 5.7.8 Error: authentication failed": "auth-bad-credentials",
}


def masker(secret: str) -> Masker:
    made = Masker()
    made.add(*forms_of(Secret(secret), "tim@x.test"))
    return made


@pytest.mark.parametrize("reply", REPLIES)
@pytest.mark.parametrize("password", ["auth", "AUTH", "plain", "PLAIN", "535", "command", "fail"])
def test_the_verdict_does_not_hang_on_the_password(pki: TestPki, reply: str, password: str) -> None:
    script = f"!: include parts/starttls.smtp\nC: AUTH\nS: {reply}\nC: *\nS: 221 bye"
    with ScriptedServer(script, pki, strict=False) as server:
        report = run(server.port, pki, settings={"auth": {"method": "plain"}}, password=password)
    assert cause(report) == REPLIES[reply], shown(report)
    said = [event.text for event in report.observations.transcript]
    assert "AUTH PLAIN <hidden>" in said
    reply_of = step(report, "auth.login").facts["reply"]
    assert isinstance(reply_of, dict)
    assert reply_of["command"] == "AUTH"


@pytest.mark.parametrize("secret", ["auth", "password", "AUTH"])
def test_a_word_of_every_server_is_masked_where_it_stands_alone_as_it_is(secret: str) -> None:
    mask = masker(secret)
    assert mask.text(f"535 not {secret}, no") == "535 not <hidden>, no"
    assert mask.text(f"535 tim:{secret}") == "535 tim:<hidden>"
    assert mask.text("535 authentication failed") == "535 authentication failed"
    encoded = base64.b64encode(f"\0tim@x.test\0{secret}".encode()).decode()
    assert mask.text(f"501 {encoded}") == "501 <hidden>"


def test_a_number_is_masked_where_no_digit_stands_beside_it() -> None:
    assert masker("2525").text("tim2525 at 127.0.0.1:12525") == "tim<hidden> at 127.0.0.1:12525"


def test_a_fact_of_the_server_is_masked_whatever_it_is_called() -> None:
    told = masker("Canary-7").facts(
        {
            "reply": {"command": "AUTH", "text": "Canary-7", "lines": ["535 Canary-7"]},
            "extensions": {"reply.command": "Canary-7", "command": "Canary-7"},
            "replies": {"reply.command": "Canary-7"},
        }
    )
    assert "Canary-7" not in str(told)
