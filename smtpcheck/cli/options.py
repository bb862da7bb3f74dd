"""Options that several commands share: the type of each, with its words, once."""

from __future__ import annotations

from typing import Annotated

import typer

from smtpcheck.cli.command import between
from smtpcheck.model.errors import UsageError

_MOST_PROCESSES = 64
Formats = Annotated[
    list[str],
    typer.Option(
        "--format",
        "-f",
        metavar="FORMAT[=FILE]",
        help="text, json, jsonl, junit, github, nagios, prometheus, openmetrics, sarif, "
        "markdown or html; repeatable with =FILE.",
    ),
]
DebugFile = Annotated[
    str, typer.Option(metavar="FILE", help="Write the whole redacted conversation to FILE.")
]
Verbose = Annotated[bool, typer.Option("--verbose", "-v", help="Show every step and fact.")]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Show the verdict and the cause alone.")]
NoInput = Annotated[bool, typer.Option("--no-input", help="Never ask anything.")]
Force = Annotated[bool, typer.Option("--force", help="Replace a profile of that name.")]
PasswordEnv = Annotated[
    str | None, typer.Option(metavar="NAME", help="Variable that holds the password.")
]
PasswordFile = Annotated[
    str | None, typer.Option(metavar="PATH", help="File whose first line is the password.")
]
PasswordCommand = Annotated[
    str | None, typer.Option(metavar="CMD", help="Command that prints the password.")
]
Settings = Annotated[
    list[str],
    typer.Option("--set", metavar="KEY=VALUE", help="Use another setting in this run; repeatable."),
]
Expected = Annotated[
    list[str],
    typer.Option(
        "--expect",
        metavar="KEY=VALUE",
        help="Hold the server to it: certificate_days=21, min_tls=1.2, ...; repeatable.",
    ),
]
Baseline = Annotated[
    str,
    typer.Option(metavar="FILE", help="Tell what has changed since this report (--format json)."),
]
DeadlineSeconds = Annotated[
    float,
    typer.Option(
        "--deadline",
        metavar="SECONDS",
        parser=between(0.1, 3600),
        help="For the whole run of a target.",
    ),
]
Retries = Annotated[
    int,
    typer.Option(
        metavar="N",
        parser=between(0, 100),
        help="Try a temporary failure so often again, as --deadline has room.",
    ),
]
RetryWait = Annotated[
    float | None,
    typer.Option(
        metavar="SECONDS",
        parser=between(0.0, 3600.0),
        help="First wait where the server asks for none; usually 5, 60 at a limit, "
        "300 for greylisting.",
    ),
]
Resolver = Annotated[
    str, typer.Option(metavar="IP[:PORT]", help="Ask this DNS server instead of the system's.")
]
ThroughProxy = Annotated[
    str | None,
    typer.Option(
        "--proxy",
        metavar="URL",
        help="Go through it: socks5://HOST:PORT, socks4, socks4a, http; or none, or env.",
    ),
]
Ping = Annotated[bool, typer.Option("--ping", help="Send a ping first; a hint that fails nothing.")]
OnlyIpv4 = Annotated[bool, typer.Option("-4", "--ipv4", help="Use IPv4 addresses alone.")]
OnlyIpv6 = Annotated[bool, typer.Option("-6", "--ipv6", help="Use IPv6 addresses alone.")]
NoExperiments = Annotated[
    bool, typer.Option("--no-experiments", help="After a failure connect no further.")
]
Confirm = Annotated[
    str,
    typer.Option(
        "--confirm",
        metavar="HOW",
        help="imap: wait until the message is in the mailbox of the profile's [confirm].",
    ),
]
InSandbox = Annotated[
    bool, typer.Option("--sandbox", help="Use the embedded server instead of a target.")
]


def retry_wait_given(seconds: float | None, retries: int) -> float | None:
    """`--retry-wait`, checked. Raises UsageError where nothing is tried again."""
    if seconds is not None and not retries:
        raise UsageError("--retry-wait is the wait before another attempt", ["add --retries N"])
    return seconds


def settings_given(
    values: list[str],
    *,
    ipv4: bool,
    ipv6: bool,
    proxy: str | None = None,
    expect: list[str] | None = None,
) -> dict[str, str]:
    """`--set` and the flags that are settings, by key. Raises UsageError."""
    given: dict[str, str] = {}
    for value in values:
        key, equals, text = value.partition("=")
        if not equals or not key.strip():
            what = f"--set {key} has no value" if key.strip() else "--set names no key"
            raise UsageError(what, ["write --set KEY=VALUE, for example --set server.timeout=5"])
        if key.strip() == "proxy":
            raise UsageError(
                "--set proxy names a table, not a key", ["use --proxy URL, or --set proxy.host=..."]
            )
        given[key.strip()] = text
    if expect:
        from smtpcheck.cli.expect_option import expected

        for key, text in expected(expect).items():
            if given.get(key, text) != text:
                said = f"--expect and --set {key}={given[key]} contradict each other"
                raise UsageError(said, ["keep the one that is meant"])
            given[key] = text
    if ipv4 and ipv6:
        raise UsageError("-4 and -6 exclude each other", ["leave both out to use all addresses"])
    if ipv4 or ipv6:
        flag, family = ("-4", "ipv4") if ipv4 else ("-6", "ipv6")
        other = given.get("server.address_family", family).strip()
        if other != family:
            said = f"{flag} and --set server.address_family={other} contradict each other"
            raise UsageError(said, ["keep the one that is meant"])
        given["server.address_family"] = family
    if proxy is not None:
        given["proxy"] = _proxy_word(proxy)
    return given


def _proxy_word(text: str) -> str:
    from smtpcheck.store.proxy_url import FROM_ENVIRONMENT, proxy_settings

    word = text.strip()
    if not word:
        raise UsageError("--proxy names nothing", ["give a URL, none, or env"])
    if word.lower() == FROM_ENVIRONMENT:
        return FROM_ENVIRONMENT
    proxy_settings(word)
    return word


def processes_given(text: str) -> int:
    """How many processes share the targets. Raises UsageError."""
    if text.strip().lower() == "auto":
        import os

        return os.cpu_count() or 1
    if not (text.isascii() and text.isdigit() and 1 <= int(text) <= _MOST_PROCESSES):
        raise UsageError(
            f"--processes {text} is neither auto nor a number from 1 to {_MOST_PROCESSES}"
        )
    return int(text)


def confirm_given(how: str) -> bool:
    """Whether the message is to be looked for. Raises UsageError for a way that is not known."""
    if how and how.lower() != "imap":
        raise UsageError(f"--confirm {how} is not known", ["write --confirm imap"])
    return bool(how)


def addresses_given(option: str, values: list[str]) -> tuple[str, ...]:
    """Mail addresses of an option, checked. `self` stands for the sender. Raises UsageError."""
    from smtpcheck.store.mail_addresses import address
    from smtpcheck.store.wrong_value import WrongValueError, shown

    given = []
    for value in values:
        try:
            given.append(value if value == "self" else address(value))
        except WrongValueError as error:
            help_ = [error.suggestion] if error.suggestion else [f"give {error.allowed}"]
            raise UsageError(f"{option} {shown(value)} {error.reason}", help_) from None
    return tuple(given)
