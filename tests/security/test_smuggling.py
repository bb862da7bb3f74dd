"""Test 9: no text of ours can end the message early or carry a command."""

from __future__ import annotations

import re

import pytest

from smtpcheck.model.errors import UsageError
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
