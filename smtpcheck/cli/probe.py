"""`smtpcheck probe`: the staged probe of one or many targets."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer

from smtpcheck.cli import options
from smtpcheck.cli.command import Command, between, new_app
from smtpcheck.model.plan import PER_HOST, Plan
from smtpcheck.model.stage import Stage

app = new_app()


class TlsDepth(StrEnum):
    """How closely TLS is looked at."""

    NORMAL = "normal"
    DEEP = "deep"


@app.command(cls=Command)
def probe(  # noqa: PLR0913 - one parameter an option
    *,
    targets: Annotated[
        list[str],
        typer.Argument(
            metavar="[TARGET]...",
            help="Profiles, patterns ('eu-*'), files, URLs, host:port or hosts.",
        ),
    ] = [],  # noqa: B006 - typer makes a new list for each run
    every: Annotated[bool, typer.Option("--all", help="Probe every profile.")] = False,
    tags: Annotated[
        list[str], typer.Option("--tag", metavar="TAG", help="Probe the profiles with a tag.")
    ] = [],  # noqa: B006
    lists: Annotated[
        list[str],
        typer.Option(
            "--targets",
            metavar="FILE",
            help="Probe what the file names, a target a line; - is standard input. Repeatable.",
        ),
    ] = [],  # noqa: B006
    shard: Annotated[
        str,
        typer.Option(
            metavar="I/N", help="Take part I of N of the targets; auto: as the CI job says."
        ),
    ] = "",
    until: Annotated[
        str,
        typer.Option(
            metavar="STAGE",
            help="Stop after dns, tcp, tls, auth, send, ehlo, mail, rcpt or a step.",
        ),
    ] = "",
    to: Annotated[
        list[str], typer.Option(metavar="ADDRESS", help="Send the test message there; repeatable.")
    ] = [],  # noqa: B006
    senders: Annotated[
        list[str],
        typer.Option(
            "--sender",
            metavar="ADDRESS",
            help="Try whether this login may send with it, without a message; repeatable.",
        ),
    ] = [],  # noqa: B006
    relay: Annotated[
        bool,
        typer.Option(
            "--relay", help="Try without a login whether mail for --to is relayed; no message."
        ),
    ] = False,
    jobs: Annotated[
        int,
        typer.Option(metavar="N", parser=between(1, 4096), help="So many targets side by side."),
    ] = 8,
    per_host: Annotated[
        int,
        typer.Option(
            metavar="N", parser=between(1, 4096), help="So many of them at once at one host."
        ),
    ] = PER_HOST,
    processes: Annotated[
        str,
        typer.Option(
            metavar="N|auto",
            help="Share out hundreds of targets among so many processes; auto: a processor each.",
        ),
    ] = "1",
    deadline: options.DeadlineSeconds = 60,
    retries: options.Retries = 0,
    retry_wait: options.RetryWait = None,
    ipv4: options.OnlyIpv4 = False,
    ipv6: options.OnlyIpv6 = False,
    resolver: options.Resolver = "",
    proxy: options.ThroughProxy = None,
    ping: options.Ping = False,
    settings: options.Settings = [],  # noqa: B006
    expect: options.Expected = [],  # noqa: B006
    baseline: options.Baseline = "",
    tls: Annotated[
        TlsDepth,
        typer.Option(
            metavar="DEPTH",
            help="normal, or deep: some 20 more connections that ask which TLS the server takes.",
        ),
    ] = TlsDepth.NORMAL,
    confirm: options.Confirm = "",
    no_experiments: options.NoExperiments = False,
    fix: Annotated[
        bool, typer.Option("--fix", help="Try the changes that help, and save them when they do.")
    ] = False,
    accept: Annotated[
        list[str],
        typer.Option(
            metavar="KEY=VALUE",
            help="Let --fix make this change of host or protection; repeatable.",
        ),
    ] = [],  # noqa: B006
    send: Annotated[
        bool, typer.Option("--send", help="Let --fix or --sender send one test message.")
    ] = False,
    sandbox: options.InSandbox = False,
    formats: options.Formats = [],  # noqa: B006
    debug_file: options.DebugFile = "",
    verbose: options.Verbose = False,
    quiet: options.Quiet = False,
    no_input: options.NoInput = False,
) -> None:
    """Test a server stage by stage: dns, tcp, tls, auth, send.

    Example: smtpcheck probe office365 --until auth
    """
    from smtpcheck.api.job import Job, without_login
    from smtpcheck.cli.saved_report import baseline_given, compared
    from smtpcheck.cli.sender_options import with_senders
    from smtpcheck.cli.session import Wishes, run_jobs
    from smtpcheck.cli.targets import Named, jobs_for, sandbox_job
    from smtpcheck.model.errors import UsageError

    overrides = options.settings_given(settings, ipv4=ipv4, ipv6=ipv6, proxy=proxy, expect=expect)
    plan = Plan(
        until=until,
        recipients=options.addresses_given("--to", to),
        deadline=deadline,
        retries=retries,
        retry_wait=options.retry_wait_given(retry_wait, retries),
        resolver=resolver,
        experiments=not no_experiments,
        ping=ping,
        tls=tls.value,
        confirm=options.confirm_given(confirm),
    )
    plan = with_senders(plan, senders, relay=relay, send=send)
    wishes = Wishes(
        formats=formats,
        debug_file=debug_file,
        verbose=verbose,
        quiet=quiet,
        no_input=no_input,
        at_once=jobs,
        per_host=per_host,
        processes=options.processes_given(processes),
        opened=(Stage.SEND,) if senders or relay else (),
    )
    if accept and not fix:
        raise UsageError("--accept belongs to --fix", ["add --fix, or leave --accept out"])
    if send and not (fix or senders):
        raise UsageError(
            "--send belongs to --fix or --sender", ["a probe sends its message by itself"]
        )
    if fix and (senders or relay):
        word = "--relay" if relay else "--sender"
        raise UsageError(f"--fix mends what a whole probe shows, and {word} is none")
    if sandbox and fix:
        raise UsageError("--fix changes a profile, and --sandbox is none")
    if plan.confirm and fix:
        raise UsageError("--fix mends what a probe shows: confirm the message after it")
    before = baseline_given(baseline, fix=fix)

    def job_as_asked(job: Job) -> Job:
        return compared(without_login(job) if relay else job, before)

    if not sandbox:
        from smtpcheck.cli.shard import shard_given

        part = shard_given(shard)
        named = Named(targets, lists, every=every, tags=tags, shard=part)
        found = jobs_for(named, plan, overrides, job_as_asked)
        if fix:
            from smtpcheck.cli.fix import Fix, accepted_changes, must_be_a_profile, run_fix

            only = must_be_a_profile(found)
            may = Fix(accepted=accepted_changes(accept), send=send, overrides=only.overrides)
            raise typer.Exit(run_fix(only, wishes, may))
        if part is not None and not found:
            typer.echo(f"shard {part}: no target belongs to it, nothing is to be done", err=True)
        raise typer.Exit(run_jobs(found, wishes))
    if targets or lists or every or tags or shard:
        raise UsageError("--sandbox is a target of its own", ["leave the other targets out"])
    with sandbox_job(plan, overrides) as job:
        code = run_jobs([job_as_asked(job)], wishes)
    raise typer.Exit(code)
