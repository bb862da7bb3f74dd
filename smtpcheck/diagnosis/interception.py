"""Who answers, held against who was meant: greeting, EHLO name and certificate of one run."""

from __future__ import annotations

from collections.abc import Mapping

from smtpcheck.diagnosis.provider import provider_by_greeting, provider_by_host
from smtpcheck.model.jsonvalue import Json

_SHARED = 2
"""Labels at the end of two names that make them one organization's; enough for the few
providers that are compared."""


def compared_names(facts: Mapping[str, Json]) -> dict[str, Json]:
    """The facts of the experiment `interception`, from the flat facts of a run: the names that the
    server gives itself, and in `contradicts` which of them cannot be the meant provider's.
    Only where the host is one of a known provider anything can contradict."""
    host = _text(facts, "server.host").lower().removesuffix(".")
    expected = provider_by_host(host)
    greeting = _text(facts, "tcp.greeting.reply.text") or _text(facts, "tls.greeting.reply.text")
    banner = _text(facts, "tcp.greeting.name") or _text(facts, "tls.greeting.name")
    ehlo = _text(facts, "tls.ehlo.name") or _text(facts, "tcp.ehlo.name")
    names = _texts(facts.get("tls.handshake.chain.0.names"))
    told = {
        "banner": "." in banner and not _is_of(banner, host, expected, greeting),
        "ehlo": "." in ehlo and not _is_of(ehlo, host, expected, ehlo),
        "certificate": bool(names) and not any(_is_of(each, host, expected, "") for each in names),
    }
    return {
        "host": host,
        "expected": expected,
        "banner": banner,
        "ehlo": ehlo,
        "certificate": [*names],
        "contradicts": [word for word, wrong in told.items() if wrong and expected],
    }


def _is_of(name: str, host: str, expected: str, words: str) -> bool:
    """Whether a name, or the words it stands in, can be the provider's."""
    low = name.lower().removesuffix(".").removeprefix("*.")
    if low.split(".")[-_SHARED:] == host.split(".")[-_SHARED:]:
        return True
    return expected in (provider_by_host(low), provider_by_greeting(words) or "-")


def _text(facts: Mapping[str, Json], name: str) -> str:
    value = facts.get(name)
    return value if isinstance(value, str) else ""


def _texts(value: Json) -> list[str]:
    listed = value if isinstance(value, list | tuple) else ()
    return [each for each in listed if isinstance(each, str)]
