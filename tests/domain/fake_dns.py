"""DNS from a text: `Names` that answer from zone lines, without a socket."""

from __future__ import annotations

import dns.exception
import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.rdatatype
import dns.rrset
import dns.zonefile

from smtpcheck.domain.names import Names
from smtpcheck.model.domain import Check, DomainQuestion


class FakeNames(Names):
    """Answers as an authoritative server of everything would; names of `broken` get SERVFAIL."""

    def __init__(
        self,
        lines: str,
        *,
        broken: tuple[str, ...] = (),
        bogus: tuple[str, ...] = (),
        secure: bool = False,
        validates: bool = False,
    ) -> None:
        super().__init__((), 60.0)
        self._bogus = bogus
        self._validates = validates
        self._rrsets = dns.zonefile.read_rrsets(
            lines, rdclass=None, default_ttl=300, origin=dns.name.root, relativize=False
        )
        self._known_names = {each.name for each in self._rrsets}
        self._broken = broken
        self._secure = secure
        self.asked: list[tuple[str, str]] = []

    def _asked(self, name: str, type_: str) -> dns.message.Message | str:
        self.asked.append((name, type_))
        try:
            query = dns.message.make_query(name, type_)
        except (dns.exception.DNSException, UnicodeError):
            return "nxdomain"
        if name in self._bogus:
            return "bogus"
        answer = dns.message.make_response(query)
        if name in self._broken:
            answer.set_rcode(dns.rcode.SERVFAIL)
            return answer
        vouched = self._secure or (self._validates and not name)
        answer.flags |= dns.flags.AD if vouched else 0
        wanted = dns.name.from_text(name)
        answer.answer += self._chain(wanted, dns.rdatatype.from_text(type_))
        if not any(each.is_subdomain(wanted) for each in self._known_names):
            answer.set_rcode(dns.rcode.NXDOMAIN)
        return dns.message.from_wire(answer.to_wire())

    def _chain(self, name: dns.name.Name, kind: dns.rdatatype.RdataType) -> list[dns.rrset.RRset]:
        """The records of a name; before them its aliases, as one who recurses sends them."""
        found = [each for each in self._rrsets if each.name == name and each.rdtype == kind]
        aliases = [
            each
            for each in self._rrsets
            if each.name == name and each.rdtype == dns.rdatatype.CNAME and each.rdtype != kind
        ]
        for alias in aliases:
            found += [alias, *self._chain(alias[0].target, kind)]
        return found


def question(domain: str, **more: object) -> DomainQuestion:
    """A question about a domain."""
    return DomainQuestion(**{"domain": domain, "envelope": domain, **more})  # type: ignore[arg-type]


def kinds(checks: list[Check]) -> dict[str, str]:
    """What is wrong, by check."""
    return {check.name: check.kind for check in checks if check.kind}
