"""A log of many messages: failures by cause, counted while it streams past."""

from __future__ import annotations

import tracemalloc

import pytest

from smtpcheck.catalog.loader import load_catalog
from smtpcheck.diagnosis.mail_log import Group, MailLog, is_log

UNKNOWN = (
    "Jan {day:2} 10:00:0{second} mx postfix/smtp[7]: {queue}: to=<u{queue}@example.com>, "
    "relay=mx.example.com[192.0.2.1]:25, dsn=5.1.1, status=bounced (host mx.example.com[192.0.2.1] "
    "said: 550 5.1.1 <u{queue}@example.com>: User unknown (in reply to RCPT TO command))"
)
SENT = (
    "Jan 10 10:00:00 mx postfix/smtp[7]: {queue}: to=<a@example.com>, dsn=2.0.0, "
    "status=sent (250 2.0.0 Ok)"
)
TIMEOUT = (
    "Jan 11 10:00:00 mx postfix/smtp[7]: {queue}: to=<a@example.org>, relay=none, dsn=4.4.1, "
    "status=deferred (connect to mx.example.org[192.0.2.2]:25: Connection timed out)"
)


def log_text(count: int = 5) -> str:
    lines = [
        UNKNOWN.format(day=at + 1, second=at % 10, queue=f"4F1{at:05X}") for at in range(count)
    ]
    lines += [SENT.format(queue=f"5F1{at:05X}") for at in range(3)]
    lines += [TIMEOUT.format(queue=f"6F1{at:05X}") for at in range(2)]
    return "\n".join(lines) + "\n"


def read(text: str, piece: int = 1 << 16) -> tuple[MailLog, list[Group]]:
    log = MailLog(load_catalog())
    raw = text.encode()
    for start in range(0, len(raw), piece):
        log.feed(raw[start : start + piece])
    return log, log.finish()


def test_failures_are_counted_by_cause_with_their_times_and_a_sample() -> None:
    log, groups = read(log_text())
    assert [(group.diagnosis.cause, group.count) for group in groups] == [
        ("recipient-unknown", 5),
        ("tcp-timeout-blocked", 2),
    ]
    assert (groups[0].first, groups[0].last) == ("Jan  1 10:00:00", "Jan  5 10:00:04")
    assert groups[0].sample.startswith(
        "Jan  1 10:00:00 mx postfix/smtp[7]: 4F100000: to=<u4F100000"
    )
    assert (log.lines, log.delivered, log.unexplained) == (10, 3, 0)


@pytest.mark.parametrize("piece", [1, 7, 100, 4096])
def test_it_does_not_matter_where_the_pieces_are_cut(piece: int) -> None:
    told = [(group.diagnosis.cause, group.count) for group in read(log_text(), piece)[1]]
    assert told == [("recipient-unknown", 5), ("tcp-timeout-blocked", 2)]


def test_a_last_line_without_an_end_counts() -> None:
    _, groups = read(UNKNOWN.format(day=1, second=1, queue="4F1ABCDEF0"))
    assert [group.count for group in groups] == [1]


def test_what_no_rule_explains_is_counted_and_not_claimed() -> None:
    odd = "Jan  1 10:00:00 mx postfix/smtp[7]: 4F1: status=deferred (bounce or trace said xyzzy)\n"
    log, groups = read(odd * 3)
    assert (groups, log.unexplained) == ([], 3)


def test_memory_does_not_grow_with_the_log() -> None:
    log = MailLog(load_catalog())
    piece = log_text(400).encode()
    log.feed(piece)
    tracemalloc.start()
    for _ in range(50):
        log.feed(piece)
    grown, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert grown < 2_000_000


def test_a_line_without_end_does_not_fill_the_memory() -> None:
    log = MailLog(load_catalog())
    for _ in range(20):
        log.feed(b"x" * 100_000)
    assert log.finish() == []


def test_a_log_is_told_from_one_failure() -> None:
    assert is_log(log_text(8).encode())
    assert is_log(b"x\n" * 200_000)
    assert not is_log(b"535 5.7.8 authentication failed\n")
    assert not is_log(UNKNOWN.format(day=1, second=1, queue="4F1ABCDEF0").encode())
