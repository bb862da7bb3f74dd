"""Finds shipped presets by what people type: a name, a part of one, a host, a mail address."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fnmatch import fnmatchcase

from smtpcheck.model.preset import Preset
from smtpcheck.store.keys import nearest
from smtpcheck.store.presets import outlines

_EXACT, _BEGINS, _INSIDE = range(3)
_ALIKE = 0.8
"""Short names are alike soon: at difflib's usual 0.6, example.com is nearly me.com."""


def search(words: Sequence[str]) -> tuple[Preset, ...]:
    """The presets, in outline, in which every word is found: in name, title, provider, category,
    alias, host or mail domain. Of an address its domain is looked for. The best come first: those
    that a word names whole, then those in which it begins a part; else the order of the list. The
    whole name of a preset finds that alone."""
    if len(words) == 1 and (named := [e for e in outlines() if e.name == words[0].lower()]):
        return tuple(named)
    found: list[tuple[int, Preset]] = []
    for preset in outlines():
        ranks = [_rank(preset, word.lower()) for word in words]
        if None not in ranks:
            found.append((sum(rank for rank in ranks if rank), preset))
    return tuple(preset for _rank_, preset in sorted(found, key=lambda each: each[0]))


def close_names(words: Sequence[str]) -> tuple[str, ...]:
    """Names of presets that are spelt nearly like one of the words, or whose alias, host or mail
    domain is; at most one a word."""
    known = {word: preset.name for preset in outlines() for word in _whole(preset)}
    near = (nearest(word.rpartition("@")[2], known, cutoff=_ALIKE) for word in words)
    return tuple(dict.fromkeys(known[word] for word in near if word))


def _rank(preset: Preset, word: str) -> int | None:
    """How well a word fits; None where it does not."""
    _local, at, domain = word.rpartition("@")
    if at:
        named = any(fnmatchcase(domain, each) for each in preset.domains)
        return _EXACT if named or domain in preset.aliases else None
    if word in (*_whole(preset), preset.category) or any(
        fnmatchcase(word, each) for each in preset.domains
    ):
        return _EXACT
    texts = [text.lower() for text in (*_whole(preset), preset.title)]
    if any(text.startswith(word) or f" {word}" in text for text in texts):
        return _BEGINS
    if any(fnmatchcase(word, each) for each in preset.hosts):
        return _BEGINS
    return _INSIDE if any(word in text for text in texts) else None


def _whole(preset: Preset) -> Iterator[str]:
    """The words that name a preset, each whole."""
    yield from (preset.name, preset.provider, *preset.aliases, *preset.domains, *preset.hosts)
    server = preset.settings.get("server")
    if isinstance(server, dict) and isinstance(server.get("host"), str):
        yield str(server["host"])
    yield preset.host_template
    yield from (preset.host_template.replace("{region}", each) for each in preset.regions)
