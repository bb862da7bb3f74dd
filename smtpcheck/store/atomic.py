"""Replaces a file so that a crash at any moment leaves the old or the new one, whole.

The new content goes into a file beside the old one, to the disk, and then takes its name. While
that happens the folder is locked, so that the change of another process is not lost.
"""

from __future__ import annotations

import os
import stat
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from smtpcheck.model.errors import UsageError

LOCK_SECONDS = 10.0
"""How long another process may hold the folder before we give up."""

_NEW_FILE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_NOFOLLOW", 0)
_LOCK_FILE = ".lock"


class Disk:
    """What writing asks of the operating system, one call per moment at which it may fail."""

    def create(self, path: Path) -> int:
        """A new file for its owner alone, opened for writing."""
        return os.open(path, _NEW_FILE | getattr(os, "O_BINARY", 0), 0o600)

    def write(self, descriptor: int, content: bytes) -> int:
        """How many of the octets were taken."""
        return os.write(descriptor, content)

    def take_over(self, descriptor: int, old: os.stat_result) -> None:
        """Gives the file the owner and the mode of the one it replaces, as far as allowed."""
        if sys.platform != "win32":
            if (old.st_uid, old.st_gid) != (os.geteuid(), os.getegid()):
                with suppress(OSError):
                    os.fchown(descriptor, old.st_uid, old.st_gid)
            os.fchmod(descriptor, stat.S_IMODE(old.st_mode))

    def sync(self, descriptor: int) -> None:
        """Returns when the content is on the disk."""
        os.fsync(descriptor)

    def close(self, descriptor: int) -> None:
        """Closes the file."""
        os.close(descriptor)

    def replace(self, new: Path, old: Path) -> None:
        """Gives the new file the name of the old one, at once."""
        os.replace(new, old)  # noqa: PTH105  one call per method

    def remove(self, path: Path) -> None:
        """Removes a file; one that is not there is fine."""
        path.unlink(missing_ok=True)

    def sync_folder(self, folder: Path) -> None:
        """Returns when the folder's names are on the disk, where the system can say so."""
        if sys.platform == "win32":
            return
        with suppress(OSError):
            descriptor = os.open(folder, os.O_RDONLY)
            try:
                os.fsync(descriptor)
            finally:
                os.close(descriptor)


DISK = Disk()


def write_whole(path: Path, content: bytes, *, disk: Disk = DISK) -> None:
    """Replaces or creates the file. The caller holds the lock of the folder (`locked`).

    A symbolic link stays, what it points to is replaced; owner and mode stay, a new file is for
    its owner alone. Raises OSError, and then the old file is as it was (or, where only the last
    flush of the folder failed, the new one is whole).
    """
    target = Path(os.path.realpath(path))
    fresh = target.with_name(f".{target.name}.new")
    # Whatever lies there was left by a crash: the lock says that nobody else is writing.
    disk.remove(fresh)
    try:
        _fill(fresh, target, content, disk)
        disk.replace(fresh, target)
    except BaseException:
        with suppress(OSError):
            disk.remove(fresh)
        raise
    disk.sync_folder(target.parent)


def _fill(fresh: Path, target: Path, content: bytes, disk: Disk) -> None:
    descriptor = disk.create(fresh)
    try:
        left = memoryview(content)
        while left:
            left = left[disk.write(descriptor, bytes(left)) :]
        with suppress(FileNotFoundError):
            disk.take_over(descriptor, target.stat())
        disk.sync(descriptor)
    finally:
        disk.close(descriptor)


@contextmanager
def locked(path: Path, *, seconds: float = LOCK_SECONDS) -> Iterator[None]:
    """Holds the folder of a file against other writers, threads and processes alike.

    The lock falls with the process, however it ends. Raises UsageError when another one holds it
    for longer than `seconds`, and for every OSError in the block: a full disk or a missing right
    is for the user to mend.
    """
    folder = Path(os.path.realpath(path)).parent
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor = _open_lock(folder)
        try:
            _wait_for_lock(descriptor, folder, seconds)
            yield
        finally:
            os.close(descriptor)
    except OSError as error:
        reason = error.strerror or str(error)
        raise UsageError(f"{path} cannot be written: {reason}") from error


def _wait_for_lock(descriptor: int, folder: Path, seconds: float) -> None:
    end = time.monotonic() + seconds
    while not _try_lock(descriptor):
        if time.monotonic() > end:
            raise UsageError(
                f"another process is writing in {folder}", ["try again when it is done"]
            )
        time.sleep(0.01)


if sys.platform == "win32":
    import msvcrt

    def _open_lock(folder: Path) -> int:
        return os.open(folder / _LOCK_FILE, os.O_RDWR | os.O_CREAT, 0o600)

    def _try_lock(descriptor: int) -> bool:
        try:
            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        return True

else:
    import fcntl

    def _open_lock(folder: Path) -> int:
        """The folder itself: nothing is left behind. NFS can only lock files open for writing."""
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return descriptor
        except OSError:
            os.close(descriptor)
            return os.open(folder / _LOCK_FILE, os.O_RDWR | os.O_CREAT, 0o600)
        fcntl.flock(descriptor, fcntl.LOCK_UN)
        return descriptor

    def _try_lock(descriptor: int) -> bool:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True
