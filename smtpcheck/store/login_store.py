"""Keeps what `smtpcheck login` got in the system keyring, by the name of the profile.

Credential stores differ in how much one entry may hold (Windows: 2,560 bytes, and a token is
longer), so a record is kept in pieces; the first piece tells their number and the sum of all.
"""

from __future__ import annotations

import hashlib

from smtpcheck.model.token import KeptLogin
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
    before = _count(profile_name, username)
    # The first piece goes last: until then it belongs to the earlier record, and its sum shows it.
    for number in range(len(pieces), 0, -1):
        head = f"{len(pieces)}:{_sum(record)}:" if number == 1 else ""
        set_password(_service(profile_name, number), username, head + pieces[number - 1])
    _forget(profile_name, username, len(pieces) + 1, before)


def kept_login(profile_name: str, username: str) -> KeptLogin | None:
    """The login that is kept, or None; also where a record is torn. Raises
    SecretUnavailableError when the keyring cannot be used."""
    from smtpcheck.store.keyring_access import get_password

    first = get_password(_service(profile_name, 1), username)
    count, sum_, begin = _head(first)
    rest = [
        get_password(_service(profile_name, number), username) or ""
        for number in range(2, count + 1)
    ]
    record = "".join([begin, *rest])
    return login_of(record) if count and _sum(record) == sum_ else None


def forget_login(profile_name: str, username: str) -> bool:
    """Whether a login was kept, which it no longer is. Raises SecretUnavailableError."""
    from smtpcheck.store.keyring_access import get_password

    there = get_password(_service(profile_name, 1), username) is not None
    _forget(profile_name, username, 1, max(1, _count(profile_name, username)))
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


def _service(profile_name: str, number: int) -> str:
    purpose = _PURPOSE if number == 1 else f"{_PURPOSE}:{number}"
    return keyring_service(profile_name, purpose)


def _head(first: str | None) -> tuple[int, str, str]:
    """Number of pieces, sum, and what the first piece holds of the record."""
    count, _, rest = (first or "").partition(":")
    sum_, _, begin = rest.partition(":")
    known = count.isascii() and count.isdigit() and len(count) <= 3
    number = int(count) if known else 0
    return (number, sum_, begin) if 0 < number <= _MOST_PIECES else (0, "", "")


def _count(profile_name: str, username: str) -> int:
    from smtpcheck.store.keyring_access import get_password

    return _head(get_password(_service(profile_name, 1), username))[0]


def _forget(profile_name: str, username: str, first: int, last: int) -> None:
    from smtpcheck.store.keyring_access import delete_password

    for number in range(last, first - 1, -1):
        delete_password(_service(profile_name, number), username)


def _sum(record: str) -> str:
    return hashlib.sha256(record.encode()).hexdigest()[:16]
