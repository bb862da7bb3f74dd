"""What DNS says of one name: both address types, aliases, search domains, other records."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

from smtpcheck.model.value import dataclass
from smtpcheck.probe.deadline import Deadline
from smtpcheck.probe.resolve_config import ResolverConfig
from smtpcheck.probe.resolve_name import HostName, ResolvedAddress, read_host
from smtpcheck.probe.resolve_query import Asked, Pace, ask
from smtpcheck.probe.resolve_wire import Answer, Question

MAX_ALIASES = 16
WALK = 3.0
"""Seconds that finding out about a broken alias may take, after the failure itself."""
_TYPES = {"any": ("A", "AAAA"), "ipv4": ("A",), "ipv6": ("AAAA",)}
_GOES_ON = ("nxdomain", "nodata", "servfail")
"""Statuses after which the C library tries the next search domain."""
_PRECEDENCE = ("nxdomain", "servfail", "refused", "malformed", "timeout", "unreachable", "nodata")
"""Which of two types' statuses speaks for the name. A name that does not exist has no type at
all; a type that could not be asked for may still be there."""


@dataclass(frozen=True, slots=True)
class Lookup:
    """What DNS says of a name, in the words of docs/facts.md."""

    name: str
    """The name that these answers are about."""
    status: str
    statuses: Mapping[str, str]
    """By record type, `A` and `AAAA`; `not-asked` for one that nobody wanted."""
    addresses: tuple[ResolvedAddress, ...] = ()
    cname: tuple[str, ...] = ()
    cname_state: str = ""
    ttl: int = 0
    ede: tuple[str, ...] = ()
    ede_codes: tuple[int, ...] = ()
    server: str = ""
    servers: tuple[str, ...] = ()
    transport: str = ""
    mx: bool = False
    search: str = ""
    detail: str = ""


def look_up(name: HostName, family: str, config: ResolverConfig, deadline: Deadline) -> Lookup:
    """Asks as the C library would: search domains in its order, until one has an address."""
    client = _Client(config, deadline)
    found: list[Lookup] = []
    for candidate, search in _candidates(name, config):
        each = _combined(candidate, client.addresses(candidate, _TYPES[family]))
        found.append(replace(each, search=candidate if search else ""))
        if each.status not in _GOES_ON or deadline.expired:
            break
    return client.looked_into(_telling(found, name))


def _candidates(name: HostName, config: ResolverConfig) -> Iterator[tuple[str, bool]]:
    """Names to ask for, each with whether a search domain was added (resolv.conf(5))."""
    suffixed = () if name.absolute else tuple(_searched(name.ascii, config.search))
    if name.ascii.count(".") >= config.ndots:
        yield name.ascii, False
        yield from suffixed
    else:
        yield from suffixed
        yield name.ascii, False


def _searched(name: str, domains: Iterable[str]) -> Iterator[tuple[str, bool]]:
    for domain in domains:
        host = read_host(f"{name}.{domain}.")
        if isinstance(host, HostName):
            yield host.ascii, True


def _telling(found: list[Lookup], name: HostName) -> Lookup:
    """The one that has addresses, else the one that ended the search, else the name as given."""
    last = found[-1]
    if last.status not in _GOES_ON:
        return last
    for status in ("nodata", "servfail"):
        for each in found:
            if each.status == status:
                return each
    return next((each for each in found if each.name == name.ascii), last)


class _Client:
    """Asks the configured servers, within one deadline."""

    def __init__(self, config: ResolverConfig, deadline: Deadline) -> None:
        self._servers = config.servers
        self._pace = Pace(config.timeout, config.attempts)
        self._deadline = deadline

    def addresses(self, name: str, types: Iterable[str]) -> dict[str, Asked]:
        """The answer per type. Where a server does not follow aliases, this does."""
        answers = self._ask(dict.fromkeys(types, name), self._deadline)
        for _ in range(MAX_ALIASES):
            ends = {
                kind: asked.answer.chain[-1]
                for kind, asked in answers.items()
                if asked.answer.unfinished
            }
            usable = {kind: end for kind, end in ends.items() if _askable(end)}
            if not usable:
                break
            for kind, asked in self._ask(usable, self._deadline).items():
                answers[kind] = _joined(name, answers[kind], asked)
        return answers

    def _ask(self, names: Mapping[str, str], deadline: Deadline) -> dict[str, Asked]:
        questions = [Question(name, kind) for kind, name in names.items()]
        replies = ask(questions, self._servers, self._pace, deadline)
        return {question.type: asked for question, asked in replies.items()}

    def looked_into(self, found: Lookup) -> Lookup:
        """Adds what explains a failure: other records of the name, or where its alias leads."""
        if found.status == "nodata":
            return self._other_records(found)
        if found.status == "servfail" and not found.cname:
            return self._aliases(found)
        return found

    def _other_records(self, found: Lookup) -> Lookup:
        deadline = self._deadline.within(WALK)
        missing = [kind for kind, status in found.statuses.items() if status == "not-asked"]
        answers = self._ask(dict.fromkeys((*missing, "MX"), found.name), deadline)
        mx = answers.pop("MX").answer
        others = {kind: asked.answer.status for kind, asked in answers.items()}
        return replace(
            found,
            statuses={**found.statuses, **others},
            mx=any(value != "." for value in mx.values) and "noerror" not in others.values(),
        )

    def _aliases(self, found: Lookup) -> Lookup:
        """Resolvers answer a circle of aliases with a failure: goes round it step by step."""
        deadline = self._deadline.within(WALK)
        chain: list[str] = []
        name, seen = found.name, {found.name.lower()}
        while len(chain) < MAX_ALIASES and _askable(name):
            answer = self._ask({"CNAME": name}, deadline)["CNAME"].answer
            if not answer.values:
                break
            name = answer.values[0]
            chain.append(name)
            if name.lower() in seen:
                return replace(found, cname=tuple(chain), cname_state="loop")
            seen.add(name.lower())
        return replace(found, cname=tuple(chain))


def _askable(name: str) -> bool:
    return isinstance(read_host(name), HostName)


def _joined(name: str, first: Asked, second: Asked) -> Asked:
    """An alias, and what its target holds, as one answer."""
    chain = (*first.answer.chain, *second.answer.chain)
    seen = [each.lower() for each in (name, *chain)]
    if len(set(seen)) < len(seen):
        circle = Answer("servfail", chain=chain, loop=True)
        return replace(first, answer=circle)
    ttl = min(first.answer.ttl, second.answer.ttl)
    return replace(second, answer=replace(second.answer, chain=chain, ttl=ttl))


def _combined(name: str, answers: Mapping[str, Asked]) -> Lookup:
    statuses = {kind: asked.answer.status for kind, asked in answers.items()}
    good = [asked for asked in answers.values() if asked.answer.status == "noerror"]
    if good:
        status, speaker = "noerror", good[0]
    else:
        status = next(each for each in _PRECEDENCE if each in statuses.values())
        speaker = next(each for each in answers.values() if each.answer.status == status)
    chain = max((asked.answer.chain for asked in answers.values()), key=len)
    told = [asked.answer for asked in answers.values()]
    return Lookup(
        name=name,
        status=status,
        statuses={"A": "not-asked", "AAAA": "not-asked", **statuses},
        addresses=tuple(_addresses(good)),
        cname=chain,
        cname_state=_state(status, told),
        ttl=min((asked.answer.ttl for asked in good), default=0),
        ede=tuple(dict.fromkeys(word for each in told for word in each.ede)),
        ede_codes=tuple(dict.fromkeys(code for each in told for code in each.ede_codes)),
        server=speaker.server,
        servers=tuple(dict.fromkeys(each for asked in answers.values() for each in asked.tried)),
        transport=speaker.transport,
        detail=speaker.answer.detail,
    )


def _state(status: str, answers: Iterable[Answer]) -> str:
    if any(answer.loop for answer in answers):
        return "loop"
    dangling = status == "nxdomain" and any(answer.chain for answer in answers)
    return "dangling" if dangling else ""


def _addresses(answers: Iterable[Asked]) -> Iterator[ResolvedAddress]:
    seen = dict.fromkeys(value for asked in answers for value in asked.answer.values)
    for value in seen:
        version = ipaddress.ip_address(value).version
        yield ResolvedAddress(f"ipv{version}", str(ipaddress.ip_address(value)))
