"""A command line that runs in this process, with a configuration folder of its own."""

from __future__ import annotations

import io
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from smtpcheck.cli.app import run


@dataclass(frozen=True)
class Done:
    """How a command line ended."""

    code: int
    out: str
    err: str


class CommandLine:
    """`smtpcheck` with a folder of its own, and no terminal."""

    def __init__(
        self,
        folder: Path,
        capsys: pytest.CaptureFixture[str],
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        self.folder = folder
        self._capsys = capsys
        self._monkeypatch = monkeypatch

    def __call__(self, *arguments: str, stdin: bytes = b"") -> Done:
        self._monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin)))
        self._capsys.readouterr()
        code = run(list(arguments))
        told = self._capsys.readouterr()
        return Done(code, told.out, told.err)

    def write(self, name: str, text: str) -> Path:
        """A profile's file with this text."""
        path = self.folder / "profiles" / f"{name}.toml"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        return path

    def read(self, name: str) -> str:
        """The text of a profile's file."""
        return (self.folder / "profiles" / f"{name}.toml").read_text()
