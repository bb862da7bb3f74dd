"""Thousands of targets in one run: is the memory level, is nothing lost, do the parts add up, and
is the report of an interrupted run whole?

python benchmarks/many_targets.py                  # 1,000 and 10,000 targets
python benchmarks/many_targets.py 100 1000 --jobs 64

Every target is an address of 127.0.0.0/8, with a small server in a process of its own behind it.
One in ten hangs, refuses or resets. Options that it does not know go to smtpcheck.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from benchmarks.tables import table  # noqa: E402 - run as a file
from tests.many_hosts import HANG, REFUSE, RESET, SERVE, ManyHosts, address_of  # noqa: E402

BAD = {7: HANG, 17: REFUSE, 27: RESET}
TIMEOUT = 2
"""Seconds that a wait may take, so that silence does not decide the time of the run."""
LEVEL = 8
"""MiB by which the larger run may need more memory."""
HEADS = ("targets", "s", "a second", "CPU ms each", "peak MiB", "passed", "failed", "in JSON")


@dataclass(frozen=True, slots=True)
class Ran:
    """What one run took and told."""

    code: int
    seconds: float
    cpu: float
    peak: float
    """MiB."""
    outcomes: Counter[str]
    names: frozenset[str]
    written: int
    """Targets in the JSON report."""

    def row(self, count: int) -> list[str]:
        """For the table."""
        return [
            f"{count:,}",
            f"{self.seconds:.0f}",
            f"{count / self.seconds:.0f}",
            f"{1000 * self.cpu / count:.1f}",
            f"{self.peak:.0f}",
            f"{self.outcomes['passed']:,}",
            f"{self.outcomes['failed']:,}",
            f"{self.written:,}",
        ]


def serve() -> None:
    """Serves until standard input ends."""
    with ManyHosts(lambda address: BAD.get(int(address.rpartition(".")[2]) % 30, SERVE)) as hosts:
        print(hosts.port, flush=True)
        sys.stdin.read()


@contextmanager
def served() -> Iterator[int]:
    """The port of the servers, in a process of their own."""
    argv = [sys.executable, __file__, "serve"]
    with subprocess.Popen(argv, stdin=-1, stdout=-1, text=True) as process:
        if process.stdin is None or process.stdout is None:
            raise RuntimeError("no pipes")
        yield int(process.stdout.readline())
        process.stdin.close()


def probe(
    folder: Path,
    words: Sequence[str],
    *,
    interrupt_after: int = 0,
    smtpcheck: Sequence[str] = (sys.executable, "-m", "smtpcheck"),
) -> Ran:
    """One run over the file `list`, interrupted after so many results."""
    argv = [*smtpcheck, "probe", "--targets", "list"]
    argv += ["-f", "jsonl", "-f", "json=report.json", "--set", f"server.timeout={TIMEOUT}"]
    argv += ["--set", "server.security=none", *words]
    environment = {
        **os.environ,
        "PYTHONPATH": str(ROOT),
        "SMTPCHECK_CONFIG_DIR": str(folder / "config"),
    }
    outcomes: Counter[str] = Counter()
    names: set[str] = set()
    begun = time.perf_counter()
    process = subprocess.Popen(argv, cwd=folder, env=environment, stdout=-1)
    if process.stdout is None:
        raise RuntimeError("no pipe")
    for number, line in enumerate(process.stdout, 1):
        told = json.loads(line)
        names.add(told["target"])
        outcomes[told["outcome"]] += 1
        if number == interrupt_after:
            process.send_signal(signal.SIGINT)
    _, status, usage = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - begun
    process.returncode = os.waitstatus_to_exitcode(status)
    return Ran(
        process.returncode,
        seconds,
        usage.ru_utime + usage.ru_stime,
        usage.ru_maxrss / 1024,
        outcomes,
        frozenset(names),
        _targets_in(folder / "report.json"),
    )


def _targets_in(report: Path) -> int:
    """Counted line by line: the report of ten thousand takes more memory than the run itself."""
    count, last = 0, ""
    with report.open(encoding="ascii") as lines:
        for line in lines:
            count += line.startswith('      "target": ')
            last = line
    if last != "}\n":
        raise SystemExit(f"the report is not whole, it ends with {last!r}")
    return count


def write_list(folder: Path, port: int, count: int) -> frozenset[str]:
    """The targets, a line each."""
    names = [f"{address_of(number)}:{port}" for number in range(count)]
    (folder / "list").write_text("\n".join(names))
    return frozenset(names)


def expect(what: str, *, holds: bool) -> None:
    """Says whether something holds. Raises SystemExit where it does not."""
    print(f"- {what}: {'yes' if holds else 'NO'}", flush=True)
    if not holds:
        raise SystemExit(1)


def main() -> None:
    """Prints a table, then what was held."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("counts", nargs="*", type=int, default=[1000, 10_000])
    known, more = parser.parse_known_args()
    small, large = min(known.counts), max(known.counts)
    words = more or ["--jobs", "32"]
    with tempfile.TemporaryDirectory() as place, served() as port:
        folder = Path(place)
        rows, ran = [], dict[int, Ran]()
        for count in sorted(known.counts):
            names = write_list(folder, port, count)
            ran[count] = probe(folder, words)
            rows.append(ran[count].row(count))
            expect(f"each of {count:,} targets was told once", holds=ran[count].names == names)
            expect(
                "one in ten failed and no other",
                holds=ran[count].outcomes["failed"] == sum(map(is_bad, names)),
            )
            expect("all are in the JSON report", holds=ran[count].written == count)
        print(f"\nsmtpcheck probe --targets list {' '.join(words)}\n\n{table(HEADS, rows)}\n")
        expect(
            f"memory is level within {LEVEL} MiB", holds=ran[large].peak - ran[small].peak <= LEVEL
        )
        names = write_list(folder, port, small)
        parts = [
            probe(folder, [*words, "--until", "dns", "--shard", f"{number}/4"])
            for number in range(1, 5)
        ]
        sizes = [len(part.names) for part in parts]
        expect(
            f"four parts of {small:,} add up ({' + '.join(map(str, sizes))})",
            holds=frozenset().union(*(part.names for part in parts)) == names
            and sum(sizes) == len(names),
        )
        write_list(folder, port, large)
        cut = probe(folder, words, interrupt_after=small // 2)
        expect(
            f"interrupted after {small // 2:,} of {large:,}, the report is whole"
            f" ({dict(cut.outcomes)}, exit {cut.code})",
            holds=cut.code == 130 and cut.written == large == cut.outcomes.total(),
        )


def is_bad(name: str) -> bool:
    """Whether the server behind a target does not work."""
    return int(name.partition(":")[0].rpartition(".")[2]) % 30 in BAD


if __name__ == "__main__":
    serve() if sys.argv[1:] == ["serve"] else main()
