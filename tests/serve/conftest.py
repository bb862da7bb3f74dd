"""Exporters before one embedded mail server."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from smtpcheck.sandbox.server import Sandbox
from tests.serve.exporting import World


@pytest.fixture(scope="module")
def server() -> Iterator[Sandbox]:
    with Sandbox() as made:
        yield made


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    monkeypatch.setenv("SMTPCHECK_CONFIG_DIR", str(tmp_path / "config"))
    monkeypatch.delenv("SMTPCHECK_PASSWORD", raising=False)
    return World(tmp_path)
