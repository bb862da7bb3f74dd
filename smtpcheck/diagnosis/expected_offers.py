"""Expectations of what a server says of itself: its greeting, and what it offers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from smtpcheck.diagnosis.expectation import Expectation, held, left_open
from smtpcheck.diagnosis.seen import Seen, reply_of, text_in, whole_in, words_in
from smtpcheck.model.observation import Observations, Step
from smtpcheck.model.stage import Stage


def mechanisms(seen: Seen, observations: Observations) -> Expectation | None:
    """`mechanisms`: SASL mechanisms of the last EHLO."""
    return _offered(seen, observations, "mechanisms", Stage.AUTH, "AUTH")


def extensions(seen: Seen, observations: Observations) -> Expectation | None:
    """`extensions`: keywords of the last EHLO."""
    stage = Stage.TCP if seen.without_tls else Stage.TLS
    return _offered(seen, observations, "extensions", stage, "")


def _offered(
    seen: Seen, observations: Observations, key: str, stage: Stage, keyword: str
) -> Expectation | None:
    """Words of the last EHLO. STARTTLS is offered before TLS alone."""
    asked = words_in(seen.settings, f"expect.{key}")
    if not asked:
        return None
    wanted = ", ".join(asked)
    if seen.ehlo is None:
        return left_open(key, stage, wanted)
    offered = words_in(seen.ehlo.facts, "keywords" if key == "extensions" else key)
    before = seen.facts("tcp.ehlo") or {}
    early = ["STARTTLS"] if "STARTTLS" in words_in(before, "keywords") else []
    there = {each.upper() for each in (*offered, *(early if key == "extensions" else ()))}
    missing = tuple(each for each in asked if each.upper() not in there)
    said = ", ".join(offered) or "none"
    kept = ",".join(each for each in asked if each not in missing)
    quoted = _lines(observations, seen.ehlo, keyword) if keyword else ()
    return held(
        key, stage, wanted, said, met=not missing, missing=missing, fitting=kept, quoted=quoted
    )


def min_size(seen: Seen, observations: Observations) -> Expectation | None:
    """`min_size`: octets of SIZE (RFC 1870)."""
    least = whole_in(seen.settings, "expect.min_size")
    if not least:
        return None
    stage = Stage.TCP if seen.without_tls else Stage.TLS
    wanted = f"messages of {least} octets"
    if seen.ehlo is None:
        return left_open("min_size", stage, wanted)
    limit = whole_in(seen.ehlo.facts, "size") or 0
    quoted = _lines(observations, seen.ehlo, "SIZE")
    if "SIZE" not in words_in(seen.ehlo.facts, "keywords"):
        said = "the server names no limit: it does not offer SIZE"
        return held("min_size", stage, wanted, said, met=False)
    if not limit:  # RFC 1870 section 4: no number, or 0, is no fixed limit
        return held("min_size", stage, wanted, "no fixed limit", met=True)
    said, fitting = f"{limit} octets at most", str(limit)
    met = limit >= least
    return held("min_size", stage, wanted, said, met=met, fitting=fitting, quoted=quoted)


def banner(seen: Seen, _: Observations) -> Expectation | None:
    """`banner`: a text within the greeting, in whatever case."""
    wanted = seen.text("expect.banner")
    if not wanted:
        return None
    stage = Stage.TLS if seen.text("server.security") == "tls" else Stage.TCP
    if seen.greeting is None:
        return left_open("banner", stage, wanted)
    reply = reply_of(seen.greeting)
    met = _squeezed(wanted) in _squeezed(text_in(reply, "text"))
    event = whole_in(reply, "event")
    quoted = (event,) if event else ()
    return held("banner", stage, wanted, text_in(reply, "text"), met=met, quoted=quoted)


def _squeezed(text: str) -> str:
    return " ".join(text.casefold().split())


def _lines(observations: Observations, step: Step, keyword: str) -> tuple[int, ...]:
    """The events of the step's reply that begin with the keyword."""
    first = whole_in(reply_of(step), "event") or 0
    lines = words_in(reply_of(step), "lines")
    near: Mapping[int, str] = {each.n: each.text for each in observations.transcript}
    found = _matching(first, lines, keyword)
    return tuple(number for number in found if number in near)


def _matching(first: int, lines: Sequence[str], keyword: str) -> Iterator[int]:
    for number, line in enumerate(lines, start=first):
        if line[4:].upper().split(" ")[0].partition("=")[0] == keyword:
            yield number
