"""Chromium without a window, driven through a pipe (Chrome DevTools Protocol)."""

from __future__ import annotations

import base64
import fcntl
import json
import os
import select
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from time import monotonic
from typing import Any

import pytest

_WAIT = 60.0
"""Seconds for one answer; a slow machine takes some for the first."""


class Browser:
    """One tab: what it asked for, and what its console said."""

    def __init__(self, to: int, back: int) -> None:
        self.requests: list[str] = []
        self.complaints: list[str] = []
        self._to, self._back = to, back
        self._buffer = b""
        self._number = 0
        self._session = ""
        self._loaded = False
        target = self.ask("Target.createTarget", url="about:blank")["targetId"]
        attached = self.ask("Target.attachToTarget", targetId=target, flatten=True)
        self._session = attached["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.ask(f"{domain}.enable")

    def open(self, page: Path) -> None:
        """Loads a file; what came before is forgotten."""
        self.requests, self.complaints = [], []
        self._loaded = False
        self.ask("Page.navigate", url=page.as_uri())
        end = monotonic() + _WAIT
        while not self._loaded:
            self._take(end)
        self.value("new Promise(done => requestAnimationFrame(() => setTimeout(done, 100)))")

    def look(self, *, width: int = 1100, scheme: str = "light", media: str = "") -> None:
        """Sets width in CSS pixels, colour scheme and, where one is named, the medium."""
        self.ask(
            "Emulation.setDeviceMetricsOverride",
            width=width, height=900, deviceScaleFactor=1, mobile=width < 600,
        )  # fmt: skip
        feature = {"name": "prefers-color-scheme", "value": scheme}
        self.ask("Emulation.setEmulatedMedia", media=media, features=[feature])

    def value(self, expression: str) -> Any:
        """What an expression of JavaScript is worth in the page."""
        made = self.ask(
            "Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True
        )
        assert "exceptionDetails" not in made, made
        return made["result"].get("value")

    def screenshot(self) -> bytes:
        """The whole page as PNG."""
        made = self.ask("Page.captureScreenshot", format="png", captureBeyondViewport=True)
        return base64.b64decode(made["data"])

    def pdf(self) -> bytes:
        """The page as it is printed."""
        return base64.b64decode(self.ask("Page.printToPDF", printBackground=True)["data"])

    def ask(self, method: str, **parameters: object) -> dict[str, Any]:
        """The answer to one command."""
        self._number += 1
        message: dict[str, object] = {
            "id": self._number, "method": method, "params": parameters,
        }  # fmt: skip
        if self._session:
            message["sessionId"] = self._session
        os.write(self._to, json.dumps(message).encode() + b"\0")
        end = monotonic() + _WAIT
        while True:
            heard = self._take(end)
            if heard.get("id") == self._number:
                assert "error" not in heard, heard
                result: dict[str, Any] = heard["result"]
                return result

    def _take(self, end: float) -> dict[str, Any]:
        while b"\0" not in self._buffer:
            ready, _, _ = select.select([self._back], [], [], max(0.0, end - monotonic()))
            assert ready, "Chromium gives no answer"
            more = os.read(self._back, 1 << 20)
            assert more, "Chromium has ended"
            self._buffer += more
        message, _, self._buffer = self._buffer.partition(b"\0")
        heard: dict[str, Any] = json.loads(message)
        self._note(heard.get("method", ""), heard.get("params", {}))
        return heard

    def _note(self, method: str, told: dict[str, Any]) -> None:
        match method:
            case "Page.loadEventFired":
                self._loaded = True
            case "Network.requestWillBeSent":
                self.requests.append(told["request"]["url"])
            case "Log.entryAdded":
                self.complaints.append(told["entry"]["text"])
            case "Runtime.consoleAPICalled":
                self.complaints.append(str(told["args"]))
            case "Runtime.exceptionThrown":
                self.complaints.append(str(told["exceptionDetails"]))


@contextmanager
def chromium(folder: Path) -> Iterator[Browser]:
    """A browser with a profile of its own below the folder. Skips where none is installed."""
    program = shutil.which("chromium")
    if program is None:
        pytest.skip("chromium is not installed (package chromium)")
    down, to = _pipe()
    back, up = _pipe()
    flags = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage",
             "--disable-background-networking", "--disable-component-update", "--no-first-run",
             f"--user-data-dir={folder / 'browser'}", "--remote-debugging-pipe"]  # fmt: skip
    # The browser reads commands from descriptor 3 and writes to 4.
    wired = ["bash", "-c", f'exec "$@" 3<&{down} 4>&{up}', "bash", program, *flags, "about:blank"]
    log = (folder / "browser.log").open("wb")
    with log:
        running = subprocess.Popen(
            wired, pass_fds=(down, up), stdin=subprocess.DEVNULL, stdout=log, stderr=log
        )
    os.close(down)
    os.close(up)
    try:
        yield Browser(to, back)
    finally:
        os.close(to)
        running.terminate()
        running.wait(timeout=20)
        os.close(back)


def _pipe() -> tuple[int, int]:
    """Both ends, above the descriptors that the browser wants for itself."""
    ends = os.pipe()
    moved = [fcntl.fcntl(end, fcntl.F_DUPFD_CLOEXEC, 10) for end in ends]
    for end in ends:
        os.close(end)
    return moved[0], moved[1]
