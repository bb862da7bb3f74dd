"""The words of a discovery: why the best is the best, why there is none, what to do next."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from smtpcheck.diagnosis.mistyped import mistyped
from smtpcheck.model.discovery import Candidate, Discovery, Found, Proof, Standing, Vouching
from smtpcheck.model.preset import Preset
from smtpcheck.model.value import dataclass
from smtpcheck.report.escape import shell_quoted

_WHO = {
    "srv": "an SRV record of {domain} names it",
    "autoconfig": "the autoconfig of {domain} names it",
    "autodiscover": "the autodiscover of {domain} names it",
    "ispdb": "Thunderbird's database names it",
    "name": "a usual name, which nobody but the name itself speaks for",
    "mx": "it takes the mail of {domain}, which rarely makes it a submission server",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What the search learned besides."""

    preset: Preset | None
    why_preset: str
    """The beginning of a sentence that ends with the preset's title."""
    status: str
    """Of the domain in DNS."""
    no_mail: bool
    """Null MX."""
    refuses: bool
    """SRV says that there is no submission."""
    fault: str
    """Why DNS could not be asked."""
    ispdb: bool
    prove: bool


def worded(found: Discovery, known: Known) -> Discovery:
    """The discovery with its words."""
    best = found.best
    return replace(
        found,
        reason=_reason(best, found, known) if best else "",
        failure="" if best else _failure(found, known),
        help=tuple(_help(found, known)),
        notes=tuple(_notes(found, known)),
    )


def _reason(best: Candidate, found: Discovery, known: Known) -> str:
    domain = found.subject.shown_domain
    if best.sources[0] == "preset" and known.preset:
        who = f"{known.why_preset} {known.preset.title}, and the preset names this server"
    elif best.sources[0] == "name" and best.preset:
        who = f"a usual name of {domain} is an alias of it, a server of the preset {best.preset}"
    else:
        who = " and ".join(_WHO[each].format(domain=domain) for each in best.sources[:2])
    if best.standing is Standing.SRV and best.vouching is Vouching.PRESET:
        who += f", and it is a server of the preset {best.preset}"
    if not known.prove:
        return f"{who}; not tried"
    return f"{who}; its certificate is verified, and inside TLS it offers a login"


def _failure(found: Discovery, known: Known) -> str:
    domain = found.subject.shown_domain
    if known.status == "nxdomain":
        return f"the domain {domain} does not exist"
    tried = [each for each in found.candidates if each.proof is not Proof.NOT_TRIED]
    without = next((each for each in tried if each.proof is Proof.NO_LOGIN), None)
    if without is not None:
        return f"{without.host} answers inside verified TLS, but offers no login"
    if tried:
        named = [each for each in tried if not each.standing.is_guess]
        if named:
            count = "the server" if len(named) == 1 else f"none of the {len(named)} servers"
            end = "does not hold" if len(named) == 1 else "holds"
            return f"{count} named for {domain} {end}"
        return f"nobody names a submission server of {domain}, and no usual name holds"
    if known.refuses:
        return f"{domain} says by SRV that it has no submission server"
    if known.fault:
        return f"DNS could not be asked for {domain}: {known.fault}"
    if known.preset:
        return f"{known.preset.title} has no server that a preset could name"
    return f"nobody names a submission server of {domain}"


def _help(found: Discovery, known: Known) -> Iterator[str]:
    from smtpcheck.store.presets import outlines

    meant = mistyped(found.subject.domain, outlines())
    told = any(each.outcome is Found.FOUND and each.name in _OWN for each in found.sources)
    if meant and not told:
        whole = f"{found.subject.local}@{meant}" if found.subject.address else meant
        yield f"a slip? {meant} is a large mail domain: smtpcheck discover {shell_quoted(whole)}"
    if found.best is not None:
        yield from _about_login(found.best)
        return
    if known.status == "nxdomain":
        return
    if known.fault and not found.candidates:
        yield f"see why: smtpcheck probe {found.subject.domain} --until dns"
        return
    tried = [each for each in found.candidates if not each.standing.is_guess and each.cause]
    for each in tried[:1]:
        yield f"see why: smtpcheck probe {_target(each)}"
    without = next((each for each in found.candidates if each.proof is Proof.NO_LOGIN), None)
    if without is not None:
        who = shell_quoted(found.subject.address or "ADDRESS")
        yield (
            f"whether it takes mail without one: smtpcheck probe {_target(without)} "
            f"--set sender.address={who} --to {who} --until rcpt"
        )
    if not known.ispdb and known.preset is None:
        yield "--ispdb asks Thunderbird's database too, which is then told the domain"
    if not tried:
        yield "ask the provider for its SMTP server, then: smtpcheck probe HOST"


_OWN = ("srv", "autoconfig", "autodiscover")


def _target(each: Candidate) -> str:
    scheme = {"tls": "submissions", "starttls": "submission"}[each.security]
    return f"{scheme}://{each.host}:{each.port}"


def _about_login(best: Candidate) -> Iterator[str]:
    """What its provider, or its own settings, say of the password."""
    if best.methods and not any("password" in each.lower() for each in best.methods):
        yield f"the login that its settings name: {', '.join(best.methods)}"
    if not best.preset:
        return
    from smtpcheck.store.presets import load_preset

    preset = load_preset(best.preset)
    if preset.account_password == "refused":
        yield f"the password of the web login does not work there; it takes {preset.password_kind}"
    elif preset.password_kind:
        yield f"the password: {preset.password_kind}"
    auth = preset.settings.get("auth")
    if isinstance(auth, Mapping) and auth.get("oauth"):
        yield "with OAuth: smtpcheck login NAME, once the profile NAME is saved"
    yield f"more of this provider: smtpcheck profile presets {preset.name}"


def _notes(found: Discovery, known: Known) -> Iterator[str]:
    subject = found.subject
    if known.no_mail:
        yield f"{subject.shown_domain} takes no mail: answers and bounces to it cannot arrive"
    told = list(dict.fromkeys(each.told_address for each in found.sources if each.told_address))
    if told:
        yield f"the address was told to {', '.join(told)}, over verified HTTPS"
    if not subject.address:
        yield "a bare domain: with the whole address more sources can answer"
    if found.best is not None and found.best.needs_word:
        yield (
            f"{found.best.host} lies outside of {subject.shown_domain}, and DNS alone, which is "
            "easily forged, or a third party names it: ask the provider whether it is right"
        )
