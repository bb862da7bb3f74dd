"""Reports in files, each whole: who reads one while it is replaced sees the old or the new one.

Collectors such as the textfile collector of node_exporter read at any moment.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from smtpcheck.model.errors import UsageError
from smtpcheck.store.atomic import DISK


def must_be_writable(path: str) -> None:
    """Better to hear it before the run than to lose the run's result. Raises UsageError; leaves
    no file behind."""
    place = Path(path)
    if place.exists() and not place.is_file() and not place.is_dir():
        return  # who reads from a pipe would take this for its end
    try:
        if place.exists():
            with place.open("a", encoding="utf-8"):
                return
        descriptor, fresh = _beside(place)
        DISK.close(descriptor)
        DISK.remove(fresh)
    except OSError as error:
        raise UsageError(f"cannot write {path}: {error.strerror}") from None


def save_report(path: str, chunks: Iterable[str]) -> str:
    """Writes the pieces of a text to the file, in UTF-8, each as it is made. Returns why that could
    not be done, or nothing.

    A symbolic link stays, and what it points to is replaced; owner and mode stay, a new file gets
    the usual mode. A pipe, a device, and a file in a folder that takes no new one are written in
    place.
    """
    try:
        place = Path(os.path.realpath(path))
        if place.exists() and not (place.is_file() and os.access(place.parent, os.W_OK)):
            with place.open("w", encoding="utf-8", newline="\n") as file:
                file.writelines(chunks)
        else:
            _replace(place, chunks)
    except OSError as error:
        return f"cannot write {path}: {error.strerror}"
    return ""


def _replace(place: Path, chunks: Iterable[str]) -> None:
    descriptor, fresh = _beside(place)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8", newline="\n") as file:
            file.writelines(chunks)
            file.flush()
            if place.exists():
                DISK.take_over(descriptor, place.stat())
            elif hasattr(os, "fchmod"):
                os.fchmod(descriptor, 0o666 & ~_umask())
            DISK.sync(descriptor)
        DISK.replace(fresh, place)
    except BaseException:
        with suppress(OSError):
            DISK.remove(fresh)
        raise


def _beside(place: Path) -> tuple[int, Path]:
    """A file of its own name for each writer, hidden, with an end that no collector looks for."""
    descriptor, name = tempfile.mkstemp(".new", f".{place.name}.", os.path.realpath(place.parent))
    return descriptor, Path(name)


def _umask() -> int:
    mask = os.umask(0o022)
    os.umask(mask)
    return mask
