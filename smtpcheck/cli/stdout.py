"""Writes to standard output for readers that may go away."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable
from contextlib import suppress


def write_stdout(chunks: Iterable[str]) -> str:
    """Writes the pieces of a text, each as it is made. Returns why that could not be done, or
    nothing: who reads a pipe and has read enough does not change the result of the run."""
    try:
        sys.stdout.writelines(chunks)
        sys.stdout.flush()
    except BrokenPipeError:
        _forget_stdout()
    except OSError as error:
        _forget_stdout()
        return f"cannot write to standard output: {error.strerror}"
    return ""


def _forget_stdout() -> None:
    """What is still buffered would be written, and fail, once more at the end of the process."""
    with suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
