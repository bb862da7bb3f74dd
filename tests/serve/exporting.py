"""An exporter in this process, before embedded mail servers, and a client that asks it."""

from __future__ import annotations

import http.client
import io
import json
import ssl
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from prometheus_client.parser import text_string_to_metric_families

from smtpcheck.model.plan import Plan
from smtpcheck.sandbox.server import Sandbox
from smtpcheck.serve.exporter import Exporter, Settings
from smtpcheck.serve.listening import Place
from smtpcheck.serve.log import Log
from smtpcheck.serve.probe_page import ProbeWishes

PROFILE = """\
schema = 1
tags = ["mail", "it"]
description = "<b>notifications</b>"
enabled = {enabled}
[server]
host = "localhost"
port = {port}
timeout = 5.0
[tls]
ca_file = "{ca_file}"
[auth]
username = "{username}"
password = {{ {password} }}
[sender]
address = "{username}"
[test]
to = ["self"]
"""


@dataclass(frozen=True)
class Answer:
    """What came back."""

    status: int
    text: str
    headers: Mapping[str, str]

    @property
    def samples(self) -> dict[tuple[str, tuple[tuple[str, str], ...]], float]:
        """Of a page of metrics, by name and sorted labels."""
        return {
            (each.name, tuple(sorted(each.labels.items()))): each.value
            for family in text_string_to_metric_families(self.text)
            for each in family.samples
        }

    def value(self, name: str, **labels: str) -> float:
        """Of the only sample of that name that has these labels."""
        (found,) = [
            value
            for (own, told), value in self.samples.items()
            if own == name and labels.items() <= dict(told).items()
        ]
        return found

    def causes(self) -> set[str]:
        """All that were found."""
        return {
            dict(labels)["cause"]
            for name, labels in self.samples
            if name == "smtpcheck_finding_info"
        }


class World:
    """Profiles in a folder, a log, and exporters that serve them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.log = io.StringIO()

    def write(self, name: str, server: Sandbox, password: str, *, enabled: bool = True) -> Path:
        """A profile whose password is in a file beside it; its path."""
        (self.folder / f"{name}.password").write_text(f"{password}\n")
        (self.folder / f"{name}.password").chmod(0o600)
        path = self.folder / f"{name}.toml"
        path.write_text(
            PROFILE.format(
                enabled=str(enabled).lower(),
                port=server.submission_port,
                ca_file=server.ca_file,
                username=server.username,
                password=f'file = "{name}.password"',
            )
        )
        return path

    @contextmanager
    def serving(self, *paths: Path, **wishes: Any) -> Iterator[Client]:
        """A client of an exporter that serves these profiles."""
        until = wishes.pop("until", "")
        allowed = {name: wishes.pop(name) for name in ("debug", "deadline") if name in wishes}
        settings = Settings(
            targets=[str(path) for path in paths],
            places=[Place("127.0.0.1", 0)],
            plan=Plan(
                until=until,
                deliver=wishes.pop("send", False),
                experiments=wishes.pop("experiments", False),
            ),
            wishes=ProbeWishes(until=until, **allowed),
            **wishes,
        )
        exporter = Exporter(settings, Log("json", quiet=False, stream=self.log))
        (url,) = exporter.start()
        try:
            yield Client(url, exporter)
        finally:
            exporter.stop()

    def logged(self, message: str) -> list[dict[str, Any]]:
        """The lines of the log with this message."""
        lines = [json.loads(line) for line in self.log.getvalue().splitlines()]
        return [line for line in lines if line["message"] == message]


def wait_for(client: Client, metric: str) -> None:
    """Until a metric of the exporter is not 0. Fails where that does not come."""
    end = time.monotonic() + 60
    while not client.get("/metrics").value(metric):
        assert time.monotonic() < end, f"{metric} stays 0"
        time.sleep(0.02)


class Client:
    """Asks an exporter."""

    def __init__(self, url: str, exporter: Exporter) -> None:
        self.url = url
        self.exporter = exporter
        parts = urlsplit(url)
        self.host, self.port = str(parts.hostname), int(parts.port or 0)

    def get(
        self,
        path: str,
        headers: Mapping[str, str] | None = None,
        *,
        method: str = "GET",
        tls: ssl.SSLContext | None = None,
    ) -> Answer:
        """One request on a connection of its own."""
        made: http.client.HTTPConnection
        if tls is None:
            made = http.client.HTTPConnection(self.host, self.port, timeout=20)
        else:
            made = http.client.HTTPSConnection(self.host, self.port, timeout=20, context=tls)
        try:
            made.request(method, path, headers=dict(headers or {}))
            response = made.getresponse()
            return Answer(response.status, response.read().decode(), dict(response.getheaders()))
        finally:
            made.close()

    def probe(self, target: Path | str, query: str = "", **headers: str) -> Answer:
        """The answer to `/probe` for a target."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.get(f"/probe?target={target}{query}", named)
