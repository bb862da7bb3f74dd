"""How long the command takes to answer what needs no network."""

from __future__ import annotations

from benchmarks.aims import Aim
from benchmarks.claims import Claim, Measured
from benchmarks.installed import Installed
from benchmarks.measure import Runner, race, ratio
from benchmarks.tables import race_table

BASE = "python -c pass"
AIMS = {
    "smtpcheck --version": Aim(2.0),
    "smtpcheck __complete profiles": Aim(2.0),
    "smtpcheck --help": Aim(5.0),
}


def measure(programs: Installed, rounds: int) -> Measured:
    """The table, with its claims."""
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
    times = race(runners, rounds)
    values = {name: ratio(times[name], times[BASE]) for name in AIMS}
    note = "The script that pip writes imports re before anything of smtpcheck runs."
    claims = [
        Claim(f"`{name}`: time as a multiple of `{BASE}`", values[name], aim)
        for name, aim in AIMS.items()
    ]
    text = f"{race_table(times, BASE, AIMS)}\n\n{note}"
    return Measured("Start", text, tuple(claims))
