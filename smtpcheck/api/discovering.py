"""A mail address in, its submission servers out: who names them, and which of them hold."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import field
from typing import TYPE_CHECKING, Final

from smtpcheck.model.discovery import (
    Candidate,
    Discovery,
    Found,
    Offer,
    Source,
    Standing,
    Subject,
)
from smtpcheck.model.errors import UsageError
from smtpcheck.model.value import dataclass

if TYPE_CHECKING:
    from smtpcheck.api.proving import Settings
    from smtpcheck.discover.dns_sources import Resolving, Zone
    from smtpcheck.discover.https import Way
    from smtpcheck.model.preset import Preset

SETTINGS: Final = (
    "server.timeout",
    "server.address_family",
    "server.source_address",
    "server.helo",
    "tls.ca_file",
    "tls.min_version",
    "tls.max_version",
)
"""Settings of a profile that a discovery may be given: with each a certificate is verified."""
SEARCHING: Final = 20.0
"""Seconds that the sources may take together."""
AT_ONCE: Final = 8
Told = Callable[[str], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Search:
    """How to look."""

    ispdb: bool = False
    """Ask Thunderbird's database too, which is told the domain."""
    every: bool = False
    """Ask every source, also where a preset vouches."""
    prove: bool = True
    deadline: float = 60.0
    """Seconds for all of it."""
    resolver: str = ""
    overrides: Mapping[str, str] = field(default_factory=dict)
    """Values for `SETTINGS`, by key."""
    https_port: int = 443
    """For tests, which cannot listen on 443."""


def read_subject(text: str) -> Subject:
    """Whose settings are wanted: a mail address, or a bare domain. Raises UsageError."""
    from smtpcheck.store import host_names, mail_addresses
    from smtpcheck.store.wrong_value import WrongValueError, shown

    word = text.strip()
    if any("\ud800" <= c <= "\udfff" for c in word):  # bytes of the command line that are no text
        raise UsageError(f"{shown(text)} is not text in UTF-8", ["type the address anew"])
    try:
        address = mail_addresses.address(word) if "@" in word else ""
        shown_domain = (address.rpartition("@")[2] if address else word).removesuffix(".")
        domain = host_names.domain(shown_domain).lower()
    except WrongValueError as error:
        help_ = [error.suggestion] if error.suggestion else [f"give {mail_addresses.ALLOWED}"]
        raise UsageError(f"{shown(text)} {error.reason}", help_) from None
    if domain.startswith("[") or "." not in domain:
        what = "an IP address" if domain.startswith("[") else "a name of one label"
        raise UsageError(
            f"{shown_domain} is {what}: DNS says nothing of its mail",
            [f"probe the server itself: smtpcheck probe {shown_domain.strip('[]')}"],
        )
    return Subject(domain, address, shown_domain)


def discover(subject: Subject, search: Search, told: Told = lambda _text: None) -> Discovery:
    """Asks all sources, then proves what they name, side by side, up to EHLO inside verified TLS
    and without a login. `told` hears what is being done. Raises UsageError and ProfileError for
    settings that cannot be used; KeyboardInterrupt passes through."""
    looking = _Looking(subject, search, told)
    zone = looking.ask_domain()
    if zone.status == "nxdomain" and looking.preset is None:
        return looking.ended((), zone)
    looking.ask_presets(zone)
    looking.ask_web(zone)
    candidates = looking.proved(looking.candidates())
    if not looking.has_one(candidates):
        candidates = looking.with_guesses(zone, candidates)
    return looking.ended(candidates, zone)


class _Looking:
    """One search, as far as it has come."""

    def __init__(self, subject: Subject, search: Search, told: Told) -> None:
        from smtpcheck.discover.dns_sources import resolving
        from smtpcheck.probe.deadline import Deadline
        from smtpcheck.store.presets import preset_for_domain

        self._subject, self._search, self._told = subject, search, told
        self._clock = Deadline(search.deadline)
        self._profile = _settings_of(search)
        self._dns: Resolving = resolving(search.resolver, self._clock.within(SEARCHING))
        self._sources: list[Source] = []
        self.preset: Preset | None = preset_for_domain(subject.domain)
        self._why_preset = f"addresses in {subject.shown_domain} are of" if self.preset else ""

    def ask_domain(self) -> Zone:
        from smtpcheck.discover.dns_sources import mx_source, read_zone

        self._told(f"asking DNS for {self._subject.domain}")
        zone = read_zone(self._subject, self._dns)
        self._sources.append(mx_source(zone))
        return zone

    def ask_presets(self, zone: Zone) -> None:
        """The preset that the domain or its MX hosts lead to, and what SRV records say."""
        from smtpcheck.discover.dns_sources import srv_sources
        from smtpcheck.store.presets import preset_for_mx

        for host in zone.mx:
            if self.preset is None:
                self.preset = preset_for_mx(host)
                self._why_preset = f"the MX host {host} is of" if self.preset else ""
        self._sources.insert(0, self._preset_source())
        self._sources += srv_sources(zone, self._subject, preset_name_of)

    def _preset_source(self) -> Source:
        if self.preset is None:
            words = "no shipped preset has this domain, or its MX hosts"
            return Source("preset", Found.NOTHING, words)
        offers = _preset_offers(self.preset, self._subject)
        words = f"{self.preset.name}: {self._why_preset} {self.preset.title}"
        return Source("preset", Found.FOUND if offers else Found.NOTHING, words, 0.0, offers)

    def ask_web(self, zone: Zone) -> None:
        """What the domain's web servers say, unless a preset makes it needless."""
        if self._sources[0].offers and not self._search.every:
            words = "not asked: a preset vouches (--all asks all the same)"
            spared = ("autoconfig", *(("ispdb",) if self._search.ispdb else ()), "autodiscover")
            self._sources += [Source(each, Found.SKIPPED, words) for each in spared]
            return
        from smtpcheck.discover.https_sources import https_works
        from smtpcheck.probe.side_by_side import side_by_side

        self._told(f"asking the web servers of {self._subject.domain}")
        limit = self._clock.within(SEARCHING)
        way = self._way()
        works = https_works(self._subject, zone, way, limit, ispdb=self._search.ispdb)
        for source in side_by_side(works, len(works)):
            if source is None:
                raise KeyboardInterrupt
            self._sources.append(source)

    def _way(self) -> Way:
        """The system's store, and besides it the CA file that was given, as for any server of
        this domain. Raises UsageError."""
        from smtpcheck.discover.https import Way
        from smtpcheck.wire.tls_context import LocalTlsFault, TlsPolicy, make_context

        made = make_context(TlsPolicy())
        if isinstance(made, LocalTlsFault):
            raise UsageError(made.message)
        ca_file = self._profile.loaded.profile.tls.ca_file
        if ca_file:
            given = make_context(TlsPolicy(ca_file=ca_file))
            if isinstance(given, LocalTlsFault):
                raise UsageError(given.message)
            made.ssl_context.load_verify_locations(ca_file)
        return Way(
            context=made,
            family=self._profile.loaded.profile.server.address_family,
            resolver=self._search.resolver,
            port=self._search.https_port,
        )

    def candidates(self) -> tuple[Candidate, ...]:
        """What the sources named so far, best first."""
        from smtpcheck.discover.ranking import ranked

        offers = [offer for source in self._sources for offer in source.offers]
        return ranked(offers, self._subject, preset_name_of)

    def proved(self, candidates: Sequence[Candidate], room: int = AT_ONCE) -> tuple[Candidate, ...]:
        """The candidates with what a probe showed, as many as there is room for."""
        if not self._search.prove or not candidates:
            return tuple(candidates)
        from smtpcheck.api.proving import prove

        self._told(f"trying {len(candidates[:room])} servers, without a login")
        tried = prove(candidates[:room], self._profile, self._search.resolver, self._clock)
        return (*tried, *candidates[room:])

    def has_one(self, candidates: Sequence[Candidate]) -> bool:
        """Whether there is a server to offer already."""
        return _best(candidates, prove=self._search.prove) is not None

    def with_guesses(self, zone: Zone, tried: tuple[Candidate, ...]) -> tuple[Candidate, ...]:
        """Usual names and the MX hosts, where nobody named a server that holds. Not where a preset
        or the domain itself says how it is."""
        from smtpcheck.discover.dns_sources import guesses

        if zone.refuses or self._sources[0].offers:
            return tried
        self._told("trying usual names")
        self._sources += guesses(zone, self._subject, self._dns, preset_name_of)
        known = {(each.host, each.port, each.security) for each in tried}
        fresh = [
            each for each in self.candidates() if (each.host, each.port, each.security) not in known
        ]
        return (*tried, *self.proved(fresh, max(0, AT_ONCE - len(tried))))

    def ended(self, candidates: tuple[Candidate, ...], zone: Zone) -> Discovery:
        """The whole answer."""
        from smtpcheck.api.discovery_words import Known, worded

        found = Discovery(
            subject=self._subject,
            sources=tuple(self._sources),
            candidates=candidates,
            best=_best(candidates, prove=self._search.prove),
        )
        known = Known(
            preset=self.preset,
            status=zone.status,
            no_mail=zone.takes_no_mail,
            refuses=zone.refuses,
            fault=zone.fault,
            ispdb=self._search.ispdb,
            prove=self._search.prove,
            why_preset=self._why_preset,
        )
        return worded(found, known)


def _best(candidates: Sequence[Candidate], *, prove: bool) -> Candidate | None:
    """The first that holds; unproved, the first that somebody named."""
    if prove:
        return next((each for each in candidates if each.proof == "proved"), None)
    return next((each for each in candidates if not each.standing.is_guess), None)


def preset_name_of(host: str) -> str:
    """The preset whose provider has this host, or nothing."""
    from smtpcheck.store.presets import preset_for_host

    preset = preset_for_host(host)
    return preset.name if preset else ""


def _preset_offers(preset: Preset, subject: Subject) -> tuple[Offer, ...]:
    """The ways of a preset that have TLS; none where its host depends on a region."""
    server = preset.settings.get("server")
    table = server if isinstance(server, Mapping) else {}
    host = str(table.get("host", ""))
    users = {"literal": preset.username_literal, "local-part": subject.local, "key": ""}
    username = users.get(preset.username_form, subject.address)
    others = [way for way in preset.alternatives if way.get("port") in (465, 587)]
    ways = [table, *others] if host else []
    return tuple(
        Offer(
            source="preset",
            standing=Standing.PRESET_OTHER if order else Standing.PRESET,
            host=host,
            port=int(str(way.get("port"))),
            security=str(way.get("security")),
            order=order,
            username=username,
            preset=preset.name,
        )
        for order, way in enumerate(ways)
        if way.get("security") in ("tls", "starttls")
    )


def _settings_of(search: Search) -> Settings:
    """The settings that every candidate shares, checked. Raises UsageError, ProfileError."""
    from smtpcheck.api.proving import Settings

    wrong = [key for key in search.overrides if key not in SETTINGS]
    if wrong:
        raise UsageError(
            f"a discovery cannot be given {wrong[0]}", [f"what it takes: {', '.join(SETTINGS)}"]
        )
    return Settings.checked(search.overrides)
