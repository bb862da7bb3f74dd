"""All records that the evaluation of an SPF record may read, and what each of its terms costs.

checkdmarc stops at the look-up that is too much; whoever has to mend a record must know all of it,
so the tree is made here, and checkdmarc says whether the records are well formed.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from smtpcheck.domain.names import Names
from smtpcheck.domain.spf_record import Term, evaluated, is_spf, terms_of
from smtpcheck.model.value import dataclass

MOST_LOOKUPS = 10
MOST_VOIDS = 2
MOST_MX = 10
"""RFC 7208 section 4.6.4."""
_ENOUGH = 60
"""Look-ups after which nothing is followed: no record that costs so much can be mended by parts."""


@dataclass(frozen=True, slots=True)
class Cost:
    """One term and what it costs, with all that it leads to."""

    term: Term
    lookups: int
    voids: int
    below: Tree | None = None
    """The record that an include or a redirect names."""
    unknown: bool = False
    """What it leads to depends on the mail: a macro."""


@dataclass(frozen=True, slots=True)
class Tree:
    """One SPF record."""

    domain: str
    record: str
    """Empty where there is none that can be used."""
    costs: tuple[Cost, ...] = ()
    problem: str = ""
    """Why there is none: `missing`, `multiple`, `unknown` (DNS failed), `loop`, `too-deep`."""

    @property
    def lookups(self) -> int:
        """How many look-ups its evaluation takes, where no mechanism matches before the end."""
        return sum(each.lookups for each in self.costs)

    @property
    def voids(self) -> int:
        """How many of them find nothing."""
        return sum(each.voids for each in self.costs)

    def walk(self) -> Iterator[Tree]:
        """This record and all below it."""
        yield self
        for each in self.costs:
            if each.below is not None:
                yield from each.below.walk()


def spf_tree(names: Names, domain: str, instead: str = "") -> Tree:
    """The tree of a domain's SPF record, or of one that is to stand there `instead`."""
    builder = _Builder(names)
    return builder.of_record(domain.lower(), instead, ()) if instead else builder.tree(domain, ())


class _Builder:
    def __init__(self, names: Names) -> None:
        self._names = names
        self._spent = 0

    def tree(self, domain: str, above: tuple[str, ...]) -> Tree:
        """The record of a domain; `above` are the domains that led here."""
        domain = domain.lower()
        if domain in above:
            return Tree(domain, "", problem="loop")
        if self._spent > _ENOUGH:
            return Tree(domain, "", problem="too-deep")
        texts, answer = self._names.texts(domain)
        records = [text for text in texts if is_spf(text)]
        if len(records) != 1:
            return Tree(domain, "", problem=_problem(len(records), failed=answer.failed))
        return self.of_record(domain, records[0], above)

    def of_record(self, domain: str, record: str, above: tuple[str, ...]) -> Tree:
        """The tree of a record that is known."""
        terms = evaluated(terms_of(record))
        self._names.ahead(_questions(terms, domain))
        asking = [self._cost(term, domain, above) for term in terms]
        return Tree(domain, record, tuple(asking))

    def _cost(self, term: Term, domain: str, above: tuple[str, ...]) -> Cost:
        if not term.asks:
            return Cost(term, 0, 0)
        self._spent += 1
        if term.has_macro or (term.name == "ptr"):
            return Cost(term, 1, 0, unknown=term.has_macro)
        target = term.value or domain
        if term.name in ("include", "redirect"):
            below = self.tree(target, (*above, domain))
            void = int(below.problem == "missing" and self._names.ask(target, "TXT").void)
            return Cost(term, 1 + below.lookups, void + below.voids, below)
        return Cost(term, 1, int(self._is_void(term, target)))

    def _is_void(self, term: Term, target: str) -> bool:
        if term.name == "mx":
            return self._names.ask(target, "MX").void
        if term.name == "exists":
            return self._names.ask(target, "A").void
        four, six = self._names.ask(target, "A"), self._names.ask(target, "AAAA")
        return four.void and six.void


def _questions(terms: Sequence[Term], domain: str) -> list[tuple[str, str]]:
    """What the terms of one record ask."""
    types = {"include": ("TXT",), "redirect": ("TXT",), "mx": ("MX",), "exists": ("A",)}
    return [
        (term.value or domain, type_)
        for term in terms[:_ENOUGH]
        if term.asks and not term.has_macro and term.name != "ptr"
        for type_ in types.get(term.name, ("A", "AAAA"))
    ]


def _problem(count: int, *, failed: bool) -> str:
    if failed:
        return "unknown"
    return "multiple" if count else "missing"
