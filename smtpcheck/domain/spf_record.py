"""An SPF record taken apart into its terms (RFC 7208 section 4.6), and put together again."""

from __future__ import annotations

import re
from collections.abc import Sequence

from smtpcheck.model.value import dataclass

VERSION = "v=spf1"
ASKING = frozenset({"include", "a", "mx", "ptr", "exists", "redirect"})
"""Terms that count as a DNS look-up each (RFC 7208 section 4.6.4)."""
_TERM = re.compile(
    r"(?P<qualifier>[+?~-]?)(?P<name>[A-Za-z][A-Za-z0-9._-]*)(?:(?P<mark>[:=])(?P<value>[^\s]*?))?"
    r"(?:/(?P<four>[0-9]{1,2}))?(?://(?P<six>[0-9]{1,3}))?"
)
_RESULTS = {"": "pass", "+": "pass", "-": "fail", "~": "softfail", "?": "neutral"}


@dataclass(frozen=True, slots=True)
class Term:
    """A mechanism or a modifier."""

    text: str
    name: str
    """In lower case: `include`, `redirect`."""
    value: str = ""
    """The domain, the address, or the macro string; empty where there is none."""
    result: str = "pass"
    """What a match of the mechanism means: `pass`, `fail`, `softfail`, `neutral`."""
    prefix4: int = 32
    prefix6: int = 128
    modifier: bool = False

    @property
    def asks(self) -> bool:
        """Whether it counts as a look-up."""
        return self.name in ASKING and self.modifier == (self.name == "redirect")

    @property
    def has_macro(self) -> bool:
        """Whether its value is known only when a mail arrives."""
        return "%{" in self.value


def is_spf(text: str) -> bool:
    """Whether a TXT record is an SPF record: its first word is exactly `v=spf1` (section 4.5)."""
    return re.match(r"v=spf1(?: |\Z)", text, re.IGNORECASE) is not None


def nearly_spf(text: str) -> bool:
    """Whether it was meant to be one, and no receiver takes it for one."""
    return not is_spf(text) and text.strip(" \t\"'").lower().startswith("v=spf")


def terms_of(record: str) -> tuple[Term, ...]:
    """All terms in their order; what is none is passed over, checkdmarc complains of it."""
    return tuple(term for word in record.split()[1:] if (term := _term(word)) is not None)


def evaluated(terms: tuple[Term, ...]) -> tuple[Term, ...]:
    """The terms that can be reached: mechanisms up to the first `all`, and `redirect` behind them
    where there is no `all` (sections 5.1 and 6.1)."""
    mechanisms = [term for term in terms if not term.modifier]
    names = [term.name for term in mechanisms]
    if "all" in names:
        return tuple(mechanisms[: names.index("all") + 1])
    redirects = [term for term in terms if term.modifier and term.name == "redirect"]
    return (*mechanisms, *redirects[:1])


def with_term(record: str, added: str) -> str:
    """The record with one more mechanism, before what ends it."""
    words = record.split()
    for at, word in enumerate(words):
        term = _term(word) if at else None
        if term is not None and (term.name == "all" or (term.modifier and term.name == "redirect")):
            return " ".join([*words[:at], added, *words[at:]])
    return " ".join([*words, added])


def combined(record: str, corrected: Sequence[str]) -> str:
    """The record with every correction at once, where each of `corrected` holds one of them."""
    words = record.split()
    wanted = [each.split() for each in corrected]
    gone = {word for word in words for each in wanted if word not in each}
    made = " ".join(word for word in words if word not in gone)
    for word in dict.fromkeys(word for each in wanted for word in each if word not in words):
        made = with_term(made, word)
    return made


def _term(word: str) -> Term | None:
    found = _TERM.fullmatch(word)
    if found is None:
        return None
    name, value = found["name"].lower(), found["value"] or ""
    prefix4, prefix6 = found["four"], found["six"]
    if name in ("ip4", "ip6") and prefix4 is not None:
        value, prefix4 = f"{value}/{prefix4}", None
    if name == "ip6" and found["six"] is None:
        value = word.partition(":")[2]
    return Term(
        text=word,
        name=name,
        value=value.rstrip(".") if name not in ("ip4", "ip6") else value,
        result=_RESULTS[found["qualifier"]],
        prefix4=int(prefix4) if prefix4 else 32,
        prefix6=int(prefix6) if prefix6 else 128,
        modifier=found["mark"] == "=",
    )
