"""A user's folder of its own for every test that asks for one."""

from __future__ import annotations

import os
from pathlib import Path

import pytest


@pytest.fixture
def config_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder that `SMTPCHECK_CONFIG_DIR` names; no other variable of ours is set."""
    for name in [each for each in os.environ if each.startswith("SMTPCHECK_")]:
        monkeypatch.delenv(name)
    folder = tmp_path / "config"
    monkeypatch.setenv("SMTPCHECK_CONFIG_DIR", str(folder))
    return folder
