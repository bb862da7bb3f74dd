"""Two network namespaces of our own: the servers in one, a client next to them or at the end of a
cable whose delay can be set. Needs root, iproute2 and /dev/net/tun; nothing else is touched."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from benchmarks.failure import FailedRunError
from benchmarks.installed import ROOT
from benchmarks.measure import Runner, Times

SERVER, CLIENT = "10.99.0.2", "10.99.0.1"
_ALONE = ("unshare", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc")
_WITH_RESOLVER = 'mount --bind "$1" /etc/resolv.conf && shift && exec "$@"'


def missing() -> str:
    """What this machine lacks for the measurements with real servers; empty: nothing."""
    if os.geteuid() != 0:
        return "root (Postfix and network namespaces need it)"
    programs = ("ip", "unshare", "postfix", "dovecot", "named", "swaks")
    lacking = [name for name in programs if not shutil.which(name)]
    if not Path("/dev/net/tun").exists():
        lacking.append("/dev/net/tun")
    return ", ".join(lacking)


@dataclass(frozen=True, slots=True)
class Place:
    """Where clients run: a network namespace, with the resolver of the laboratory."""

    namespace: str
    resolver: Path

    def race(self, runners: Sequence[Runner], rounds: int) -> dict[str, Times]:
        """As `measure.race`, in this place. Raises FailedRunError."""
        # Whatever is started there ends with it: it is the first process of its own namespace.
        argv = ["ip", "netns", "exec", self.namespace, *_ALONE, "sh", "-c", _WITH_RESOLVER]
        argv += ["sh", str(self.resolver), sys.executable, "-m", "benchmarks.inside"]
        order = json.dumps({"rounds": rounds, "runners": [asdict(each) for each in runners]})
        done = subprocess.run(
            argv, input=order, cwd=ROOT, capture_output=True, text=True, check=False
        )
        if done.returncode:
            raise FailedRunError(done.stderr.strip())
        return {name: Times(**times) for name, times in json.loads(done.stdout).items()}


@dataclass(frozen=True, slots=True)
class Laboratory:
    """The servers, and the two places from which they are asked."""

    ports: dict[str, int]
    ca_file: str
    near: Place
    far: Place
    _pump: _Talk

    def set_delay(self, seconds: float) -> None:
        """How long a packet takes one way between `far` and the servers."""
        self._pump.ask(f"delay {seconds}")

    def forget(self) -> None:
        """Begins to count waits anew."""
        self._pump.ask("forget")

    def waits(self) -> int:
        """How often somebody in `far` had to wait for a server since."""
        count: int = self._pump.ask("waits")
        return count


@contextmanager
def laboratory(folder: Path) -> Iterator[Laboratory]:
    """Makes the namespaces, joins them, starts the servers; removes all of it at the end."""
    client, server = f"bench-c{os.getpid()}", f"bench-s{os.getpid()}"
    resolver = folder / "resolv.conf"
    resolver.write_text(f"nameserver {SERVER}\n")
    made = []
    try:
        for name in (client, server):
            _ip("netns", "add", name)
            made.append(name)
        with _talk([sys.executable, "-m", "benchmarks.pump", client, server]) as pump:
            pump.hear()
            for name, own, other in ((client, CLIENT, SERVER), (server, SERVER, CLIENT)):
                _ip("-n", name, "link", "set", "lo", "up")
                _ip("-n", name, "addr", "add", own, "peer", other, "dev", "cable")
                _ip("-n", name, "link", "set", "cable", "up")
            inside = ["ip", "netns", "exec", server]
            serve = [sys.executable, "-m", "benchmarks.servers", str(folder / "lab"), SERVER]
            (folder / "lab").mkdir()
            with _talk([*inside, *serve]) as servers:
                ports = servers.hear()
                ca_file = ports.pop("ca_file")
                near, far = (Place(name, resolver) for name in (server, client))
                yield Laboratory(ports, ca_file, near, far, pump)
    finally:
        for name in made:
            subprocess.run(["ip", "netns", "del", name], capture_output=True, check=False)


class _Talk:
    """A process that answers each line with a line of JSON."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    def hear(self) -> Any:
        """The next line."""
        line = self._process.stdout.readline() if self._process.stdout else ""
        if not line:
            raise SystemExit(f"{self._process.args!r} ended too early")
        return json.loads(line)

    def ask(self, order: str) -> Any:
        """The answer to an order."""
        if self._process.stdin:
            self._process.stdin.write(order + "\n")
            self._process.stdin.flush()
        return self.hear()


@contextmanager
def _talk(argv: Sequence[str]) -> Iterator[_Talk]:
    with subprocess.Popen(
        argv, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        try:
            yield _Talk(process)
        finally:
            if process.stdin:
                process.stdin.close()
            process.wait(30)


def _ip(*words: str) -> None:
    done = subprocess.run(["ip", *words], capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"ip {' '.join(words)}: {done.stderr.strip()}")
