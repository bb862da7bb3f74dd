"""`smtpcheck send-test`: one real message, and the server's answer to each command."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from smtpcheck.cli import message_options as message
from smtpcheck.cli import options
from smtpcheck.cli.command import Command, new_app
from smtpcheck.cli.message_fields import envelope_sender, notices
from smtpcheck.cli.message_input import Given, message_of
from smtpcheck.cli.message_words import words_of
from smtpcheck.model.errors import UsageError
from smtpcheck.model.plan import Plan
from smtpcheck.model.stage import Stage

if TYPE_CHECKING:
    from smtpcheck.api import Job
    from smtpcheck.cli.session import Wishes

app = new_app()


@app.command("send-test", cls=Command)
def send_test(  # noqa: PLR0913 - one parameter an option
    *,
    target: Annotated[
        str | None,
        typer.Argument(metavar="[TARGET]", help="A profile, file, URL, host:port or host."),
    ] = None,
    to: message.To = [],  # noqa: B006 - typer makes a new list for each run
    to_self: message.ToSelf = False,
    from_: message.From = "",
    as_: message.As = "",
    reply_to: message.ReplyTo = "",
    bounce: message.Bounce = None,
    subject: message.Subject = "",
    body: message.Body = None,
    body_file: message.BodyFile = None,
    empty: message.Empty = False,
    html: message.Html = None,
    attach: message.Attach = [],  # noqa: B006
    charset: message.Charset = "",
    headers: message.Headers = [],  # noqa: B006
    data: message.Data = None,
    dsn_notify: message.DsnNotify = "",
    dsn_return: message.DsnReturn = "",
    dsn_envid: message.DsnEnvelopeId = "",
    bdat: message.Bdat = False,
    count: message.Count = 1,
    interval: message.Interval = 0,
    spam_score: message.SpamScore = False,
    confirm: options.Confirm = "",
    dry_run: message.DryRun = False,
    deadline: options.DeadlineSeconds = 60,
    retries: options.Retries = 0,
    retry_wait: options.RetryWait = None,
    ipv4: options.OnlyIpv4 = False,
    ipv6: options.OnlyIpv6 = False,
    resolver: options.Resolver = "",
    proxy: options.ThroughProxy = None,
    settings: options.Settings = [],  # noqa: B006
    expect: options.Expected = [],  # noqa: B006
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
    from smtpcheck.cli.session import Wishes

    overrides = options.settings_given(settings, ipv4=ipv4, ipv6=ipv6, proxy=proxy, expect=expect)
    if charset:
        overrides["test.charset"] = charset
    given = Given(
        from_=from_,
        as_=as_,
        reply_to=reply_to,
        subject=subject,
        body=body,
        body_file=body_file,
        empty=empty,
        html=html,
        attach=attach,
        charset=charset,
        headers=headers,
        data=data,
    )
    spec = message_of(given)
    _check_pace(count, interval, deadline)
    sender = envelope_sender(bounce)
    plan = Plan(
        until="send",
        recipients=options.addresses_given("--to", [*to, *(["self"] if to_self else [])]),
        deadline=deadline,
        retries=retries,
        retry_wait=options.retry_wait_given(retry_wait, retries),
        resolver=resolver,
        bounce=spec.from_address or None if sender is None else sender,
        experiments=not no_experiments,
        message=spec,
        dsn=notices(dsn_notify, dsn_return, dsn_envid),
        bdat=bdat,
        count=count,
        interval=interval,
        spam_score=spam_score,
        confirm=options.confirm_given(confirm),
        typed=words_of(
            given,
            {
                "--bounce": bounce,
                "--dsn-notify": dsn_notify or None,
                "--dsn-return": dsn_return or None,
                "--dsn-envid": dsn_envid or None,
                "--bdat": bdat,
                "--count": count if count > 1 else None,
                "--interval": interval or None,
                "--spam-score": spam_score,
                "--confirm": confirm or None,
            },
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
    if plan.confirm and (count > 1 or dry_run):
        word = "--count" if count > 1 else "--dry-run"
        raise UsageError(f"--confirm looks for one message, and {word} sends another number")
    if dry_run and (formats or debug_file):
        raise UsageError("--dry-run makes no report", ["leave --format and --debug-file away"])
    raise typer.Exit(_run(target, plan, overrides, wishes, sandbox=sandbox, dry_run=dry_run))


def _run(
    target: str | None,
    plan: Plan,
    overrides: dict[str, str],
    wishes: Wishes,
    *,
    sandbox: bool,
    dry_run: bool,
) -> int:
    from smtpcheck.cli.targets import Named, jobs_for, sandbox_job

    if sandbox:
        if target is not None:
            raise UsageError("--sandbox is a target of its own", ["leave the other target out"])
        with sandbox_job(plan, overrides) as job:
            return _send(job, wishes, dry_run=dry_run)
    found = jobs_for(Named([] if target is None else [target]), plan, overrides)
    if len(found) != 1:
        raise UsageError(f"{target} stands for {len(found)} targets", ["name the one to send to"])
    job = found[0]
    if not plan.recipients and not job.loaded.profile.test.to:
        raise UsageError(
            "there is nobody to send the message to",
            ["give --to ADDRESS or --self, or set test.to in the profile"],
        )
    return _send(job, wishes, dry_run=dry_run)


def _send(job: Job, wishes: Wishes, *, dry_run: bool) -> int:
    if dry_run:
        from smtpcheck.cli.dry_run import print_message

        print_message(job)
        return 0
    from smtpcheck.api import check_message
    from smtpcheck.cli.session import run_jobs

    check_message(job)
    return run_jobs([job], wishes)


def _check_pace(count: int, interval: float, deadline: float) -> None:
    if interval and count == 1:
        raise UsageError(
            "--interval is the time between several messages", ["say how many: --count N"]
        )
    if (count - 1) * interval >= deadline:
        raise UsageError(
            f"{count} messages, {interval:g} s apart, take longer than --deadline {deadline:g}",
            ["give the run more time with --deadline SECONDS, or a shorter --interval"],
        )
