"""The checks of lint that look at `[expect]`: what can never be met, or is never looked at."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from smtpcheck.diagnosis.lint_finding import Case, warning
from smtpcheck.model.finding import LintFinding
from smtpcheck.model.profile import Expect
from smtpcheck.model.stage import Stage

_MECHANISM = re.compile(r"[A-Za-z0-9_-]{1,20}")
"""RFC 4422 section 3.1."""
_KEYWORD = re.compile(r"[A-Za-z0-9][A-Za-z0-9-]*")
"""RFC 5321 section 4.1.1.1."""


def _without_tls(case: Case, expect: Expect) -> Iterator[LintFinding]:
    if case.profile.security != "none":
        return
    for key in ("min_tls", "certificate_days"):
        if getattr(expect, key):
            yield warning(
                "expect-without-tls",
                f"expect.{key}",
                f"expect.{key} cannot be met: security is none, and there is no TLS",
                'set server.security to "starttls" or "tls"',
                f"or take expect.{key} out",
            )


def _times(case: Case, expect: Expect) -> Iterator[LintFinding]:
    for stage in Stage:
        most = getattr(expect, f"{stage}_ms")
        if expect.total_ms and most > expect.total_ms:
            yield warning(
                "expect-stage-above-total",
                f"expect.{stage}_ms",
                f"expect.{stage}_ms {most} is above expect.total_ms {expect.total_ms}: a stage "
                "cannot take longer than the whole run",
                f"set expect.{stage}_ms to less, or expect.total_ms to more",
            )
    if expect.auth_ms and not case.profile.wants_login:
        yield _never("auth_ms", "the profile does not log in")


def _families(case: Case, expect: Expect) -> Iterator[LintFinding]:
    if not expect.families:
        return
    server = case.profile.server
    if case.profile.proxy is not None:
        yield _never("families", "through a proxy no address of the server shows")
    elif server.socket:
        yield _never("families", "a Unix socket has no address")
    elif server.address_family != "any" and set(expect.families) != {server.address_family}:
        yield _never("families", f"server.address_family is {server.address_family}", "not whole")


def _senders(case: Case, expect: Expect) -> Iterator[LintFinding]:
    if expect.senders and not case.profile.wants_login:
        yield warning(
            "expect-senders-without-login",
            "expect.senders",
            "expect.senders is about the addresses of a login, and the profile does not log in",
            "set auth.username and auth.password, or take expect.senders out",
        )


def _words(case: Case, expect: Expect) -> Iterator[LintFinding]:  # noqa: ARG001 - as the others
    for key, pattern, what in (
        ("mechanisms", _MECHANISM, "SASL mechanism"),
        ("extensions", _KEYWORD, "EHLO keyword"),
    ):
        for word in getattr(expect, key):
            if not pattern.fullmatch(word):
                yield warning(
                    "expect-no-such-word",
                    f"expect.{key}",
                    f"{word} cannot be met: no {what} is written so",
                    f'write each on its own, for example {key} = ["{_first(word)}"]',
                )


def _first(word: str) -> str:
    return re.split(r"[^A-Za-z0-9_-]", word.strip())[0].upper() or "PLAIN"


def _never(key: str, why: str, how: str = "never") -> LintFinding:
    return warning(
        "expect-never-seen",
        f"expect.{key}",
        f"expect.{key} is {how} looked at: {why}",
        f"take expect.{key} out, or change what keeps it from being seen",
    )


_CHECKS: tuple[Callable[[Case, Expect], Iterator[LintFinding]], ...] = (
    _without_tls,
    _times,
    _families,
    _senders,
    _words,
)


def _expect(case: Case) -> Iterator[LintFinding]:
    if case.profile.expect is not None:
        for check in _CHECKS:
            yield from check(case, case.profile.expect)


EXPECT_CHECKS: tuple[Callable[[Case], Iterator[LintFinding]], ...] = (_expect,)
