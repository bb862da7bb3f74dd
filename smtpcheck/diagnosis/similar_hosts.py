"""Known servers whose names are nearly the one that does not exist."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from smtpcheck.diagnosis.lint_provider import slips
from smtpcheck.model.jsonvalue import Json
from smtpcheck.model.preset import Preset

MOST = 3
_FAR = 2
"""Slips of the finger at most."""


def similar_hosts(host: str, presets: Sequence[Preset], own: Preset | None) -> tuple[str, ...]:
    """Names of servers, the nearest first: those at most two slips away, the server of the
    provider whose domain this is, and the hosts of the profile's own preset. Never the host
    itself; never more than three."""
    wanted = host.lower().removesuffix(".")
    ranked: dict[str, int] = {}
    for preset in presets:
        for name in _names(preset):
            far = 0 if _is_domain_of(wanted, name) else slips(wanted, name)
            if far <= _FAR and name != wanted:
                ranked[name] = min(far, ranked.get(name, far))
    near = sorted(ranked, key=lambda name: (ranked[name], name))
    preferred = [name for name in _names(own) if name != wanted] if own else []
    return tuple(dict.fromkeys([*near, *preferred]))[:MOST]


def _is_domain_of(domain: str, name: str) -> bool:
    return "." in domain and domain.count(".") < 3 and name.endswith(f".{domain}")


def _names(preset: Preset) -> Iterator[str]:
    """The host that the provider wants to be used first, then its other names."""
    server = preset.settings.get("server")
    main: Json = server.get("host") if isinstance(server, dict) else None
    if isinstance(main, str) and main:
        yield main.lower()
    yield from (host.lower() for host in preset.hosts if "*" not in host)
    if "{region}" in preset.host_template:
        for region in preset.regions:
            yield preset.host_template.replace("{region}", region).lower()
