"""The project as a user has it: a wheel in a virtual environment of its own, bytecode compiled."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.measure import clean_environment

ROOT = Path(__file__).resolve().parent.parent


@dataclass(frozen=True, slots=True)
class Installed:
    """Where the measured programs are."""

    python: str
    smtpcheck: str


def install(folder: Path) -> Installed:
    """Builds a wheel of this checkout and installs it below the folder, with its dependencies
    and those of `serve` from the package index that pip is set to."""
    wheels, venv = folder / "wheels", folder / "venv"
    build = [sys.executable, "-m", "pip", "wheel", "-q", "--no-deps", "--no-build-isolation"]
    _run([*build, "-w", str(wheels), str(ROOT)])
    _run([sys.executable, "-m", "venv", str(venv)])
    found = in_venv(venv)
    wheel = next(wheels.glob("smtpcheck-*.whl"))
    _run([found.python, "-m", "pip", "install", "-q", f"{wheel}[serve]"])
    _run([found.python, "-m", "compileall", "-q", str(venv / "lib")])
    return found


def in_venv(venv: Path) -> Installed:
    """The programs of a virtual environment that has smtpcheck already."""
    return Installed(str(venv / "bin" / "python"), str(venv / "bin" / "smtpcheck"))


def _run(argv: Sequence[str]) -> None:
    done = subprocess.run(
        argv, env=clean_environment(), capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise SystemExit(f"{' '.join(argv)} failed:\n{done.stdout}{done.stderr}")
