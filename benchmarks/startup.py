"""How long the command takes to answer what needs no network."""

from __future__ import annotations

from benchmarks.installed import Installed
from benchmarks.measure import Runner, race, race_table

BASE = "python -c pass"
AIMS = {"smtpcheck --version": 2.0, "smtpcheck __complete profiles": 2.0, "smtpcheck --help": 5.0}


def measure(programs: Installed, rounds: int) -> str:
    """The table, as text."""
    smtpcheck = programs.smtpcheck
    runners = [
        Runner(BASE, [programs.python, "-c", "pass"]),
        Runner("python -c 'import re'", [programs.python, "-c", "import re"]),
        Runner("python -c 'import typer'", [programs.python, "-c", "import typer"]),
        Runner("smtpcheck --version", [smtpcheck, "--version"], "smtpcheck "),
        Runner("smtpcheck __complete profiles", [smtpcheck, "__complete", "profiles"]),
        Runner("smtpcheck --help", [smtpcheck, "--help"], "probe"),
        Runner("smtpcheck probe --help", [smtpcheck, "probe", "--help"], "--until"),
    ]
    note = "The script that pip writes imports re before anything of smtpcheck runs."
    return f"{race_table(race(runners, rounds), BASE, AIMS)}\n\n{note}"
