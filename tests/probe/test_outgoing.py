"""Envelope and message, for what a server offers."""

from __future__ import annotations

from email import message_from_bytes
from email.message import EmailMessage
from email.policy import SMTP
from typing import Any

import pytest

from smtpcheck.model.message import Attachment, Dsn, Mailbox, MessageSpec
from smtpcheck.model.plan import Plan
from smtpcheck.model.reply import Reply
from smtpcheck.probe.outgoing import CannotPrepareError, Outgoing, outgoing
from smtpcheck.store.profile_reader import profile_from_settings
from smtpcheck.wire.hello import Hello

RAW = b"From: a@x.test\nDate: x\nMessage-ID: <1@x.test>\n\nhi\n"


def made(
    *offered: str,
    sender: dict[str, Any] | None = None,
    test: dict[str, Any] | None = None,
    plan: dict[str, Any] | None = None,
    **spec: Any,
) -> Outgoing:
    tables = {
        "server": {"host": "mail.x.test"},
        "sender": {"address": "a@x.test", **(sender or {})},
        "test": {"to": ["b@y.test"], **(test or {})},
    }
    loaded = profile_from_settings(tables, environment={})
    extensions = dict(each.partition(" ")[::2] for each in offered)
    hello = Hello("EHLO", Reply(()), extensions=extensions)
    return outgoing(loaded.profile, Plan(message=MessageSpec(**spec), **(plan or {})), hello)


def refusal(*offered: str, **more: Any) -> tuple[str, str]:
    with pytest.raises(CannotPrepareError) as refused:
        made(*offered, **more)
    return refused.value.kind, str(refused.value)


def parsed(outgoing_: Outgoing) -> EmailMessage:
    return message_from_bytes(outgoing_.message, policy=SMTP)


def test_eight_bits_are_used_where_they_are_offered() -> None:
    found = made("8BITMIME", body="Grüße")
    assert "Grüße".encode() in found.message
    assert found.envelope.parameters == ("BODY=8BITMIME",)
    assert made("8BITMIME", body="plain").envelope.parameters == ()


def test_without_the_offer_the_message_is_ascii() -> None:
    found = made(body="Grüße", html="<p>Grüße", subject="Grüße", attachments=(png(), text()))
    assert found.message.isascii()
    assert found.envelope.parameters == ()


def test_the_size_is_said_without_doubled_dots() -> None:
    found = made("SIZE 1000000", body=".\n..\n")
    assert found.envelope.parameters == (f"SIZE={len(found.message)}",)


def test_a_message_above_the_limit_is_not_sent() -> None:
    kind, said = refusal("SIZE 5000", attachments=(png(b"x" * 5000),))
    assert kind == "too-large"
    assert "the server takes 5000" in said


def test_a_domain_outside_ascii_needs_no_extension() -> None:
    found = made(sender={"address": "a@bücher.example"}, test={"to": ["b@straße.example"]})
    assert found.envelope.sender == "a@xn--bcher-kva.example"
    assert found.envelope.recipients == ("b@xn--strae-oqa.example",)
    assert found.message.isascii()


@pytest.mark.parametrize(
    "more",
    [
        {"test": {"to": ["jörg@y.test"]}},
        {"sender": {"address": "jörg@x.test"}},
        {"reply_to": "jörg@x.test"},
        {"acting": Mailbox("jörg@x.test")},
        {"headers": (("Cc", "jörg@x.test"),)},
        {"plan": {"bounce": "jörg@x.test"}},
    ],
)
def test_a_local_part_outside_ascii_needs_smtputf8(more: dict[str, Any]) -> None:
    kind, said = refusal("8BITMIME", **more)
    assert kind == "smtputf8-missing"
    assert "SMTPUTF8" in said
    assert "SMTPUTF8" in made("8BITMIME", "SMTPUTF8", **more).envelope.parameters


def test_smtputf8_is_not_asked_for_without_need() -> None:
    found = made("8BITMIME", "SMTPUTF8", subject="Grüße", sender={"name": "Jörg"})
    assert "SMTPUTF8" not in found.envelope.parameters


def test_notices_are_asked_for_where_they_are_offered() -> None:
    dsn = Dsn(notify=("SUCCESS",), returned="FULL", envelope_id="x1")
    found = made("DSN", plan={"dsn": dsn})
    assert found.envelope.parameters == ("RET=FULL", "ENVID=x1")
    assert found.envelope.dsn == dsn
    assert found.facts["missing"] == []
    without = made(plan={"dsn": dsn, "bdat": True})
    assert (without.envelope.parameters, without.envelope.dsn) == ((), None)
    assert without.facts["missing"] == ["DSN", "CHUNKING"]


def test_the_null_sender_is_said_and_the_message_id_keeps_a_domain() -> None:
    found = made(plan={"bounce": ""})
    assert found.envelope.sender == ""
    assert parsed(found)["Message-ID"].endswith(".smtpcheck@x.test>")


def test_each_of_several_messages_has_an_id_and_a_number_of_its_own() -> None:
    found = made(plan={"count": 3})
    again = message_from_bytes(found.again(2), policy=SMTP)
    assert parsed(found)["Subject"].endswith("(1 of 3)")
    assert again["Subject"].endswith("(2 of 3)")
    assert again["Message-ID"] != parsed(found)["Message-ID"]


def test_a_field_of_the_users_takes_the_place_of_ours() -> None:
    headers = (("Date", "Sun, 01 Mar 2026 12:00:00 +0000"), ("message-id", "<me@x.test>"))
    found = made(headers=(*headers, ("To", "Ops <ops@y.test>"), ("X-Code", "Prüfung")))
    mail = parsed(found)
    for name in ("Date", "Message-ID", "To"):
        assert len(mail.get_all(name, [])) == 1
    assert mail["To"] == "Ops <ops@y.test>"
    assert mail["X-Code"] == "Prüfung"
    assert found.facts["message_id"] == "<me@x.test>"
    assert found.envelope.recipients == ("b@y.test",)


@pytest.mark.parametrize("name", ["", "X Y", "X:", "Ünder", "X\n"])
def test_what_is_no_name_of_a_field_is_refused(name: str) -> None:
    assert refusal(headers=((name, "x"),))[0] == "message"


def test_the_charset_holds_for_text_subject_and_names() -> None:
    found = made("8BITMIME", body="Grüße", subject="Grüße", test={"charset": "latin1"})
    assert "Grüße".encode("latin1") in found.message
    assert b'charset="iso-8859-1"' in found.message
    assert b"Subject: =?iso-8859-1?" in found.message
    assert parsed(found)["Subject"] == "Grüße"


def test_a_character_outside_the_charset_is_named() -> None:
    kind, said = refusal(body="10 €", test={"charset": "iso-8859-1"})
    assert kind == "charset"
    assert "EURO SIGN" in said


def test_html_comes_with_a_text_made_from_it_unless_there_is_one() -> None:
    mail = parsed(made(html="<p>Hello <b>you</b>"))
    plain, html = mail.iter_parts()
    assert plain.get_content().strip() == "Hello you"
    assert html.get_content().strip() == "<p>Hello <b>you</b>"
    plain, _ = parsed(made(html="<p>x", body="my own")).iter_parts()
    assert plain.get_content().strip() == "my own"


def test_files_stand_behind_text_and_html() -> None:
    found = made(html="<p>x", attachments=(png(), text()))
    mail = parsed(found)
    kinds = [part.get_content_type() for part in mail.walk()]
    assert kinds == [
        "multipart/mixed",
        "multipart/alternative",
        "text/plain",
        "text/html",
        "image/png",
        "text/plain",
    ]
    assert found.facts["attachments"] == [
        {"name": "a.png", "type": "image/png", "size": 4},
        {"name": "ü.txt", "type": "text/plain", "size": 4},
    ]


def test_a_raw_message_leaves_as_it_is_with_the_line_ends_of_mail() -> None:
    found = made(raw=RAW + b".\n")
    assert found.message == RAW.replace(b"\n", b"\r\n") + b".\r\n"
    assert found.notes == ()
    assert found.facts["message_id"] == "<1@x.test>"


def test_what_a_raw_message_lacks_is_a_note() -> None:
    found = made(raw=b"Subject: x\n\nhi")
    assert "no From and no Date" in found.notes[0]
    assert found.facts["lacks"] == ["From", "Date", "Message-ID"]


def test_a_raw_message_of_eight_bits_needs_the_offer() -> None:
    raw = RAW + "Grüße\n".encode()
    assert refusal(raw=raw)[0] == "eightbit-missing"
    assert made("8BITMIME", raw=raw).envelope.parameters == ("BODY=8BITMIME",)


def test_octets_of_another_charset_in_a_raw_header_are_no_reason_for_smtputf8() -> None:
    offered = ("8BITMIME", "SMTPUTF8")
    latin = b"From: a@x.test\nSubject: \xfc\n\nx\n"
    assert made(*offered, raw=latin).envelope.parameters == ("BODY=8BITMIME",)
    utf8 = "From: a@x.test\nSubject: ü\n\nx\n".encode()
    assert made(*offered, raw=utf8).envelope.parameters == ("BODY=8BITMIME", "SMTPUTF8")


def test_what_is_set_for_fields_that_a_raw_message_writes_itself_does_not_matter() -> None:
    sender = {"address": "a@x.test", "reply_to": "jörg@x.test"}
    assert made(sender=sender, raw=RAW).envelope.parameters == ()


def test_the_author_of_a_raw_message_stands_in_for_a_sender_that_is_not_set() -> None:
    assert made(sender={"address": ""}, raw=RAW).envelope.sender == "a@x.test"
    assert made(sender={"address": "system@x.test"}, raw=RAW).envelope.sender == "system@x.test"
    assert refusal(sender={"address": ""}, raw=b"Subject: x\n\nx\n")[0] == "no-sender"


@pytest.mark.parametrize("address", ["a> SIZE=1 <b@x.test", "a b@x.test", "a@b@c", "@x", "a@"])
@pytest.mark.parametrize("place", ["bounce", "recipients", "from_address", "reply_to"])
def test_nothing_but_an_address_comes_into_envelope_or_header(address: str, place: str) -> None:
    if place == "bounce":
        more: dict[str, Any] = {"plan": {"bounce": address}}
    elif place == "recipients":
        more = {"plan": {"recipients": (address,)}}
    else:
        more = {place: address}
    assert refusal(**more)[0] == "address"


def png(content: bytes = b"\x89PNG") -> Attachment:
    return Attachment(name="a.png", type="image/png", content=content)


def text() -> Attachment:
    return Attachment(name="ü.txt", type="text/plain", content="ü\r\n".encode())
