"""Several transports in one text are several ways to send mail: none has a setting of another."""

from __future__ import annotations

import pytest

from smtpcheck.model.errors import UsageError
from smtpcheck.store.foreign.formats import format_named, guessed
from smtpcheck.store.foreign.imported import Imported
from smtpcheck.wire.sasl import plain_text
from tests.store.foreign.reading_back import imported, source

SCRIPT = """\
const bulk = nodemailer.createTransport({
  host: "bulk.example.com", port: 2525, auth: { user: "b", pass: "bp" },
  tls: { rejectUnauthorized: false },
});
const alerts: Transporter = await nodemailer.createTransport({
  host: "alerts.example.com", secure: true, auth: { user: "a", pass: "ap" },
});
module.exports = { third: createTransport({ host: "third.example.com" }) };
const fourth = createTransport(options);
bulk.sendMail({ from: "bulk@example.com" });
alerts.sendMail({ from: "alerts@example.com" });
"""
PHP = """\
<?php
$a = new PHPMailer(true);
$a->Host = 'a.example.com'; $a->Port = 2525; $a->SMTPAuth = true;
$a->Username = 'ua'; $a->Password = 'pa'; $a->setFrom('a@example.com');
$a->SMTPOptions = ['ssl' => ['verify_peer' => false]];
$this->b = new PHPMailer();
$this->b->Host = 'b.example.com'; $this->b->SMTPSecure = 'ssl';
$a = new PHPMailer();
$a->Host = 'c.example.com';
$db->Password = 'not this one';
"""


def ways(name: str, text: str) -> dict[str, Imported]:
    return {each.account: each for each in format_named(name).read(source(text))}


def test_each_call_of_create_transport_is_one_way() -> None:
    found = ways("nodemailer", SCRIPT)
    assert list(found) == ["bulk", "alerts", "third"]
    hosts = [each.values["server.host"] for each in found.values()]
    assert hosts == ["bulk.example.com", "alerts.example.com", "third.example.com"]
    assert [each.values["server.port"] for each in found.values()] == [2525, 465, 587]
    assert [each.values.get("tls.verify") for each in found.values()] == [False, None, None]
    senders = [each.values.get("sender.address") for each in found.values()]
    assert senders == ["bulk@example.com", "alerts@example.com", None]
    secrets = [each.secrets.get("auth.password") for each in found.values()]
    assert [kept and plain_text(kept) for kept in secrets] == ["bp", "ap", None]


def test_a_call_that_could_not_be_read_is_told_with_its_line() -> None:
    notes = ways("nodemailer", SCRIPT)["bulk"].notes
    assert [note.line for note in notes if "from code" in note.text] == [9]


def test_calls_without_a_variable_have_numbers() -> None:
    text = "f(createTransport({host:'a'}));\nreturn createTransport({host: 'b'});"
    assert list(ways("nodemailer", text)) == ["1", "2"]


def test_objects_of_one_file_are_told_apart_by_their_keys() -> None:
    text = """{"dev": {"host": "d", "port": 25, "secure": false, "auth": {"user": "u"}},
 "live": {"host": "l", "auth": {"user": "v", "pass": "p"}}}"""
    found = ways("nodemailer", text)
    assert list(found) == ["dev", "live"]
    assert [each.values["server.port"] for each in found.values()] == [25, 587]
    assert not found["dev"].secrets


def test_each_php_mailer_is_one_way() -> None:
    found = ways("phpmailer", PHP)
    assert list(found) == ["a", "b", "a-2"]
    hosts = [each.values["server.host"] for each in found.values()]
    assert hosts == ["a.example.com", "b.example.com", "c.example.com"]
    assert [each.values.get("tls.verify") for each in found.values()] == [False, None, None]
    assert [each.values["server.port"] for each in found.values()] == [2525, 25, 25]
    assert [bool(each.secrets) for each in found.values()] == [True, False, False]


def test_another_object_gives_no_password_to_the_only_mailer() -> None:
    text = "<?php $m->Host = 'h'; $m->Username = 'u'; $m->SMTPAuth = true; $db->Password = 'x';"
    assert not imported("phpmailer", text).secrets


def test_branches_that_set_one_host_each_are_refused_with_their_lines() -> None:
    text = "<?php\nif (live) {\n$m->Host = 'a';\n} else {\n$m->Host = 'b'; }"
    with pytest.raises(UsageError, match="in lines 3, 5"):
        format_named("phpmailer").read(source(text))


def test_switches_beside_a_service_are_told_for_what_they_are() -> None:
    found = imported("nodemailer", "createTransport({ service: 'gmail', secure: false })")
    assert [note.text for note in found.notes] == ["secure does nothing beside service or a URL"]


def test_more_ways_than_any_program_has_are_refused() -> None:
    with pytest.raises(UsageError, match="51 ways"):
        format_named("nodemailer").read(source("createTransport({host: 'a'});\n" * 51))


@pytest.mark.parametrize("password", ["p$w${HOME}", "a#{b}c", "$x=5", "{$y}"])
def test_quotation_marks_of_javascript_fill_nothing_in(password: str) -> None:
    text = f'createTransport({{ host: "h", auth: {{ user: "u", pass: "{password}" }} }})'
    kept = imported("nodemailer", text).secrets["auth.password"]
    assert plain_text(kept) == password
    assert guessed(source(text)).name == "nodemailer"


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("django", "class A:\n  EMAIL_HOST='a'\n  EMAIL_HOST_PASSWORD='p'\nclass B:\n  {}='b'\n"),
        ("flask", "class A:\n  MAIL_SERVER='a'\n  MAIL_PASSWORD='p'\nclass B:\n  {}='b'\n"),
        ("swaks", "\nswaks --server a --auth-user u --auth-password p\n\n{} --server b\n"),
    ],
)
def test_two_servers_whose_settings_cannot_be_told_apart_are_refused(name: str, text: str) -> None:
    word = {"django": "EMAIL_HOST", "flask": "MAIL_SERVER", "swaks": "swaks"}[name]
    with pytest.raises(UsageError, match=r"more than once, in lines 2, [45]"):
        format_named(name).read(source(text.replace("{}", word)))
