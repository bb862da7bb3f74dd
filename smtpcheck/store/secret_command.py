"""Runs the command that prints a secret on its first line: no shell, no input, bounded in time
and in what is kept of its output."""

from __future__ import annotations

import subprocess
import threading
import time
from contextlib import suppress
from typing import IO

from smtpcheck.model.secret import SecretUnavailableError

MAX_SECRET_BYTES = 65_536
_STDERR_BYTES = 4_096
_GRACE = 1.0
_running: set[subprocess.Popen[bytes]] = set()


class _Collector:
    """Reads a pipe to its end in a thread, and keeps its first or its last bytes."""

    def __init__(self, pipe: IO[bytes], keep: int, *, tail: bool) -> None:
        self.data = b""
        self._pipe = pipe
        self._keep = keep
        self._tail = tail
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self) -> None:
        with self._pipe:
            while chunk := self._pipe.read1(4_096):  # type: ignore[attr-defined]  # a BufferedReader
                joined = self.data + chunk
                self.data = joined[-self._keep :] if self._tail else joined[: self._keep]

    def join(self, seconds: float) -> None:
        self._thread.join(max(0.0, seconds))


def first_line_of(argv: tuple[str, ...], limit: float) -> bytes:
    """The first line that the command prints, without its end. Raises SecretUnavailableError:
    not found, not executable, exit code other than 0 (with the end of what it wrote to stderr),
    or not done within `limit` seconds."""
    if not argv:
        raise SecretUnavailableError("the command is empty", "command-failed")
    name = argv[0]
    try:
        process = subprocess.Popen(
            argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )
    except FileNotFoundError:
        raise SecretUnavailableError(f"command {name} was not found", "command-failed") from None
    except (OSError, ValueError) as error:
        words = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        raise SecretUnavailableError(
            f"command {name} could not be started: {words}", "command-failed"
        ) from None
    _running.add(process)
    try:
        return _result_of(process, name, limit)
    finally:
        _running.discard(process)


def stop_commands() -> None:
    """Ends the commands that still run in threads: this process ends, and they would outlive it."""
    for each in tuple(_running):
        with suppress(OSError):
            each.kill()


def _result_of(process: subprocess.Popen[bytes], name: str, limit: float) -> bytes:
    assert process.stdout is not None  # noqa: S101 - both are pipes, see above
    assert process.stderr is not None  # noqa: S101
    end = time.monotonic() + limit
    out = _Collector(process.stdout, MAX_SECRET_BYTES, tail=False)
    err = _Collector(process.stderr, _STDERR_BYTES, tail=True)
    try:
        code = process.wait(limit)
    except subprocess.TimeoutExpired:
        _stop(process)
        raise SecretUnavailableError(
            f"command {name} did not end within {limit:g} s", "timeout"
        ) from None
    except BaseException:
        _stop(process)
        raise
    # What the command started may still hold the pipes: it is not waited for.
    for collector in (out, err):
        collector.join(min(_GRACE, end - time.monotonic() + 0.1))
    line = out.data.split(b"\n", 1)[0].removesuffix(b"\r")
    if code != 0:
        raise SecretUnavailableError(
            f"command {name} {_ending(code)}{_said(err.data, out.data)}", "command-failed"
        )
    return line


def _stop(process: subprocess.Popen[bytes]) -> None:
    process.kill()
    try:
        process.wait(_GRACE)
    except subprocess.TimeoutExpired:
        return


def _ending(code: int) -> str:
    return f"was ended by signal {-code}" if code < 0 else f"ended with exit code {code}"


def _said(stderr: bytes, stdout: bytes) -> str:
    """The last words on stderr, without anything that also stood on stdout."""
    text = stderr.decode("utf-8", "replace")
    for line in stdout.decode("utf-8", "replace").splitlines():
        if line.strip():
            text = text.replace(line.strip(), "...")
    lines = [line.strip() for line in text.splitlines() if line.strip()][-3:]
    words = " / ".join(lines)[-300:]
    return f": {words}" if words else ""
