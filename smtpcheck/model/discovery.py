"""What `smtpcheck discover` looked for, found and proved."""

from __future__ import annotations

from enum import IntEnum, StrEnum

from smtpcheck.model.value import dataclass


class Standing(IntEnum):
    """How much the word of a source counts; the least is the best."""

    PRESET = 0
    """The way that a shipped preset prefers."""
    PRESET_OTHER = 1
    """Another way of the same preset."""
    SRV = 2
    """An SRV record whose target lies within the domain, or belongs to a preset's provider."""
    AUTOCONFIG = 3
    AUTODISCOVER = 4
    ISPDB = 5
    SRV_OUTSIDE = 6
    """An SRV record that leads out of the domain (RFC 6186 section 6)."""
    NAME = 7
    """A guess: a name that submission servers usually have."""
    MX = 8
    """A guess: the host that takes the domain's mail."""

    @property
    def is_guess(self) -> bool:
        """Whether nobody said that this is a submission server."""
        return self >= Standing.NAME


class Vouching(StrEnum):
    """What stands for a server being the domain's."""

    PRESET = "preset"
    """It is a host of a shipped preset's provider."""
    DOMAIN = "domain"
    """Its name lies within the domain."""
    HTTPS = "https"
    """The domain named it over verified HTTPS."""
    NOTHING = "nothing"
    """It lies outside of the domain, and DNS or a third party alone named it."""


class Found(StrEnum):
    """How a source answered."""

    FOUND = "found"
    NOTHING = "nothing"
    FAILED = "failed"
    SKIPPED = "skipped"


@dataclass(frozen=True, slots=True)
class Subject:
    """Whose settings are looked for. Names are in ASCII form (RFC 5891)."""

    domain: str
    address: str = ""
    """The whole address as given; empty where a domain alone was."""
    shown_domain: str = ""
    """The domain as given."""

    @property
    def local(self) -> str:
        """What stands before the @."""
        return self.address.rpartition("@")[0]

    def owns(self, host: str) -> bool:
        """Whether a host lies within the domain."""
        name, domain = host.lower().rstrip("."), self.domain.lower()
        return name == domain or name.endswith(f".{domain}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """A submission server as one source names it."""

    source: str
    standing: Standing
    host: str
    port: int
    security: str
    """`tls` or `starttls`."""
    order: int = 0
    """Of several servers that one source names: the least first."""
    username: str = ""
    """What the source says the user logs in as, made for this address; empty: it does not say."""
    methods: tuple[str, ...] = ()
    """Ways to log in as the source calls them; empty: it does not say."""
    over_https: bool = False
    """The domain's own host said so over verified HTTPS."""
    preset: str = ""


@dataclass(frozen=True, slots=True)
class Source:
    """One place that was asked."""

    name: str
    """`preset`, `mx`, `srv`, `autoconfig`, `ispdb`, `autodiscover`, `names`."""
    outcome: Found
    summary: str
    """In words. Text of servers in it is as they sent it: whoever shows it must escape it."""
    elapsed_ms: float = 0.0
    offers: tuple[Offer, ...] = ()
    told_address: str = ""
    """The host that was told the whole address; empty: nobody was."""


class Proof(StrEnum):
    """What became of a candidate."""

    PROVED = "proved"
    """Verified TLS, EHLO answered inside, a login offered."""
    NO_LOGIN = "no-login"
    """Verified TLS and EHLO, and no login is offered."""
    FAILED = "failed"
    NOT_TRIED = "not-tried"


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A server, all that named it, and what a probe up to EHLO showed."""

    host: str
    port: int
    security: str
    standing: Standing
    sources: tuple[str, ...]
    """Who named it, the best first."""
    vouching: Vouching
    preset: str = ""
    username: str = ""
    methods: tuple[str, ...] = ()
    proof: Proof = Proof.NOT_TRIED
    cause: str = ""
    """Id of the cause where the probe failed."""
    summary: str = ""
    """What the probe saw, in words; escape it."""
    mechanisms: tuple[str, ...] = ()
    """SASL mechanisms offered inside TLS."""
    elapsed_ms: float = 0.0

    @property
    def needs_word(self) -> bool:
        """Whether only the user can say that this server is the domain's."""
        return self.vouching is Vouching.NOTHING


@dataclass(frozen=True, slots=True, kw_only=True)
class Discovery:
    """The whole answer."""

    subject: Subject
    sources: tuple[Source, ...]
    candidates: tuple[Candidate, ...]
    """Best first."""
    best: Candidate | None = None
    reason: str = ""
    """Why it is the best, in words."""
    failure: str = ""
    """Why there is none, in words."""
    help: tuple[str, ...] = ()
    """What to do next, or what to know of the provider."""
    notes: tuple[str, ...] = ()
