"""Test 9: no text of ours can end the message early or carry a command."""

from __future__ import annotations

import contextlib
import re

import pytest

from smtpcheck.api import Job, probe
from smtpcheck.model.errors import UsageError
from smtpcheck.model.message import Attachment, Dsn, Mailbox, MessageSpec
from smtpcheck.model.plan import Plan
from smtpcheck.sandbox.limits import Ports
from smtpcheck.sandbox.server import Sandbox
from smtpcheck.store.profile_reader import profile_from_settings
from smtpcheck.wire.dsn import mail_parameters
from tests.pki import TestPki
from tests.scripted.probing import assert_confined, passed, run, shown, with_message
from tests.scripted.script import read_script
from tests.scripted.server import ScriptedServer

SEQUENCES = [
    "\n.\n",
    "\n.\r",
    "\r.\n",
    "\r.\r",
    "\n.\r\n",
    "\r.\r\n",
    "\r\n.\r\r\n",
    "\r\r\n.\r\r\n",
    "\r\n\0.\r\n",
    "\r\n.\r\n",
]
EVIL = "MAIL FROM:<e@e>"


def assert_one_clean_message(server: ScriptedServer) -> bytes:
    (body,) = server.connection.bodies
    assert not re.search(rb"(?<!\r)\n|\r(?!\n)|\0", body)
    assert body.count(b"\r\n.\r\n") == 1
    assert body.endswith(b"\r\n.\r\n")
    assert all(line.startswith(b"..") for line in body[:-3].split(b"\r\n") if line.startswith(b"."))
    assert [verb for verb in server.connection.verbs() if verb in ("MAIL", "DATA")] == [
        "MAIL",
        "DATA",
    ]
    return body


@pytest.mark.parametrize("sequence", SEQUENCES, ids=repr)
def test_no_end_of_data_can_be_put_into_the_body(pki: TestPki, sequence: str) -> None:
    body = f"before{sequence}{EVIL}{sequence}after"
    with ScriptedServer(read_script("good"), pki) as server:
        report = run(server.port, pki, plan=with_message(body=body))
        assert passed(report), shown(report)
    sent = assert_one_clean_message(server)
    assert b"before" in sent
    assert b"after" in sent
    assert_confined(server, report)


@pytest.mark.parametrize("sequence", SEQUENCES, ids=repr)
@pytest.mark.parametrize("field", ["subject", "from_address", "reply_to"])
def test_no_end_of_data_can_be_put_into_a_header(pki: TestPki, field: str, sequence: str) -> None:
    words = {field: f"x@example.test{sequence}{EVIL}{sequence}"}
    with ScriptedServer(read_script("good"), pki, strict=False) as server:
        try:
            run(server.port, pki, plan=with_message(**words))
        except (UsageError, ValueError):
            assert b"MAIL" not in server.received
            return
    for connection in server.connections:
        if connection.bodies:
            body = assert_one_clean_message(server)
            head = body.partition(b"\r\n\r\n")[0]
            assert not re.search(rb"^MAIL FROM", head, re.MULTILINE)


def test_a_body_of_dots_alone_arrives_whole(pki: TestPki) -> None:
    with ScriptedServer(read_script("good"), pki) as server:
        run(server.port, pki, plan=with_message(body=".\n..\n...\n"))
    body = assert_one_clean_message(server)
    assert body.endswith(b"\r\n\r\n..\r\n...\r\n....\r\n.\r\n")


def test_an_empty_body_is_a_message(pki: TestPki) -> None:
    with ScriptedServer(read_script("good"), pki) as server:
        report = run(server.port, pki, plan=with_message(body=""))
        assert passed(report), shown(report)
    assert_one_clean_message(server)


@pytest.mark.parametrize("sequence", SEQUENCES, ids=repr)
def test_no_end_of_data_can_be_put_into_what_a_message_is_made_of(
    pki: TestPki, sequence: str
) -> None:
    evil = f"before{sequence}{EVIL}{sequence}after"
    files = [
        Attachment(name="a.txt", type=kind, content=evil.encode())
        for kind in ("text/plain", "message/rfc822", "image/png")
    ]
    with ScriptedServer(read_script("good"), pki) as server:
        plan = with_message(body=evil, html=f"<p>{evil}", attachments=tuple(files))
        report = run(server.port, pki, plan=plan)
        assert passed(report), shown(report)
    assert_one_clean_message(server)


@pytest.mark.parametrize("sequence", SEQUENCES, ids=repr)
def test_no_end_of_data_can_be_put_into_a_raw_message(pki: TestPki, sequence: str) -> None:
    raw = f"From: a@x.test{sequence}{EVIL}{sequence}\n\nbody{sequence}{EVIL}{sequence}".encode()
    with ScriptedServer(read_script("good"), pki) as server:
        report = run(server.port, pki, plan=with_message(raw=raw))
        assert passed(report), shown(report)
    assert_one_clean_message(server)


@pytest.mark.parametrize("sequence", SEQUENCES, ids=repr)
def test_no_command_can_be_put_into_a_field_of_the_users_or_a_name_of_a_file(
    pki: TestPki, sequence: str
) -> None:
    evil = f"x{sequence}{EVIL}{sequence}"
    plans = [
        with_message(headers=(("X-A", evil),)),
        with_message(headers=((f"X{sequence}A", "x"),)),
        with_message(headers=(("To", f"a@x.test{sequence}"),)),
        with_message(acting=Mailbox("a@x.test", evil)),
        with_message(acting=Mailbox(f"a@x.test{sequence}")),
    ]
    for plan in plans:
        with ScriptedServer(read_script("good"), pki, strict=False) as server:
            report = run(server.port, pki, plan=plan)
        assert not passed(report)
        assert "MAIL" not in server.connection.verbs()
    named = Attachment(name=evil, type="image/png", content=b"x")
    with (
        ScriptedServer(read_script("good"), pki, strict=False) as server,
        contextlib.suppress(ValueError),
    ):
        run(server.port, pki, plan=with_message(attachments=(named,)))
    for connection in server.connections:
        assert not connection.bodies or assert_one_clean_message(server)


@pytest.mark.parametrize("sequence", SEQUENCES, ids=repr)
@pytest.mark.parametrize("how", ["body", "raw"])
def test_by_bdat_the_server_gets_the_same_clean_message(how: str, sequence: str) -> None:
    evil = f"before{sequence}{EVIL}{sequence}after"
    spec = (
        MessageSpec(body=evil)
        if how == "body"
        else MessageSpec(raw=f"From: a@x.test\n\n{evil}".encode())
    )
    with Sandbox(ports=Ports(relay=0)) as server:
        relay = server.relay_port
        assert relay is not None
        tables = {
            "server": {"host": "127.0.0.1", "port": relay, "security": "none"},
            "sender": {"address": "a@x.test"},
            "test": {"to": ["b@y.test"]},
        }
        plan = Plan(message=spec, bdat=True, count=2)
        report = probe(Job("x", profile_from_settings(tables, environment={}), plan))
        messages = server.messages
    assert passed(report), shown(report)
    assert len(messages) == 2
    for message in messages:
        assert not re.search(rb"(?<!\r)\n|\r(?!\n)|\0", message.data)
        assert b"before" in message.data
        assert b"after" in message.data
    said = [event.text for event in report.observations.transcript if event.who == "C"]
    assert [text.split()[0] for text in said if text.split()[0] in ("MAIL", "DATA", "BDAT")] == [
        "MAIL",
        "BDAT",
        "MAIL",
        "BDAT",
    ]


@pytest.mark.parametrize("envelope_id", ["a\r\nRSET", "a b", "a\nb", "a> X=1"])
def test_a_mark_for_notices_stays_one_word(pki: TestPki, envelope_id: str) -> None:
    said = mail_parameters(Dsn(envelope_id=envelope_id))
    assert len(said) == 1
    assert not re.search(r"[\s\0]", said[0])
