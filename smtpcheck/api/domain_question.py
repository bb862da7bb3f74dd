"""Which domain is meant, and what the profile and its provider say of its mail."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from smtpcheck.model.domain import DomainQuestion
from smtpcheck.model.errors import UsageError
from smtpcheck.model.target import PROFILE_NAME

if TYPE_CHECKING:
    from smtpcheck.model.preset import Preset
    from smtpcheck.store.origin import LoadedProfile

_LABEL = re.compile(r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?\Z")
_ONE_TERM = re.compile(r"[+?~]?(?:include|a|mx|ip4|ip6|exists):\S+\Z", re.IGNORECASE)
_MAY_REWRITE = "sending"
"""The category of providers of which many put an envelope sender of their own."""
_HOW = "name a domain, an address in it, or a profile: smtpcheck domain example.com"


@dataclass(frozen=True, slots=True, kw_only=True)
class DomainWishes:
    """What the command line asks for."""

    what: str = ""
    """A domain, an address, a profile's name; empty: the domain of the profile."""
    profile: str = ""
    preset: str = ""
    selectors: Sequence[str] = ()
    source_ip: str = ""
    helo: str = ""


def domain_question(
    wishes: DomainWishes,
) -> tuple[DomainQuestion, LoadedProfile | None, tuple[str, ...]]:
    """The question, the profile it is held against, and what the reader must know of the choice.
    Raises UsageError, or ProfileError for a profile that cannot be used."""
    if wishes.profile and wishes.preset:
        raise UsageError("--profile and --provider exclude each other", ["leave one of them out"])
    domain, loaded, notes = _meant(wishes)
    if loaded is not None and not loaded.profile.enabled:
        notes = (*notes, f"the profile {loaded.name or loaded.path} is disabled")
    preset = _preset(wishes, loaded)
    return _question(domain, loaded, preset, wishes), loaded, notes


def _meant(wishes: DomainWishes) -> tuple[str, LoadedProfile | None, tuple[str, ...]]:
    from smtpcheck.store.profile_reader import read_profile

    if wishes.profile:
        loaded = read_profile(wishes.profile)
        return checked_domain(wishes.what) if wishes.what else _from_domain(loaded), loaded, ()
    if wishes.what and _is_profile(wishes.what):
        loaded = read_profile(wishes.what)
        return _from_domain(loaded), loaded, ()
    if not wishes.what:
        loaded = _only_profile()
        return _from_domain(loaded), loaded, ()
    domain = checked_domain(wishes.what)
    if wishes.preset:
        return domain, None, ()
    return _with_fitting_profile(domain)


def _is_profile(text: str) -> bool:
    from os.path import lexists

    from smtpcheck.store.paths import profile_path

    if "://" in text:
        return False
    if "/" in text or text.endswith(".toml"):
        return True
    return bool(PROFILE_NAME.match(text)) and lexists(profile_path(text))


def _only_profile() -> LoadedProfile:
    from smtpcheck.store.profile_reader import list_profiles

    known = [each.loaded for each in list_profiles() if each.loaded and each.loaded.profile.enabled]
    if len(known) == 1:
        return known[0]
    said = f"{len(known)} profiles are enabled" if known else "no profile is enabled"
    raise UsageError(f"no domain, and {said}", [_HOW])


def _with_fitting_profile(domain: str) -> tuple[str, LoadedProfile | None, tuple[str, ...]]:
    """The one profile that sends from this domain, where there is just one."""
    from smtpcheck.diagnosis.lint_finding import domain_of
    from smtpcheck.store.profile_reader import list_profiles

    fitting = [
        each.loaded
        for each in list_profiles()
        if each.loaded and domain_of(each.loaded.profile.sender.address) == domain
    ]
    if len(fitting) == 1:
        name = fitting[0].name
        return domain, fitting[0], (f"held against profile {name}, which sends from {domain}",)
    if fitting:
        names = ", ".join(str(each.name) for each in fitting)
        return domain, None, (f"several profiles send from {domain}: --profile chooses ({names})",)
    said = "no profile sends from this domain: --provider PRESET names who sends its mail"
    return domain, None, (said,)


def _from_domain(loaded: LoadedProfile) -> str:
    from smtpcheck.diagnosis.lint_finding import domain_of

    domain = domain_of(loaded.profile.sender.address)
    if not domain and "@" in loaded.profile.auth.username:
        domain = domain_of(loaded.profile.auth.username)
    if not domain:
        name = loaded.name or loaded.path
        raise UsageError(
            f"profile {name} has no sender.address, so its domain is not known",
            [f"set it: smtpcheck profile set {name} sender.address ADDRESS", f"or {_HOW}"],
        )
    return checked_domain(domain)


def checked_domain(text: str) -> str:
    """The domain of a text, in ASCII and lower case. Raises UsageError."""
    name = text.strip().rpartition("@")[2].rstrip(".").lower()
    if "://" in text or "/" in name:
        raise UsageError(f"{text!r} is not a domain", ["leave scheme and path out"])
    try:
        ipaddress.ip_address(name.strip("[]"))
    except ValueError:
        pass
    else:
        raise UsageError(f"{name} is an address, not a domain", [_HOW])
    if not name.isascii():
        name = _ascii(name, text)
    labels = name.split(".")
    if len(name) > 253 or not all(_LABEL.match(label) for label in labels):
        raise UsageError(f"{text!r} is not a domain", [_HOW])
    if len(labels) < 2:
        raise UsageError(f"there is no profile {name}, and a domain has a dot", [_HOW])
    return name


def _ascii(name: str, text: str) -> str:
    import idna

    try:
        return idna.encode(name, uts46=True).decode("ascii").lower()
    except idna.IDNAError as error:
        raise UsageError(f"{text!r} is not a domain: {error}", [_HOW]) from None


def _preset(wishes: DomainWishes, loaded: LoadedProfile | None) -> Preset | None:
    from smtpcheck.store.presets import load_preset, preset_for_host

    if wishes.preset:
        return load_preset(wishes.preset)
    if loaded is None:
        return None
    host = loaded.profile.server.host
    return loaded.preset or (preset_for_host(host) if host else None)


def _question(
    domain: str, loaded: LoadedProfile | None, preset: Preset | None, wishes: DomainWishes
) -> DomainQuestion:
    from smtpcheck.diagnosis.lint_finding import domain_of

    profile = loaded.profile if loaded else None
    bounce = domain_of(profile.sender.bounce) if profile else ""
    dkim = profile.dkim if profile else None
    selectors = tuple(_checked_selector(each) for each in wishes.selectors)
    signed = dkim.domain.lower() if dkim else ""
    if dkim and dkim.selector and not selectors:
        selectors = (dkim.selector,)
    # In its own domains the provider signs with keys of its own.
    foreign = preset is not None and not any(fnmatchcase(domain, own) for own in preset.domains)
    likely = preset.dkim_selectors if preset and foreign else ()
    # Some presets say in words what to do instead.
    include = preset.spf_include if preset and _ONE_TERM.match(preset.spf_include) else ""
    own_envelope = bool(preset and preset.envelope == "provider" and not bounce)
    return DomainQuestion(
        domain=domain,
        envelope=bounce or domain,
        provider=preset.title if preset else "",
        spf_include=include,
        own_envelope=own_envelope,
        envelope_known=bool(
            bounce or not preset or preset.envelope or preset.category != _MAY_REWRITE
        ),
        dkim_words=preset.dkim if preset else "",
        dkim_domain=signed,
        selectors=selectors,
        likely_selectors=likely,
        source_ip=_source(wishes.source_ip, profile.server.source_address if profile else ""),
        helo=_helo(wishes.helo, profile.server.helo if profile else ""),
        server=f"{profile.server.host}:{profile.port}" if profile and profile.server.host else "",
        direct=bool(profile and not include and not own_envelope),
    )


def _checked_selector(text: str) -> str:
    name = text.strip().removesuffix("._domainkey").lower()
    if not name or len(name) > 200 or not all(_LABEL.match(each) for each in name.split(".")):
        raise UsageError(
            f"--selector {text!r} is not a selector",
            ["give what stands before ._domainkey, or behind s= of a DKIM-Signature"],
        )
    return name


def _source(given: str, configured: str) -> str:
    if given:
        try:
            return str(ipaddress.ip_address(given.strip()))
        except ValueError:
            raise UsageError(
                f"--source-ip {given!r} is not an IP address",
                ["give the public address that mail leaves from, for example 192.0.2.25"],
            ) from None
    if configured and ipaddress.ip_address(configured).is_global:
        return configured
    return ""


def _helo(given: str, configured: str) -> str:
    return checked_domain(given) if given else configured.lower()
