"""What the exporter tells whoever runs it: a line an event, on standard error.

No line holds what a client or a server sent.
"""

from __future__ import annotations

import json
import sys
import threading
from datetime import UTC, datetime
from typing import TextIO

from smtpcheck.report.escape import escape

FORMATS = ("text", "json")


class Log:
    """Writes whole lines, whichever thread calls. `quiet`: warnings and errors alone."""

    def __init__(self, format_: str, *, quiet: bool, stream: TextIO | None = None) -> None:
        self._json = format_ == "json"
        self._quiet = quiet
        self._stream = stream or sys.stderr
        self._lock = threading.Lock()

    def info(self, message: str, **facts: str | float) -> None:
        """Something that is as it should be."""
        if not self._quiet:
            self._write("info", message, facts)

    def warning(self, message: str, **facts: str | float) -> None:
        """Something that somebody should look at."""
        self._write("warning", message, facts)

    def error(self, message: str, **facts: str | float) -> None:
        """Something that does not work."""
        self._write("error", message, facts)

    def _write(self, level: str, message: str, facts: dict[str, str | float]) -> None:
        now = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        if self._json:
            line = json.dumps({"time": now, "level": level, "message": message, **facts})
        else:
            told = "".join(f" {name}={_shown(value)}" for name, value in facts.items())
            line = f"{now} {level}: {escape(message, limit=0)}{told}"
        with self._lock:
            try:
                self._stream.write(f"{line}\n")
                self._stream.flush()
            except (OSError, ValueError):
                pass  # nobody reads it any more; the probes go on


def _shown(value: str | float) -> str:
    text = escape(f"{value:g}" if isinstance(value, float) else str(value))
    return f'"{text}"' if " " in text else text
