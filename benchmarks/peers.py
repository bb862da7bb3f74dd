"""The other programs that are measured, and which of them this machine has."""

from __future__ import annotations

import os
import shutil

PACKAGES = {
    "curl": "curl",
    "msmtp": "msmtp",
    "check_smtp": "monitoring-plugins-basic",
    "prometheus-blackbox-exporter": "prometheus-blackbox-exporter",
}
"""Programs that a run goes on without, with their Debian packages."""
_PLUGINS = ("/usr/lib/nagios/plugins", "/usr/lib/monitoring-plugins")


def program(name: str) -> str:
    """The path of a program; empty where it is not installed."""
    places = os.pathsep.join((os.environ.get("PATH", ""), *_PLUGINS))
    return shutil.which(name, path=places) or ""


def lacking() -> list[str]:
    """Of the peers, those that are not installed, each with its package."""
    return [
        f"{name} (package {package})" for name, package in PACKAGES.items() if not program(name)
    ]
