"""`smtpcheck explain`: what may be given, what is written, and the exit codes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.command_line import CommandLine

REFUSED = "554 5.7.1 <a@example.com>: Relay access denied"


def test_words_are_explained(smtpcheck: CommandLine) -> None:
    done = smtpcheck("explain", *REFUSED.split())
    assert (done.code, done.err) == (0, "")
    assert done.out.startswith("error[relay-denied]: ")
    assert "Relay access denied" in done.out
    assert "  fix: " in done.out


def test_standard_input_is_explained(smtpcheck: CommandLine) -> None:
    for arguments in (("explain",), ("explain", "-")):
        done = smtpcheck(*arguments, stdin=REFUSED.encode())
        assert (done.code, done.err) == (0, "")
        assert "relay-denied" in done.out


@pytest.mark.parametrize("charset", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
def test_a_file_is_explained_in_any_charset(
    smtpcheck: CommandLine, tmp_path: Path, charset: str
) -> None:
    file = tmp_path / "error.txt"
    file.write_bytes(f"Die E-Mail k\u00f6nnte fehlen:\n{REFUSED}\n".encode(charset))
    done = smtpcheck("explain", str(file))
    assert done.code == 0
    assert "relay-denied" in done.out


def test_no_cause_is_exit_1_and_says_what_to_fetch(smtpcheck: CommandLine) -> None:
    done = smtpcheck("explain", "hello")
    assert done.code == 1
    assert done.out.startswith("no cause: ")
    assert "smtpcheck probe" in done.out


def test_another_protocol_and_a_success_are_said_to_be_that(smtpcheck: CommandLine) -> None:
    imap = smtpcheck("explain", "imaplib.error: [AUTHENTICATIONFAILED] Invalid credentials")
    assert (imap.code, "IMAP" in imap.out) == (1, True)
    sent = smtpcheck("explain", "4F1: to=<a@example.com>, status=sent (250 2.0.0 Ok)")
    assert (sent.code, "went well" in sent.out) == (1, True)


def test_json_holds_the_diagnoses(smtpcheck: CommandLine) -> None:
    done = smtpcheck("explain", "--format", "json", REFUSED)
    data = json.loads(done.out)
    assert (done.code, data["schema"]) == (0, 1)
    first = data["diagnoses"][0]
    assert first["cause"] == "relay-denied"
    assert set(first) >= {"severity", "confidence", "owner", "help", "evidence", "changes"}
    assert first["evidence"][0]["event"] == 1
    assert json.loads(smtpcheck("explain", "--format", "json", "hello").out)["diagnoses"] == []


def test_json_lines_are_answered_one_by_one(smtpcheck: CommandLine) -> None:
    asked = [{"id": "a", "text": REFUSED}, {"id": 2, "text": "hello"}, {"text": "550 5.1.1 no"}]
    stdin = "\n".join(map(json.dumps, asked)).encode() + b"\n\n"
    done = smtpcheck("explain", "--format", "jsonl", stdin=stdin)
    answers = [json.loads(line) for line in done.out.splitlines()]
    assert done.code == 0
    assert [each["id"] for each in answers] == ["a", 2, None]
    assert [bool(each["diagnoses"]) for each in answers] == [True, False, True]


@pytest.mark.parametrize("line", ["no json", "[]", '{"id": 1}', '{"id": 1, "text": 5}'])
def test_a_line_that_asks_nothing_is_a_usage_error(smtpcheck: CommandLine, line: str) -> None:
    done = smtpcheck("explain", "--format", "jsonl", stdin=line.encode())
    assert done.code == 2
    assert "line 1" in done.err


def test_the_page_of_a_cause_is_shown(smtpcheck: CommandLine) -> None:
    done = smtpcheck("explain", "relay-denied")
    assert done.code == 0
    assert done.out.startswith("relay-denied: ")
    assert "recognised by" in done.out
    page = json.loads(smtpcheck("explain", "--format", "json", "relay-denied").out)
    assert page["cause"] == "relay-denied"
    assert page["rules"]


def test_an_unknown_cause_and_a_missing_file_are_usage_errors(smtpcheck: CommandLine) -> None:
    unknown = smtpcheck("explain", "relay-denyed")
    assert (unknown.code, "relay-denied" in unknown.err) == (2, True)
    missing = smtpcheck("explain", "./nothing.log")
    assert (missing.code, "no file" in missing.err) == (2, True)
    misused = smtpcheck("explain", "--format", "jsonl", "text")
    assert misused.code == 2


def test_a_log_is_grouped_by_cause(smtpcheck: CommandLine, tmp_path: Path) -> None:
    line = (
        "Jan {day:2} 10:00:00 mx postfix/smtp[7]: 4F1{day:05X}: to=<a@example.com>, "
        "status=bounced (host mx[192.0.2.1] said: 550 5.1.1 User unknown (in reply to RCPT TO))"
    )
    log = tmp_path / "mail.log"
    log.write_text("\n".join(line.format(day=day) for day in range(1, 20)))
    done = smtpcheck("explain", str(log))
    assert done.code == 0
    assert done.out.startswith("19 times recipient-unknown: ")
    assert "seen: Jan  1 10:00:00 to Jan 19 10:00:00" in done.out
    data = json.loads(smtpcheck("explain", "--format", "json", str(log)).out)
    assert [(each["cause"], each["count"]) for each in data["groups"]] == [
        ("recipient-unknown", 19)
    ]


def test_hostile_text_is_shown_harmless(smtpcheck: CommandLine) -> None:
    done = smtpcheck("explain", stdin=b"550 5.1.1 \x1b[2Juser unknown \xe2\x80\xae\n")
    assert "\x1b" not in done.out
    assert "\u202e" not in done.out
