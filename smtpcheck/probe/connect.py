"""Connects to every address at once, as RFC 8305 says, and remembers how each of them answered.

One thread, non-blocking sockets, one poll. The first connection that stands is used; the others
are closed as soon as they stand. What has not answered by then is looked at again at the end of
the run (`Race.settle`), so that a dead address costs no time and is reported all the same.
"""

from __future__ import annotations

import contextlib
import errno
import ipaddress
import os
import select
import socket
import time
from collections.abc import Sequence
from dataclasses import field
from functools import lru_cache

from smtpcheck.model.jsonvalue import Json
from smtpcheck.model.value import dataclass
from smtpcheck.probe.deadline import Deadline

STAGGER = 0.25
"""Seconds before the next address is tried while one is silent (RFC 8305 section 5)."""
PER_ADDRESS = 10.0
"""Seconds that connecting to one address may take."""
ADDRESSES_LIMIT = 12
SETTLE_FLOOR = 1.0
"""An address that has said nothing for so long while another connected is called silent."""

_KINDS = {
    errno.ECONNREFUSED: "refused",
    errno.ETIMEDOUT: "timeout",
    errno.ENETUNREACH: "unreachable",
    errno.EHOSTUNREACH: "unreachable",
    errno.ENETDOWN: "unreachable",
    errno.EHOSTDOWN: "unreachable",
    errno.EADDRNOTAVAIL: "unreachable",
    errno.EAFNOSUPPORT: "unreachable",
    errno.ECONNRESET: "reset",
    errno.EPIPE: "reset",
    errno.ECONNABORTED: "reset",
    errno.EACCES: "denied",
    errno.EPERM: "denied",
    errno.ENOENT: "no-socket",
}
_TELLING = ("refused", "reset", "denied", "no-socket", "timeout", "unreachable", "other")
"""Which failure says most about a server whose addresses fail in different ways."""


@dataclass(frozen=True, slots=True)
class Peer:
    """One address to try."""

    family: str
    """`ipv4`, `ipv6` or `unix`."""
    address: str
    port: int = 0
    scope: int = 0


def where(peer: Peer) -> str:
    """`192.0.2.1:587`, `[2001:db8::1]:587`, or the path of a socket."""
    if peer.family == "unix":
        return peer.address
    host = f"[{peer.address}]" if peer.family == "ipv6" else peer.address
    return f"{host}:{peer.port}"


@lru_cache(maxsize=256)
def is_loopback(address: str) -> bool:
    """Whether an address is of this machine."""
    try:
        return ipaddress.ip_address(address.partition("%")[0]).is_loopback
    except ValueError:
        return False


@dataclass(slots=True)
class Attempt:
    """One address, and how it answered."""

    peer: Peer
    sock: socket.socket | None = None
    begun: float = 0.0
    elapsed: float = 0.0
    error: str | None = None
    """None while it is under way; empty when it connected."""
    number: int = 0
    message: str = ""

    @property
    def open(self) -> bool:
        """Whether it is under way."""
        return self.sock is not None and self.error is None

    @property
    def tried(self) -> bool:
        """Whether anything was done; False where another address was enough."""
        return self.sock is not None or self.error is not None

    def fact(self) -> dict[str, Json]:
        """For the report."""
        words = {None: "silent" if self.tried else "not-tried", "": "connected"}
        return {
            "address": self.peer.address,
            "family": self.peer.family,
            "outcome": words.get(self.error, "failed"),
            "error": self.error or "",
            "errno": self.number,
            "elapsed_ms": round(self.elapsed * 1000, 3),
        }


@dataclass(slots=True)
class Race:
    """All attempts, and the connection that came first."""

    attempts: list[Attempt]
    sock: socket.socket | None = None
    winner: Peer | None = None
    fault: str = ""
    """`source-address` where the local address cannot be used."""
    fault_message: str = ""
    _begun: float = field(default_factory=time.monotonic)

    def settle(self, deadline: Deadline) -> None:
        """Gives the addresses that are still silent their last chance, then closes them."""
        open_ = [each for each in self.attempts if each.open]
        if open_ and self.winner:
            fastest = min(each.elapsed for each in self.attempts if each.error == "")
            grace = max(SETTLE_FLOOR, 4 * fastest) - (time.monotonic() - self._begun)
            _wait(open_, deadline.within(max(0.0, grace)), until_all=True)
        for each in self.attempts:
            if each.open:
                each.elapsed = time.monotonic() - each.begun
            if each.sock and each.sock is not self.sock:
                each.sock.close()

    def facts(self) -> dict[str, Json]:
        """For the step `tcp.connect`; docs/facts.md names them."""
        bad = [each for each in self.attempts if each.error != "" and each.tried]
        good = {each.peer.family for each in self.attempts if each.error == ""}
        tried = {each.peer.family for each in bad}
        facts: dict[str, Json] = {
            "attempts": [each.fact() for each in self.attempts],
            "failed_addresses": [each.peer.address for each in bad],
            "dead_families": sorted(tried - good) if good else [],
        }
        if self.winner:
            facts |= {
                "address": self.winner.address,
                "port": self.winner.port,
                "family": self.winner.family,
            }
        else:
            kinds = [each.error or "timeout" for each in bad]
            untried = "timeout" if self.attempts else "no-address"
            kind = self.fault or next((k for k in _TELLING if k in kinds), untried)
            told = next((each for each in bad if each.error == kind), None)
            facts["error"] = {
                "kind": kind,
                "kinds": sorted(set(kinds)),
                "errno": told.number if told else 0,
                "message": self.fault_message or (told.message if told else ""),
            }
        return facts


def interleaved(peers: Sequence[Peer]) -> list[Peer]:
    """The families in turn, each in its own order (RFC 8305 section 4)."""
    lanes: dict[str, list[Peer]] = {}
    for peer in peers[:ADDRESSES_LIMIT]:
        lanes.setdefault(peer.family, []).append(peer)
    longest = max((len(lane) for lane in lanes.values()), default=0)
    return [lane[n] for n in range(longest) for lane in lanes.values() if n < len(lane)]


def connect(peers: Sequence[Peer], deadline: Deadline, *, timeout: float, source: str) -> Race:
    """Races all addresses. `timeout` is in seconds and bounds each address, at most 10. From a
    local address `source` only addresses of its family are tried."""
    race = Race([Attempt(peer) for peer in interleaved(peers)])
    waiting = [each for each in race.attempts if _reaches(source, each.peer)]
    if race.attempts and not waiting:
        race.fault = "source-address"
        race.fault_message = f"{source}: no address of the server is of this address family"
        return race
    limit = min(timeout, PER_ADDRESS)
    next_start = 0.0
    while not deadline.expired:
        now = time.monotonic()
        while waiting and (now >= next_start or race.winner):
            _start(waiting.pop(0), race, source)
            next_start = now + STAGGER
            if race.fault:
                return race
            _collect(race)
            if not any(each.open for each in race.attempts):
                next_start = 0.0  # what has failed at once makes nobody wait
        if race.winner and not waiting:
            return race
        open_ = [each for each in race.attempts if each.open]
        if not open_ and not waiting:
            return race
        pause = min([limit - (now - each.begun) for each in open_] + [STAGGER])
        before = sum(each.error is not None for each in race.attempts)
        _wait(open_, deadline.within(max(0.0, pause)))
        _give_up(open_, limit)
        _collect(race)
        if sum(each.error is not None for each in race.attempts) > before:
            next_start = 0.0
    for each in race.attempts:
        if each.open:
            _end(each, "timeout", errno.ETIMEDOUT, "no time left")
    return race


def _start(attempt: Attempt, race: Race, source: str) -> None:
    peer = attempt.peer
    families = {"ipv4": socket.AF_INET, "ipv6": socket.AF_INET6}
    family = families.get(peer.family) or socket.AF_UNIX
    attempt.begun = time.monotonic()
    try:
        attempt.sock = socket.socket(family, socket.SOCK_STREAM)
    except OSError as error:
        _fail(attempt, error)
        return
    attempt.sock.settimeout(0.0)
    if source and peer.family != "unix":
        try:
            attempt.sock.bind((source, 0))
        except OSError as error:
            race.fault = "source-address"
            race.fault_message = f"{source}: {error.strerror}"
            _fail(attempt, error)
            return
    where: tuple[str | int, ...] | str = (peer.address, peer.port)
    if peer.family == "ipv6":
        where = (peer.address, peer.port, 0, peer.scope)
    elif peer.family == "unix":
        where = peer.address
    try:
        code = attempt.sock.connect_ex(where)
    except OSError as error:  # a path that is too long for a Unix socket
        _fail(attempt, error)
        return
    if code == 0:
        _end(attempt, "", 0, "", keep=True)
    elif code == errno.EAGAIN and peer.family == "unix":
        # It is not under way: a Unix socket says so while its queue is full.
        _end(attempt, "timeout", code, "nobody accepts: the queue of the socket is full")
    elif code not in (errno.EINPROGRESS, errno.EWOULDBLOCK, errno.EALREADY):
        _end(attempt, _KINDS.get(code, "other"), code, os.strerror(code))


def _reaches(source: str, peer: Peer) -> bool:
    return not source or peer.family == "unix" or (":" in source) == (peer.family == "ipv6")


def _wait(open_: Sequence[Attempt], wait: Deadline, *, until_all: bool = False) -> None:
    """Until one attempt has an answer, or all have, or the wait is over."""
    left = [each for each in open_ if each.open]
    while left:
        told = _told([each.sock for each in left if each.sock], wait.remaining())
        for each in left:
            if each.sock and each.sock.fileno() in told:
                _answered(each)
        left = [each for each in left if each.open]
        if wait.expired or (not until_all and len(left) < len(open_)):
            return


def _told(socks: Sequence[socket.socket], seconds: float) -> set[int]:
    """Which of them, by their descriptors, stand or have failed by the end of so many seconds."""
    if not hasattr(select, "poll"):  # Windows, where the third list has those that failed
        _, stand, failed = select.select([], socks, socks, seconds)
        return {each.fileno() for each in (*stand, *failed)}
    poll = select.poll()
    for each in socks:
        poll.register(each, select.POLLOUT)
    return {descriptor for descriptor, _ in poll.poll(seconds * 1000)}


def _answered(attempt: Attempt) -> None:
    code = attempt.sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR) if attempt.sock else 0
    if code:
        _end(attempt, _KINDS.get(code, "other"), code, os.strerror(code))
    else:
        _end(attempt, "", 0, "", keep=True)


def _give_up(open_: Sequence[Attempt], limit: float) -> None:
    for each in open_:
        if each.open and time.monotonic() - each.begun >= limit:
            _end(each, "timeout", errno.ETIMEDOUT, f"no answer in {limit:g} s")


def _collect(race: Race) -> None:
    """Keeps the first connection that stands, closes the others."""
    for each in race.attempts:
        if each.error == "" and each.sock and each.sock is not race.sock:
            if race.sock is None:
                race.sock, race.winner = each.sock, each.peer
            elif each.sock.fileno() >= 0:
                each.sock.close()


def _fail(attempt: Attempt, error: OSError) -> None:
    number = error.errno or 0
    _end(attempt, _KINDS.get(number, "other"), number, error.strerror or str(error))


def _end(attempt: Attempt, error: str, number: int, message: str, *, keep: bool = False) -> None:
    attempt.error, attempt.number, attempt.message = error, number, message
    attempt.elapsed = time.monotonic() - attempt.begun
    if attempt.sock and not keep:
        with contextlib.suppress(OSError):
            attempt.sock.close()
