"""postgrey as an instance of the test's own: a greylisting policy server for Postfix."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.lab.postfix import free_ports, program


@contextmanager
def postgrey(folder: Path, *, delay: int, text: str) -> Iterator[int]:
    """Runs postgrey with its data below the folder, and gives its port. `delay`: seconds that an
    envelope is put off; `text`: what is said, `%s` being the seconds that are left."""
    found = program("postgrey")
    if not found:
        pytest.skip("not installed: postgrey")
    if os.geteuid() != 0:
        pytest.skip("postgrey changes its user: it is run by root only")
    data, nobody = folder / "postgrey", folder / "nobody"
    folder.chmod(0o755)
    data.mkdir()
    nobody.touch()
    shutil.chown(data, "postgrey")
    (port,) = free_ports(1)
    process = subprocess.Popen(
        [
            found,
            f"--inet=127.0.0.1:{port}",
            f"--dbdir={data}",
            f"--delay={delay}",
            f"--greylist-text={text}",
            f"--whitelist-clients={nobody}",
            f"--whitelist-recipients={nobody}",
            "--auto-whitelist-clients=0",
            "--hostname=mail.example.test",
        ],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        _until_it_answers(process, port)
        yield port
    finally:
        process.terminate()
        process.wait(10)


def _until_it_answers(process: subprocess.Popen[bytes], port: int) -> None:
    end = time.monotonic() + 15
    while process.poll() is None and time.monotonic() < end:
        with socket.socket() as knock:
            if knock.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    pytest.fail("postgrey did not come up")
