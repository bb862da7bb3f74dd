"""A domain in, a report out: the checks, a look at the MX hosts where it is wanted, the causes."""

from __future__ import annotations

import time
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from smtpcheck.api.domain_question import DomainWishes, domain_question
from smtpcheck.model.domain import Check, DomainQuestion, DomainReport
from smtpcheck.model.jsonvalue import Json
from smtpcheck.model.stage import Outcome

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from smtpcheck.domain.ipv6 import Reached
    from smtpcheck.domain.lists import BlockList
    from smtpcheck.domain.live import Seen
    from smtpcheck.domain.run import Hosts
    from smtpcheck.model.diagnosis import Diagnosis
    from smtpcheck.model.domain import DnsRecord
    from smtpcheck.store.origin import LoadedProfile

_HOSTS = 5
"""MX hosts that are connected to."""
_NO_WAY = ("unreachable", "no-socket", "denied", "source-address")
"""What a connection ends with where this machine has no way for the family."""
_PATIENCE = 15.0
"""Seconds for one of them."""
_LAST = 1.5
"""Seconds of the deadline, a quarter at most, that are kept for starting, causes and report."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DomainPlan:
    """How a domain is looked at."""

    resolver: str = ""
    deadline: float = 60.0
    ask_lists: bool = False
    connect: bool = False
    """Connect to port 25 of the MX hosts."""
    web_port: int = 443
    mx_port: int = 25
    ca_file: str = ""
    """Trusted besides the system's store, for the MTA-STS policy and the MX hosts. Not that of a
    profile: other senders do not trust it."""
    lists: Sequence[BlockList] | None = None
    """Block lists instead of the usual."""


def check_domain(wishes: DomainWishes, plan: DomainPlan) -> DomainReport:
    """Looks at a domain. Raises UsageError for what cannot be meant, and where the extra `domain`
    is not installed."""
    from smtpcheck.domain.checkdmarc_way import load, must_be_installed
    from smtpcheck.domain.ipv6 import reach_checks
    from smtpcheck.domain.live import best_of, live_checks
    from smtpcheck.domain.policy_fetch import WebPlace
    from smtpcheck.domain.receivers import receivers_say
    from smtpcheck.domain.run import LISTS, Around, look
    from smtpcheck.probe.side_by_side import side_by_side

    started = time.monotonic()
    question, loaded, notes = domain_question(wishes)
    must_be_installed()
    load()
    end = started + plan.deadline - min(_LAST, plan.deadline / 4)
    around = Around(
        servers=_servers(plan.resolver),
        seconds=end - time.monotonic(),
        web=WebPlace(plan.web_port, plan.ca_file),
        lists=(plan.lists or LISTS) if plan.ask_lists else None,
        believed=bool(plan.resolver),
        together=side_by_side,
    )
    checks, hosts = look(question, around)
    if plan.connect:
        looks = _connected(hosts, plan, end - time.monotonic())
        checks = (*checks, *reach_checks([reached for _, reached in looks]))
        checks += tuple(live_checks(best_of([seen for seen, _ in looks]), checks))
    diagnoses, publish = _judged(checks, question, loaded)
    return DomainReport(
        question=question,
        profile=loaded.name if loaded else None,
        checks=checks,
        diagnoses=diagnoses,
        publish=publish,
        rules=receivers_say(checks, question),
        notes=notes,
        elapsed_ms=(time.monotonic() - started) * 1000,
    )


def _judged(
    checks: tuple[Check, ...], question: DomainQuestion, loaded: LoadedProfile | None
) -> tuple[tuple[Diagnosis, ...], Mapping[str, tuple[DnsRecord, ...]]]:
    bad = (Outcome.FAILED, Outcome.WARNED)
    if not any(check.outcome in bad for check in checks):
        return (), {}
    from smtpcheck.catalog.loader import load_catalog
    from smtpcheck.diagnosis.domain import judge_checks

    settings: dict[str, Json] = {
        "from_domain": question.domain,
        "provider_name": question.provider or None,
        "provider": loaded.preset.provider if loaded and loaded.preset else None,
        "profile": loaded.name if loaded else None,
    }
    known = {name: value for name, value in settings.items() if value is not None}
    return judge_checks(checks, known, load_catalog())


def _servers(resolver: str) -> tuple[tuple[str, int], ...]:
    from smtpcheck.probe.resolve_config import parse_resolver, system_config

    found = (parse_resolver(resolver),) if resolver else system_config().servers
    return tuple((each.address, each.port) for each in found)


def _connected(hosts: Hosts, plan: DomainPlan, seconds: float) -> list[tuple[Seen, Reached]]:
    """Each MX host as a probe sees it over each family of its addresses, side by side: up to its
    certificate, without a login or a message."""
    from smtpcheck.probe.side_by_side import side_by_side

    left = min(_PATIENCE, seconds)
    if left <= 0:
        return []
    works = [
        partial(_one, host, family, plan, left)
        for host, families in hosts[:_HOSTS]
        for family in families
    ]
    looks = side_by_side(works, len(works)) if works else []
    if None in looks:
        raise KeyboardInterrupt
    return [look for look in looks if look]


def _one(host: str, family: str, plan: DomainPlan, seconds: float) -> tuple[Seen, Reached]:
    from smtpcheck.api.job import Job
    from smtpcheck.api.probing import probe
    from smtpcheck.catalog.flat import flat
    from smtpcheck.domain.ipv6 import Reached
    from smtpcheck.domain.live import Seen
    from smtpcheck.model.plan import Plan
    from smtpcheck.store.profile_reader import profile_from_settings

    tables: dict[str, Json] = {
        "server": {
            "host": host,
            "port": plan.mx_port,
            "security": "starttls",
            "address_family": family,
        },
        "tls": {"ca_file": plan.ca_file} if plan.ca_file else {},
    }
    loaded = profile_from_settings(tables, name=None, environment={})
    wanted = Plan(until="tls", experiments=False, resolver=plan.resolver, deadline=seconds)
    report = probe(Job(host, loaded, wanted))
    steps = {step.step: step for stage in report.observations.stages for step in stage.steps}
    handshake, starttls = steps.get("tls.handshake"), steps.get("tls.starttls")
    reached = steps.get("tcp.ehlo")
    failed = next((each for each in steps.values() if each.outcome is Outcome.FAILED), None)
    answers = reached is not None and reached.outcome in (Outcome.PASSED, Outcome.WARNED)
    seen = Seen(
        host=host,
        reached=answers,
        starttls=starttls is not None and starttls.outcome is not Outcome.FAILED,
        detail=failed.summary if failed else "",
        handshake=handshake.facts if handshake else {},
    )
    here = failed is None or flat(failed.facts).get("error.kind") not in _NO_WAY
    return seen, Reached(host, family, answers, here, seen.detail)
