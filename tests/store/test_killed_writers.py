"""A process that is killed while it writes a profile, a draft or a secret loses neither the old
one nor the new one."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.mark.skipif(sys.platform == "win32", reason="fork and SIGKILL are of POSIX")
@pytest.mark.parametrize("kind", ["profile", "draft", "changes", "secret"])
def test_some_hundred_kills_at_random_moments_lose_nothing(tmp_path: Path, kind: str) -> None:
    env = os.environ | {
        "SMTPCHECK_CONFIG_DIR": str(tmp_path),
        "PYTHON_KEYRING_BACKEND": "tests.keyring_fakes.OnDisk",
        "PYTHONPATH": str(ROOT),
    }
    done = subprocess.run(
        [sys.executable, str(ROOT / "tests/store/killing.py"), kind, "150"],
        env=env,
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "of 150 killed" in done.stdout
