"""The way to checkdmarc: what it knows of records is taken from it, and what it asks of DNS goes
through the questions of the run, so that its time, server and number of questions are ours."""

from __future__ import annotations

from importlib import import_module
from importlib.util import find_spec
from typing import Any

import dns.exception
import dns.message
import dns.nameserver
import dns.rcode
import dns.rdatatype
import dns.rrset

from smtpcheck.domain.names import Names
from smtpcheck.model.errors import UsageError

INSTALL = "pip install 'smtpcheck[domain]'"
_LIFETIME = 0.2
"""Seconds after which checkdmarc asks no more; what takes longer to answer counts all the same."""


def must_be_installed() -> None:
    """Raises UsageError where the extra is missing."""
    if find_spec("checkdmarc") is None:
        raise UsageError(
            "the checks of a domain need a package that is not installed",
            [f"install it: {INSTALL}"],
        )


def load() -> None:
    """Imports checkdmarc, which takes a second or more where the machine is busy: before the time
    of the questions begins."""
    for name in ("checkdmarc.dmarc", "checkdmarc.spf"):
        import_module(name)


def forget_answers() -> None:
    """Empties the cache that checkdmarc keeps for the whole process: each run asks anew."""
    from checkdmarc.utils import DNS_CACHE

    DNS_CACHE.clear()


def way(names: Names) -> dict[str, Any]:
    """The keyword arguments by which every function of checkdmarc asks through `names`."""
    return {"nameservers": [_Shared(names)], "timeout": _LIFETIME}


NO_NAME = (dns.exception.DNSException, ValueError)
"""What comes through checkdmarc where a record holds a name that no DNS name can be."""


def no_name(error: Exception) -> str:
    """The complaint about such a record."""
    return f"it names what cannot be a DNS name: {' '.join(str(error).split())}"


class _Shared(dns.nameserver.Nameserver):
    """A name server of dnspython that hands questions on."""

    def __init__(self, names: Names) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._names = names

    def __str__(self) -> str:
        return "smtpcheck"

    def kind(self) -> str:
        return "smtpcheck"

    def is_always_max_size(self) -> bool:
        return True

    def answer_nameserver(self) -> str:
        return "smtpcheck"

    def answer_port(self) -> int:
        return 53

    def query(self, request: dns.message.QueryMessage, *_: Any, **__: Any) -> Any:
        """The answer of the run; SERVFAIL where there is none, so that nobody asks again."""
        asked = request.question[0]
        name = asked.name.to_text(omit_final_dot=True)
        found = self._names.exchange(name, dns.rdatatype.to_text(asked.rdtype))
        if not isinstance(found, str):
            return _as_read(found)
        answer = dns.message.make_response(request)
        answer.set_rcode(dns.rcode.NXDOMAIN if found == "nxdomain" else dns.rcode.SERVFAIL)
        return answer


def _as_read(message: dns.message.Message) -> dns.message.Message:
    """The message with `V=SPF1` as checkdmarc reads it: to RFC 7208 section 12 case is one."""
    if not any(_is_spf_in_capitals(record) for rrset in message.answer for record in rrset):
        return message
    made = dns.message.from_wire(message.to_wire())
    made.answer = [
        dns.rrset.from_rdata_list(rrset.name, rrset.ttl, [_in_lower_case(each) for each in rrset])
        for rrset in made.answer
    ]
    return dns.message.from_wire(made.to_wire())  # whose index knows the new records


def _in_lower_case(record: Any) -> Any:
    if not _is_spf_in_capitals(record):
        return record
    first, *others = record.strings
    return record.replace(strings=(first[:6].lower() + first[6:], *others))


def _is_spf_in_capitals(record: Any) -> bool:
    start = record.strings[0][:6] if record.rdtype == dns.rdatatype.TXT else b""
    return bool(start.lower() == b"v=spf1" != start)
