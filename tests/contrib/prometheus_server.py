"""The real Prometheus, of Debian's package, on loopback."""

from __future__ import annotations

import json
import subprocess
import time
import urllib.parse
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.contrib.pieces import fetch, needed
from tests.lab.postfix import free_ports, wait_until_listening


class Prometheus:
    """A running one."""

    def __init__(self, port: int) -> None:
        self._base = f"http://127.0.0.1:{port}/api/v1/"

    def ask(self, path: str, **parameters: str) -> Any:  # noqa: ANN401 # what the API gives
        """The data of an answer of the HTTP API; fails where it is an error."""
        status, body = fetch(f"{self._base}{path}?{urllib.parse.urlencode(parameters)}")
        assert status == 200, body
        return json.loads(body)["data"]

    def query(self, expression: str) -> list[dict[str, Any]]:
        """The samples of an instant query."""
        found = self.ask("query", query=expression)
        assert found["resultType"] in ("vector", "scalar")
        result: list[dict[str, Any]] = found["result"]
        return result

    def until(self, expression: str, count: int = 1) -> list[dict[str, Any]]:
        """The samples, as soon as there are so many; fails after a minute."""
        found: list[dict[str, Any]] = []
        for _try in range(120):
            found = self.query(expression)
            if len(found) >= count:
                return found
            time.sleep(0.5)
        targets = self.ask("targets")["activeTargets"]
        told = {each["scrapeUrl"]: each["lastError"] for each in targets}
        raise AssertionError(f"{expression}: {found}\n{told}")


@contextmanager
def prometheus(config: Path, folder: Path) -> Iterator[Prometheus]:
    """Runs with this configuration until the end of the block."""
    program = needed("prometheus", "prometheus")
    (port,) = free_ports(1)
    argv = [program, f"--config.file={config}", f"--storage.tsdb.path={folder}/tsdb"]
    argv += [f"--web.listen-address=127.0.0.1:{port}", "--log.level=warn"]
    log = folder / "prometheus.log"
    with log.open("wb") as file:
        running = subprocess.Popen(argv, stdout=file, stderr=file, cwd=folder)
    try:
        wait_until_listening([port], log)
        yield Prometheus(port)
    finally:
        running.terminate()
        try:
            running.wait(10)
        except subprocess.TimeoutExpired:
            running.kill()
            running.wait(10)
