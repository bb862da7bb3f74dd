"""Keeps what `smtpcheck login` got in the system keyring, by the name of the profile.

Credential stores differ in how much one entry may hold (Windows: 2,560 bytes, and a token is
longer), so a record is kept in pieces; the first piece tells their number and the sum of all. The
others lie in one of two slots, by turns: a new record leaves the old one alone until its first
piece, written last, takes the old one's place. So a process that dies leaves one of the two whole.
"""

from __future__ import annotations

import hashlib
from itertools import takewhile

from smtpcheck.model.token import KeptLogin
from smtpcheck.model.value import dataclass
from smtpcheck.store.secrets import keyring_service
from smtpcheck.wire.sasl import keyring_record
from smtpcheck.wire.token import login_of

_PIECE = 1_000
"""Characters; a keyring may take two bytes for each."""
_MOST_PIECES = 100
_PURPOSE = "login"


def keep_login(profile_name: str, username: str, login: KeptLogin) -> None:
    """Keeps a login, in place of an earlier one. Raises SecretUnavailableError when it did not
    stay there."""
    from smtpcheck.store.keyring_access import set_password

    record = keyring_record(login)
    pieces = [record[at : at + _PIECE] for at in range(0, len(record), _PIECE)]
    slot = "b" if _head(_first(profile_name, username)).slot == "" else ""
    _empty(profile_name, username, slot)  # of a writer that was stopped
    for number, piece in enumerate(pieces[1:], 2):
        set_password(_service(profile_name, slot, number), username, piece)
    head = f"{slot}{len(pieces)}:{_sum(record)}:"
    set_password(_service(profile_name, "", 1), username, head + pieces[0])
    _empty(profile_name, username, "" if slot else "b")


def kept_login(profile_name: str, username: str) -> KeptLogin | None:
    """The login that is kept, or None; also where a record is torn. Raises
    SecretUnavailableError when the keyring cannot be used."""
    from smtpcheck.store.keyring_access import get_password

    head = _head(_first(profile_name, username))
    rest = [
        get_password(_service(profile_name, head.slot, number), username) or ""
        for number in range(2, head.count + 1)
    ]
    record = "".join([head.begin, *rest])
    return login_of(record) if head.count and _sum(record) == head.sum else None


def forget_login(profile_name: str, username: str) -> bool:
    """Whether a login was kept, which it no longer is. Raises SecretUnavailableError."""
    from smtpcheck.store.keyring_access import delete_password

    there = delete_password(_service(profile_name, "", 1), username)
    for slot in ("", "b"):
        _empty(profile_name, username, slot)
    return there


def move_login(old_name: str, new_name: str, username: str) -> bool:
    """Whether a login was kept, which now belongs to the profile's new name. Raises
    SecretUnavailableError."""
    login = kept_login(old_name, username)
    if login is None:
        return False
    keep_login(new_name, username, login)
    forget_login(old_name, username)
    return True


def keyring_works() -> None:
    """Raises SecretUnavailableError where nothing can be kept: better before somebody signs in."""
    from smtpcheck.store.keyring_access import delete_password, set_password

    service = "smtpcheck:trial"
    set_password(service, "trial", "trial")
    delete_password(service, "trial")


@dataclass(frozen=True, slots=True)
class _Head:
    """What the first piece tells."""

    count: int = 0
    """Pieces of the record; 0 where none is kept."""
    sum: str = ""
    begin: str = ""
    """The record's first part."""
    slot: str = ""
    """Where its other parts lie."""


def _service(profile_name: str, slot: str, number: int) -> str:
    words = [_PURPOSE, *([slot] if slot else []), *([str(number)] if number > 1 else [])]
    return keyring_service(profile_name, ":".join(words))


def _first(profile_name: str, username: str) -> str:
    from smtpcheck.store.keyring_access import get_password

    return get_password(_service(profile_name, "", 1), username) or ""


def _head(first: str) -> _Head:
    count, _, rest = first.partition(":")
    sum_, _, begin = rest.partition(":")
    slot = "b" if count.startswith("b") else ""
    digits = count.removeprefix("b")
    known = digits.isascii() and digits.isdigit() and len(digits) <= 3
    number = int(digits) if known else 0
    return _Head(number, sum_, begin, slot) if 0 < number <= _MOST_PIECES else _Head()


def _empty(profile_name: str, username: str, slot: str) -> None:
    """Deletes what lies in a slot, from the end: who is stopped leaves no hole that hides more."""
    from smtpcheck.store.keyring_access import delete_password, get_password

    services = [_service(profile_name, slot, number) for number in range(2, _MOST_PIECES + 1)]
    there = list(takewhile(lambda each: get_password(each, username) is not None, services))
    for service in reversed(there):
        delete_password(service, username)


def _sum(record: str) -> str:
    return hashlib.sha256(record.encode()).hexdigest()[:16]
