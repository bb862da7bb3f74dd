"""Reads a folder of causes, the shipped one unless another is named."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache
from pathlib import Path

from smtpcheck.catalog.cause import Catalog, Cause
from smtpcheck.catalog.reader import CatalogProblem, CauseReader, Conditions
from smtpcheck.model.errors import UsageError
from smtpcheck.model.jsonvalue import Json

SHIPPED = Path(__file__).with_name("causes")


class CatalogError(UsageError):
    """Causes that cannot be used, with every problem of every file."""

    def __init__(self, problems: Sequence[CatalogProblem]) -> None:
        self.problems = tuple(problems)
        count = len(self.problems)
        lines = "\n".join(f"  {problem}" for problem in self.problems)
        super().__init__(f"{count} problem{'' if count == 1 else 's'} in the catalogue:\n{lines}")


@lru_cache(maxsize=4)
def load_catalog(folder: Path | None = None) -> Catalog:
    """The causes of all TOML files of a folder; None means the shipped ones.

    A file may add rules to a cause of another one. Raises CatalogError with all problems of all
    files.
    """
    return _read(sorted((folder or SHIPPED).glob("*.toml")))


def load_with(folder: Path) -> Catalog:
    """The shipped causes and those of a folder besides. Raises CatalogError."""
    return _read([*sorted(SHIPPED.glob("*.toml")), *sorted(folder.glob("*.toml"))])


def _read(paths: Sequence[Path]) -> Catalog:
    causes: dict[str, Cause] = {}
    readers = []
    for path in paths:
        reader = CauseReader(path.name)
        readers.append(reader)
        for cause in reader.read(_tables(path, reader.problems)):
            if cause.id in causes:
                other = f"is in {causes[cause.id].group}.toml already"
                reader.problems.append(CatalogProblem(path.name, cause.id, other))
            causes[cause.id] = cause
    for reader in readers:
        _add_rules(causes, reader)
    for reader in readers:
        for cause_id, guard in reader.guards.items():
            causes[cause_id] = _guarded(causes[cause_id], guard)
    problems = [problem for reader in readers for problem in reader.problems]
    if problems:
        raise CatalogError(problems)
    return Catalog({cause_id: causes[cause_id] for cause_id in sorted(causes)})


def _add_rules(causes: dict[str, Cause], reader: CauseReader) -> None:
    for cause_id, rules in reader.additions.items():
        known = causes.get(cause_id)
        if known is None:
            message = "has rules only: a cause needs title, why, help and owner in one of the files"
            reader.problems.append(CatalogProblem(reader.file, cause_id, message))
        else:
            causes[cause_id] = replace(known, rules=(*known.rules, *rules))


def _guarded(cause: Cause, guard: Conditions) -> Cause:
    """The cause, each of its rules with the guard among its own conditions."""
    rules = []
    for rule in cause.rules:
        both = {fact: (*rule.when.get(fact, ()), *asked) for fact, asked in guard.items()}
        rules.append(replace(rule, when={**rule.when, **both}))
    return replace(cause, rules=tuple(rules))


def _tables(path: Path, problems: list[CatalogProblem]) -> dict[str, Json]:
    import tomllib

    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        problems.append(CatalogProblem(path.name, "", str(error)))
        return {}
