"""The kept login: whole or not at all, in a keyring that holds little per entry."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from typing import cast

import keyring
import pytest

from smtpcheck.model.secret import Secret, SecretUnavailableError
from smtpcheck.model.token import KeptLogin
from smtpcheck.store.login_store import (
    forget_login,
    keep_login,
    kept_login,
    keyring_works,
    move_login,
)
from tests import keyring_fakes
from tests.keyring_fakes import Memory

USER = "alice@example.com"


def use(name: str) -> None:
    keyring.set_keyring(getattr(keyring_fakes, name)())


@pytest.fixture(autouse=True)
def memory() -> Iterator[None]:
    before = keyring.get_keyring()
    use("Memory")
    Memory.values.clear()
    yield
    Memory.values.clear()
    keyring.set_keyring(before)


def login(size: int = 10) -> KeptLogin:
    return KeptLogin(
        issuer="microsoft",
        client_id="a",
        flow="device",
        access=Secret("a" * size),
        refresh=Secret("r" * size),
        expires=2e9,
    )


@pytest.mark.parametrize("size", [1, 900, 5_000])
def test_a_login_comes_back_whole(size: int) -> None:
    keep_login("p", USER, login(size))
    assert kept_login("p", USER) == login(size)
    assert kept_login("q", USER) is None
    assert kept_login("p", "bob@example.com") is None


def test_no_entry_is_longer_than_any_keyring_takes() -> None:
    keep_login("p", USER, login(5_000))
    assert max(len(value.encode("utf-16-le")) for value in Memory.values.values()) < 2_560


def test_a_shorter_login_leaves_nothing_of_a_longer_one() -> None:
    keep_login("p", USER, login(5_000))
    keep_login("p", USER, login(10))
    assert len(Memory.values) == 1
    assert kept_login("p", USER) == login(10)


def test_a_torn_record_is_no_login() -> None:
    keep_login("p", USER, login(5_000))
    key = next(key for key in Memory.values if key[0].endswith(":3"))
    Memory.values[key] = "x" * len(Memory.values[key])
    assert kept_login("p", USER) is None
    del Memory.values[key]
    assert kept_login("p", USER) is None


@pytest.mark.parametrize("first", ["", "x", "5", "999999:x:y", "-1:x:y", "٣:x:y", "101:x:y"])
def test_an_entry_of_somebody_else_is_no_login(first: str) -> None:
    Memory.values["smtpcheck:p:login", USER] = first
    assert kept_login("p", USER) is None


def test_a_login_is_forgotten_with_all_its_pieces() -> None:
    keep_login("p", USER, login(5_000))
    assert forget_login("p", USER)
    assert Memory.values == {}
    assert not forget_login("p", USER)


def test_a_login_moves_with_its_profile() -> None:
    keep_login("p", USER, login(5_000))
    assert move_login("p", "q", USER)
    assert kept_login("q", USER) == login(5_000)
    assert kept_login("p", USER) is None


def test_a_keyring_that_cannot_keep_is_told_before_anybody_signs_in() -> None:
    keyring_works()
    assert Memory.values == {}
    use("Locked")
    with pytest.raises(SecretUnavailableError, match="locked"):
        keyring_works()


def test_a_keyring_that_talks_shows_no_token() -> None:
    use("Chatty")
    with pytest.raises(SecretUnavailableError) as caught:
        keep_login("p", USER, login(40))
    assert "a" * 40 not in caught.value.reason
    assert "r" * 40 not in caught.value.reason


class _StoppedError(Exception):
    """The process ends here."""


class _Stopping(Memory):
    """Takes so many changes, then the process ends."""

    left = 0

    def _count(self) -> None:
        _Stopping.left -= 1
        if _Stopping.left < 0:
            raise _StoppedError

    def set_password(self, service: str, username: str, password: str) -> None:
        self._count()
        super().set_password(service, username, password)

    def delete_password(self, service: str, username: str) -> None:
        self._count()
        super().delete_password(service, username)


@pytest.mark.parametrize("size", [10, 2_000, 5_000])
def test_a_stop_at_any_moment_leaves_the_old_login_or_the_new_one(size: int) -> None:
    old, new, later = login(3_000), login(size), login(4_000)
    for moment in range(60):
        use("Memory")
        keep_login("p", USER, old)
        keyring.set_keyring(cast(Callable[[], Memory], _Stopping)())
        _Stopping.left = moment
        with contextlib.suppress(SecretUnavailableError):
            keep_login("p", USER, new)
        whole = _Stopping.left >= 0
        use("Memory")
        assert kept_login("p", USER) in ([new] if whole else [old, new])
        keep_login("p", USER, later)
        assert kept_login("p", USER) == later
        forget_login("p", USER)
        assert Memory.values == {}, f"stopped at {moment}"
        if whole:
            return
    pytest.fail("the write never came to its end")
