"""A small internet on loopback, and the command line that looks in it alone."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from smtpcheck.api import discovering
from smtpcheck.model.transcript import Who
from smtpcheck.sandbox.certificates import Authority
from smtpcheck.sandbox.received import Talk
from smtpcheck.sandbox.server import Sandbox
from tests.cli.command_line import CommandLine
from tests.discover.world import DOMAIN, NAMES, Builder, World, srv

USER = f"user@{DOMAIN}"
CANARY = "c4n4ry-Pässword"
Find = Callable[..., tuple[int, str, str]]
MakeWorld = Callable[..., AbstractContextManager[tuple[World, Find]]]


@pytest.fixture
def world(tmp_path: Path, smtpcheck: CommandLine, monkeypatch: pytest.MonkeyPatch) -> MakeWorld:
    """Makes a world as `Builder.world` does, with a function that runs `smtpcheck discover`."""
    build = Builder(tmp_path, Authority(NAMES, "smtpcheck discover tests"), monkeypatch)

    @contextmanager
    def made(*args: Any, **more: Any) -> Iterator[tuple[World, Find]]:
        with build.world(*args, **more) as here:
            search = partial(discovering.Search, https_port=here.web.port)
            monkeypatch.setattr(discovering, "Search", search)

            def find(*words: str) -> tuple[int, str, str]:
                ca_file = f"tls.ca_file={here.ca_file}"
                done = smtpcheck("discover", *words, "--resolver", here.dns.where, "--set", ca_file)
                return done.code, done.out, done.err

            yield here, find

    return made


def both(smtp: Sandbox, target: str = f"smtp.{DOMAIN}.") -> tuple[str, ...]:
    """SRV records of both ways to submit."""
    ports = smtp.submissions_port, smtp.submission_port
    return srv("_submissions", ports[0], target), srv("_submission", ports[1], target)


def outside(smtp: Sandbox) -> tuple[str, ...]:
    """The same, at a server outside of the domain."""
    return (*both(smtp, "smtp.hoster.test."), "smtp.hoster.test. 60 IN A 127.0.0.1")


def talks(here: World, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What clients say to the mail server, as it comes; passwords are masked in it."""
    said: list[str] = []

    def hear(talk: Talk) -> None:
        if talk.who is Who.CLIENT:
            said.append(talk.text)

    monkeypatch.setattr(here.smtp, "_on_event", hear)
    return said


__all__ = ["CANARY", "USER", "Find", "MakeWorld", "both", "outside", "talks", "world"]
