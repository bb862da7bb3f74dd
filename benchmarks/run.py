"""The benchmarks: `python benchmarks/run.py [--quick]`. See README.md beside this file."""

from __future__ import annotations

import argparse
import platform
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
if __name__ == "__main__":
    sys.path[:0] = [str(ROOT)]

from benchmarks import memory, startup  # noqa: E402 - the path has to be there first
from benchmarks.claims import Measured, claims_table  # noqa: E402
from benchmarks.clients import Clients  # noqa: E402
from benchmarks.failure import FailedRunError  # noqa: E402
from benchmarks.fleet import race_of_fleet  # noqa: E402
from benchmarks.fleet_clients import Fleet, FleetClients  # noqa: E402
from benchmarks.installed import Installed, in_venv, install  # noqa: E402
from benchmarks.kept import check_places, keep  # noqa: E402
from benchmarks.network import laboratory, missing  # noqa: E402
from benchmarks.peers import program  # noqa: E402
from benchmarks.probes import on_loopback, on_slow_line, where_time_goes  # noqa: E402

IN_LABORATORY = ("loopback", "where", "slow", "fleet")
PARTS = ("startup", *IN_LABORATORY, "memory")


def main() -> int:
    """Prints the tables. 1 when a measured program failed, 130 after an interrupt."""
    given = _given()
    # As an interrupt: what was started is ended.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    measured = []
    with tempfile.TemporaryDirectory(prefix="smtpcheck-bench-") as name:
        folder = Path(name)
        # Postfix' own user has to pass through it.
        folder.chmod(0o755)
        programs = in_venv(given.venv.absolute()) if given.venv else install(folder)
        about = "\n".join(_about(programs))
        print(about, end="\n\n", flush=True)
        try:
            for part in _all(programs, folder, given.parts or PARTS, quick=given.quick):
                print(f"## {part.title}\n\n{part.text}\n", flush=True)
                measured.append(part)
        except FailedRunError as error:
            sys.stderr.write(f"{error}\n")
            return 1
        except KeyboardInterrupt:
            return 130
    claims = [claim for part in measured for claim in part.claims]
    if claims:
        print(f"## Aims\n\n{claims_table(claims)}")
    if given.keep:
        keep(about, measured)
    return 0


def _given() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="fewer rounds, fewer log-ins")
    parser.add_argument("--venv", type=Path, help="measure what is installed there already")
    parser.add_argument("--keep", action="store_true", help="write the tables into the READMEs")
    parser.add_argument("parts", nargs="*", choices=[*PARTS, []], help="only these parts")
    given = parser.parse_args()
    if given.keep and (given.quick or given.parts):
        parser.error("--keep keeps a whole run: neither --quick nor a part goes with it")
    lacking = missing() if given.keep else ""
    if lacking:
        parser.error(f"--keep keeps a whole run, and this machine lacks {lacking}")
    if given.keep:
        check_places()
    return given


def _all(
    programs: Installed, folder: Path, parts: tuple[str, ...], *, quick: bool
) -> Iterator[Measured]:
    rounds = 7 if quick else 25
    if "startup" in parts:
        yield startup.measure(programs, rounds)
    if set(parts) & set(IN_LABORATORY):
        yield from _in_laboratory(programs, folder, parts, rounds, quick=quick)
    if "memory" in parts:
        yield memory.measure(programs, (500, 2000) if quick else (1000, 10_000))


def _in_laboratory(
    programs: Installed, folder: Path, parts: tuple[str, ...], rounds: int, *, quick: bool
) -> Iterator[Measured]:
    lacking = missing()
    if lacking:
        yield Measured("Probes", f"not measured, this needs: {lacking}")
        return
    with laboratory(folder) as lab:
        clients = Clients(programs, folder, lab.ports, lab.ca_file)
        if "loopback" in parts:
            yield from on_loopback(lab, clients, rounds)
        if "where" in parts:
            yield from where_time_goes(lab, clients, rounds)
        if "slow" in parts:
            yield from on_slow_line(lab, clients, rounds)
        if "fleet" in parts:
            fleet = Fleet(1, 200) if quick else Fleet(4, 250)
            port = lab.ports["submission"]
            many = FleetClients(programs, folder / "fleet", port, lab.ca_file, fleet)
            yield race_of_fleet(lab, many, 2 if quick else 3)


def _about(programs: Installed) -> Iterator[str]:
    """When, on what, with which versions."""
    yield f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC, {platform.platform()}, {_processor()}"
    versions = [
        _first_line(programs.python, "--version"),
        _first_line(programs.smtpcheck, "--version"),
        _first_line("swaks", "--version"),
        _first_line("curl", "--version"),
        _first_line("msmtp", "--version"),
        _first_line("check_smtp", "--version"),
        _first_line("prometheus-blackbox-exporter", "--version"),
        f"Postfix {_first_line('postconf', '-dh', 'mail_version')}",
    ]
    yield "; ".join(filter(None, versions))


def _processor() -> str:
    about = Path("/proc/cpuinfo")
    lines = about.read_text().splitlines() if about.exists() else []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return f"{len(names)} x {names[0]}" if names else platform.processor()


def _first_line(name: str, *arguments: str) -> str:
    try:
        done = subprocess.run(
            [program(name), *arguments], capture_output=True, text=True, check=False
        )
    except OSError:
        return ""
    line = (done.stdout or done.stderr).partition("\n")[0]
    return " ".join(line.partition("(")[0].split()[:6])


if __name__ == "__main__":
    sys.exit(main())
