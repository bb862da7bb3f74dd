"""Reads what a message is made of: texts, attachments, whole messages."""

from __future__ import annotations

import re
import sys
from collections.abc import Sequence
from pathlib import Path

from smtpcheck.model.errors import UsageError
from smtpcheck.model.message import Attachment

LARGEST = 200_000_000
"""Octets of a file; no mail server takes a larger message."""
_TYPE = re.compile(
    r"[A-Za-z0-9][A-Za-z0-9!#$&^_.+-]{0,126}/[A-Za-z0-9][A-Za-z0-9!#$&^_.+-]{0,126}\Z"
)
_UNPRINTABLE = re.compile("[\\x00-\\x1f\\x7f-\\x9f\u2028\u2029\ud800-\udfff/\\\\]")


def content_of(name: str) -> bytes:
    """What is in a file, or on standard input for `-`. Raises UsageError."""
    try:
        if name == "-":
            data = sys.stdin.buffer.read(LARGEST + 1)
        else:
            with Path(name).open("rb") as file:
                data = file.read(LARGEST + 1)
    except OSError as error:
        raise UsageError(f"cannot read {name}: {error.strerror}") from None
    except ValueError:
        raise UsageError(f"{name!r} is no name of a file") from None
    if len(data) > LARGEST:
        raise UsageError(f"{name} has more than {LARGEST // 1_000_000} MB, which no server takes")
    return data


def text_of(name: str, charset: str) -> str:
    """The text in a file: UTF-8, or in the character set of the message. Raises UsageError."""
    raw = content_of(name)
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        pass
    try:
        return raw.decode(charset or "utf-8")
    except (UnicodeError, LookupError):
        also = f" and not {charset}" if charset else ""
        raise UsageError(
            f"{name} is not UTF-8 text{also}",
            ["convert it: iconv -t utf-8 FILE", "or name its character set: --charset NAME"],
        ) from None


def html_of(given: str, charset: str) -> str:
    """HTML: the text itself where there is a tag in it, else what is in the file."""
    return given if "<" in given else text_of(given, charset)


def attachments_of(given: Sequence[str]) -> tuple[Attachment, ...]:
    """The files named, each with its type: as given, as its name tells, or unknown."""
    return tuple(map(_attachment, given))


def _attachment(given: str) -> Attachment:
    import mimetypes

    path, _, kind = given.rpartition(":")
    if not (path and _TYPE.match(kind)) or Path(given).exists():
        path, kind = given, ""
    if kind.lower().startswith("multipart/"):
        raise UsageError(f"--attach {given}: a file cannot be of the type {kind}")
    if path == "-":
        raise UsageError("--attach takes a file, which has a name, and not standard input")
    name = _UNPRINTABLE.sub("_", Path(path).name)
    if not kind:
        guessed, packed = mimetypes.guess_type(name)
        kind = guessed if guessed and not packed else "application/octet-stream"
    return Attachment(name=name, type=kind.lower(), content=content_of(path))
