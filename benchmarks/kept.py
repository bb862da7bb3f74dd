"""Puts what was measured into the two README files, between the marks that are there for it."""

from __future__ import annotations

from collections.abc import Sequence

from benchmarks.claims import Measured, claims_table
from benchmarks.installed import ROOT

BEGIN = "<!-- measured by benchmarks/run.py --keep: begin -->"
END = "<!-- measured by benchmarks/run.py --keep: end -->"


README, ALL = ROOT / "README.md", ROOT / "benchmarks" / "README.md"


def check_places() -> None:
    """Raises ValueError when one of the files has no place for the figures."""
    for path in (README, ALL):
        replaced(path.read_text(), "")


def keep(about: str, measured: Sequence[Measured]) -> None:
    """All tables into benchmarks/README.md, that of the claims into README.md."""
    claims = [claim for each in measured for claim in each.claims]
    sections = [f"### {each.title}\n\n{each.text}" for each in measured]
    README.write_text(replaced(README.read_text(), f"{claims_table(claims)}\n\n{about}"))
    ALL.write_text(replaced(ALL.read_text(), "\n\n".join([about, *sections])))


def replaced(document: str, text: str) -> str:
    """The document with another text between the marks. Raises ValueError."""
    before, begin, rest = document.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not (begin and end):
        raise ValueError(f"no place for the figures: it must have {BEGIN} and {END}")
    return f"{before}{BEGIN}\n{text}\n{END}{after}"
