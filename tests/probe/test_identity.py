"""Whose mail a message is: From, Sender, Reply-To, the envelope sender."""

from __future__ import annotations

from typing import Any

import pytest

from smtpcheck.model.message import Mailbox, MessageSpec
from smtpcheck.model.plan import Plan
from smtpcheck.probe.identity import Identity, identity_of
from smtpcheck.store.profile_reader import profile_from_settings

SYSTEM = "system@x.test"
ADA = Mailbox("ada@x.test", "Ada")


def identity(
    sender: dict[str, Any] | None = None, bounce: str | None = None, **spec: Any
) -> Identity:
    tables = {
        "server": {"host": "mail.x.test"},
        "auth": {"username": "login@x.test"},
        "sender": {"address": SYSTEM, "name": "System", **(sender or {})},
    }
    loaded = profile_from_settings(tables, environment={})
    return identity_of(loaded.profile, Plan(bounce=bounce, message=MessageSpec(**spec)))


def test_without_a_user_the_system_writes_to_whoever_reads() -> None:
    found = identity()
    assert found.author == Mailbox(SYSTEM, "System")
    assert (found.handed_in_by, found.reply_to.address, found.envelope_sender) == ("", "", SYSTEM)


def test_the_login_is_the_sender_where_none_is_set() -> None:
    assert identity({"address": ""}).author.address == "login@x.test"


def test_with_force_the_system_is_the_author_and_the_user_gets_the_answers() -> None:
    found = identity({"force": True, "reply_to": "desk@x.test"}, acting=ADA)
    assert found.author == Mailbox(SYSTEM, "System")
    assert found.reply_to == ADA
    assert (found.handed_in_by, found.envelope_sender, found.notes) == ("", SYSTEM, ())


def test_without_force_the_user_is_the_author_and_the_system_hands_it_in() -> None:
    found = identity({"reply_to": "desk@x.test"}, acting=ADA)
    assert found.author == ADA
    assert found.handed_in_by == SYSTEM
    assert found.envelope_sender == SYSTEM
    assert found.reply_to.address == "desk@x.test"


def test_a_user_who_is_the_system_needs_no_sender_field() -> None:
    found = identity(acting=Mailbox("System@X.test"))
    assert found.handed_in_by == ""
    assert found.envelope_sender == "System@X.test"


def test_a_user_needs_no_system() -> None:
    tables = {"server": {"host": "mail.x.test"}}
    loaded = profile_from_settings(tables, environment={})
    found = identity_of(loaded.profile, Plan(message=MessageSpec(acting=ADA)))
    assert (found.author, found.handed_in_by, found.envelope_sender) == (ADA, "", ADA.address)


@pytest.mark.parametrize(
    ("bounce", "expected"),
    [(None, "bounces@x.test"), ("", ""), ("other@x.test", "other@x.test")],
)
def test_bounces_go_where_it_was_asked_then_where_it_is_set(
    bounce: str | None, expected: str
) -> None:
    assert identity({"bounce": "bounces@x.test"}, bounce=bounce).envelope_sender == expected


@pytest.mark.parametrize(
    ("force", "spec", "author", "reply_to", "note"),
    [
        (True, {"from_address": "me@x.test"}, "me@x.test", "", "sender.force asks for From"),
        (True, {"from_address": "SYSTEM@x.test"}, "SYSTEM@x.test", "", ""),
        (
            False,
            {"from_address": "me@x.test", "acting": ADA},
            "me@x.test",
            ADA.address,
            "--from names the author",
        ),
        (
            True,
            {"reply_to": "r@x.test", "acting": ADA},
            SYSTEM,
            "r@x.test",
            "the user of --as is in no field",
        ),
        (False, {"reply_to": "r@x.test", "acting": ADA}, ADA.address, "r@x.test", ""),
    ],
)
def test_what_is_asked_for_outright_wins_and_a_contradiction_is_said(
    force: bool, spec: dict[str, Any], author: str, reply_to: str, note: str
) -> None:
    found = identity({"force": force}, **spec)
    assert (found.author.address, found.reply_to.address) == (author, reply_to)
    assert [note in said for said in found.notes] == ([True] if note else [])
