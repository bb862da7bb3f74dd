"""`smtpcheck send-test`: one real message, and the server's answer to each command."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from smtpcheck.cli import options
from smtpcheck.cli.command import Command, new_app
from smtpcheck.model.errors import UsageError
from smtpcheck.model.message import MessageSpec
from smtpcheck.model.plan import Plan
from smtpcheck.model.stage import Stage

app = new_app()


@app.command("send-test", cls=Command)
def send_test(  # noqa: PLR0913 - one parameter an option
    *,
    target: Annotated[
        str | None,
        typer.Argument(metavar="[TARGET]", help="A profile, file, URL, host:port or host."),
    ] = None,
    to: Annotated[list[str], typer.Option(metavar="ADDRESS", help="A recipient; repeatable.")] = [],  # noqa: B006 - typer makes a new list for each run
    to_self: Annotated[bool, typer.Option("--self", help="Send to the sender.")] = False,
    from_: Annotated[
        str, typer.Option("--from", metavar="ADDRESS", help="Address in From and envelope.")
    ] = "",
    reply_to: Annotated[str, typer.Option(metavar="ADDRESS", help="Address in Reply-To.")] = "",
    bounce: Annotated[str, typer.Option(metavar="ADDRESS", help="Envelope sender.")] = "",
    subject: Annotated[str, typer.Option(metavar="TEXT", help="Subject.")] = "",
    body: Annotated[str | None, typer.Option(metavar="TEXT", help="Text of the message.")] = None,
    body_file: Annotated[
        str | None,
        typer.Option(metavar="FILE", help="Read the text from FILE; - is standard input."),
    ] = None,
    empty: Annotated[bool, typer.Option("--empty", help="Send an empty body.")] = False,
    deadline: options.DeadlineSeconds = 60,
    ipv4: options.OnlyIpv4 = False,
    ipv6: options.OnlyIpv6 = False,
    resolver: options.Resolver = "",
    proxy: options.ThroughProxy = None,
    settings: options.Settings = [],  # noqa: B006
    no_experiments: options.NoExperiments = False,
    sandbox: options.InSandbox = False,
    formats: options.Formats = [],  # noqa: B006
    debug_file: options.DebugFile = "",
    verbose: options.Verbose = False,
    quiet: options.Quiet = False,
    no_input: options.NoInput = False,
) -> None:
    """Send one real message and show the answer to each command.

    Example: smtpcheck send-test office365 --to me@example.com
    """
    from smtpcheck.cli.session import Wishes, run_jobs
    from smtpcheck.cli.targets import jobs_for, sandbox_job

    overrides = options.settings_given(settings, ipv4=ipv4, ipv6=ipv6, proxy=proxy)
    sender = _one("--from", from_)
    recipients = options.addresses_given("--to", [*to, *(["self"] if to_self else [])])
    plan = Plan(
        until="send",
        recipients=recipients,
        deadline=deadline,
        resolver=resolver,
        bounce=_one("--bounce", bounce) or sender,
        experiments=not no_experiments,
        message=MessageSpec(
            subject=_one_line("--subject", subject),
            body=_body(body, body_file, empty=empty),
            from_address=sender,
            reply_to=_one("--reply-to", reply_to),
        ),
    )
    wishes = Wishes(
        formats=formats,
        debug_file=debug_file,
        verbose=verbose,
        quiet=quiet,
        no_input=no_input,
        opened=(Stage.SEND,),
    )
    if sandbox:
        if target is not None:
            raise UsageError("--sandbox is a target of its own", ["leave the other target out"])
        with sandbox_job(plan, overrides) as job:
            code = run_jobs([job], wishes)
        raise typer.Exit(code)
    jobs = jobs_for([] if target is None else [target], plan, overrides)
    if not recipients and not jobs[0].loaded.profile.test.to:
        raise UsageError(
            "there is nobody to send the message to",
            ["give --to ADDRESS or --self, or set test.to in the profile"],
        )
    raise typer.Exit(run_jobs(jobs, wishes))


def _one(option: str, value: str) -> str:
    if value == "self":
        raise UsageError(f"{option} self names nobody", ["self is the sender: only --to takes it"])
    return options.addresses_given(option, [value])[0] if value else ""


def _one_line(option: str, text: str) -> str:
    if any(ord(c) < 32 or c in "\x7f\u2028\u2029" for c in text):
        raise UsageError(f"{option} holds a line break or another control character")
    return text


def _body(text: str | None, path: str | None, *, empty: bool) -> str | None:
    if sum((text is not None, path is not None, empty)) > 1:
        raise UsageError("--body, --body-file and --empty exclude each other")
    if empty:
        return ""
    if path is None:
        return text
    try:
        raw = sys.stdin.buffer.read() if path == "-" else Path(path).read_bytes()
        return raw.decode("utf-8")
    except OSError as error:
        raise UsageError(f"cannot read {path}: {error.strerror}") from None
    except UnicodeDecodeError:
        raise UsageError(f"{path} is not UTF-8 text", ["convert it: iconv -t utf-8 FILE"]) from None
