"""The words that only this machine knows, for completion: `smtpcheck __complete profiles`.

Asked at every press of a key, so it imports next to nothing, and says nothing of what goes wrong:
a shell that completes has no place for it.
"""

from __future__ import annotations

import os

from smtpcheck.store.config_folder import SUFFIX, config_folder, presets_folder


def words(kinds: list[str]) -> str:
    """The words of the kinds asked for (`profiles`, `presets`), a line each."""
    folders = {"profiles": f"{config_folder()}/profiles", "presets": presets_folder()}
    return "".join(f"{name}\n" for kind in kinds for name in _names(folders.get(kind, "")))


def _names(folder: str) -> list[str]:
    try:
        files = os.listdir(folder) if folder else []  # noqa: PTH208 - pathlib takes 5 ms
    except OSError:
        return []
    names = [file[: -len(SUFFIX)] for file in files if file.endswith(SUFFIX)]
    return sorted(name for name in names if _is_plain(name))


def _is_plain(name: str) -> bool:
    """What no profile's name can hold is not offered: it might steer the terminal or the shell."""
    return name[:1].isalnum() and all(c.isascii() and (c.isalnum() or c in "._-") for c in name)
