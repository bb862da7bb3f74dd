"""`smtpcheck serve`: a Prometheus multi-target exporter."""

from __future__ import annotations

import signal
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from smtpcheck.cli.command import Command, between, new_app
from smtpcheck.model.errors import UsageError
from smtpcheck.model.plan import Plan
from smtpcheck.model.stage import ExitCode

if TYPE_CHECKING:
    from smtpcheck.serve.exporter import Exporter

app = new_app()
_DEFAULT_PLACE = "127.0.0.1:9587"
_INSTALL = "install it: pip install 'smtpcheck[serve]'"


@app.command(cls=Command)
def serve(  # noqa: PLR0913 - one parameter an option
    *,
    profiles: Annotated[
        list[str], typer.Argument(metavar="[PROFILE]...", help="Profiles, or files of profiles.")
    ] = [],  # noqa: B006 - typer makes a new list for each run
    every: Annotated[bool, typer.Option("--all", help="Serve every profile.")] = False,
    tags: Annotated[
        list[str],
        typer.Option("--tag", metavar="TAG", help="Serve the profiles with a tag; repeatable."),
    ] = [],  # noqa: B006
    places: Annotated[
        list[str],
        typer.Option(
            "--listen",
            metavar="HOST:PORT",
            help=f"Listen there, not at {_DEFAULT_PLACE}; repeatable.",
        ),
    ] = [],  # noqa: B006
    web_config: Annotated[
        str,
        typer.Option(
            "--web.config.file",
            metavar="FILE",
            help="TLS and basic authentication, as every exporter of Prometheus takes them.",
        ),
    ] = "",
    lifecycle: Annotated[
        bool, typer.Option("--web.enable-lifecycle", help="Let POST /-/reload read files again.")
    ] = False,
    at_once: Annotated[
        int,
        typer.Option(
            "--max-concurrent", metavar="N", parser=between(1, 256), help="Probes side by side."
        ),
    ] = 8,
    deadline: Annotated[
        float,
        typer.Option(
            metavar="SECONDS",
            parser=between(0.1, 3600.0),
            help="The longest probe, where Prometheus would wait longer.",
        ),
    ] = 60,
    hold: Annotated[
        float,
        typer.Option(
            metavar="SECONDS",
            parser=between(0.0, 604_800.0),
            help="A refused login is not tried again before.",
        ),
    ] = 3600,
    until: Annotated[
        str, typer.Option(metavar="STAGE", help="Stop after dns, tcp, tls, auth, mail or rcpt.")
    ] = "",
    send: Annotated[
        bool, typer.Option("--send", help="Send a message at every probe, to [test].to.")
    ] = False,
    no_experiments: Annotated[
        bool, typer.Option("--no-experiments", help="After a failure connect no further.")
    ] = False,
    debug_reports: Annotated[
        bool,
        typer.Option(
            "--debug-reports",
            help="Let /probe?debug=true show the report with the conversation.",
        ),
    ] = False,
    log_format: Annotated[
        str, typer.Option(metavar="FORMAT", help="text, or json: a line an event, on stderr.")
    ] = "text",
    quiet: Annotated[
        bool, typer.Option("--quiet", "-q", help="Log warnings and errors alone.")
    ] = False,
) -> None:
    """Serve the metrics of profiles to Prometheus.

    GET /probe?target=PROFILE probes a profile, /metrics tells of the exporter, /targets lists the
    profiles. Without --send every probe stops after RCPT, with RSET.

    Example: smtpcheck serve --all --listen 127.0.0.1:9587
    """
    names = _chosen(profiles, every=every, tags=tags)
    _must_have_packages()
    from smtpcheck.serve.exporter import Exporter, Settings
    from smtpcheck.serve.listening import parse_listen
    from smtpcheck.serve.log import FORMATS, Log
    from smtpcheck.serve.probe_page import ProbeWishes

    if log_format not in FORMATS:
        raise UsageError(f"--log-format {log_format!r} is not known", ["use text or json"])
    if send and until:
        raise UsageError("--send goes to the end, and --until stops before", ["leave one out"])
    settings = Settings(
        targets=names,
        places=[parse_listen(each) for each in places or [_DEFAULT_PLACE]],
        plan=Plan(until=until, deliver=send, experiments=not no_experiments),
        wishes=ProbeWishes(until=until, deadline=deadline, debug=debug_reports),
        web_config=Path(web_config) if web_config else None,
        at_once=at_once,
        hold=hold,
        lifecycle=lifecycle,
    )
    log = Log(log_format, quiet=quiet)
    raise typer.Exit(_run(Exporter(settings, log)))


def _run(exporter: Exporter) -> int:
    """Serves until a signal says so; the exit code. A second signal ends it at once."""
    from smtpcheck.cli.signals import watched

    hangup = getattr(signal, "SIGHUP", None)  # Windows has none
    ends = [signal.SIGINT, signal.SIGTERM]
    with watched([*ends, hangup] if hangup is not None else ends) as signals:
        exporter.start()
        while (number := signals.wait()) == hangup:
            exporter.reload()
        for each in ends:
            signal.signal(each, signal.default_int_handler)
        with suppress(KeyboardInterrupt):  # nobody wants to wait
            exporter.stop()
    return ExitCode.INTERRUPTED if number == signal.SIGINT else ExitCode.OK


def _chosen(profiles: list[str], *, every: bool, tags: list[str]) -> list[str]:
    """The names of the profiles that are meant. Raises UsageError."""
    if bool(profiles) + every + bool(tags) > 1:
        raise UsageError("profiles, --all and --tag exclude each other", ["give one of the three"])
    if profiles:
        return profiles
    from smtpcheck.store.profile_reader import profile_names

    names = profile_names()
    if not names:
        raise UsageError(
            "there is no profile yet, and an exporter probes profiles alone",
            ["make one: smtpcheck profile init"],
        )
    if every:
        return names
    if not tags:
        raise UsageError(
            "which profiles are to be served?",
            ["name them, or give --all or --tag", f"there are {', '.join(names)}"],
        )
    from smtpcheck.cli.targets import tagged

    return tagged(tags)


def _must_have_packages() -> None:
    """Raises UsageError where the extra is not installed; nothing of it is imported yet."""
    from importlib.util import find_spec

    packages = {
        "bcrypt": "bcrypt",
        "h11": "h11",
        "prometheus_client": "prometheus-client",
        "yaml": "PyYAML",
    }
    missing = [package for module, package in packages.items() if find_spec(module) is None]
    if missing:
        raise UsageError(f"serve needs the Python package {missing[0]}", [_INSTALL])
