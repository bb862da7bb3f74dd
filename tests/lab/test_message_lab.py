"""Messages through Postfix into a Maildir: what arrives is what left."""

from __future__ import annotations

import base64
import re
import time
from collections.abc import Iterator
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import SMTP
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import dkim as dkimpy
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from smtpcheck.model.message import Attachment, Dsn, Mailbox, MessageSpec
from smtpcheck.model.plan import Plan
from smtpcheck.model.report import TargetReport
from tests.lab.postfix import USERS, MailLab, mail_lab
from tests.pki import TestPki
from tests.scripted.probing import cause, passed, shown, step
from tests.scripted.probing import run as probe_scripted

pytestmark = pytest.mark.lab
ALICE = "alice@good.test"
KEPT = "me@kept.test"


@pytest.fixture(scope="module")
def lab(pki: TestPki) -> Iterator[MailLab]:
    # Not below pytest's own folder: Postfix' user must be able to pass through it.
    with (
        TemporaryDirectory(prefix="smtpcheck-lab-") as folder,
        mail_lab(Path(folder), pki) as running,
    ):
        yield running


class Post:
    """Sends as alice, and reads what arrived."""

    def __init__(self, lab: MailLab, pki: TestPki) -> None:
        self._lab, self._pki = lab, pki

    def __call__(
        self,
        service: str = "submission",
        *,
        plan: dict[str, Any] | None = None,
        settings: dict[str, dict[str, Any]] | None = None,
        **spec: Any,
    ) -> TargetReport:
        usual: dict[str, dict[str, Any]] = {
            "server": {"timeout": 10.0},
            "sender": {"address": ALICE, "name": "Älice"},
            "test": {"to": [KEPT]},
            "auth": {"username": ALICE, "password": {"prompt": True}},
        }
        for name, table in (settings or {}).items():
            usual[name] = {**usual.get(name, {}), **table}
        return probe_scripted(
            self._lab.ports[service],
            self._pki,
            settings=usual,
            password=USERS[ALICE],
            plan=Plan(deadline=30.0, message=MessageSpec(**spec), **(plan or {})),
        )

    def arrived(self, words: bytes, count: int = 1) -> list[bytes]:
        """The messages that hold these words, without what servers put before them, as they left:
        with CR LF. Waits until there are so many."""
        end = time.monotonic() + 20
        while True:
            files = sorted((self._lab.kept / "new").glob("*"))
            found = [each for each in (file.read_bytes() for file in files) if words in each]
            if len(found) >= count or time.monotonic() > end:
                assert len(found) == count, self._lab.log.read_text()[-3000:]
                return [_as_sent(each) for each in found]
            time.sleep(0.05)

    def message(self, report: TargetReport) -> bytes:
        """The one that this run sent, found by its id."""
        assert passed(report), shown(report)
        message_id = str(step(report, "send.prepare").facts["message_id"])
        [found] = self.arrived(message_id.encode())
        return found


@pytest.fixture
def post(lab: MailLab, pki: TestPki) -> Post:
    return Post(lab, pki)


def _as_sent(stored: bytes) -> bytes:
    trace = rb"(?:(?:Return-Path|X-Original-To|Delivered-To|Received):[^\n]*\n(?:[ \t][^\n]*\n)*)+"
    return re.sub(rb"\A" + trace, b"", stored).replace(b"\n", b"\r\n")


def parsed(message: bytes) -> EmailMessage:
    return message_from_bytes(message, policy=SMTP)


def said(report: TargetReport) -> list[str]:
    return [event.text for event in report.observations.transcript if event.who == "C"]


@pytest.mark.parametrize("bdat", [False, True])
def test_what_leaves_arrives_octet_by_octet(post: Post, bdat: bool) -> None:
    mark = f"mark-{bdat}"
    raw = (
        f"From: {ALICE}\r\nTo: {KEPT}\r\nDate: Sun, 01 Mar 2026 12:00:00 +0000\r\n"
        f"Message-ID: <{mark}@good.test>\r\nSubject: {mark}\r\n\r\n"
        ".\r\n..dots\r\nGrüße\r\n \r\nFrom here\r\n"
    ).encode()
    report = post(plan={"bdat": bdat}, raw=raw)
    assert passed(report), shown(report)
    assert post.arrived(mark.encode()) == [raw]
    assert any(text.startswith("BDAT ") for text in said(report)) is bdat


@pytest.mark.parametrize("service", ["submission", "bare"])
@pytest.mark.parametrize("charset", ["utf-8", "iso-8859-1"])
def test_text_html_and_files_come_back_whether_8bitmime_is_offered_or_not(
    post: Post, service: str, charset: str
) -> None:
    content = bytes(range(256)) * 40
    report = post(
        service,
        settings={"test": {"charset": charset}},
        subject="Prüfung",
        body="Grüße\n.\n" + "x" * 2000,
        html="<p>Grüße",
        attachments=(Attachment(name="Maß.bin", type="application/x-y", content=content),),
        headers=(("X-Code", "bär"),),
    )
    message = post.message(report)
    assert message.isascii() is (service == "bare")
    assert ("BODY=8BITMIME" in shown(report)) is (service == "submission")
    mail = parsed(message)
    plain, html, file = [part for part in mail.walk() if not part.is_multipart()]
    assert plain.get_content() == "Grüße\r\n.\r\n" + "x" * 2000 + "\r\n"
    assert html.get_content().strip() == "<p>Grüße"
    assert (file.get_filename(), file.get_content()) == ("Maß.bin", content)
    assert (mail["Subject"], mail["X-Code"]) == ("Prüfung", "bär")
    assert mail["From"].addresses[0].display_name == "Älice"


def test_a_message_above_the_servers_size_is_not_sent_at_all(post: Post) -> None:
    report = post("small")
    assert (report.exit_code, cause(report)) == (14, "message-too-large")
    assert not any(text.startswith("MAIL") for text in said(report))


def test_an_address_outside_ascii_needs_smtputf8_and_gets_it(post: Post) -> None:
    report = post(plan={"recipients": ("jörg@kept.test",)})
    message = post.message(report)
    assert "To: jörg@kept.test".encode() in message
    assert any(text.endswith("SMTPUTF8") for text in said(report))
    refused = post("bare", plan={"recipients": ("jörg@kept.test",)})
    assert (refused.exit_code, cause(refused)) == (14, "eightbit-or-utf8-unsupported")
    assert not any(text.startswith("MAIL") for text in said(refused))


def test_raw_eight_bits_without_the_offer_stay_here(post: Post) -> None:
    report = post("bare", raw=f"From: {ALICE}\n\nGrüße\n".encode())
    assert (report.exit_code, cause(report)) == (14, "eightbit-or-utf8-unsupported")


def test_a_large_message_goes_in_chunks(post: Post) -> None:
    content = b"\0\xff" * 1_200_000
    file = Attachment(name="a.bin", type="application/x-y", content=content)
    report = post(plan={"bdat": True}, attachments=(file,))
    mail = parsed(post.message(report))
    assert [part.get_content() for part in mail.iter_attachments()] == [content]
    assert len([text for text in said(report) if text.startswith("BDAT ")]) == 4


def test_a_notice_of_success_comes_to_the_envelope_sender_with_our_mark(post: Post) -> None:
    dsn = Dsn(notify=("SUCCESS",), returned="HDRS", envelope_id="mark+77")
    report = post("strict-tls", plan={"dsn": dsn, "bounce": KEPT}, body="secret body")
    assert report.exit_code == 0
    post.arrived(b"secret body")  # by its text: the notice holds its Message-ID, too
    [notice] = post.arrived(b"Original-Envelope-Id: mark+77")
    assert b"Action: relayed" in notice or b"Action: delivered" in notice
    assert b"Original-Recipient: rfc822;me@kept.test" in notice
    assert b"secret body" not in notice


def test_the_null_sender_is_taken(post: Post) -> None:
    report = post("strict-tls", plan={"bounce": ""})
    assert b"X-Smtpcheck: " in post.message(report)
    assert "MAIL FROM:<>" in "\n".join(said(report))


def test_what_is_not_offered_is_a_warning(post: Post) -> None:
    report = post("bare", plan={"bdat": True, "dsn": Dsn(notify=("NEVER",))})
    post.message(report)
    assert [each.cause for each in report.diagnoses] == ["extension-not-offered"]
    assert "DATA" in said(report)


def test_a_rate_limit_is_found_and_the_message_named_at_which_it_bites(post: Post) -> None:
    report = post("rationed", plan={"count": 6}, settings={"test": {"to": ["x@sink.test"]}})
    assert (report.exit_code, cause(report)) == (75, "rate-limited"), shown(report)
    failed = step(report, "send.repeat")
    assert (failed.facts["at"], failed.facts["message"]) == ("send.mail", 4)


def test_several_messages_arrive(post: Post) -> None:
    report = post(plan={"count": 3, "bdat": True}, subject="mark-several")
    assert passed(report), shown(report)
    found = post.arrived(b"Subject: mark-several", 3)
    assert len({parsed(each)["Message-ID"] for each in found}) == 3


@pytest.mark.parametrize("bdat", [False, True])
def test_a_signed_message_arrives_as_it_was_signed(post: Post, tmp_path: Path, bdat: bool) -> None:
    key = rsa.generate_private_key(65537, 2048)
    path = tmp_path / "dkim.pem"
    path.touch(mode=0o600)
    path.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    public = key.public_key().public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    record = b"v=DKIM1; k=rsa; p=" + base64.b64encode(public)
    dkim = {"domain": "good.test", "selector": "s1", "key_file": str(path)}
    report = post(
        plan={"bdat": bdat},
        settings={"dkim": dkim},
        subject="Prüfung",
        body="Grüße \n.\n\n",
        html="<p>ü",
        acting=Mailbox("bob@good.test", "Böb"),
    )
    message = post.message(report)
    assert message.startswith(b"DKIM-Signature: ")
    assert len(message) == step(report, "send.prepare").facts["size"]
    assert dkimpy.verify(message, dnsfunc=lambda *_, **__: record)
