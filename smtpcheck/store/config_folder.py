"""Which folders hold the user's and the shipped files, without importing what takes time.

`paths.py` makes `Path` objects of them; completion, which is asked at every press of a key, does
not even import `pathlib`.
"""
# ruff: noqa: PTH109, PTH111, PTH112, PTH117, PTH118, PTH120

from __future__ import annotations

import os
import sys

CONFIG_DIR_VARIABLE = "SMTPCHECK_CONFIG_DIR"
SUFFIX = ".toml"


def config_folder() -> str:
    """The folder of everything that the user keeps; it need not exist.

    `SMTPCHECK_CONFIG_DIR` wins; else `$XDG_CONFIG_HOME/smtpcheck`, else `~/.config/smtpcheck` on
    Linux and macOS (mail settings are text for people, not Application Support),
    `%APPDATA%\\smtpcheck` on Windows.
    """
    chosen = os.environ.get(CONFIG_DIR_VARIABLE, "")
    if chosen.strip():
        return os.path.join(os.getcwd(), os.path.expanduser(chosen))
    if sys.platform == "win32":
        from platformdirs.windows import Windows

        return Windows("smtpcheck", appauthor=False, roaming=True).user_config_dir
    given = os.environ.get("XDG_CONFIG_HOME", "").strip()
    # The specification wants a relative one ignored.
    base = given if os.path.isabs(given) else os.path.expanduser("~/.config")
    return os.path.join(base, "smtpcheck")


def presets_folder() -> str:
    """The folder of the shipped presets: inside a wheel, else beside the package in a checkout;
    empty when neither is there."""
    package = os.path.dirname(os.path.dirname(os.path.realpath(__file__)))
    for folder in (f"{package}/_profiles", f"{os.path.dirname(package)}/profiles"):
        if os.path.isdir(folder):
            return folder
    return ""
