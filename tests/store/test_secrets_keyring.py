"""The keyring: what it keeps, and how fast it fails where there is none."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

import keyring
import keyring.core
import pytest

from smtpcheck.model.profile import Profile
from smtpcheck.model.secret import Secret, SecretRef, SecretSource, SecretUnavailableError
from smtpcheck.store import keyring_access
from smtpcheck.store.secrets import (
    delete_secret,
    keyring_service,
    move_secret,
    owner_of,
    read_secret,
    secret_status,
    store_secret,
)
from tests import keyring_fakes

USER = "app@example.com"
REF = SecretRef(SecretSource.KEYRING)
CANARY = "c4n4ry-Pässword"
Choose = Callable[[str], None]


@pytest.fixture
def choose(monkeypatch: pytest.MonkeyPatch) -> Iterator[Choose]:
    """Chooses a backend by its name, as the environment variable does."""
    before = keyring.core._keyring_backend

    def use(name: str) -> None:
        monkeypatch.setenv("PYTHON_KEYRING_BACKEND", name)
        keyring.core._keyring_backend = None
        monkeypatch.setattr("smtpcheck.store.keyring_access._silent_until", 0.0)

    keyring_fakes.Memory.values.clear()
    yield use
    keyring.core._keyring_backend = before


def read(profile: str | None = "office", purpose: str = "auth.password") -> Secret:
    return read_secret(REF, purpose=purpose, profile_name=profile, username=USER, ask=None)


def test_what_is_stored_is_read(choose: Choose) -> None:
    choose("tests.keyring_fakes.Memory")
    store_secret("office", USER, CANARY)
    assert keyring_fakes.Memory.values == {("smtpcheck:office", USER): CANARY}
    assert read() == Secret(CANARY)


def test_secrets_of_two_purposes_do_not_meet(choose: Choose) -> None:
    choose("tests.keyring_fakes.Memory")
    store_secret("office", USER, CANARY)
    with pytest.raises(SecretUnavailableError, match="no proxy password"):
        read(purpose="proxy.password")
    assert keyring_service("office") != keyring_service("office", "proxy.password")


def test_the_pass_phrase_of_a_key_belongs_to_no_login(choose: Choose) -> None:
    choose("tests.keyring_fakes.Memory")
    key = "tls.client_key_password"
    store_secret("office", owner_of(Profile(), key), CANARY, key)
    assert read(purpose=key) == Secret(CANARY)


def test_a_missing_entry_says_how_to_store_it(choose: Choose) -> None:
    choose("tests.keyring_fakes.Memory")
    with pytest.raises(SecretUnavailableError) as caught:
        read()
    assert caught.value.kind == "missing"
    assert "smtpcheck secret set office" in caught.value.help[0]
    assert "SMTPCHECK_PASSWORD" in "\n".join(caught.value.help)


def test_a_profile_without_a_name_has_no_entry(choose: Choose) -> None:
    choose("tests.keyring_fakes.Memory")
    with pytest.raises(SecretUnavailableError, match="by profile name"):
        read(profile=None)


def test_deleting_says_whether_there_was_one(choose: Choose) -> None:
    choose("tests.keyring_fakes.Memory")
    store_secret("office", USER, CANARY)
    assert delete_secret("office", USER)
    assert not delete_secret("office", USER)


def test_a_secret_moves_with_its_profile(choose: Choose) -> None:
    choose("tests.keyring_fakes.Memory")
    store_secret("office", USER, CANARY)
    assert move_secret("office", "work", USER)
    assert keyring_fakes.Memory.values == {("smtpcheck:work", USER): CANARY}
    assert not move_secret("office", "work", USER)


@pytest.mark.parametrize(
    ("backend", "kind", "words"),
    [
        ("keyring.backends.fail.Keyring", "no-backend", "has no keyring backend"),
        ("no_such_module.Keyring", "no-backend", "cannot be loaded"),
        ("tests.keyring_fakes.NoSuchClass", "no-backend", "cannot be loaded"),
        ("tests.keyring_fakes.Locked", "locked", "is locked"),
    ],
)
def test_each_failure_has_its_own_words_and_the_other_ways(
    choose: Choose, backend: str, kind: str, words: str
) -> None:
    choose(backend)
    with pytest.raises(SecretUnavailableError) as caught:
        read()
    assert caught.value.kind == kind
    assert words in caught.value.reason
    assert "{env=" in "\n".join(caught.value.help)


def test_the_null_backend_is_found_out(choose: Choose) -> None:
    choose("keyring.backends.null.Keyring")
    with pytest.raises(SecretUnavailableError, match="did not keep it") as caught:
        store_secret("office", USER, CANARY)
    assert caught.value.kind == "no-backend"


def test_a_bus_that_never_answers_costs_a_bounded_time(
    choose: Choose, monkeypatch: pytest.MonkeyPatch
) -> None:
    choose("tests.keyring_fakes.Hanging")
    monkeypatch.setattr(keyring_access, "PATIENCE", 0.3)
    start = time.monotonic()
    with pytest.raises(SecretUnavailableError) as caught:
        read()
    assert caught.value.kind == "timeout"
    assert time.monotonic() - start < 3


def test_a_keyring_that_did_not_answer_is_left_alone_for_a_while(
    choose: Choose, monkeypatch: pytest.MonkeyPatch
) -> None:
    choose("tests.keyring_fakes.Hanging")
    monkeypatch.setattr(keyring_access, "PATIENCE", 0.3)
    start = time.monotonic()
    for _time in range(10):
        with pytest.raises(SecretUnavailableError, match="did not answer"):
            read()
    assert time.monotonic() - start < 2


def test_a_backend_cannot_spill_the_value(choose: Choose) -> None:
    choose("tests.keyring_fakes.Chatty")
    with pytest.raises(SecretUnavailableError) as caught:
        store_secret("office", USER, CANARY)
    assert CANARY not in caught.value.reason
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__


def test_status_reads_the_keyring(choose: Choose) -> None:
    choose("tests.keyring_fakes.Memory")
    assert secret_status(REF, profile_name="office", username=USER).available is False
    store_secret("office", USER, CANARY)
    status = secret_status(REF, profile_name="office", username=USER)
    assert (status.available, CANARY in repr(status)) == (True, False)
