"""Runs command lines in this process, each test with a configuration folder of its own."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import keyring.core
import pytest

from tests import keyring_fakes
from tests.cli.command_line import CommandLine


@pytest.fixture
def keyring_backend(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str], None]]:
    """Chooses the keyring's backend by name; one that keeps its values in memory at first."""
    before = keyring.core._keyring_backend

    def use(name: str) -> None:
        monkeypatch.setenv("PYTHON_KEYRING_BACKEND", name)
        keyring.core._keyring_backend = None
        monkeypatch.setattr("smtpcheck.store.keyring_access._silent_until", 0.0)

    keyring_fakes.Memory.values.clear()
    use("tests.keyring_fakes.Memory")
    yield use
    keyring.core._keyring_backend = before


@pytest.fixture
def smtpcheck(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    keyring_backend: Callable[[str], None],
) -> CommandLine:
    """Runs a command line: `smtpcheck("profile", "list")`."""
    monkeypatch.setenv("SMTPCHECK_CONFIG_DIR", str(tmp_path / "config"))
    monkeypatch.delenv("SMTPCHECK_PASSWORD", raising=False)
    for name in ("FORCE_COLOR", "GITHUB_ACTIONS", "PY_COLORS", "COLUMNS"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)
    return CommandLine(tmp_path / "config", capsys, monkeypatch)
