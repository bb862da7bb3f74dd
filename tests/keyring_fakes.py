"""Keyring backends for tests, chosen with PYTHON_KEYRING_BACKEND=tests.keyring_fakes.NAME."""

from __future__ import annotations

import os
import time
from hashlib import sha256
from pathlib import Path
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


class OnDisk(KeyringBackend):
    """Keeps values for other processes too, each in a file that is replaced whole, as the files
    of real backends are. The folder is that of SMTPCHECK_CONFIG_DIR."""

    priority = 1.0

    def _place(self, service: str, username: str) -> Path:
        name = sha256(f"{service}\0{username}".encode()).hexdigest()
        return Path(os.environ["SMTPCHECK_CONFIG_DIR"]) / "keyring" / name

    def get_password(self, service: str, username: str) -> str | None:
        place = self._place(service, username)
        return place.read_text(encoding="utf-8") if place.exists() else None

    def set_password(self, service: str, username: str, password: str) -> None:
        place = self._place(service, username)
        place.parent.mkdir(parents=True, exist_ok=True)
        new = place.with_suffix(f".{os.getpid()}")
        new.write_text(password, encoding="utf-8")
        new.replace(place)

    def delete_password(self, service: str, username: str) -> None:
        self._place(service, username).unlink()


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
