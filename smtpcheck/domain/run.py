"""Makes all checks of a domain, in the order in which they are told."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial

from smtpcheck.domain.checkdmarc_way import forget_answers
from smtpcheck.domain.dkim_checks import dkim_checks
from smtpcheck.domain.dmarc_checks import dmarc_checks
from smtpcheck.domain.dnssec import dnssec_check
from smtpcheck.domain.ipv6 import families, ipv6_check
from smtpcheck.domain.lists import LISTS, BlockList, list_checks
from smtpcheck.domain.mta_sts import mta_sts_checks
from smtpcheck.domain.mx_checks import exists, mail_hosts, mx_checks
from smtpcheck.domain.names import Names, Together, one_by_one
from smtpcheck.domain.policy_fetch import WebPlace
from smtpcheck.domain.reverse import reverse_checks
from smtpcheck.domain.spf_checks import spf_checks
from smtpcheck.domain.tls_checks import dane_checks, srv_check, tls_rpt_check
from smtpcheck.model.domain import Check, DomainQuestion
from smtpcheck.model.value import dataclass


@dataclass(frozen=True, slots=True)
class Around:
    """What a run works with."""

    servers: tuple[tuple[str, int], ...]
    """DNS servers: address and port."""
    seconds: float
    web: WebPlace
    lists: Sequence[BlockList] | None = None
    """Block lists to ask; None: none."""
    believed: bool = False
    """Somebody named the servers, so what they say of DNSSEC counts."""
    together: Together = one_by_one


Hosts = tuple[tuple[str, tuple[str, ...]], ...]
"""MX hosts, each with the families of its addresses."""


def look(question: DomainQuestion, around: Around) -> tuple[tuple[Check, ...], Hosts]:
    """All checks, and the MX hosts of the domain."""
    forget_answers()
    names = Names(
        around.servers, around.seconds, believed=around.believed, together=around.together
    )
    names.ahead(_sure_to_come(question))
    if question.envelope == question.domain and not exists(names, question.domain):
        return tuple(mx_checks(names, question)), ()
    spf, dkim, mail, reverse, lists = _parts(names, question, around)
    checks = [*spf, *dkim]
    checks += dmarc_checks(names, question, checks)
    hosts = mail_hosts(names, question.domain).hosts
    found = tuple((host, families(names, host)) for host in hosts)
    return (*checks, *mail, *reverse, *lists), found


def _sure_to_come(question: DomainQuestion) -> list[tuple[str, str]]:
    """What is asked of every domain."""
    domain = question.domain
    return [
        (domain, "MX"),
        (question.envelope, "TXT"),
        (f"_dmarc.{domain}", "TXT"),
        (f"_mta-sts.{domain}", "TXT"),
        (f"_smtp._tls.{domain}", "TXT"),
        (".", "SOA"),
    ]


def _parts(names: Names, question: DomainQuestion, around: Around) -> list[list[Check]]:
    """The parts that do not build on one another, side by side."""
    parts: list[Callable[[], Iterator[Check]]] = [
        partial(spf_checks, names, question),
        partial(dkim_checks, names, question),
        partial(_about_mail_to, names, question, around),
        partial(reverse_checks, names, question),
        partial(list_checks, names, question, around.lists or ()),
    ]
    if around.lists is None:
        parts[-1] = partial(iter, ())
    made: list[list[Check]] = [[] for _ in parts]

    def work(number: int) -> bool:
        made[number] += parts[number]()
        return True

    names.side_by_side([partial(work, number) for number in range(len(parts))])
    return made


def _about_mail_to(names: Names, question: DomainQuestion, around: Around) -> Iterator[Check]:
    domain = question.domain
    mail = mail_hosts(names, domain)
    names.ahead([(host, type_) for host in mail.hosts for type_ in ("A", "AAAA")])
    yield from mx_checks(names, question)
    yield from ipv6_check(names, domain, mail.hosts)
    yield dnssec_check(names, domain, mail.hosts)
    submission = srv_check(names, domain, question.server)
    if submission is not None:
        yield submission
    if mail.hosts:
        yield from mta_sts_checks(names, domain, mail, around.web)
        yield tls_rpt_check(names, domain)
        yield from dane_checks(names, domain, mail)


__all__ = ["LISTS", "Around", "look"]
