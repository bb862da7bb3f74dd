"""Refused logins, by a clock of the test's own."""

from __future__ import annotations

from threading import Thread

import pytest

from smtpcheck.model.reply import Line, Reply
from smtpcheck.model.secret import Secret
from smtpcheck.probe.deadline import Deadline
from smtpcheck.serve.held_logins import Attempt, HeldLogins

REPLY = Reply((Line(b"535 5.7.8 no"),))
LOGIN = ("mail.example.test", "alice", Secret("one"))
OTHER = ("mail.example.test", "alice", Secret("two"))


class Clock:
    """Stands still until it is moved."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def held(clock: Clock) -> HeldLogins:
    return HeldLogins(100.0, clock)


def refuse(held: HeldLogins, login: tuple[str, str, Secret] = LOGIN) -> None:
    with held.turn(login, Deadline(0.0)):
        held.remember(login, REPLY)


def test_a_refused_login_is_held_until_its_time_is_over(held: HeldLogins, clock: Clock) -> None:
    refuse(held)
    clock.now = 99.0
    with held.turn(LOGIN, Deadline(0.0)) as before:
        assert before == REPLY
    assert held.seconds_left(LOGIN) == 1.0
    assert held.count == 1
    clock.now = 100.0
    with held.turn(LOGIN, Deadline(0.0)) as before:
        assert before is None
    assert held.seconds_left(LOGIN) == 0.0
    assert held.count == 0


def test_another_secret_is_another_login(held: HeldLogins) -> None:
    refuse(held)
    with held.turn(OTHER, Deadline(0.0)) as before:
        assert before is None
    assert held.seconds_left(OTHER) == 0.0


def test_being_held_does_not_prolong_the_hold(held: HeldLogins, clock: Clock) -> None:
    refuse(held)
    clock.now = 50.0
    with held.turn(LOGIN, Deadline(0.0)):
        pass
    assert held.seconds_left(LOGIN) == 50.0


def test_equal_logins_take_turns(held: HeldLogins) -> None:
    seen: list[object] = []

    def second() -> None:
        with held.turn(LOGIN, Deadline(20.0)) as before:
            seen.append(before)

    with held.turn(LOGIN, Deadline(0.0)):
        thread = Thread(target=second)
        thread.start()
        with pytest.raises(TimeoutError), held.turn(LOGIN, Deadline(0.0)):
            pass
        held.remember(LOGIN, REPLY)
    thread.join()
    assert seen == [REPLY]


def test_a_login_that_was_accepted_once_can_be_refused_later(held: HeldLogins) -> None:
    with held.turn(LOGIN, Deadline(0.0)):
        held.accept(LOGIN)
    refuse(held)
    with held.turn(LOGIN, Deadline(0.0)) as before:
        assert before == REPLY


def test_a_login_that_was_good_a_while_ago_is_tried_by_one_alone(
    held: HeldLogins, clock: Clock
) -> None:
    with held.turn(LOGIN, Deadline(0.0)):
        held.accept(LOGIN)
    clock.now = 40.0
    with held.turn(LOGIN, Deadline(0.0)) as before:
        assert before is None
        with pytest.raises(TimeoutError), held.turn(LOGIN, Deadline(0.0)):
            pass
    assert held._good == {}


def test_what_is_over_is_forgotten(held: HeldLogins, clock: Clock) -> None:
    for number in range(50):
        refuse(held, ("h", "u", Secret(str(number))))
    clock.now = 200.0
    assert held.count == 0
    assert (len(held._until), len(held._replies), len(held._turns)) == (0, 0, 0)


def test_after_the_hold_of_a_login_that_was_good_before_one_alone_tries_it(
    held: HeldLogins, clock: Clock
) -> None:
    with held.turn(LOGIN, Deadline(0.0)):
        held.accept(LOGIN)
    with held.turn(LOGIN, Deadline(0.0)), held.turn(LOGIN, Deadline(0.0)):
        pass  # a good one needs no turns
    refuse(held)
    clock.now = 100.0
    with held.turn(LOGIN, Deadline(0.0)) as before:
        assert before is None
        with pytest.raises(TimeoutError), held.turn(LOGIN, Deadline(0.0)):
            pass


def test_an_attempt_knows_which_login_was_refused_and_whether_it_was_tried(
    held: HeldLogins,
) -> None:
    first, second = Attempt(held), Attempt(held)
    with first.turn(LOGIN, Deadline(0.0)) as before:
        assert before is None
        first.remember(LOGIN, REPLY)
    with second.turn(LOGIN, Deadline(0.0)) as before:
        assert before == REPLY
    assert (first.refused, first.was_held) == (LOGIN, False)
    assert (second.refused, second.was_held) == (LOGIN, True)
