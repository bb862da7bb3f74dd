"""Writes under SIGKILL: run as a process of its own, which forks writers and kills each at a random
moment, and says what it found. Forking keeps some hundred kills within seconds."""

from __future__ import annotations

import os
import random
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path

OLD, NEW = "old.example.com", "new.example.com"
USER = "me@example.com"


def _tables(host: str) -> dict[str, object]:
    note = "x" * 20_000  # a write that takes a while
    return {"description": note, "server": {"host": host}, "sender": {"address": USER}}


def _profile(host: str) -> None:
    from smtpcheck.store.paths import profile_path
    from smtpcheck.store.profile_writer import change_values, create_profile

    if not profile_path("app").exists():
        create_profile("app", _tables(host))
    change_values("app", {"server.host": host})


def _read_profile() -> str:
    from smtpcheck.store.profile_reader import read_profile

    return read_profile("app", environment={}).profile.server.host


def _draft(host: str) -> None:
    from smtpcheck.store.drafts import Wanted, save_draft

    save_draft("app", Wanted(tables=_tables(host), name="app"))


def _changes(host: str) -> None:
    from smtpcheck.store.drafts import save_changes

    save_changes("app", {"description": "x" * 20_000, "server.host": host})


def _read_draft() -> str:
    from smtpcheck.store.drafts import list_drafts, read_draft

    assert [each.name for each in list_drafts()] == ["app"]
    return str(read_draft("app").tables["server"]["host"])


def _secret(host: str) -> None:
    from smtpcheck.store.secrets import store_secret

    store_secret("app", USER, host)


def _read_secret() -> str:
    import keyring

    return keyring.get_password("smtpcheck:app", USER) or ""


KINDS: dict[str, tuple[Callable[[str], None], Callable[[], str]]] = {
    "profile": (_profile, _read_profile),
    "draft": (_draft, _read_draft),
    "changes": (_changes, _read_draft),
    "secret": (_secret, _read_secret),
}


def _killed_writer(write: Callable[[str], None], host: str, wait: float) -> bool:
    """Whether a child that writes was killed before its end."""
    child = os.fork()
    if child == 0:
        write(host)
        os._exit(0)
    time.sleep(wait)
    os.kill(child, signal.SIGKILL)
    _, status = os.waitpid(child, 0)
    return os.WIFSIGNALED(status)


def _time_of(write: Callable[[str], None]) -> float:
    """Seconds that a write takes when nobody disturbs it, and a little more."""
    child = os.fork()
    began = time.perf_counter()
    if child == 0:
        write(OLD)
        os._exit(0)
    os.waitpid(child, 0)
    return (time.perf_counter() - began) * 1.2


def main(kind: str, times: int) -> None:
    write, read = KINDS[kind]
    chance = random.Random(times)  # noqa: S311 - moments, not keys
    write(OLD)
    longest = _time_of(write)
    before, killed = OLD, 0
    for _ in range(times):
        host = NEW if before == OLD else OLD
        killed += _killed_writer(write, host, chance.random() * longest)
        found = read()
        assert found in (before, host), f"{found!r} is neither the old nor the new"
        before = found
    write(NEW)
    assert read() == NEW
    print(f"{killed} of {times} killed")  # noqa: T201
    assert killed >= times // 5, "the kills came too late to show anything"


if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parents[2]))
    main(sys.argv[1], int(sys.argv[2]))
