"""Keyring backends for tests, chosen with PYTHON_KEYRING_BACKEND=tests.keyring_fakes.NAME."""

from __future__ import annotations

import time
from typing import ClassVar

from keyring.backend import KeyringBackend
from keyring.errors import KeyringLocked


class Memory(KeyringBackend):
    """Keeps values for the life of the process."""

    priority = 1.0
    values: ClassVar[dict[tuple[str, str], str]] = {}

    def get_password(self, service: str, username: str) -> str | None:
        return self.values.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        self.values[service, username] = password

    def delete_password(self, service: str, username: str) -> None:
        del self.values[service, username]


class Locked(Memory):
    """Is locked."""

    def get_password(self, service: str, username: str) -> str | None:
        raise KeyringLocked("Failed to unlock the collection!")


class Hanging(Memory):
    """Never answers, like a bus that accepts and says nothing."""

    def get_password(self, service: str, username: str) -> str | None:
        time.sleep(3600)
        return None


class Chatty(Memory):
    """Fails with the value in its message."""

    def set_password(self, service: str, username: str, password: str) -> None:
        raise RuntimeError(f"cannot store {password} in {service}")
