"""What a receiver's evaluation of an SPF record gives for one address (RFC 7208 section 4)."""

from __future__ import annotations

import ipaddress
import re

from smtpcheck.domain.names import Names
from smtpcheck.domain.spf_record import Term
from smtpcheck.domain.spf_tree import MOST_LOOKUPS, MOST_MX, Tree, spf_tree
from smtpcheck.model.value import dataclass

_MACRO = re.compile(r"%(?:([%_-])|\{([A-Za-z])([0-9]*)(r?)([.+,/_=-]*)\})")
_PLAIN = {"%": "%", "_": " ", "-": "%20"}
Address = ipaddress.IPv4Address | ipaddress.IPv6Address


@dataclass(frozen=True, slots=True)
class Mail:
    """What SPF knows of a mail."""

    address: Address
    sender: str
    """The envelope sender; `postmaster@HELO` for a bounce."""
    helo: str


def spf_result(names: Names, tree: Tree, mail: Mail) -> tuple[str, str]:
    """The result (`pass`, `fail`, `softfail`, `neutral`, `none`, `permerror`, `temperror`), and the
    term that decided."""
    try:
        return _Evaluation(names, mail).of(tree)
    except _EndedError as end:
        return end.result, end.term


class _EndedError(Exception):
    """The evaluation ends at once, however deep it is."""

    def __init__(self, result: str, term: str) -> None:
        super().__init__(result)
        self.result = result
        self.term = term


class _Evaluation:
    def __init__(self, names: Names, mail: Mail) -> None:
        self._names = names
        self._mail = mail
        self._kind = "A" if mail.address.version == 4 else "AAAA"
        self._lookups = 0

    def of(self, tree: Tree) -> tuple[str, str]:
        """The result of one record. Raises _EndedError."""
        if tree.problem:
            kinds = {"missing": "none", "unknown": "temperror"}
            return kinds.get(tree.problem, "permerror"), tree.domain
        for cost in tree.costs:
            term = cost.term
            self._lookups += term.asks
            if self._lookups > MOST_LOOKUPS:
                raise _EndedError("permerror", term.text)
            target = self._target(term, tree.domain)
            if term.modifier:
                result = self.of(cost.below or spf_tree(self._names, target))[0]
                return ("permerror" if result == "none" else result), term.text
            if self._matches(term, target, cost.below):
                return term.result, term.text
        return "neutral", ""

    def _target(self, term: Term, domain: str) -> str:
        return _expanded(term.value, domain, self._mail) if term.value else domain

    def _matches(self, term: Term, target: str, below: Tree | None) -> bool:
        match term.name:
            case "all":
                return True
            case "ip4" | "ip6":
                return _within(self._mail.address, term.value)
            case "include":
                return self._included(term, below or spf_tree(self._names, target))
            case "exists":
                return bool(self._names.ask(target, "A").records)
            case "a":
                return self._has([target], term)
            case "mx":
                return self._has(self._mail_hosts(term, target), term)
            case _:
                return term.name == "ptr" and self._by_name(target.lower())

    def _included(self, term: Term, tree: Tree) -> bool:
        result, _ = self.of(tree)
        if result in ("none", "permerror"):
            raise _EndedError("permerror", term.text)
        if result == "temperror":
            raise _EndedError(result, term.text)
        return result == "pass"

    def _mail_hosts(self, term: Term, target: str) -> list[str]:
        found = self._names.ask(target, "MX").records
        if len(found) > MOST_MX:
            raise _EndedError("permerror", term.text)
        return [record.exchange.to_text(omit_final_dot=True) for record in found]

    def _has(self, hosts: list[str], term: Term) -> bool:
        prefix = term.prefix4 if self._kind == "A" else term.prefix6
        return any(
            _within(self._mail.address, f"{record.address}/{prefix}")
            for host in hosts
            for record in self._names.ask(host, self._kind).records
        )

    def _by_name(self, domain: str) -> bool:
        address = self._mail.address
        for record in self._names.ask(address.reverse_pointer, "PTR").records[:MOST_MX]:
            name = record.target.to_text(omit_final_dot=True).lower()
            if name == domain or name.endswith(f".{domain}"):
                known = [str(each.address) for each in self._names.ask(name, self._kind).records]
                if str(address) in known:
                    return True
        return False


def _within(address: Address, network: str) -> bool:
    try:
        return address in ipaddress.ip_network(network, strict=False)
    except ValueError:
        return False


def _expanded(text: str, domain: str, mail: Mail) -> str:
    local, _, sender_domain = mail.sender.rpartition("@")
    values = {
        "s": mail.sender,
        "l": local or "postmaster",
        "o": sender_domain,
        "d": domain,
        "i": _dotted(mail.address),
        "h": mail.helo,
        "v": "in-addr" if mail.address.version == 4 else "ip6",
        "p": "unknown",
    }

    def fill(found: re.Match[str]) -> str:
        if found[1]:
            return _PLAIN[found[1]]
        parts = re.split(f"[{re.escape(found[5] or '.')}]", values.get(found[2].lower(), ""))
        if found[4]:
            parts.reverse()
        return ".".join(parts[-int(found[3]) :] if found[3] and int(found[3]) else parts)

    return _MACRO.sub(fill, text)


def _dotted(address: Address) -> str:
    if address.version == 4:
        return str(address)
    return ".".join(address.exploded.replace(":", ""))
