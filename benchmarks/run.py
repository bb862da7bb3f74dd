"""The benchmarks: `python benchmarks/run.py [--quick]`. See README.md beside this file."""

from __future__ import annotations

import argparse
import platform
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
if __name__ == "__main__":
    sys.path[:0] = [str(ROOT)]

from benchmarks import startup  # noqa: E402 - the path has to be there first
from benchmarks.clients import Clients  # noqa: E402
from benchmarks.installed import Installed, in_venv, install  # noqa: E402
from benchmarks.measure import FailedRunError  # noqa: E402
from benchmarks.network import laboratory, missing  # noqa: E402
from benchmarks.probes import on_loopback, on_slow_line, where_time_goes  # noqa: E402

PARTS = ("startup", "loopback", "where", "slow")


def main() -> int:
    """Prints the tables. 1 when a measured program failed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="fewer rounds")
    parser.add_argument("--venv", type=Path, help="measure what is installed there already")
    parser.add_argument("parts", nargs="*", choices=[*PARTS, []], help="only these parts")
    given = parser.parse_args()
    parts = given.parts or PARTS
    rounds = 7 if given.quick else 25
    with tempfile.TemporaryDirectory(prefix="smtpcheck-bench-") as name:
        folder = Path(name)
        # Postfix' own user has to pass through it.
        folder.chmod(0o755)
        programs = in_venv(given.venv.absolute()) if given.venv else install(folder)
        print(*_about(programs), sep="\n", end="\n\n", flush=True)
        try:
            for title, text in _all(programs, folder, parts, rounds):
                print(f"## {title}\n\n{text}\n", flush=True)
        except FailedRunError as error:
            sys.stderr.write(f"{error}\n")
            return 1
    return 0


def _all(
    programs: Installed, folder: Path, parts: tuple[str, ...], rounds: int
) -> Iterator[tuple[str, str]]:
    if "startup" in parts:
        yield "Start", startup.measure(programs, rounds)
    if not set(parts) - {"startup"}:
        return
    lacking = missing()
    if lacking:
        yield "Probes", f"not measured, this needs: {lacking}"
        return
    with laboratory(folder) as lab:
        clients = Clients(programs, folder, lab.ports, lab.ca_file)
        if "loopback" in parts:
            for text in on_loopback(lab, clients, rounds):
                yield "A whole probe on loopback", text
        if "where" in parts:
            for text in where_time_goes(lab, clients, rounds):
                yield "Where the time of one goes", text
        if "slow" in parts:
            for text in on_slow_line(lab, clients, rounds):
                yield "A whole probe at the end of a line of 100 ms", text


def _about(programs: Installed) -> Iterator[str]:
    """When, on what, with which versions."""
    yield f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC, {platform.platform()}, {_processor()}"
    versions = [
        _first_line(programs.python, "--version"),
        _first_line(programs.smtpcheck, "--version"),
        _first_line("swaks", "--version"),
        _first_line("curl", "--version"),
        f"Postfix {_first_line('postconf', '-dh', 'mail_version')}",
    ]
    yield "; ".join(filter(None, versions))


def _processor() -> str:
    about = Path("/proc/cpuinfo")
    lines = about.read_text().splitlines() if about.exists() else []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return f"{len(names)} x {names[0]}" if names else platform.processor()


def _first_line(*argv: str) -> str:
    try:
        done = subprocess.run(argv, capture_output=True, text=True, check=False)
    except OSError:
        return ""
    return (done.stdout or done.stderr).partition("\n")[0][:60]


if __name__ == "__main__":
    sys.exit(main())
