"""A mailbox that is odd, broken or hostile; nothing of it gets further than its words."""

from __future__ import annotations

import ssl

import pytest

from smtpcheck.confirm.look import look_for
from smtpcheck.confirm.mailbox import Place
from smtpcheck.model.arrival import Arrival, Looked, NoLook, NotSeen, Sent
from smtpcheck.model.secret import Secret
from tests.confirm.imap_server import imap_server
from tests.pki import TestPki

PASSWORD = "canary-Pässword"
MESSAGE_ID = "<a.smtpcheck@example.test>"
CAPABILITY = b"* CAPABILITY IMAP4rev1 AUTH=PLAIN\r\nTAG OK done\r\n"
LIST = (
    b'* LIST (\\HasNoChildren) "/" INBOX\r\n'
    b'* LIST (\\HasNoChildren \\Junk) "/" "Unwanted mail"\r\n'
    b'* LIST (\\NoSelect) "/" "Shelf"\r\n'
    b'* LIST (\\HasNoChildren) "." "INBOX.Spam"\r\n'
    b"TAG OK done\r\n"
)
HEADER = b"From: App <app@example.test>\r\nMessage-ID: " + MESSAGE_ID.encode() + b"\r\n\r\n"


def fetched(content: bytes) -> bytes:
    return b"* 1 FETCH (UID 7 BODY[HEADER]<0> {%d}\r\n%b)\r\nTAG OK done\r\n" % (
        len(content),
        content,
    )


FOUND = {
    "CAPABILITY": CAPABILITY,
    "LIST": LIST,
    "SEARCH": b"* SEARCH 5 7\r\nTAG OK done\r\n",
    "FETCH": fetched(HEADER),
}


def look(
    pki: TestPki,
    answers: dict[str, bytes],
    *,
    wait: float = 0.0,
    since: float = 0.0,
    **more: bytes,
) -> Looked:
    with imap_server(pki, answers, **more) as (port, heard):
        place = Place(
            host="localhost",
            port=port,
            username="me@example.test",
            secret=Secret(PASSWORD),
            context=ssl.create_default_context(cafile=str(pki.ca_file)),
            timeout=3.0,
        )
        looked = look_for(Sent(MESSAGE_ID, "app@example.test", since), place, wait=wait)
    assert PASSWORD not in str(looked)
    look.heard = heard  # type: ignore[attr-defined]
    return looked


def heard() -> bytes:
    return b"".join(look.heard)  # type: ignore[attr-defined]


def test_the_message_is_found_and_nothing_is_changed(pki: TestPki) -> None:
    looked = look(pki, FOUND)
    assert isinstance(looked, Arrival)
    assert (looked.folder, looked.sender) == ("INBOX", "app@example.test")
    assert b"EXAMINE INBOX" in heard()
    assert b"SELECT" not in heard()
    assert b"BODY.PEEK[HEADER]<0.65536>" in heard()
    assert b"STORE" not in heard()


def test_a_copy_that_lay_there_before_is_another_message(pki: TestPki) -> None:
    dated = (
        b'* 1 FETCH (UID 7 INTERNALDATE "28-Nov-2020 10:00:00 +0000" BODY[HEADER]<0> {%d}\r\n'
        % (len(HEADER))
    )
    answers = {**FOUND, "FETCH": dated + HEADER + b")\r\nTAG OK done\r\n"}
    bare = {
        **FOUND,
        "FETCH": b'* 1 FETCH (INTERNALDATE "28-Nov-2020 10:00:00 +0000")\r\nTAG OK done\r\n',
    }
    assert isinstance(look(pki, bare, since=1_700_000_000.0), NotSeen)
    assert isinstance(look(pki, answers), Arrival)


def test_folders_for_spam_are_known_by_flag_and_by_name(pki: TestPki) -> None:
    looked = look(pki, {**FOUND, "SEARCH": b"* SEARCH\r\nTAG OK done\r\n"})
    assert isinstance(looked, NotSeen)
    assert looked.folders == ("INBOX", "Unwanted mail", "INBOX.Spam")
    searched = [line for line in heard().split(b"\r\n") if b"EXAMINE" in line]
    assert b"Shelf" not in b"".join(searched)


def test_without_a_login_by_password_nothing_is_sent(pki: TestPki) -> None:
    looked = look(pki, {"CAPABILITY": b"* CAPABILITY IMAP4rev1 AUTH=XOAUTH2\r\nTAG OK done\r\n"})
    assert isinstance(looked, NoLook)
    assert looked.kind == "no-plain-login"
    assert "AUTH=XOAUTH2" in looked.reason
    assert b"AUTHENTICATE" not in heard()


def test_a_refused_login_is_tried_once(pki: TestPki) -> None:
    echo = b"TAG NO [AUTHENTICATIONFAILED] wrong\r\n"
    looked = look(pki, {"CAPABILITY": CAPABILITY, "AUTHENTICATE": echo})
    assert isinstance(looked, NoLook)
    assert looked.kind == "login-refused"
    assert heard().count(b"AUTHENTICATE") == 1


@pytest.mark.parametrize(
    "answers",
    [
        {"FETCH": b"* 1 FETCH (BODY[HEADER]<0> {9999999999}\r\n"},
        {"SEARCH": b"* SEARCH " + b"1 " * 600_000 + b"\r\nTAG OK\r\n"},
        {"LIST": b"\0\xff\xfe garbage\r\nTAG BAD no\r\n"},
        {"SEARCH": b"* SEARCH 7 (BODY[]) 8\r\nTAG OK\r\n"},
        {"FETCH": b"TAG NO not today\r\n"},
        {"FETCH": fetched(b"\xff\xfe\0 no header at all")},
        {"EXAMINE": b"* BYE go away\r\n"},
    ],
)
def test_a_hostile_server_ends_in_words_and_in_time(
    pki: TestPki, answers: dict[str, bytes]
) -> None:
    looked = look(pki, {**FOUND, **answers})
    assert isinstance(looked, NoLook | NotSeen | Arrival)
    if isinstance(looked, NoLook):
        assert looked.kind in ("protocol", "unreachable")
        assert len(looked.reason) < 400


def test_a_server_that_refuses_at_once_is_told(pki: TestPki) -> None:
    looked = look(pki, {}, greeting=b"* BYE too busy\r\n")
    assert isinstance(looked, NoLook)
    assert "too busy" in looked.reason


def test_a_certificate_of_nobody_known_is_no_way_in(pki: TestPki) -> None:
    with imap_server(pki, FOUND) as (port, lines):
        place = Place(
            host="localhost",
            port=port,
            username="me",
            secret=Secret(PASSWORD),
            context=ssl.create_default_context(),
            timeout=3.0,
        )
        looked = look_for(Sent(MESSAGE_ID, "a@b.test"), place, wait=0.0)
    assert isinstance(looked, NoLook)
    assert looked.kind == "tls"
    assert lines == []
