"""A program that is asked over HTTP, kept running while others are raced against it."""

from __future__ import annotations

import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import IO

from benchmarks.failure import FailedRunError

_PATIENCE = 30.0


@contextmanager
def serving(argv: Sequence[str], port: int, environment: Mapping[str, str]) -> Iterator[int]:
    """Runs it, gives its process id once the port of 127.0.0.1 takes connections, and ends it.
    Raises FailedRunError with what it printed."""
    with tempfile.TemporaryFile() as log:
        process = subprocess.Popen(
            argv, stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=environment
        )
        try:
            _wait_for(process, port, log)
            yield process.pid
        finally:
            process.terminate()
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _wait_for(process: subprocess.Popen[bytes], port: int, log: IO[bytes]) -> None:
    end = time.monotonic() + _PATIENCE
    while process.poll() is None and time.monotonic() < end:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
        except OSError:
            time.sleep(0.05)
        else:
            return
    log.seek(0)
    said = log.read()[-2000:].decode(errors="replace")
    raise FailedRunError(f"{process.args!r} does not listen on port {port}:\n{said}")
