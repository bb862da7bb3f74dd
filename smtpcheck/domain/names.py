"""The questions of a run to DNS: each put once, bounded in number and time, with what every answer
is worth."""

from __future__ import annotations

import ipaddress
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Future
from functools import partial
from typing import Any

import dns.exception
import dns.flags
import dns.message
import dns.name
import dns.query
import dns.rcode
import dns.rdatatype

from smtpcheck.model.value import dataclass

WAIT = 3.0
"""Seconds that one try may take."""
_TRIES = 2
_MOST = 400
"""Questions of one run: SPF alone may take a hundred."""
_HOPELESS = 2
"""Questions without any answer after which none more is put, while no other had one."""
AT_ONCE = 12
"""Questions that wait for an answer at the same time."""
_ALIASES = 8
_UDP_SIZE = 1232
_Works = Sequence[Callable[[], bool]]
Together = Callable[[_Works, int], Sequence[bool | None]]
"""Runs pieces of work side by side, at most so many at once; what an interrupt has left undone is
None."""
_SURE = (dns.rcode.NOERROR, dns.rcode.NXDOMAIN)
_STATUS = {dns.rcode.NXDOMAIN: "nxdomain", dns.rcode.REFUSED: "refused"}


@dataclass(frozen=True, slots=True)
class Answer:
    """What DNS says to one question."""

    status: str
    """`noerror`, `nxdomain`, `nodata`, `servfail`, `bogus` (there is an answer, and its DNSSEC
    signature does not hold), `refused`, `timeout`."""
    records: tuple[Any, ...] = ()
    """The rdata of dnspython."""
    aliases: tuple[str, ...] = ()
    """The CNAME targets, in order."""
    secure: bool = False
    """A server that is believed says that it has validated the answer (RFC 4035, the AD bit)."""

    @property
    def void(self) -> bool:
        """Whether it is sure that there is no such record."""
        return self.status in ("nxdomain", "nodata")

    @property
    def failed(self) -> bool:
        """Whether nothing is known."""
        return not self.void and self.status != "noerror"


def one_by_one(works: _Works, _: int) -> Sequence[bool | None]:
    """The way to run works without threads."""
    return [work() for work in works]


class Names:
    """Asks the servers in their order, until one of them answers. Threads may share it.

    `believed`: somebody named these servers, so what they say of DNSSEC counts; that of others
    counts on this machine alone, for the AD bit has no protection on its way (RFC 4035 section
    4.9.3).
    """

    def __init__(
        self,
        servers: Sequence[tuple[str, int]],
        seconds: float,
        *,
        believed: bool = False,
        together: Together = one_by_one,
    ) -> None:
        self._servers = tuple(servers)
        self._end = time.monotonic() + seconds
        self._known: dict[tuple[str, str], Future[dns.message.Message | str]] = {}
        self._lock = threading.Lock()
        self._places = threading.BoundedSemaphore(AT_ONCE)
        self._together = together
        self._heard = False
        self.believed = believed or all(_is_here(address) for address, _ in self._servers)
        self.failures: list[str] = []
        """Questions that nobody answered, in words."""

    def remaining(self) -> float:
        """Seconds left of the run, never below 0."""
        return max(0.0, self._end - time.monotonic())

    def ask(self, name: str, type_: str) -> Answer:
        """The answer to one question, its aliases followed."""
        aliases: list[str] = []
        secure = True
        for _ in range(_ALIASES):
            found = self.exchange(aliases[-1] if aliases else name, type_)
            if isinstance(found, str):
                return Answer(found, aliases=tuple(aliases))
            secure = secure and self.believed and bool(found.flags & dns.flags.AD)
            status = _STATUS.get(found.rcode(), "servfail" if found.rcode() else "noerror")
            followed, records = _followed(found, type_)
            aliases += followed
            if records:
                return Answer("noerror", records, tuple(aliases), secure)
            if status != "noerror" or not followed:
                status = "nodata" if status == "noerror" else status
                return Answer(status, aliases=tuple(aliases), secure=secure)
        return Answer("servfail", aliases=tuple(aliases))

    def texts(self, name: str) -> tuple[list[str], Answer]:
        """The TXT records of a name, the strings of each joined (RFC 7208 section 3.3)."""
        answer = self.ask(name, "TXT")
        return [_text(record) for record in answer.records], answer

    def addresses(self, name: str) -> tuple[list[str], Answer]:
        """IPv4 and IPv6 addresses of a name; the answer is that for IPv4, or for IPv6 where it
        alone has any."""
        self.ahead([(name, "A"), (name, "AAAA")])
        four, six = self.ask(name, "A"), self.ask(name, "AAAA")
        found = [str(record.address) for record in (*four.records, *six.records)]
        return found, six if six.records and not four.records else four

    def validates(self) -> bool:
        """Whether the server is believed and validates: the root is signed, so it vouches for it.
        Without that an answer that is not secure says nothing."""
        return self.believed and self.ask(".", "SOA").secure

    def ahead(self, questions: Iterable[tuple[str, str]]) -> None:
        """Asks questions side by side that will be put one after the other."""
        due = [
            each for each in questions if (each[0].lower().rstrip("."), each[1]) not in self._known
        ]
        if len(due) > 1:
            self.side_by_side([partial(self._asked_ahead, *each) for each in due])

    def side_by_side(self, works: _Works) -> None:
        """Runs works that ask, each of which gives True."""
        if None in self._together(works, AT_ONCE):
            raise KeyboardInterrupt

    def _asked_ahead(self, name: str, type_: str) -> bool:
        self.ask(name, type_)
        return True

    def exchange(self, name: str, type_: str) -> dns.message.Message | str:
        """The message that answers a question, or `timeout`, `bogus`, `nxdomain` (no such name can
        exist)."""
        key = (name.lower().rstrip("."), type_)
        with self._lock:
            known = self._known.get(key)
            if known is None:
                hopeless = not self._heard and len(self.failures) >= _HOPELESS
                if hopeless or len(self._known) >= _MOST or not self.remaining():
                    return "timeout"
                mine = self._known[key] = Future()
        if known is not None:
            return known.result()
        try:
            mine.set_result(self._asked(*key))
        except BaseException as error:
            mine.set_exception(error)
            raise
        return mine.result()

    def _asked(self, name: str, type_: str) -> dns.message.Message | str:
        try:
            query = dns.message.make_query(name, type_, use_edns=0, payload=_UDP_SIZE)
        except (dns.exception.DNSException, UnicodeError):
            return "nxdomain"  # no such name can exist
        query.flags |= dns.flags.AD
        if not self._places.acquire(timeout=self.remaining()):
            return "timeout"
        try:
            return self._from_any(query, f"{type_} of {name}")
        finally:
            self._places.release()

    def _from_any(self, query: dns.message.QueryMessage, words: str) -> dns.message.Message | str:
        last: dns.message.Message | None = None
        for server in self._servers * _TRIES:
            message = self._from(server, query)
            if message is not None:
                self._heard = True
                if message.rcode() in _SURE:
                    return message
                if message.rcode() == dns.rcode.SERVFAIL and self._is_bogus(server, query):
                    self.failures.append(words)
                    return "bogus"
                last = message
            if not self.remaining():
                break
        self.failures.append(words)
        return "timeout" if last is None else last

    def _is_bogus(self, server: tuple[str, int], query: dns.message.QueryMessage) -> bool:
        """Whether a server that failed does answer where it need not check the signatures (RFC
        4035 section 3.2.2, the CD bit)."""
        unchecked = dns.message.make_query(
            query.question[0].name, query.question[0].rdtype, use_edns=0, payload=_UDP_SIZE
        )
        unchecked.flags |= dns.flags.CD
        message = self._from(server, unchecked)
        return message is not None and message.rcode() in _SURE

    def _from(
        self, server: tuple[str, int], query: dns.message.QueryMessage
    ) -> dns.message.Message | None:
        sides: dict[str, Any] = {"where": server[0], "port": server[1], "ignore_trailing": True}
        wait = min(WAIT, self.remaining())
        try:
            try:
                return dns.query.udp(
                    query,
                    timeout=wait,
                    raise_on_truncation=True,
                    ignore_unexpected=True,
                    ignore_errors=True,
                    **sides,
                )
            except dns.message.Truncated:
                wait = min(WAIT, self.remaining())
                return dns.query.tcp(query, timeout=wait, **sides)
        except (dns.exception.DNSException, OSError, EOFError, ValueError):
            return None


def _followed(message: dns.message.Message, type_: str) -> tuple[list[str], tuple[Any, ...]]:
    """The aliases within one message, and the records at their end (RFC 1034 section 3.6.2)."""
    wanted = dns.rdatatype.from_text(type_)
    name = message.question[0].name if message.question else dns.name.root
    seen: list[str] = []
    for _ in range(_ALIASES):
        for rrset in message.answer:
            if rrset.name == name and rrset.rdtype == wanted:
                return seen, tuple(rrset)
        alias = next(
            (
                rrset
                for rrset in message.answer
                if rrset.name == name and rrset.rdtype == dns.rdatatype.CNAME
            ),
            None,
        )
        if alias is None:
            break
        name = alias[0].target
        seen.append(name.to_text(omit_final_dot=True).lower())
    return seen, ()


def _is_here(address: str) -> bool:
    try:
        return ipaddress.ip_address(address.partition("%")[0]).is_loopback
    except ValueError:
        return False


def _text(record: Any) -> str:
    return b"".join(record.strings).decode("utf-8", "backslashreplace")
