"""A secret as a type, and where a profile says that a secret is kept."""

from __future__ import annotations

from enum import StrEnum
from typing import NoReturn

from smtpcheck.model.value import dataclass


class Secret:
    """A password or token. Only `wire/sasl.py` may read its value (held by a test)."""

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value

    def reveal(self) -> str:
        """The value itself."""
        return self._value

    def __repr__(self) -> str:
        return "Secret(...)"

    __str__ = __repr__

    def __bool__(self) -> bool:
        return bool(self._value)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and other._value == self._value

    def __hash__(self) -> int:
        return hash((Secret, self._value))

    def _refuse(self) -> NoReturn:
        raise TypeError("a Secret cannot be copied, pickled or turned into data")

    def __reduce__(self) -> NoReturn:
        self._refuse()

    def __copy__(self) -> NoReturn:
        self._refuse()

    def __deepcopy__(self, memo: object) -> NoReturn:
        self._refuse()


@dataclass(frozen=True, slots=True)
class SecretLook:
    """What a secret looks like, in words that say nothing of its value."""

    shape: str
    """What is odd: `blank-at-end`, `newline-at-end`, `nul`, `non-ascii`, or nothing."""
    kind: str
    """What it may be: `app-password` (16 letters), `sendgrid-key`, `ses-smtp-password`,
    `secret-access-key`, or nothing of these."""


class SecretSource(StrEnum):
    """Where a secret comes from."""

    KEYRING = "keyring"
    ENV = "env"
    FILE = "file"
    COMMAND = "command"
    PROMPT = "prompt"
    GIVEN = "given"
    """Handed over by the calling program (the sandbox, the Python API); never in a file."""


@dataclass(frozen=True, slots=True)
class SecretRef:
    """Where to find a secret; never the secret itself."""

    source: SecretSource
    name: str = ""
    """Of the environment variable, or the path of the file."""
    argv: tuple[str, ...] = ()
    """The command that prints the secret on its first line."""
    given: Secret | None = None

    def describe(self) -> str:
        """In words, for messages: `environment variable SMTP_PASSWORD`."""
        match self.source:
            case SecretSource.KEYRING:
                return "system keyring"
            case SecretSource.ENV:
                return f"environment variable {self.name}"
            case SecretSource.FILE:
                return f"file {self.name}"
            case SecretSource.COMMAND:
                return f"command {self.argv[0] if self.argv else ''}"
            case SecretSource.PROMPT:
                return "a question on the terminal"
            case SecretSource.GIVEN:
                return "the calling program"


class SecretUnavailableError(Exception):
    """The secret could not be read. The message says why and names the other ways; it never
    holds any part of the secret."""

    def __init__(self, reason: str, kind: str, help_: tuple[str, ...] = ()) -> None:
        super().__init__(reason)
        self.reason = reason
        self.kind = kind
        """`missing`, `no-backend`, `locked`, `timeout`, `unreadable`, `command-failed`."""
        self.help = help_
