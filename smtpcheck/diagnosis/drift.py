"""What has changed from one run to another: a pure function of two Observations."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from smtpcheck.diagnosis.clock import DATE
from smtpcheck.diagnosis.provider import provider_of
from smtpcheck.diagnosis.seen import Seen, reply_of, text_in, whole_in, words_in
from smtpcheck.model.drift import COMPARED, Drift
from smtpcheck.model.jsonvalue import Facts, Json
from smtpcheck.model.observation import Observations
from smtpcheck.model.stage import Stage

Traits = Mapping[str, Json]
"""What of a run can be compared, by the words of `Drift.what`; what was not seen is absent."""

_CERTIFICATE: Final = ("subject", "issuer", "not_after", "sha256")
_TIMES_AS_LONG: Final = 3
_CLEARLY_MS: Final = 500
"""Times differ from run to run: another one is three times as long, and half a second longer."""
_PER_CONNECTION: Final = re.compile(rf"{DATE}|(?<![\w-])(?=[\w-]*\d)(?=[\w-]*[A-Za-z])[\w-]{{10,}}")
"""What stands in a greeting once: its date, and marks of the session."""
_MOST: Final = 6
_DIGITS: Final = 16
"""Of a digest, in a sentence."""


def drift(before: Observations, now: Observations) -> tuple[Drift, ...]:
    """What both runs saw, and saw differently; docs/expectations.md says what is compared."""
    return changes(traits_of(before), traits_of(now))


def changes(before: Traits, now: Traits) -> tuple[Drift, ...]:
    """The traits that both have and that differ, in the order of `COMPARED`, then how the runs
    ended, then times."""
    order = [*COMPARED, "outcome", "cause", "total_ms", *(f"{each}_ms" for each in Stage)]
    return tuple(
        Drift(what, before[what], now[what])
        for what in order
        if what in before and what in now and _differs(what, before[what], now[what])
    )


def traits_of(observations: Observations, *, outcome: str = "", cause: str = "") -> Traits:
    """What of a run can be compared. `outcome` and `cause` are what it was judged to be, in words;
    without them they are not compared."""
    seen = Seen(observations)
    made: dict[str, Json] = {**_of_network(seen), **_of_tls(seen), **_of_words(seen)}
    if outcome:
        made |= {"outcome": outcome, "cause": cause or None}
    return {**made, **dict(_times(seen))}


def _of_network(seen: Seen) -> dict[str, Json]:
    name, query, system = (seen.facts(f"dns.{each}") for each in ("name", "query", "system"))
    if name is not None and name.get("literal") is True:
        return {}
    for facts in (query, system):
        found = words_in(facts, "addresses") if facts is not None else []
        if found:
            return {"addresses": sorted(found)}
    return {}


def _of_tls(seen: Seen) -> dict[str, Json]:
    made: dict[str, Json] = {}
    if seen.without_tls and seen.good(Stage.TCP):
        made["tls_version"] = None
    handshake = seen.facts("tls.handshake")
    if handshake is not None:
        made |= {"tls_version": seen.tls_version, "cipher": text_in(handshake, "cipher")}
    leaf = seen.leaf
    if leaf is not None and text_in(leaf, "sha256"):
        made["certificate"] = {name: text_in(leaf, name) for name in _CERTIFICATE}
        made["issuer"] = text_in(leaf, "issuer")
        if text_in(leaf, "spki_sha256"):
            made["key"] = text_in(leaf, "spki_sha256")
    return made


def _of_words(seen: Seen) -> dict[str, Json]:
    """What the server said."""
    made: dict[str, Json] = {}
    greeting = text_in(reply_of(seen.greeting), "text") if seen.greeting else ""
    if seen.greeting is not None:
        made["banner"] = greeting
        made["software"] = provider_of(seen.settings, greeting, ()) or None
    if seen.ehlo is not None:
        facts = seen.ehlo.facts
        made |= {
            "ehlo_name": text_in(facts, "name"),
            "extensions": words_in(facts, "keywords"),
            "size": whole_in(facts, "size") or None,
            "mechanisms": words_in(facts, "mechanisms"),
        }
    login = seen.facts("auth.login")
    if login is not None:
        made["login"] = text_in(login, "mechanism")
    return made


def _times(seen: Seen) -> Iterator[tuple[str, Json]]:
    ran = [stage for stage in Stage if seen.good(stage)]
    for stage in ran:
        yield f"{stage}_ms", round(seen.elapsed_ms(stage))
    if seen.whole and len(ran) == len(Stage):
        yield "total_ms", round(seen.total_ms)


def _differs(what: str, before: Json, now: Json) -> bool:
    if what.endswith("_ms"):
        few, many = sorted(each for each in (before, now) if isinstance(each, int))
        return many >= few * _TIMES_AS_LONG and many - few > _CLEARLY_MS
    if what == "banner" and isinstance(before, str) and isinstance(now, str):
        return _PER_CONNECTION.sub("", before) != _PER_CONNECTION.sub("", now)
    if what == "certificate" and isinstance(before, Mapping) and isinstance(now, Mapping):
        return before.get("sha256") != now.get("sha256")
    if isinstance(before, (list, tuple)) and isinstance(now, (list, tuple)):
        return set(map(str, before)) != set(map(str, now))
    return before != now


def words_of(each: Drift) -> str:
    """One change in words: `gained PLAIN, lost LOGIN`."""
    before, now = each.before, each.now
    if isinstance(before, Mapping) and isinstance(now, Mapping):
        return _of_certificate(before, now)
    if _is_list(before) and _is_list(now):
        gained = [str(word) for word in _items(now) if word not in _items(before)]
        lost = [str(word) for word in _items(before) if word not in _items(now)]
        told = (("gained", gained), ("lost", lost))
        return ", ".join(f"{verb} {_some(words)}" for verb, words in told if words)
    if each.what == "key":
        return f"was SHA-256 {str(before)[:_DIGITS]}..., now {str(now)[:_DIGITS]}..."
    if each.what == "outcome" and now == "passed":
        return f"recovered: was {_one(before)}"
    unit = " ms" if each.what.endswith("_ms") else ""
    return f"was {_one(before)}{unit}, now {_one(now)}{unit}"


def _of_certificate(before: Facts, now: Facts) -> str:
    """A certificate of the same names from the same issuer was renewed; any other replaced it."""
    alike = all(before.get(name) == now.get(name) for name in ("subject", "issuer"))
    same = _day(now) == _day(before)
    until = f"until {_day(now)}{' as before' if same else f' instead of {_day(before)}'}"
    if alike:
        return f"renewed, {until}"
    told = [
        f"{name} {_one(now.get(name))} instead of {_one(before.get(name))}"
        for name in ("subject", "issuer")
        if before.get(name) != now.get(name)
    ]
    return f"replaced: {', '.join(told)}, {until}"


def _day(certificate: Facts) -> str:
    return text_in(certificate, "not_after")[:10] or "unknown"


def _is_list(value: Json) -> bool:
    return isinstance(value, (list, tuple))


def _items(value: Json) -> Sequence[Json]:
    return value if isinstance(value, (list, tuple)) else ()


def _some(words: Sequence[str]) -> str:
    more = len(words) - _MOST
    return ", ".join(words[:_MOST]) + (f" and {more} more" if more > 0 else "")


def _one(value: Json) -> str:
    if _is_list(value):
        return _some([str(each) for each in _items(value)]) or "none"
    return "none" if value is None or value == "" else str(value)
