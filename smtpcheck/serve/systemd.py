"""Tells systemd how far the service is (`Type=notify`, sd_notify(3)), where it wants to know."""

from __future__ import annotations

import os
import socket
from contextlib import suppress


def notify(state: str) -> None:
    """Sends lines such as `READY=1`; nothing where no `NOTIFY_SOCKET` is set."""
    path = os.environ.get("NOTIFY_SOCKET", "")
    if not path or not hasattr(socket, "AF_UNIX"):
        return
    if path.startswith("@"):  # Linux' abstract names
        path = "\0" + path[1:]
    with suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sock:
        sock.settimeout(1.0)
        sock.sendto(state.encode(), path)
