"""What a diagnosis rests on: lines of the transcript with the words that decided, or a sentence."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from smtpcheck.catalog.condition import squeezed
from smtpcheck.catalog.matcher import Match
from smtpcheck.diagnosis.facts import FactSet
from smtpcheck.model.diagnosis import Evidence
from smtpcheck.model.jsonvalue import Facts
from smtpcheck.model.reply import Line, Reply
from smtpcheck.model.transcript import Event, Who

_MOST_LINES: Final = 6
_BETWEEN: Final = -1
"""The column of the blank that joins two lines: it stands in neither."""
Span = tuple[int, int]


def evidence_of(match: Match, judged: FactSet, transcript: Sequence[Event]) -> tuple[Evidence, ...]:
    """The evidence of a match: the judged step's reply first, then other replies that the rule
    pins; a sentence where no reply decided.

    Spans count within `Evidence.text`, which is the transcript's line behind `C `, `S ` or `! `.
    """
    words = match.words(judged.facts)
    events = {event.n: event for event in transcript}
    if "problem.kind" in words:
        return (Evidence(0, _problem(judged.facts)),)
    found: list[Evidence] = []
    for prefix in _prefixes(words):
        found += _of_reply(prefix, words, judged.facts, events)
        found += _of_event(judged.facts.get(f"{prefix}silence.event"), events)
        found += _of_event(judged.facts.get(f"{prefix}error.event"), events)
    return tuple(found[:_MOST_LINES]) or (Evidence(0, f"{judged.step}: {judged.summary}"),)


def _prefixes(words: Iterable[str]) -> list[str]:
    """The judged step itself, and the steps whose replies or silences the rule pins."""
    others = {
        name[: name.index(f".{part}.") + 1]
        for name in words
        for part in ("reply", "silence")
        if f".{part}." in name
    }
    return ["", *sorted(others)]


def _of_event(number: object, events: Mapping[int, Event]) -> list[Evidence]:
    """The event itself; of an unfinished reply also the note that says how it ended."""
    event = events.get(number) if isinstance(number, int) else None
    if event is None:
        return []
    note = events.get(event.n + 1)
    told = (
        [event]
        if event.who is Who.NOTE or note is None or note.who is not Who.NOTE
        else [event, note]
    )
    return [Evidence(each.n, f"{each.who} {each.text}") for each in told]


def _of_reply(
    prefix: str, words: Mapping[str, tuple[str, ...]], facts: Facts, events: Mapping[int, Event]
) -> list[Evidence]:
    first, count = facts.get(f"{prefix}reply.event"), facts.get(f"{prefix}reply.lines")
    if not isinstance(first, int) or not isinstance(count, (list, tuple)):
        return []
    if not _telling(prefix, words, facts):
        return []
    lines = [events[n] for n in range(first, first + max(1, len(count))) if n in events]
    spans = _spans(lines, words.get(f"{prefix}reply.text", ()))
    shown = sorted(spans) or [0]
    made = []
    for position in shown[:_MOST_LINES]:
        if position < len(lines):
            event = lines[position]
            head = _head(event.text, prefix, words) if position == shown[0] else []
            both = _joined([*head, *spans.get(position, ())]) or _refusal(event.text)
            moved = tuple((start + 2, end + 2) for start, end in both)
            made.append(Evidence(event.n, f"{event.who} {event.text}", moved))
    return made


def _telling(prefix: str, words: Iterable[str], facts: Facts) -> bool:
    """Whether the reply says what is wrong: a friendly one does not, unless a rule pins it or it is
    the greeting of something that is no SMTP server."""
    code = facts.get(f"{prefix}reply.code")
    friendly = isinstance(code, int) and 200 <= code < 400
    greeting = facts.get(f"{prefix}reply.command") == "CONNECT"
    return not friendly or greeting or any(name.startswith(f"{prefix}reply.") for name in words)


def _head(text: str, prefix: str, words: Mapping[str, tuple[str, ...]]) -> list[Span]:
    """Where the codes stand, as far as the rule pins them."""
    reply = Reply((Line(text.encode("utf-8", "backslashreplace")),))
    code_end = 3 if reply.code else 0
    start = 0 if f"{prefix}reply.code" in words else code_end + 1
    end = code_end if f"{prefix}reply.code" in words else start
    if f"{prefix}reply.enhanced" in words and reply.enhanced:
        end = text.index(reply.enhanced, code_end) + len(reply.enhanced)
    return [(start, end)] if end > start else []


def _refusal(text: str) -> list[Span]:
    """The code of a refusal: what there is to point at where a rule pins no words."""
    refused = Line(text.encode("utf-8", "backslashreplace")).code >= 400
    return [(0, 3)] if refused else []


def _spans(lines: Sequence[Event], wanted: Iterable[str]) -> dict[int, list[Span]]:
    """Where the wanted words stand, by line; words may run on from one line to the next."""
    letters: list[str] = []
    places: list[tuple[int, int]] = []
    for position, event in enumerate(lines):
        line = Reply((Line(event.text.encode("utf-8", "backslashreplace")),))
        begin = max(0, len(event.text) - len(line.texts[0]))
        for column, letter in ((_BETWEEN, " "), *enumerate(event.text[begin:], start=begin)):
            if letter.isspace() and letters[-1:] in ([" "], []):
                continue
            low = " " if letter.isspace() else letter.lower()
            letters += low
            places += [(position, column)] * len(low)
    text = "".join(letters)
    found: dict[int, list[Span]] = {}
    for word in map(squeezed, wanted):
        at = text.find(word)
        if at >= 0 and word:
            columns: dict[int, list[int]] = {}
            for position, column in places[at : at + len(word)]:
                if column != _BETWEEN:
                    columns.setdefault(position, []).append(column)
            for position, taken in columns.items():
                found.setdefault(position, []).append((min(taken), max(taken) + 1))
    return found


def _joined(spans: Iterable[Span]) -> list[Span]:
    """The spans in order, those that touch or overlap as one."""
    made: list[Span] = []
    for start, end in sorted(spans):
        if made and start <= made[-1][1]:
            made[-1] = (made[-1][0], max(made[-1][1], end))
        else:
            made.append((start, end))
    return made


def _problem(facts: Facts) -> str:
    """A problem of a certificate in one line."""
    parts = [f"{facts.get('step')}: {facts.get('problem.kind')}"]
    for name, label in (
        ("subject", "certificate"),
        ("issuer", "issued by"),
        ("not_after", "valid until"),
        ("names", "for"),
        ("wanted", "wanted"),
        ("detail", ""),
    ):
        value = facts.get(f"problem.{name}")
        if isinstance(value, (list, tuple)):
            value = ", ".join(str(each) for each in value[:_MOST_LINES])
        if isinstance(value, str) and value:
            parts.append(f"{label} {value}".strip())
    return "; ".join(parts)
