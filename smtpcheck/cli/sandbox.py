"""`smtpcheck sandbox`: the embedded server as a command of its own."""

from __future__ import annotations

import signal
import sys
import time
from queue import SimpleQueue
from typing import TYPE_CHECKING, Annotated

import typer

from smtpcheck.cli.command import Command, between, new_app
from smtpcheck.model.errors import UsageError
from smtpcheck.model.stage import ExitCode

if TYPE_CHECKING:
    from collections.abc import Callable

    from smtpcheck.cli.signals import Signals
    from smtpcheck.sandbox.received import Received, Talk
    from smtpcheck.sandbox.scenario import Scenario
    from smtpcheck.sandbox.server import Sandbox

app = new_app()
_GRACE = 2.0
"""Seconds that a conversation may take to its end when the server stops by itself."""
_POLL = 3600.0
Port = Annotated[
    int,
    typer.Option(metavar="PORT", parser=between(0, 65535), help="For STARTTLS; 0: any free one."),
]
TlsPort = Annotated[
    int,
    typer.Option(
        metavar="PORT",
        parser=between(0, 65535),
        help="For TLS from the first byte; 0: any free one.",
    ),
]


@app.command(cls=Command)
def sandbox(  # noqa: PLR0913 - one parameter an option
    *,
    port: Port = 0,
    tls_port: TlsPort = 0,
    relay_port: Annotated[
        int | None,
        typer.Option(
            metavar="PORT",
            parser=between(0, 65535),
            help="Also listen without TLS and login; 0: any free one.",
        ),
    ] = None,
    host: Annotated[str, typer.Option(metavar="ADDRESS", help="Listen on this one.")] = "127.0.0.1",
    user: Annotated[str, typer.Option(metavar="NAME", help="User name to log in with.")] = "",
    mechanisms: Annotated[
        str,
        typer.Option(
            metavar="LIST", help="SASL mechanisms to offer, comma between them; all: every one."
        ),
    ] = "",
    scenario: Annotated[
        str, typer.Option(metavar="NAME", help="Play a named failure; --list names them.")
    ] = "",
    list_: Annotated[bool, typer.Option("--list", help="List the named failures.")] = False,
    once: Annotated[bool, typer.Option("--once", help="End after the first mail.")] = False,
    seconds: Annotated[
        float,
        typer.Option(
            metavar="SECONDS", parser=between(0.0, 86400.0), help="End after this time; 0: never."
        ),
    ] = 0,
    format_: Annotated[
        str,
        typer.Option("--format", "-f", metavar="FORMAT", help="text, or json: a line an event."),
    ] = "text",
    verbose: Annotated[
        bool, typer.Option("--verbose", "-v", help="Show every conversation.")
    ] = False,
) -> None:
    """Run an SMTP server of our own to test against.

    It listens on loopback with STARTTLS, implicit TLS and AUTH, shows each mail that arrives and
    delivers none.

    Example: smtpcheck sandbox --scenario relay-denied
    """
    from smtpcheck.cli.sandbox_words import WORDS
    from smtpcheck.sandbox.scenario import load_scenarios

    if format_ not in WORDS:
        raise UsageError(f"{format_!r} is no format of sandbox", ["use text or json"])
    if list_:
        _write(WORDS[format_][3](load_scenarios()))
        return
    watched = _Watched(format_, relay=relay_port is not None, once=once, verbose=verbose)
    server = _server(
        watched,
        host,
        user,
        _mechanisms(mechanisms),
        _scenario(scenario),
        (port, tls_port, relay_port),
    )
    raise typer.Exit(_serve(server, watched, seconds))


class _Watched:
    """Carries what the server tells from its threads to the one that prints."""

    def __init__(self, format_: str, *, relay: bool, once: bool, verbose: bool) -> None:
        from smtpcheck.cli.sandbox_words import WORDS

        self.once = once
        self.mails = 0
        self.verbose = verbose
        self._relay = relay
        self._started, self._mail, self._talk, _ = WORDS[format_]
        self.told: SimpleQueue[Received | Talk] = SimpleQueue()
        self.wake: Callable[[], None] = lambda: None
        """Ends the wait of the one that prints."""

    def tell(self, told: Received | Talk) -> None:
        self.told.put(told)
        self.wake()

    def started(self, server: Sandbox) -> str:
        return self._started(server, self._relay)

    def words(self, told: Received | Talk) -> str:
        from smtpcheck.sandbox.received import Talk

        if isinstance(told, Talk):
            return self._talk(told)
        self.mails += 1
        return self._mail(self.mails, told)

    @property
    def done(self) -> bool:
        return self.once and self.mails > 0


def _scenario(name: str) -> Scenario | None:
    from smtpcheck.sandbox.scenario import ScenarioError, find_scenario

    if not name:
        return None
    try:
        return find_scenario(name)
    except ScenarioError as error:
        raise UsageError(str(error), ["smtpcheck sandbox --list names them"]) from None


def _mechanisms(text: str) -> tuple[str, ...]:
    from smtpcheck.sandbox.mechanisms import MECHANISMS, USUAL
    from smtpcheck.wire.ntlm import INSTALL, ntlm_installed

    if text.strip().lower() == "all":
        return tuple(name for name in MECHANISMS if name != "NTLM" or ntlm_installed())
    names = tuple(dict.fromkeys(text.upper().replace(",", " ").split()))
    unknown = [name for name in names if name not in MECHANISMS]
    if unknown:
        raise UsageError(
            f"the sandbox has no mechanism {unknown[0]!r}", [f"use {', '.join(MECHANISMS)}, or all"]
        )
    if "NTLM" in names and not ntlm_installed():
        raise UsageError("NTLM is asked for, and the extra for it is not installed", [INSTALL])
    return names or USUAL


def _server(
    watched: _Watched,
    host: str,
    user: str,
    mechanisms: tuple[str, ...],
    scenario: Scenario | None,
    ports: tuple[int, int, int | None],
) -> Sandbox:
    import ipaddress
    import secrets

    from smtpcheck.sandbox.limits import Ports
    from smtpcheck.sandbox.server import Sandbox

    try:
        loopback = ipaddress.ip_address(host).is_loopback
    except ValueError:
        raise UsageError(
            f"--host {host!r} is not an address", ["give an IP address, for example 127.0.0.1"]
        ) from None
    if not loopback:
        sys.stderr.write(
            f"warning: {host} is not loopback: others on the network can reach this server\n"
        )
    if user and not (user.isprintable() and user == user.strip()):
        raise UsageError("--user has a blank at an end or a control character")
    return Sandbox(
        host,
        ports=Ports(submission=ports[0], submissions=ports[1], relay=ports[2]),
        users={user: secrets.token_urlsafe(12)} if user else None,
        mechanisms=mechanisms,
        scenario=scenario,
        on_message=watched.tell,
        on_event=watched.tell if watched.verbose else None,
    )


def _serve(server: Sandbox, watched: _Watched, seconds: float) -> int:
    """Runs until a signal, the first mail or the time says so; the exit code."""
    from smtpcheck.cli.signals import watched as watched_signals
    from smtpcheck.sandbox.server import SandboxError

    with watched_signals([signal.SIGINT, signal.SIGTERM]) as signals:
        watched.wake = signals.wake
        try:
            server.start()
            _write(watched.started(server))
            asked = _show(watched, signals, seconds)
            server.stop(grace=0.0 if asked else _GRACE)
            _show_rest(watched)
        except SandboxError as error:
            help_ = [
                "choose another port, or 0 for any free one",
                "--host takes this machine's addresses",
            ]
            raise UsageError(str(error), help_) from None
        finally:
            server.stop()
    if watched.once and not watched.mails:
        sys.stderr.write("no mail came\n")
        return ExitCode.FINDINGS
    return ExitCode.OK


def _show(watched: _Watched, signals: Signals, seconds: float) -> bool:
    """Returns whether a signal asked for the end."""
    end = time.monotonic() + seconds if seconds else float("inf")
    while not watched.done and (left := end - time.monotonic()) > 0:
        if not watched.told.empty():
            _write(watched.words(watched.told.get()))
        elif signals.wait(min(left, _POLL)):
            return True
    return False


def _show_rest(watched: _Watched) -> None:
    """What was told while the server ended."""
    while not watched.told.empty():
        _write(watched.words(watched.told.get()))


def _write(text: str) -> None:
    sys.stdout.write(text)
    sys.stdout.flush()
