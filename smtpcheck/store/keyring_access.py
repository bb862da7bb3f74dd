"""The system keyring, with every way in which it fails told apart and none of them a hang."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from typing import TypeVar

from smtpcheck.model.secret import SecretUnavailableError
from smtpcheck.store.bounded import bounded

T = TypeVar("T")

# A D-Bus that accepts and never answers blocks for good; elsewhere the system may be asking the
# user for leave, which takes as long as people take.
PATIENCE = 4.0 if sys.platform.startswith("linux") else 30.0

# One that did not answer is left alone for a while: many profiles must not wait one by one.
_PAUSE = 60.0
_silent_until = 0.0


def get_password(service: str, user: str) -> str | None:
    """The stored value, or None. Raises SecretUnavailableError when the keyring cannot be used."""

    def work() -> str | None:
        import keyring

        return keyring.get_password(service, user)

    return _use(work)


def set_password(service: str, user: str, value: str) -> None:
    """Stores a value and reads it back: the null backend takes it without a word and keeps
    nothing. Raises SecretUnavailableError."""

    def work() -> bool:
        import keyring

        keyring.set_password(service, user, value)
        return keyring.get_password(service, user) == value

    if not _use(work, hide=value):
        raise SecretUnavailableError(
            f"the keyring ({backend_name()}) took the value and did not keep it", "no-backend"
        )


def holds_password(service: str, user: str) -> bool:
    """Whether there is a value. Raises SecretUnavailableError where none could be stored either:
    the null backend answers every question and keeps nothing."""

    def work() -> tuple[bool, bool]:
        import keyring
        from keyring.backends import null

        keeps = not isinstance(keyring.get_keyring(), null.Keyring)
        return keeps, keyring.get_password(service, user) is not None

    keeps, there = _use(work)
    if not keeps:
        raise SecretUnavailableError(
            f"the keyring ({backend_name()}) keeps nothing that it is given", "no-backend"
        )
    return there


def delete_password(service: str, user: str) -> bool:
    """Whether there was a value to delete. Raises SecretUnavailableError."""

    def work() -> bool:
        import keyring

        if keyring.get_password(service, user) is None:
            return False
        keyring.delete_password(service, user)
        return True

    return _use(work)


def backend_name() -> str:
    """What the keyring in use calls itself; empty when none can be loaded."""

    def work() -> str:
        import keyring

        return str(keyring.get_keyring().name)

    try:
        return _use(work)
    except SecretUnavailableError:
        return ""


def _use(work: Callable[[], T], hide: str = "") -> T:
    """Runs `work` against the keyring library. `hide` is cut out of any message."""
    global _silent_until  # noqa: PLW0603 - there is one keyring for the whole process
    if time.monotonic() < _silent_until:
        raise _no_answer()
    try:
        return bounded(PATIENCE, work)
    except TimeoutError:
        _silent_until = time.monotonic() + _PAUSE
        raise _no_answer() from None
    except ImportError as error:
        # PYTHON_KEYRING_BACKEND or keyringrc.cfg names a module that is not there.
        raise SecretUnavailableError(
            f"the keyring backend that is configured cannot be loaded: {error}", "no-backend"
        ) from None
    except Exception as error:  # noqa: BLE001 - backends raise what their libraries raise
        raise _failure(error, hide) from None


def _no_answer() -> SecretUnavailableError:
    return SecretUnavailableError(
        f"the system keyring did not answer within {PATIENCE:g} s", "timeout"
    )


def _failure(error: Exception, hide: str) -> SecretUnavailableError:
    import keyring.errors as known

    if isinstance(error, known.NoKeyringError):
        return SecretUnavailableError("this machine has no keyring backend", "no-backend")
    words = " ".join(str(error).split())
    if hide:
        words = words.replace(hide, "...")
    words = words[:300] or type(error).__name__
    if isinstance(error, known.KeyringLocked):
        return SecretUnavailableError(f"the system keyring is locked: {words}", "locked")
    if isinstance(error, known.InitError):
        return SecretUnavailableError(f"the system keyring did not start: {words}", "no-backend")
    if isinstance(error, AttributeError):
        # The configured module exists and holds no such class.
        return SecretUnavailableError(
            f"the keyring backend that is configured cannot be loaded: {words}", "no-backend"
        )
    return SecretUnavailableError(f"the system keyring failed: {words}", "unreadable")
