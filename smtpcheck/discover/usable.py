"""What strangers say, as far as a profile can hold it: a host's name, a user name."""

from __future__ import annotations

import ipaddress
from pathlib import Path

from smtpcheck.store import host_names
from smtpcheck.store.keys import KEYS
from smtpcheck.store.value_check import checked
from smtpcheck.store.wrong_value import WrongValueError

_LONGEST_USER = 254


def usable_host(text: str) -> str:
    """The name in ASCII form and lower case, or the empty string: an address is no name, and a
    name of one label is not the internet's."""
    try:
        host = host_names.host(text).lower()
    except WrongValueError:
        return ""
    return host if "." in host and not _is_address(host) else ""


def usable_user(text: str) -> str:
    """The user name, or the empty string where a profile could not hold it."""
    try:
        found = str(checked(KEYS["auth.username"], text, Path()))
    except WrongValueError:
        return ""
    return found if len(found) <= _LONGEST_USER else ""


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True
