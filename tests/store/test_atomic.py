from __future__ import annotations

import os
import signal
import stat
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from smtpcheck.model.errors import UsageError
from smtpcheck.store.atomic import Disk, locked, write_whole

OLD = b"old content\n" * 1000
NEW = b"new content\n" * 2000


class FailingDisk(Disk):
    """The real disk until a call of the given number, which does something else instead."""

    def __init__(self, fail_at: int, act: Callable[[], Any], *, after: bool = False) -> None:
        self.fail_at = fail_at
        self.act = act
        self.after = after
        self.calls: list[str] = []

    def __getattribute__(self, name: str) -> Any:
        found = super().__getattribute__(name)
        if name.startswith("_") or not hasattr(Disk, name):
            return found

        def call(*arguments: Any) -> Any:
            self.calls.append(name)
            failing = len(self.calls) == self.fail_at
            if failing and not self.after:
                self.act()
            result = found(*arguments)
            if failing and self.after:
                self.act()
            return result

        return call


def full() -> None:
    raise OSError(28, "No space left on device")


def calls_of_a_write(folder: Path) -> list[str]:
    disk = FailingDisk(0, full)
    path = folder / "count.toml"
    path.write_bytes(OLD)
    write_whole(path, NEW, disk=disk)
    return disk.calls


def test_a_write_goes_through_the_disk_in_the_safe_order(tmp_path: Path) -> None:
    calls = calls_of_a_write(tmp_path)
    assert calls.index("sync") < calls.index("close") < calls.index("replace")
    assert calls[-1] == "sync_folder"


@pytest.mark.parametrize("number", range(1, 9))
@pytest.mark.parametrize("after", [False, True])
def test_an_error_at_any_moment_leaves_old_or_new_whole_and_no_litter(
    tmp_path: Path, number: int, after: bool
) -> None:
    assert len(calls_of_a_write(tmp_path)) == 8, "every moment is tried"
    (tmp_path / "count.toml").unlink()
    path = tmp_path / "app.toml"
    path.write_bytes(OLD)
    with pytest.raises(OSError, match="No space left"):
        write_whole(path, NEW, disk=FailingDisk(number, full, after=after))
    replaced = number == 8 or (number == 7 and after)
    assert path.read_bytes() == (NEW if replaced else OLD)
    assert [each.name for each in tmp_path.iterdir()] == ["app.toml"]


CHILD = """
import os, signal, sys
from pathlib import Path
sys.path.insert(0, sys.argv[3])
from test_atomic import FailingDisk, NEW
from smtpcheck.store.atomic import locked, write_whole
def die():
    os.kill(os.getpid(), signal.SIGKILL)
path, number = Path(sys.argv[1]), int(sys.argv[2])
with locked(path):
    write_whole(path, NEW, disk=FailingDisk(number, die))
"""


@pytest.mark.skipif(sys.platform == "win32", reason="SIGKILL is of POSIX")
@pytest.mark.parametrize("number", range(1, 9))
def test_a_kill_at_any_moment_leaves_old_or_new_whole_and_the_next_write_cleans_up(
    tmp_path: Path, number: int
) -> None:
    path = tmp_path / "app.toml"
    path.write_bytes(OLD)
    child = subprocess.run(
        [sys.executable, "-c", CHILD, str(path), str(number), str(Path(__file__).parent)],
        check=False,
    )
    assert child.returncode == -signal.SIGKILL
    assert path.read_bytes() == (NEW if number == 8 else OLD)
    with locked(path, seconds=1):
        write_whole(path, b"later")
    assert path.read_bytes() == b"later"
    assert [each.name for each in tmp_path.iterdir()] == ["app.toml"]


ENDLESS = """
import sys
from pathlib import Path
from smtpcheck.store.atomic import locked, write_whole
path = Path(sys.argv[1])
print("ready", flush=True)
while True:
    for octet in b"ABCDEFGH":
        with locked(path):
            write_whole(path, bytes([octet]) * 50_000)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="SIGKILL is of POSIX")
def test_a_writer_that_is_killed_again_and_again_never_leaves_half_a_file(tmp_path: Path) -> None:
    path = tmp_path / "app.toml"
    path.write_bytes(b"Z" * 50_000)
    for attempt in range(12):
        with subprocess.Popen(
            [sys.executable, "-c", ENDLESS, str(path)], stdout=subprocess.PIPE
        ) as child:
            assert child.stdout is not None
            child.stdout.readline()
            time.sleep(0.003 * attempt)
            child.kill()
        content = path.read_bytes()
        assert len(content) == 50_000
        assert len(set(content)) == 1
    assert {each.name for each in tmp_path.iterdir()} <= {"app.toml", ".app.toml.new"}


def test_mode_and_symbolic_link_stay_and_a_new_file_is_for_its_owner(tmp_path: Path) -> None:
    real = tmp_path / "dotfiles" / "app.toml"
    real.parent.mkdir()
    real.write_bytes(OLD)
    real.chmod(0o640)
    link = tmp_path / "app.toml"
    link.symlink_to(real)
    write_whole(link, NEW)
    assert link.is_symlink()
    assert real.read_bytes() == NEW
    assert stat.S_IMODE(real.stat().st_mode) == 0o640
    write_whole(tmp_path / "fresh.toml", NEW)
    assert stat.S_IMODE((tmp_path / "fresh.toml").stat().st_mode) == 0o600


def test_a_symbolic_link_in_the_place_of_the_new_file_is_not_followed(tmp_path: Path) -> None:
    victim = tmp_path / "victim"
    victim.write_bytes(b"keep")
    (tmp_path / ".app.toml.new").symlink_to(victim)
    write_whole(tmp_path / "app.toml", NEW)
    assert victim.read_bytes() == b"keep"
    assert (tmp_path / "app.toml").read_bytes() == NEW


def test_a_short_write_is_continued(tmp_path: Path) -> None:
    class ShortDisk(Disk):
        def write(self, descriptor: int, content: bytes) -> int:
            return os.write(descriptor, content[:7])

    write_whole(tmp_path / "app.toml", NEW, disk=ShortDisk())
    assert (tmp_path / "app.toml").read_bytes() == NEW


def test_a_folder_that_another_writer_holds_is_waited_for_and_then_given_up(
    tmp_path: Path,
) -> None:
    check_that_the_lock_is_given_once(tmp_path)
    assert list(tmp_path.iterdir()) == []


def check_that_the_lock_is_given_once(tmp_path: Path) -> None:
    path = tmp_path / "app.toml"
    with (
        locked(path),
        pytest.raises(UsageError, match="another process"),
        locked(path, seconds=0.05),
    ):
        pytest.fail("the lock was given twice")
    with locked(path, seconds=0.05):
        pass


def test_no_update_of_many_writers_is_lost(tmp_path: Path) -> None:
    path = tmp_path / "count"
    path.write_bytes(b"0")

    def count() -> None:
        for _ in range(15):
            with locked(path):
                write_whole(path, str(int(path.read_bytes()) + 1).encode())

    threads = [threading.Thread(target=count) for _ in range(4)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert path.read_bytes() == b"60"


@pytest.mark.skipif(sys.platform == "win32", reason="flock is of POSIX")
def test_where_a_folder_cannot_be_locked_a_file_in_it_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import fcntl

    real = fcntl.flock

    def flock_of_nfs(descriptor: int, operation: int) -> None:
        if stat.S_ISDIR(os.fstat(descriptor).st_mode):
            raise OSError(9, "Bad file descriptor")
        real(descriptor, operation)

    monkeypatch.setattr(fcntl, "flock", flock_of_nfs)
    check_that_the_lock_is_given_once(tmp_path)
    assert [each.name for each in tmp_path.iterdir()] == [".lock"]
