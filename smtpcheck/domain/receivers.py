"""What the big receivers ask of senders, held against the checks. A rule that cannot be seen from
here is said to be so; nothing passes in silence."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from smtpcheck.domain.dkim_checks import key_holds
from smtpcheck.domain.spf_sender import spf_holds
from smtpcheck.model.domain import Check, DomainQuestion, Judged
from smtpcheck.model.stage import Outcome
from smtpcheck.model.value import dataclass

Verdict = bool | None
"""None: it cannot be seen from here."""


@dataclass(frozen=True, slots=True)
class Wish:
    """One thing that a receiver asks for."""

    words: str
    """Of what is missing, or not known."""
    holds: Callable[[Sequence[Check], DomainQuestion], Verdict]


@dataclass(frozen=True, slots=True)
class Pack:
    """The rules of one receiver for one kind of sender."""

    receiver: str
    senders: str
    wishes: tuple[Wish, ...]
    source: str
    as_of: str


def _spf(checks: Sequence[Check], question: DomainQuestion) -> Verdict:
    # A provider that puts an envelope sender of its own passes SPF for its own domain.
    return True if question.own_envelope else spf_holds(list(checks))


def _dkim(checks: Sequence[Check], _: DomainQuestion) -> Verdict:
    return key_holds(list(checks))


def _either(checks: Sequence[Check], question: DomainQuestion) -> Verdict:
    both = (_spf(checks, question), _dkim(checks, question))
    if True in both:
        return True
    return None if None in both else False


def _dmarc(checks: Sequence[Check], _: DomainQuestion) -> Verdict:
    found = [each for each in checks if each.name == "dmarc.record"]
    if any(each.kind == "no-answer" for each in found):
        return None
    usable = (Outcome.PASSED, Outcome.WARNED)  # with a tag that is passed over it still holds
    return any(each.outcome in usable for each in found)


def _aligned(checks: Sequence[Check], _: DomainQuestion) -> Verdict:
    found = [each.outcome for each in checks if each.name == "dmarc.alignment"]
    if Outcome.FAILED in found:
        return False
    return True if Outcome.PASSED in found else None


def _reverse(checks: Sequence[Check], _: DomainQuestion) -> Verdict:
    found = [each for each in checks if each.name == "reverse.ptr"]
    if any(each.outcome is Outcome.FAILED for each in found):
        return False
    return True if any(each.facts.get("names") for each in found) else None


def _not_theirs(_: Sequence[Check], question: DomainQuestion) -> Verdict:
    theirs = question.domain in ("gmail.com", "googlemail.com")
    return not theirs or question.spf_include.endswith("_spf.google.com")


def _cannot(_: Sequence[Check], __: DomainQuestion) -> Verdict:
    return None


_SPF = Wish("SPF", _spf)
_DKIM = Wish("DKIM", _dkim)
_EITHER = Wish("SPF or DKIM", _either)
_DMARC = Wish("a DMARC record", _dmarc)
_ALIGNED = Wish("SPF or DKIM for the domain in From", _aligned)
_REVERSE = Wish("reverse DNS", _reverse)
_TLS = Wish("TLS to the receiver", _cannot)
_SPAM = Wish("few complaints", _cannot)
_UNSUBSCRIBE = Wish("one-click unsubscribe", _cannot)

_GOOGLE = "Google, Email sender guidelines (support.google.com/a/answer/81126)"
_YAHOO = "Yahoo, Sender requirements (senders.yahooinc.com/best-practices)"
_MICROSOFT = "Microsoft, requirements for high-volume senders of Outlook.com"
PACKS = (
    Pack(
        "Gmail",
        "any sender",
        (_EITHER, Wish("a From that is not gmail.com", _not_theirs), _REVERSE, _TLS, _SPAM),
        _GOOGLE,
        "2024-02",
    ),
    Pack(
        "Gmail",
        "5,000 a day and more",
        (_SPF, _DKIM, _DMARC, _ALIGNED, _REVERSE, _TLS, _UNSUBSCRIBE, _SPAM),
        _GOOGLE,
        "2024-02",
    ),
    Pack("Yahoo", "any sender", (_EITHER, _REVERSE, _SPAM), _YAHOO, "2024-02"),
    Pack(
        "Yahoo",
        "bulk mail",
        (_SPF, _DKIM, _DMARC, _ALIGNED, _REVERSE, _UNSUBSCRIBE, _SPAM),
        _YAHOO,
        "2024-02",
    ),
    Pack(
        "Outlook.com",
        "5,000 a day and more",
        (_SPF, _DKIM, _DMARC, _ALIGNED, _SPAM),
        _MICROSOFT,
        "2025-05",
    ),
)


def receivers_say(checks: Sequence[Check], question: DomainQuestion) -> tuple[Judged, ...]:
    """Each pack of rules, held against the checks."""
    return tuple(_judged(pack, checks, question) for pack in PACKS)


def _judged(pack: Pack, checks: Sequence[Check], question: DomainQuestion) -> Judged:
    verdicts = [(wish.words, wish.holds(checks, question)) for wish in pack.wishes]
    failed = tuple(words for words, holds in verdicts if holds is False)
    open_ = tuple(words for words, holds in verdicts if holds is None)
    decisive = {"SPF", "DKIM", "SPF or DKIM", "a DMARC record", _ALIGNED.words}
    outcome = Outcome.PASSED
    if failed:
        outcome = Outcome.FAILED
    elif decisive & set(open_):
        outcome = Outcome.SKIPPED
    return Judged(pack.receiver, pack.senders, outcome, failed, open_, pack.source, pack.as_of)
