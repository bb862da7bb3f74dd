"""Logins that are not tried again, and what is kept of them."""

from __future__ import annotations

import threading

import pytest

from smtpcheck.model.reply import Line, Reply
from smtpcheck.model.secret import Secret
from smtpcheck.probe.deadline import Deadline
from smtpcheck.probe.refused import Login, Refused

NO = Reply((Line(b"535 5.7.8 wrong\r\n"),))
SOON = 0.05


def login(number: int = 0, word: str = "canary") -> Login:
    return f"host{number}.example", "bob", Secret(word)


def test_a_refused_login_is_told_to_whoever_comes_next_and_another_secret_is_not() -> None:
    refused = Refused()
    with refused.turn(login(), Deadline(1)) as before:
        assert before is None
        refused.remember(login(), NO)
    with refused.turn(login(), Deadline(1)) as before:
        assert before is NO
    with refused.turn(login(word="other"), Deadline(1)) as before:
        assert before is None


def test_one_at_a_time_tries_what_nobody_knows_yet() -> None:
    refused = Refused()
    with (
        refused.turn(login(), Deadline(1)),
        pytest.raises(TimeoutError),
        refused.turn(login(), Deadline(SOON)),
    ):
        pass
    with refused.turn(login(), Deadline(SOON)) as before:
        assert before is None


def test_a_good_login_keeps_nobody_waiting() -> None:
    refused = Refused()
    refused.accept(login())
    with (
        refused.turn(login(), Deadline(SOON)),
        refused.turn(login(), Deadline(SOON)),
        refused.turn(login(), Deadline(SOON)) as before,
    ):
        assert before is None


def test_a_good_login_that_is_refused_later_is_not_tried_again() -> None:
    refused = Refused()
    refused.accept(login())
    refused.remember(login(), NO)
    with refused.turn(login(), Deadline(1)) as before:
        assert before is NO


def test_whoever_waits_for_a_login_that_proves_good_goes_on_with_all_others() -> None:
    refused = Refused()
    inside = threading.Barrier(3, timeout=10)
    first = refused.turn(login(), Deadline(1))
    first.__enter__()

    def wait() -> None:
        with refused.turn(login(), Deadline(10)):
            inside.wait()  # both at once, or it breaks

    threads = [threading.Thread(target=wait) for _ in range(2)]
    for each in threads:
        each.start()
    refused.accept(login())
    first.__exit__(None, None, None)
    inside.wait()
    for each in threads:
        each.join(10)
    assert not inside.broken


def test_of_ten_thousand_logins_that_were_not_refused_hardly_any_is_kept() -> None:
    refused = Refused()
    for number in range(10_000):
        with refused.turn(login(number), Deadline(1)):
            refused.accept(login(number))
    kept = sum(len(value) for value in vars(refused).values() if isinstance(value, dict))
    assert kept <= 256
