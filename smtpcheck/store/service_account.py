"""Reads the key of a service account: the JSON file that Google's console hands out."""

from __future__ import annotations

import json
from pathlib import Path

from smtpcheck.model.secret import Secret, SecretUnavailableError
from smtpcheck.model.token import ServiceKey
from smtpcheck.store.bounded import bounded

_LARGEST = 65_536
_PATIENCE = 5.0


def service_key(path: str) -> ServiceKey:
    """The key in this file. Raises SecretUnavailableError, whose words hold nothing of it."""
    try:
        data = bounded(_PATIENCE, lambda: _head(path))
        told = json.loads(data)
    except TimeoutError:
        raise SecretUnavailableError(
            f"file {path} could not be read within {_PATIENCE:g} s", "timeout"
        ) from None
    except FileNotFoundError:
        raise SecretUnavailableError(f"file {path} does not exist", "missing") from None
    except OSError as error:
        words = error.strerror or type(error).__name__
        raise SecretUnavailableError(f"file {path} cannot be read: {words}", "unreadable") from None
    except (ValueError, RecursionError):
        raise _wrong(path) from None
    known = isinstance(told, dict)
    email, key = (told.get(name) if known else None for name in ("client_email", "private_key"))
    if not isinstance(email, str) or not isinstance(key, str) or "PRIVATE KEY" not in key:
        raise _wrong(path)
    key_id = told.get("private_key_id")
    return ServiceKey(
        email=email, key=Secret(key), key_id=key_id if isinstance(key_id, str) else ""
    )


def _head(path: str) -> bytes:
    with Path(path).open("rb") as stream:
        return stream.read(_LARGEST)


def _wrong(path: str) -> SecretUnavailableError:
    return SecretUnavailableError(
        f"file {path} is no key of a service account",
        "unreadable",
        ("download one: Google Cloud console > Service accounts > Keys > Add key > JSON",),
    )
