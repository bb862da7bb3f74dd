"""What every test may use: golden files, rewritten with `pytest --update-golden`."""

from __future__ import annotations

from collections.abc import Callable
from difflib import unified_diff
from itertools import islice
from pathlib import Path

import pytest

from tests.pki import TestPki

_GOLDEN = Path(__file__).parent / "golden"


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--update-golden", action="store_true", help="rewrite the files below tests/golden"
    )


@pytest.fixture
def golden(request: pytest.FixtureRequest) -> Callable[[str, str], None]:
    """`golden(name, text)`: the text must be that of the file `tests/golden/NAME`."""

    def check(name: str, text: str) -> None:
        path = _GOLDEN / name
        if request.config.getoption("--update-golden"):
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(text.encode())
        assert path.exists(), f"no golden file {name}: run pytest --update-golden, read the diff"
        known = path.read_bytes().decode()
        if text != known:
            rows = unified_diff(
                known.splitlines(), text.splitlines(), name, "now", n=1, lineterm=""
            )
            pytest.fail("\n".join(islice(rows, 60)), pytrace=False)

    return check


@pytest.fixture(scope="session")
def pki(tmp_path_factory: pytest.TempPathFactory) -> TestPki:
    """A CA and every kind of certificate for `mail.example.test` and loopback."""
    return TestPki(tmp_path_factory.mktemp("pki"))
