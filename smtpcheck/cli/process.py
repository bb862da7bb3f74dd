"""The process around a command line: standard streams that are there, and an end that holds."""

from __future__ import annotations

import gc
import os
import sys
import threading
from contextlib import suppress
from typing import NoReturn


def open_closed_streams() -> None:
    """A closed standard stream (`>&-`) leaves its number to the next socket, which would then be
    sent what others write to standard error."""
    number = 0
    while number <= 2:
        number = os.open(os.devnull, os.O_RDWR)
    os.close(number)
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, mode, encoding="utf-8"))  # noqa: PTH123, SIM115 - stays open


def end(code: int) -> NoReturn:
    """Ends the process with its exit code."""
    gc.freeze()  # the end of the process frees all memory; nobody needs to look for it first
    if threading.active_count() > 1:
        from smtpcheck.store.secret_command import stop_commands

        stop_commands()
        # A thread that is left behind in OpenSSL would find it torn down under its feet: a crash.
        for stream in (sys.stdout, sys.stderr):
            with suppress(OSError, ValueError, AttributeError):
                stream.flush()
        os._exit(code)
    sys.exit(code)
