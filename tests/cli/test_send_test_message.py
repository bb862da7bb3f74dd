"""`send-test`: what the message is made of, against the embedded server."""

from __future__ import annotations

import email
import email.policy
import json
import subprocess
import sys
from collections.abc import Iterator
from email.message import EmailMessage
from pathlib import Path

import pytest

from smtpcheck.sandbox.limits import Ports
from smtpcheck.sandbox.received import Received
from smtpcheck.sandbox.scenario import Scenario
from smtpcheck.sandbox.server import Sandbox
from tests.cli.command_line import CommandLine, Done

RAW = b"From: raw@x.test\nDate: Sun, 01 Mar 2026 12:00:00 +0000\nMessage-ID: <1@x.test>\n\n.hi\n"


@pytest.fixture
def server() -> Iterator[Sandbox]:
    with Sandbox(ports=Ports(relay=0)) as made:
        yield made


class Mailer:
    def __init__(self, smtpcheck: CommandLine, server: Sandbox) -> None:
        self._run = smtpcheck
        self._server = server
        smtpcheck.write(
            "biz",
            f"""schema = 1
[server]
host = "127.0.0.1"
port = {server.relay_port}
security = "none"
[sender]
address = "system@x.test"
name = "System"
[test]
to = ["ops@y.test"]
""",
        )

    def __call__(self, *words: str, stdin: bytes = b"") -> Done:
        return self._run("send-test", "biz", *words, stdin=stdin)

    @property
    def received(self) -> Received:
        (message,) = self._server.messages
        return message

    @property
    def mail(self) -> EmailMessage:
        made = email.message_from_bytes(self.received.data, policy=email.policy.SMTP)
        assert isinstance(made, EmailMessage)
        return made


@pytest.fixture
def send(smtpcheck: CommandLine, server: Sandbox) -> Mailer:
    return Mailer(smtpcheck, server)


def test_a_user_is_the_author_and_the_system_hands_the_mail_in(send: Mailer) -> None:
    done = send("--as", "Ada Lovelace <ada@x.test>")
    assert done.code == 0, done
    assert send.mail["From"] == "Ada Lovelace <ada@x.test>"
    assert send.mail["Sender"] == "system@x.test"
    assert send.mail["Reply-To"] is None
    assert send.received.envelope_sender == "system@x.test"


def test_with_force_the_user_gets_the_answers(send: Mailer) -> None:
    done = send("--as", "ada@x.test", "--set", "sender.force=true")
    assert done.code == 0, done
    assert send.mail["From"] == "System <system@x.test>"
    assert send.mail["Reply-To"] == "ada@x.test"
    assert send.mail["Sender"] is None


def test_a_contradiction_is_said(send: Mailer) -> None:
    done = send("--as", "ada@x.test", "--set", "sender.force=true", "--from", "me@x.test")
    assert done.code == 0
    assert send.mail["From"].addresses[0].addr_spec == "me@x.test"
    assert "sender.force asks for From system@x.test" in done.out


@pytest.mark.parametrize("words", ["", "<>"])
def test_the_null_sender(send: Mailer, words: str) -> None:
    assert send("--bounce", words).code == 0
    assert send.received.envelope_sender == ""
    assert send.mail["From"] == "System <system@x.test>"


def test_html_files_and_fields_arrive(send: Mailer, tmp_path: Path) -> None:
    (tmp_path / "page.html").write_text("<h1>Grüße</h1>")
    (tmp_path / "Prüfung:1.pdf").write_bytes(b"\x00\xffpdf")
    (tmp_path / "data").write_bytes(b"{}")
    done = send(
        *("--html", "page.html", "--attach", "Prüfung:1.pdf", "--attach", "data:application/json"),
        *("--header", "X-Code: bär", "--header", "Cc: Team <team@y.test>"),
    )
    assert done.code == 0, done
    plain, html, pdf, data = [part for part in send.mail.walk() if not part.is_multipart()]
    assert plain.get_content().strip() == "Grüße"
    assert html.get_content().strip() == "<h1>Grüße</h1>"
    assert (pdf.get_filename(), pdf.get_content_type()) == ("Prüfung:1.pdf", "application/pdf")
    assert pdf.get_content() == b"\x00\xffpdf"
    assert (data.get_filename(), data.get_content_type()) == ("data", "application/json")
    assert send.mail["X-Code"] == "bär"
    assert send.received.recipients == ("ops@y.test",)
    assert "with Prüfung:1.pdf, data" in done.out


def test_html_may_be_typed_and_the_text_given(send: Mailer) -> None:
    assert send("--html", "<p>hi", "--body", "my words").code == 0
    plain, html = send.mail.iter_parts()
    assert (plain.get_content().strip(), html.get_content().strip()) == ("my words", "<p>hi")


@pytest.mark.parametrize("charset", ["iso-8859-1", "windows-1252", "shift_jis", "gb18030", "utf-8"])
def test_the_charset_is_that_of_text_and_subject(send: Mailer, charset: str) -> None:
    words = "日本" if charset in ("shift_jis", "gb18030") else "Grüße"
    assert send("--charset", charset, "--body", words, "--subject", words).code == 0
    assert words.encode(charset) in send.received.data
    assert f"=?{charset}?".encode() in send.received.data
    assert send.mail["Subject"] == words


def test_a_file_may_be_in_the_charset_of_the_message(send: Mailer, tmp_path: Path) -> None:
    (tmp_path / "text").write_bytes("Grüße".encode("latin1"))
    assert send("--body-file", "text", "--charset", "iso-8859-1").code == 0
    assert send.mail.get_content().strip() == "Grüße"


@pytest.mark.parametrize("bdat", [(), ("--bdat",)])
def test_a_raw_message_leaves_as_it_is(send: Mailer, bdat: tuple[str, ...]) -> None:
    done = send("--data", "-", *bdat, stdin=RAW)
    assert done.code == 0, done
    assert send.received.data == RAW.replace(b"\n", b"\r\n")
    assert "note:" not in done.out


def test_what_a_raw_message_lacks_is_said(send: Mailer) -> None:
    done = send("--data", "-", stdin=b"Subject: x\n\nhi")
    assert done.code == 0
    assert "has no From and no Date and no Message-ID" in " ".join(done.out.split())


def test_notices_are_asked_for(send: Mailer) -> None:
    words = ("--dsn-notify", "success,failure", "--dsn-return", "headers", "--dsn-envid", "a+b")
    done = send(*words, "--format", "json")
    assert done.code == 0
    [target] = json.loads(done.out)["targets"]
    said = [event["text"] for event in target["transcript"] if event["who"] == "C"]
    assert any(text.endswith("RET=HDRS ENVID=a+2Bb") for text in said)
    assert "RCPT TO:<ops@y.test> NOTIFY=SUCCESS,FAILURE ORCPT=rfc822;ops@y.test" in said


def test_what_is_not_offered_is_a_warning_and_the_message_leaves(smtpcheck: CommandLine) -> None:
    scenario = Scenario(name="bare", title="", hidden=("DSN", "CHUNKING"))
    with Sandbox(ports=Ports(relay=0), scenario=scenario) as server:
        send = Mailer(smtpcheck, server)
        done = send("--bdat", "--dsn-notify", "never")
        assert send.received.data
    assert done.code == 0, done
    assert "warning[extension-not-offered]" in done.out
    assert "DSN, CHUNKING" in done.out


def test_several_messages_leave_and_are_told(send: Mailer, server: Sandbox) -> None:
    done = send("--count", "3", "--interval", "0.01", "--bdat")
    assert done.code == 0, done
    assert len(server.messages) == 3
    assert "3 messages accepted" in done.out
    assert "message 3" in done.out


WRONG = [
    (("--header", "no colon"), "is no header field"),
    (("--header", "From: x@y.test"), "use --from"),
    (("--header", "Bcc: x@y.test"), "use --to"),
    (("--header", "Content-Type: text/html"), "use --charset, --html"),
    (("--header", "X-A: b\r\nBcc: c@d.test"), "a line break"),
    (("--header", "Date: x", "--header", "date: y"), "has it once"),
    (("--header", "Subject: a", "--subject", "b"), "exclude each other"),
    (("--header", "To: nobody"), "wants mail addresses"),
    (("--as", "nobody"), "--as"),
    (("--as", "Ada <>"), "names nobody"),
    (("--as", "A\nB <a@x.test>"), "--as holds a line break"),
    (("--charset", "utf-99"), "test.charset"),
    (("--charset", "utf-16"), "cannot be used in the text of a mail"),
    (("--charset", "iso-8859-1", "--body", "10 €"), "U+20AC EURO SIGN"),
    (("--charset", "us-ascii", "--subject", "ü"), "the field Subject"),
    (("--attach", "none.pdf"), "cannot read none.pdf"),
    (("--attach", "-"), "takes a file"),
    (("--attach", ".:multipart/mixed"), "cannot be of the type"),
    (("--html", "none.html"), "cannot read none.html"),
    (("--html", "-", "--body-file", "-"), "cannot both read standard input"),
    (("--data", "-", "--subject", "x", "--html", "<p>"), "--subject and --html"),
    (("--data", "-"), "is empty"),
    (("--dsn-notify", "never,success"), "success, failure, delay"),
    (("--dsn-return", "all"), "neither full nor headers"),
    (("--dsn-envid", "ü"), "printable ASCII"),
    (("--count", "0"), "from 1 to 100"),
    (("--count", "101"), "from 1 to 100"),
    (("--interval", "1"), "--count N"),
    (("--count", "9", "--interval", "30"), "--deadline SECONDS"),
    (("--dry-run", "--format", "json"), "makes no report"),
]


@pytest.mark.parametrize(("words", "said"), WRONG, ids=lambda each: " ".join(each)[:40])
def test_what_cannot_be_sent_as_asked_is_refused_before_anything_is(
    send: Mailer, server: Sandbox, words: tuple[str, ...], said: str
) -> None:
    done = send(*words)
    assert (done.code, done.out) == (2, ""), done
    assert said in " ".join(done.err.split())
    assert server.messages == ()


def test_a_dry_run_prints_the_message_alone_and_connects_nowhere(
    smtpcheck: CommandLine,
) -> None:
    smtpcheck.write(
        "far",
        'schema = 1\n[server]\nhost = "192.0.2.1"\n[sender]\naddress = "a@x.test"\n'
        '[test]\nto = ["jörg@bücher.example"]\n',
    )
    words = ("--body", ".dot ü", "--bounce", "<>", "--dsn-notify", "never", "--count", "2")
    command = [sys.executable, "-m", "smtpcheck", "send-test", "far", "--dry-run", *words]
    told = subprocess.run(command, capture_output=True, check=True, timeout=60)
    mail = email.message_from_bytes(told.stdout, policy=email.policy.SMTP)
    assert mail["From"] == "a@x.test"
    assert told.stdout.endswith("\r\n.dot ü\r\n".encode())
    assert b"\n" not in told.stdout.replace(b"\r\n", b"")
    said = told.stderr.decode()
    assert f"not sent: {len(told.stdout)} bytes, the first of 2 messages; the others differ" in said
    assert "MAIL FROM:<> BODY=8BITMIME SMTPUTF8\n" in said
    assert "RCPT TO:<jörg@xn--bcher-kva.example> NOTIFY=NEVER" in said


def test_a_dry_run_asks_the_filter_about_what_it_prints(
    smtpcheck: CommandLine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    words = ("--from", "a@y.test", "--to", "b@y.test", "--dry-run", "--spam-score")
    monkeypatch.setenv("PATH", str(tmp_path))
    done = smtpcheck("send-test", "192.0.2.1", *words)
    assert done.code == 0
    assert "spam score: none: neither rspamd" in done.err
    filter_ = tmp_path / "rspamc"
    filter_.write_text(
        f"#!{sys.executable}\nimport sys\n"
        f"open({str(tmp_path / 'asked')!r}, 'wb').write(sys.stdin.buffer.read())\n"
        """print('{"score": 6.5, "required_score": 5, "symbols": '"""
        """'{"BAD": {"name": "BAD", "score": 6.5}}}')\n"""
    )
    filter_.chmod(0o755)
    done = smtpcheck("send-test", "192.0.2.1", *words)
    assert "spam score: rspamd gives 6.5 of 5 points: BAD 6.5\n" in done.err
    asked = (tmp_path / "asked").read_bytes()
    assert asked.decode().replace("\r\n", "\n") == done.out.replace("\r\n", "\n") != ""


def test_a_dry_run_says_why_there_is_no_message(smtpcheck: CommandLine) -> None:
    done = smtpcheck("send-test", "192.0.2.1", "--to", "b@y.test", "--dry-run")
    assert done.code == 2
    assert "no sender address" in done.err
