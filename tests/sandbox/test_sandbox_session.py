"""The sandbox's ESMTP, spoken by hand."""

from __future__ import annotations

import base64
import hashlib
import hmac
import smtplib
import ssl
from collections.abc import Iterator

import pytest

from smtpcheck.sandbox.limits import Limits, Ports
from smtpcheck.sandbox.received import Talk
from smtpcheck.sandbox.scenario import Scenario
from smtpcheck.sandbox.server import Sandbox
from tests.sandbox.smtp_client import Client, b64

USERS = {"tester@sandbox.test": "right", "üser@sandbox.test": "pässwörd"}


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(users=USERS, ports=Ports(relay=0)) as running:
        yield running


@pytest.fixture
def client(sandbox: Sandbox) -> Iterator[Client]:
    """Within TLS, not logged in."""
    with Client(sandbox.submission_port, sandbox.ca_file) as made:
        made.starttls()
        yield made


@pytest.fixture
def user(client: Client) -> Client:
    """Within TLS, logged in."""
    assert client.login("tester@sandbox.test", "right").startswith("235 2.7.0 ")
    return client


@pytest.mark.parametrize("implicit", [True, False])
def test_the_standard_library_delivers_a_message(sandbox: Sandbox, implicit: bool) -> None:
    context = ssl.create_default_context(cafile=str(sandbox.ca_file))
    made: smtplib.SMTP
    if implicit:
        made = smtplib.SMTP_SSL("localhost", sandbox.submissions_port, context=context, timeout=5)
    else:
        made = smtplib.SMTP("127.0.0.1", sandbox.submission_port, timeout=5)
    with made as smtp:
        if not implicit:
            smtp.starttls(context=context)
        smtp.login(sandbox.username, sandbox.password)
        smtp.sendmail("a@x.test", ["b@y.test", "c@z.test"], "Subject: hi\r\n\r\n.dot\r\n..two\r\n")
    (message,) = sandbox.messages
    assert message.envelope_sender == "a@x.test"
    assert message.recipients == ("b@y.test", "c@z.test")
    assert message.data == b"Subject: hi\r\n\r\n.dot\r\n..two\r\n"
    assert (message.tls_version, message.username) == ("TLSv1.3", sandbox.username)
    assert message.peer == "127.0.0.1"
    assert message.queue_id


def test_auth_is_offered_only_within_tls(sandbox: Sandbox) -> None:
    with Client(sandbox.submission_port, sandbox.ca_file) as client:
        assert client.hear().startswith("220 localhost ESMTP ")
        before = client.say("EHLO client.test")
        client.say("STARTTLS")
        client.secure()
        after = client.say("EHLO client.test")
    assert "STARTTLS" in before
    assert "AUTH" not in before
    assert "250-AUTH PLAIN LOGIN CRAM-MD5\r\n" in after
    assert "STARTTLS" not in after


def test_every_extension_is_offered(client: Client) -> None:
    lines = client.say("EHLO x").splitlines()
    assert {line[4:].split()[0] for line in lines[1:]} == {
        "PIPELINING",
        "SIZE",
        "AUTH",
        "8BITMIME",
        "SMTPUTF8",
        "CHUNKING",
        "DSN",
        "ENHANCEDSTATUSCODES",
    }


@pytest.mark.parametrize(
    ("line", "answer"),
    [
        ("AUTH PLAIN AAAA", "538 5.7.11"),
        ("MAIL FROM:<a@b.test>", "530 5.7.0"),
        ("STARTTLS now", "501 5.5.4"),
        ("FROBNICATE", "500 5.5.2"),
        ("EHLO", "501 5.5.4"),
        ("RCPT TO:<a@b.test>", "503 5.5.1"),
        ("DATA", "503 5.5.1"),
        ("NOOP whatever", "250 2.0.0"),
        ("VRFY someone", "252 2.0.0"),
        ("x" * 3000, "500 5.5.6"),
        ("x" * 20000, "500 5.5.6"),
        ("quit", "221 2.0.0"),
    ],
)
def test_a_command_before_tls_gets_its_code(sandbox: Sandbox, line: str, answer: str) -> None:
    with Client(sandbox.submission_port) as client:
        client.hear()
        client.say("EHLO client.test")
        assert client.say(line).startswith(answer)


@pytest.mark.parametrize(
    ("line", "answer"),
    [
        ("MAIL FROM:<a@b.test>", "530 5.7.0"),
        ("STARTTLS", "503 5.5.1"),
        ("AUTH GSSAPI", "504 5.5.4"),
        ("AUTH PLAIN !!!", "501 5.5.2"),
        ("AUTH PLAIN " + b64("no separators"), "501 5.5.2"),
        ("AUTH CRAM-MD5 AAAA", "501 5.5.4"),
        ("AUTH PLAIN " + b64("\0tester@sandbox.test\0wrong"), "535 5.7.8"),
        ("AUTH PLAIN " + b64("\0nobody\0right"), "535 5.7.8"),
        ("AUTH PLAIN " + b64("other\0tester@sandbox.test\0right"), "535 5.7.8"),
        ("AUTH PLAIN " + b64("\0üser@sandbox.test\0pässwörd"), "235 2.7.0"),
    ],
)
def test_a_command_before_the_login_gets_its_code(client: Client, line: str, answer: str) -> None:
    assert client.say(line).startswith(answer)


def test_plain_works_without_initial_response(client: Client) -> None:
    assert client.say("AUTH PLAIN") == "334 \r\n"
    assert client.say(b64("\0tester@sandbox.test\0right")).startswith("235 ")


@pytest.mark.parametrize("initial", [True, False])
def test_login_asks_for_name_and_password(client: Client, initial: bool) -> None:
    name = b64("tester@sandbox.test")
    if initial:
        assert client.say(f"AUTH LOGIN {name}") == f"334 {b64('Password:')}\r\n"
    else:
        assert client.say("AUTH LOGIN") == f"334 {b64('Username:')}\r\n"
        assert client.say(name) == f"334 {b64('Password:')}\r\n"
    assert client.say(b64("right")).startswith("235 ")


@pytest.mark.parametrize(("password", "code"), [("right", "235"), ("wrong", "535")])
def test_cram_md5_judges_the_digest(client: Client, password: str, code: str) -> None:
    challenge = base64.b64decode(client.say("AUTH CRAM-MD5").split()[1])
    digest = hmac.new(password.encode(), challenge, hashlib.md5).hexdigest()
    assert client.say(b64(f"tester@sandbox.test {digest}")).startswith(code)


def test_a_login_can_be_cancelled(client: Client) -> None:
    client.say("AUTH LOGIN")
    assert client.say("*").startswith("501 5.7.0")
    assert client.login("tester@sandbox.test", "right").startswith("235")


def test_three_refused_logins_end_the_connection(client: Client) -> None:
    client.login("a", "b")
    client.login("a", "b")
    assert "421 4.7.0" in client.login("a", "b") + client.hear()
    assert client.hear() == ""


@pytest.mark.parametrize(
    ("line", "answer"),
    [
        ("MAIL FROM:<>", "250 2.1.0"),
        ("MAIL FROM: <a@b.test>", "250 2.1.0"),
        ("mail from:<a@b.test> SIZE=100 BODY=8BITMIME", "250 2.1.0"),
        ('MAIL FROM:<"a >b"@c.test>', "250 2.1.0"),
        ("MAIL FROM:<a@[127.0.0.1]>", "250 2.1.0"),
        ("MAIL FROM:<ü@b.test> SMTPUTF8", "250 2.1.0"),
        ("MAIL FROM:<ü@b.test>", "553 5.6.7"),
        ("MAIL FROM:a@b.test", "501 5.1.7"),
        ("MAIL FROM:<a>", "501 5.1.7"),
        ("MAIL FROM:<a@b@c>", "501 5.1.7"),
        ("MAIL FROM:<a@b.test> SIZE=99999999", "552 5.3.4"),
        ("MAIL FROM:<a@b.test> SIZE=much", "501 5.5.4"),
        ("MAIL FROM:<a@b.test> BODY=9BIT", "501 5.5.4"),
        ("MAIL FROM:<a@b.test> FOO=1", "555 5.5.4"),
        ("MAIL FROM:<a@b.test> SIZE=1 SIZE=2", "501 5.5.4"),
        ("AUTH PLAIN AAAA", "503 5.5.1"),
    ],
)
def test_mail_gets_its_code(user: Client, line: str, answer: str) -> None:
    assert user.say(line).startswith(answer)


@pytest.mark.parametrize(
    ("line", "answer"),
    [
        ("RCPT TO:<b@y.test>", "250 2.1.5"),
        ("RCPT TO:<@relay.test:b@y.test>", "250 2.1.5"),
        ("RCPT TO:<Postmaster>", "250 2.1.5"),
        ("RCPT TO:<>", "501 5.1.3"),
        ("RCPT TO:<b>", "501 5.1.3"),
        ("RCPT TO:<ü@y.test>", "553 5.6.7"),
        ("RCPT TO:<b@y.test> FOO=BAR", "555 5.5.4"),
        ("RCPT TO:<b@y.test> NOTIFY=NEVER", "250 2.1.5"),
        ("RCPT TO:<b@y.test> NOTIFY=SUCCESS,DELAY ORCPT=rfc822;b+2B@y.test", "250 2.1.5"),
        ("RCPT TO:<b@y.test> NOTIFY=NEVER,SUCCESS", "501 5.5.4"),
        ("RCPT TO:<b@y.test> ORCPT=rfc822;b+y", "501 5.5.4"),
        ("BDAT x", "501 5.5.4"),
        ("BDAT 0 LAST", "503 5.5.1"),
        ("MAIL FROM:<c@x.test>", "503 5.5.1"),
        ("DATA", "554 5.5.1"),
        ("RSET", "250 2.0.0"),
    ],
)
def test_rcpt_gets_its_code(user: Client, line: str, answer: str) -> None:
    user.say("MAIL FROM:<a@x.test>")
    assert user.say(line).startswith(answer)


def test_a_pipelined_group_is_answered_in_one_packet(user: Client) -> None:
    user.sock.sendall(b"MAIL FROM:<a@x.test>\r\nRCPT TO:<b@y.test>\r\nRCPT TO:<b>\r\nDATA\r\n")
    heard = user.sock.recv(65536).decode()
    assert [line[:3] for line in heard.splitlines()] == ["250", "250", "501", "354"]
    user.sock.sendall(b"Subject: x\r\n\r\nhi\r\n.\r\nQUIT\r\n")
    heard = user.sock.recv(65536).decode()
    assert [line[:3] for line in heard.splitlines()] == ["250", "221"]


def test_rset_forgets_the_envelope(user: Client) -> None:
    user.say("MAIL FROM:<a@x.test>")
    user.say("RSET")
    assert user.say("RCPT TO:<b@y.test>").startswith("503")


def test_what_was_pipelined_behind_starttls_is_thrown_away(sandbox: Sandbox) -> None:
    with Client(sandbox.submission_port, sandbox.ca_file) as client:
        client.hear()
        client.say("EHLO client.test")
        assert client.say("STARTTLS", "EHLO evil.test").startswith("220 ")
        client.secure()
        assert client.say("NOOP") == "250 2.0.0 Ok\r\n"
        assert client.say("MAIL FROM:<a@b.test>").startswith("503 5.5.1")


def test_only_cr_lf_dot_cr_lf_ends_a_message(user: Client, sandbox: Sandbox) -> None:
    user.say("MAIL FROM:<a@x.test>", "RCPT TO:<b@y.test>", "DATA")
    user.sock.sendall(b"Subject: x\r\n\r\nhi\n.\nMAIL FROM:<evil@x.test>\r\n.\r\n")
    assert user.hear().startswith("550 5.6.0")
    assert sandbox.messages == ()


def test_an_empty_message_is_a_message(user: Client, sandbox: Sandbox) -> None:
    user.say("MAIL FROM:<a@x.test>", "RCPT TO:<b@y.test>", "DATA")
    assert user.say(".").startswith("250 2.0.0")
    assert sandbox.messages[0].data == b""


@pytest.mark.parametrize("cut", [1, 7, 1000])
def test_a_message_in_pieces_is_the_same_message(user: Client, sandbox: Sandbox, cut: int) -> None:
    user.say("MAIL FROM:<a@x.test>", "RCPT TO:<b@y.test>", "DATA")
    wire = b"Subject: x\r\n\r\n..\r\n...a\r\n\r\n.\r\n"
    for at in range(0, len(wire), cut):
        user.sock.sendall(wire[at : at + cut])
    assert user.hear().startswith("250 ")
    assert sandbox.messages[0].data == b"Subject: x\r\n\r\n.\r\n..a\r\n\r\n"


@pytest.mark.parametrize(("size", "code"), [(50, "250"), (51, "552 5.3.4"), (500_000, "552 5.3.4")])
def test_a_message_above_the_limit_is_refused(size: int, code: str) -> None:
    with (
        Sandbox(limits=Limits(message=50)) as sandbox,
        Client(sandbox.submissions_port, sandbox.ca_file) as client,
    ):
        client.secure()
        client.hear()
        client.say("EHLO x")
        client.login(sandbox.username, sandbox.password)
        client.say("MAIL FROM:<a@x.test>", "RCPT TO:<b@y.test>", "DATA")
        client.sock.sendall(b"x" * (size - 2) + b"\r\n.\r\n")
        assert client.hear().startswith(code)
        assert client.say("NOOP").startswith("250")


def test_the_relay_port_takes_mail_without_login(sandbox: Sandbox) -> None:
    with smtplib.SMTP("127.0.0.1", sandbox.relay_port, timeout=5) as smtp:
        smtp.sendmail("a@x.test", ["b@y.test"], "Subject: hi\r\n\r\nhi\r\n")
        assert not smtp.has_extn("starttls")
        assert not smtp.has_extn("auth")
    assert (sandbox.messages[0].tls_version, sandbox.messages[0].username) == ("", "")


def test_the_sender_must_be_the_user_when_that_is_checked() -> None:
    with (
        Sandbox(scenario=Scenario(name="own", check_sender=True)) as sandbox,
        Client(sandbox.submission_port, sandbox.ca_file) as client,
    ):
        client.starttls()
        client.login(sandbox.username, sandbox.password)
        assert client.say("MAIL FROM:<other@x.test>").startswith("553 5.7.1")
        assert client.say(f"MAIL FROM:<{sandbox.username}>").startswith("250")


def test_too_many_recipients_are_refused_for_now(user: Client) -> None:
    user.say("MAIL FROM:<a@x.test>")
    answers = [user.say(f"RCPT TO:<b{n}@y.test>")[:9] for n in range(101)]
    assert answers[99:] == ["250 2.1.5", "452 4.5.3"]


def test_too_many_mistakes_end_the_connection(sandbox: Sandbox) -> None:
    with Client(sandbox.submission_port) as client:
        client.hear()
        answers = [client.say("WHAT")[:3] for _ in range(21)]
    assert answers == ["500"] * 20 + ["421"]


def test_an_idle_client_is_told_so() -> None:
    with Sandbox(limits=Limits(idle=0.2)) as sandbox, Client(sandbox.submission_port) as client:
        client.hear()
        assert client.hear().startswith("421 4.4.2")
        assert client.hear() == ""


def test_the_conversation_is_told_without_credentials() -> None:
    told: list[Talk] = []
    with (
        Sandbox(users={"u": "canary-secret"}, on_event=told.append) as sandbox,
        Client(sandbox.submissions_port, sandbox.ca_file) as client,
    ):
        client.secure()
        client.hear()
        client.say("EHLO x")
        client.login("u", "wrong-canary")
        client.say("AUTH LOGIN")
        client.say(b64("u"))
        client.say(b64("canary-secret"))
        client.say("QUIT")
    text = "\n".join(f"{talk.connection} {talk.who} {talk.text}" for talk in told)
    assert "1 C AUTH PLAIN <hidden>" in text
    assert "1 S 235 2.7.0" in text
    assert "1 ! TLSv1.3 established" in text
    for secret in ("canary", b64("canary-secret"), b64("\0u\0wrong-canary"), b64("u")):
        assert secret not in text


def test_a_message_may_come_in_chunks(user: Client, sandbox: Sandbox) -> None:
    user.say("MAIL FROM:<a@x.test> RET=HDRS ENVID=q+2B", "RCPT TO:<b@y.test>")
    user.sock.sendall(b"BDAT 6\r\nA: b\r\n")
    assert user.hear().startswith("250 2.0.0")
    user.sock.sendall(b"BDAT 10 LAST\r\n\r\n.\r\n..x\r\n")
    assert "queued as" in user.hear()
    assert sandbox.messages[0].data == b"A: b\r\n\r\n.\r\n..x\r\n"
