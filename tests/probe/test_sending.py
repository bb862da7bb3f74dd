"""How far a large message is, as a watcher hears it."""

from __future__ import annotations

from typing import Any

import pytest

from smtpcheck.api import Job, probe
from smtpcheck.model.message import Attachment, MessageSpec
from smtpcheck.model.plan import Plan
from smtpcheck.model.progress import Progress, Sending
from smtpcheck.sandbox.limits import Ports
from smtpcheck.sandbox.server import Sandbox
from smtpcheck.store.profile_reader import profile_from_settings
from tests.scripted.probing import passed, shown


def heard(content: bytes, *, bdat: bool) -> list[Sending]:
    """What is told of a message with this file; fails where it does not arrive whole."""
    told: list[Progress] = []
    file = Attachment(name="a.bin", type="image/png", content=content)
    with Sandbox(ports=Ports(relay=0)) as server:
        tables: dict[str, dict[str, Any]] = {
            "server": {"host": "127.0.0.1", "port": server.relay_port, "security": "none"},
            "sender": {"address": "a@x.test"},
            "test": {"to": ["b@y.test"]},
        }
        loaded = profile_from_settings(tables, environment={})
        plan = Plan(bdat=bdat, message=MessageSpec(attachments=(file,)))
        report = probe(Job("x", loaded, plan), watcher=told.append)
        [message] = server.messages
    assert passed(report), shown(report)
    assert len(message.data) > len(content)
    return [each for each in told if isinstance(each, Sending)]


@pytest.mark.parametrize("bdat", [False, True])
def test_the_octets_that_have_left_grow_to_the_whole_of_the_message(bdat: bool) -> None:
    told = heard(b"\0" * 2_000_000, bdat=bdat)
    gone = [each.gone for each in told]
    assert gone == sorted(gone)
    assert len(gone) > 50
    assert len({each.total for each in told}) == 1
    assert gone[-1] >= told[0].total > 2_000_000


def test_of_a_small_message_nothing_is_told() -> None:
    assert heard(b"x", bdat=False) == []
