"""Where profiles, drafts and presets lie on this machine."""

from __future__ import annotations

import os
from pathlib import Path

from smtpcheck.model.errors import UsageError
from smtpcheck.model.target import PROFILE_NAME
from smtpcheck.store import config_folder as folders

SUFFIX = folders.SUFFIX


def config_dir() -> Path:
    """The folder of everything that the user keeps; it need not exist. Raises UsageError where
    `SMTPCHECK_CONFIG_DIR` names a home folder that does not exist."""
    expanded(os.environ.get(folders.CONFIG_DIR_VARIABLE, ""))
    return Path(folders.config_folder())


def expanded(text: str | Path) -> Path:
    """The path with `~` replaced. Raises UsageError where that home folder does not exist."""
    try:
        return Path(text).expanduser()
    except RuntimeError:
        raise UsageError(f"{text} is in a home folder that does not exist") from None


def profiles_dir() -> Path:
    """The folder of the user's profiles; it need not exist."""
    return config_dir() / "profiles"


def drafts_dir() -> Path:
    """The folder of profiles that `profile init` did not finish; it need not exist."""
    return config_dir() / "drafts"


def profile_path(name: str) -> Path:
    """The file of a profile; it need not exist. Raises UsageError for what is no profile name."""
    return profiles_dir() / f"{checked_name(name)}{SUFFIX}"


def checked_name(name: str) -> str:
    """The name itself. Raises UsageError for what is no profile name."""
    if not PROFILE_NAME.match(name):
        raise UsageError(
            f"{name!r} is not a profile name",
            ["use letters, digits, dots, hyphens and underscores; begin with a letter or digit"],
        )
    if name.lower().endswith(SUFFIX):
        raise UsageError(
            f"{name!r} is a file name, not a profile name",
            [f"leave the ending away: {name[: -len(SUFFIX)]}"],
        )
    return name


def presets_dir() -> Path:
    """The folder of the shipped presets: inside a wheel, else beside the package in a checkout.

    Raises UsageError when neither is there.
    """
    folder = folders.presets_folder()
    if not folder:
        raise UsageError(
            "the folder of the shipped presets is missing", ["install smtpcheck again"]
        )
    return Path(folder)
