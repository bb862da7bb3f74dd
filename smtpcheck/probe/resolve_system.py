"""What the system's own resolver says: hosts file, nsswitch, DNS, whatever this machine uses."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterable
from typing import Any

from smtpcheck.model.value import dataclass
from smtpcheck.probe.deadline import Deadline
from smtpcheck.probe.resolve_name import ResolvedAddress

GetAddrInfo = Callable[..., list[tuple[Any, ...]]]
FAMILIES = {"any": socket.AF_UNSPEC, "ipv4": socket.AF_INET, "ipv6": socket.AF_INET6}
_NAMES = {socket.AF_INET: "ipv4", socket.AF_INET6: "ipv6"}
_KINDS = {
    "EAI_NONAME": "not-found",
    "EAI_NODATA": "no-address",
    "EAI_ADDRFAMILY": "no-address",
    "EAI_AGAIN": "try-again",
}
_SYMBOLS = (*_KINDS, "EAI_FAIL", "EAI_FAMILY", "EAI_MEMORY", "EAI_SYSTEM", "EAI_SERVICE")


@dataclass(frozen=True, slots=True)
class Found:
    """Addresses, in the order in which programs try them (RFC 6724)."""

    addresses: tuple[ResolvedAddress, ...]
    canonical: str
    elapsed_ms: float


@dataclass(frozen=True, slots=True)
class NotFound:
    """No addresses, and the system's reason."""

    kind: str
    """`not-found`, `no-address`, `try-again`, `failed`, `timeout`."""
    symbol: str
    message: str
    errno: int
    elapsed_ms: float


SystemAnswer = Found | NotFound


class SystemLookup:
    """A look-up that runs beside other work from its start on.

    `getaddrinfo` cannot be cancelled: the thread is a daemon and is left alone when time is up.
    """

    def __init__(
        self, host: str, port: int, family: str, getaddrinfo: GetAddrInfo = socket.getaddrinfo
    ) -> None:
        self._started = time.monotonic()
        self._done = threading.Event()
        self._answer: SystemAnswer | None = None
        self.finished_at = 0.0
        """On the monotonic clock; 0 while it runs."""
        # Bytes, since a str would be encoded once more, by the rules of 2003 (IDNA).
        arguments = (host.encode("ascii"), port, FAMILIES[family], socket.SOCK_STREAM)
        threading.Thread(
            target=self._run, args=(getaddrinfo, arguments), name="getaddrinfo", daemon=True
        ).start()

    def _run(self, getaddrinfo: GetAddrInfo, arguments: tuple[Any, ...]) -> None:
        try:
            rows = getaddrinfo(*arguments, 0, socket.AI_CANONNAME)
            self._answer = _read(rows, self._elapsed())
        except (OSError, UnicodeError) as error:
            self._answer = _reason(error, self._elapsed())
        finally:
            self.finished_at = time.monotonic()
            self._done.set()

    def _elapsed(self) -> float:
        return (time.monotonic() - self._started) * 1000

    @property
    def found_at(self) -> float:
        """When it found addresses, on the monotonic clock; 0 while it has none."""
        return self.finished_at if isinstance(self._answer, Found) else 0.0

    def answer(self, deadline: Deadline) -> SystemAnswer:
        """What came, waiting no longer than the deadline allows."""
        self._done.wait(deadline.remaining())
        if self._answer is not None:
            return self._answer
        return NotFound("timeout", "", "the system's resolver gave no answer", 0, self._elapsed())


def _read(rows: list[tuple[Any, ...]], elapsed_ms: float) -> SystemAnswer:
    found: dict[ResolvedAddress, None] = {}
    for family, _type, _protocol, _name, where in rows:
        if family in _NAMES:
            bare = str(where[0]).partition("%")[0]
            scope = int(where[3]) if family == socket.AF_INET6 else 0
            found.setdefault(ResolvedAddress(_NAMES[family], bare, scope))
    if not found:
        return NotFound("no-address", "", "no address of a known family", 0, elapsed_ms)
    return Found(tuple(found), str(rows[0][3] or ""), elapsed_ms)


def _reason(error: OSError | UnicodeError, elapsed_ms: float) -> NotFound:
    if not isinstance(error, socket.gaierror):
        number = error.errno or 0 if isinstance(error, OSError) else 0
        return NotFound("failed", "", str(error), number, elapsed_ms)
    code = error.errno or 0
    symbol = next((each for each in _SYMBOLS if getattr(socket, each, None) == code), "")
    words = error.strerror or str(error)
    return NotFound(_KINDS.get(symbol, "failed"), symbol, words, code, elapsed_ms)


def in_order(addresses: Iterable[ResolvedAddress]) -> tuple[ResolvedAddress, ...]:
    """Addresses that the system did not put in order itself, in the order of RFC 6724 section 6:
    those with a route first (rule 1), IPv6 before IPv4 (rule 6). Nothing is sent."""
    return tuple(sorted(addresses, key=lambda each: (not _has_route(each), each.family == "ipv4")))


def _has_route(address: ResolvedAddress) -> bool:
    family = FAMILIES[address.family]
    where = (address.address, 9) if family == socket.AF_INET else (address.address, 9, 0, 0)
    try:
        with socket.socket(family, socket.SOCK_DGRAM) as sock:
            sock.connect(where)  # on a datagram socket this only picks a route
    except OSError:
        return False
    return True
