"""Runs a race that comes as JSON on standard input, in whatever namespace this process is in."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict

from benchmarks.failure import FailedRunError
from benchmarks.measure import Runner, race


def main() -> None:
    """Prints the times as JSON."""
    order = json.load(sys.stdin)
    try:
        times = race([Runner(**each) for each in order["runners"]], order["rounds"])
    except FailedRunError as error:
        sys.exit(str(error))
    print(json.dumps({name: asdict(taken) for name, taken in times.items()}))


if __name__ == "__main__":
    main()
