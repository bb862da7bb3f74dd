"""Makes all checks of a domain, in the order in which they are told."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from smtpcheck.domain.checkdmarc_way import forget_answers
from smtpcheck.domain.dkim_checks import dkim_checks
from smtpcheck.domain.dmarc_checks import dmarc_checks
from smtpcheck.domain.lists import LISTS, BlockList, list_checks
from smtpcheck.domain.mta_sts import mta_sts_checks
from smtpcheck.domain.mx_checks import exists, mail_hosts, mx_checks
from smtpcheck.domain.names import Names
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


def look(question: DomainQuestion, around: Around) -> tuple[tuple[Check, ...], tuple[str, ...]]:
    """All checks, and the MX hosts of the domain."""
    forget_answers()
    names = Names(around.servers, around.seconds)
    if question.envelope == question.domain and not exists(names, question.domain):
        return tuple(mx_checks(names, question)), ()
    checks = list(spf_checks(names, question))
    checks += dkim_checks(names, question)
    checks += dmarc_checks(names, question, checks)
    checks += _about_mail_to(names, question, around)
    checks += reverse_checks(names, question)
    if around.lists is not None:
        checks += list_checks(names, question, around.lists)
    return tuple(checks), mail_hosts(names, question.domain).hosts


def _about_mail_to(names: Names, question: DomainQuestion, around: Around) -> Iterator[Check]:
    domain = question.domain
    mail = mail_hosts(names, domain)
    yield from mx_checks(names, question)
    submission = srv_check(names, domain, question.server)
    if submission is not None:
        yield submission
    if mail.hosts:
        yield from mta_sts_checks(names, domain, mail, around.web)
        yield tls_rpt_check(names, domain)
        yield from dane_checks(names, domain, mail)


__all__ = ["LISTS", "Around", "look"]
