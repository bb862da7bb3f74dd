"""A profile as it was read: its values, and where each of them came from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Any

from smtpcheck.model.errors import ProfileError
from smtpcheck.model.profile import Profile
from smtpcheck.model.value import dataclass

if TYPE_CHECKING:
    from smtpcheck.model.preset import Preset


class Source(StrEnum):
    """What gave a setting its value, strongest first."""

    FLAG = "flag"
    ENVIRONMENT = "environment"
    FILE = "file"
    GIVEN = "given"
    """Handed over in memory: a target on the command line, answers not yet written."""
    PRESET = "preset"
    DEFAULT = "default"


@dataclass(frozen=True, slots=True)
class Origin:
    """Where one setting came from."""

    source: Source
    name: str = ""
    """Of the environment variable, the file or the preset."""
    line: int = 0
    """1-based line of the file; 0 where there is none."""

    def describe(self) -> str:
        """In words, for people: `environment variable SMTPCHECK_SERVER_HOST`."""
        match self.source:
            case Source.FLAG:
                return "command line"
            case Source.ENVIRONMENT:
                return f"environment variable {self.name}"
            case Source.FILE:
                return f"{self.name}:{self.line}" if self.line else self.name
            case Source.PRESET:
                return f"preset {self.name}"
            case Source.GIVEN:
                return "given"
            case Source.DEFAULT:
                return "default"


@dataclass(frozen=True, slots=True)
class LoadedProfile:
    """A checked profile."""

    profile: Profile
    name: str | None
    """None for a profile outside the user's folder and for one that is no file."""
    path: Path | None
    origins: Mapping[str, Origin]
    """For every key of the format (`server.host`), set or not."""
    data: Mapping[str, Any] = field(default_factory=dict)
    """The tables of the file as they stand there, or those that were handed over."""
    preset: Preset | None = None
    notes: tuple[str, ...] = ()
    """What was not used, and why: for the reader, not an error."""


@dataclass(frozen=True, slots=True)
class ProfileEntry:
    """One file of the profiles folder: usable, or with its problems."""

    name: str
    path: Path
    result: LoadedProfile | ProfileError

    @property
    def loaded(self) -> LoadedProfile | None:
        """The profile, or None where it has problems."""
        return self.result if isinstance(self.result, LoadedProfile) else None

    @property
    def error(self) -> ProfileError | None:
        """The problems, or None where there are none."""
        return self.result if isinstance(self.result, ProfileError) else None
