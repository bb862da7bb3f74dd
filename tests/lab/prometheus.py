"""A real Prometheus with a configuration of the test's own, and its HTTP API."""

from __future__ import annotations

import json
import subprocess
import time
import urllib.parse
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

from tests.lab.consumers import needed
from tests.lab.postfix import free_ports, wait_until_listening


class Prometheus:
    """Answers queries."""

    def __init__(self, port: int, log: Path) -> None:
        self._port = port
        self._log = log

    def wait_until_ready(self) -> None:
        """Until then every question is answered with a word instead of JSON."""
        end = time.monotonic() + 60
        while self._ask("/-/ready")[0] != 200:
            assert time.monotonic() < end, self._log.read_text()[-3000:]
            time.sleep(0.1)

    def get(self, path: str, **query: str) -> Any:
        """The data of an answer of the API."""
        _, text = self._ask(f"/api/v1/{path}?{urllib.parse.urlencode(query)}")
        told = json.loads(text)
        assert told["status"] == "success", told
        return told["data"]

    def _ask(self, path: str) -> tuple[int, bytes]:
        client = HTTPConnection("127.0.0.1", self._port, timeout=30)
        try:
            client.request("GET", path)
            answer = client.getresponse()
            return answer.status, answer.read()
        finally:
            client.close()

    def comes(self, query: str) -> None:
        """Waits until this expression gives one series. Fails where it does not."""
        end = time.monotonic() + 90
        while len(self.get("query", query=query)["result"]) != 1:
            assert time.monotonic() < end, f"{query}: {self.state()}"
            time.sleep(0.2)

    def state(self) -> str:
        """What it says of its targets, and its log."""
        targets = self.get("targets")["activeTargets"]
        told = [(each["scrapeUrl"], each["lastError"]) for each in targets]
        return f"{told}\n{self._log.read_text()[-3000:]}"


@contextmanager
def prometheus(folder: Path, config: str) -> Iterator[Prometheus]:
    """Runs as long as the context lasts, with every file in the folder."""
    binary = needed("prometheus", "prometheus")
    (port,) = free_ports(1)
    (folder / "prometheus.yml").write_text(config)
    checked = subprocess.run(
        [needed("promtool", "prometheus"), "check", "config", str(folder / "prometheus.yml")],
        capture_output=True,
        text=True,
        check=False,
    )
    assert checked.returncode == 0, checked.stdout + checked.stderr
    log = folder / "prometheus.log"
    with (
        log.open("w") as stream,
        subprocess.Popen(
            [
                binary,
                f"--config.file={folder / 'prometheus.yml'}",
                f"--storage.tsdb.path={folder / 'data'}",
                f"--web.listen-address=127.0.0.1:{port}",
            ],
            cwd=folder,
            stdout=stream,
            stderr=subprocess.STDOUT,
        ) as process,
    ):
        try:
            wait_until_listening([port], log)
            running = Prometheus(port, log)
            running.wait_until_ready()
            yield running
        finally:
            process.terminate()
            process.wait(timeout=60)
