"""Patterns in the place of a target: `eu-*` for profiles, `profiles/*.toml` for files."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from fnmatch import fnmatchcase
from functools import cached_property
from glob import glob, has_magic
from pathlib import Path

from smtpcheck.api.targets import Wanted
from smtpcheck.model.errors import UsageError
from smtpcheck.model.target import split_settings, with_settings

_SHOWN = 20


def is_pattern(target: str) -> bool:
    """Whether it stands for several targets. Neither a URL nor an IPv6 address in brackets does."""
    return has_magic(target) and "://" not in target and not target.startswith("[")


class Patterns:
    """Resolves patterns; the profiles are listed once for all of them."""

    def matched(self, wanted: Wanted) -> Iterator[Wanted]:
        """The targets that a pattern stands for, in the order of their names; anything else is
        itself. Raises UsageError for a pattern that nothing matches."""
        target, settings = wanted.target, dict[str, str]()
        if " " in target:
            target, settings = split_settings(target)
        if not is_pattern(target):
            yield wanted
            return
        of_files = "/" in target or target.endswith(".toml")
        for name in _files(target) if of_files else self._profiles(target):
            yield replace(wanted, target=with_settings(name, settings), named=False)

    def _profiles(self, pattern: str) -> list[str]:
        names = self._names
        found = [name for name in names if fnmatchcase(name, pattern)]
        if not found:
            more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
            there = f"there are: {', '.join(names[:_SHOWN])}{more}"
            raise UsageError(
                f"no profile matches {pattern}",
                [there if names else "make a profile: smtpcheck profile init"],
            )
        return found

    @cached_property
    def _names(self) -> list[str]:
        from smtpcheck.store.profile_reader import profile_names

        return profile_names()


def _files(pattern: str) -> list[str]:
    found = sorted(glob(str(Path(pattern).expanduser()), recursive=True))  # noqa: PTH207 - Path.glob takes no absolute pattern
    if not found:
        raise UsageError(f"no file matches {pattern}")
    return found
