"""The checks of lint that know what the password looks like. They never see it: what comes here
are the words of `wire/sasl.py`."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from smtpcheck.diagnosis.lint_finding import Case, error, warning
from smtpcheck.model.finding import LintFinding
from smtpcheck.model.secret import SecretLook

_KEY = "auth.password"
_AGAIN = "store it anew: smtpcheck secret set PROFILE"
_ODD = {
    "newline-at-end": (
        "the password ends with a line break, which the server takes for a part of it",
        "write it without: printf %s instead of echo, or export NAME=$(cat FILE)",
    ),
    "blank-at-end": (
        "there is a blank before or after the password",
        "write it without; a copied password often brings one along",
    ),
    "nul": (
        "there is a NUL in the password, which PLAIN cannot carry",
        "save it as UTF-8: a file of Windows may be UTF-16",
    ),
    "non-ascii": (
        "there are letters outside ASCII in the password, which servers encode differently",
        "if the login fails, choose a password of ASCII characters alone",
    ),
}


def _odd(case: Case) -> Iterator[LintFinding]:
    if case.secret is not None and case.secret.shape in _ODD:
        shape = case.secret.shape
        made = error if shape in ("nul", "newline-at-end") else warning
        said, step = _ODD[shape]
        yield made(f"password-{shape}", _KEY, said, step, _AGAIN)


def _kind(case: Case) -> Iterator[LintFinding]:
    if case.secret is not None and case.uses_password:
        yield from wrong_kind(case.secret, case.provider)


def wrong_kind(look: SecretLook, provider: str) -> Iterator[LintFinding]:
    """A password that does not look like what this provider gives out."""
    if provider in ("gmail", "google-workspace") and look.kind != "app-password":
        yield warning(
            "password-no-app-password",
            _KEY,
            "Google takes an app password of 16 letters, and this is none; the password of the "
            "account is refused since 30 May 2022 (Workspace: 1 May 2025)",
            "turn 2-Step Verification on, then make one: https://myaccount.google.com/apppasswords",
            "or set auth.method to xoauth2 and use a token",
        )
    elif provider == "sendgrid" and look.kind != "sendgrid-key":
        yield error(
            "password-no-api-key",
            _KEY,
            "the password at SendGrid is an API key, and this does not begin with SG.",
            "make a key that may send mail (Settings, API Keys), and store it whole",
        )
    elif provider == "ses" and look.kind == "secret-access-key":
        yield error(
            "password-is-access-key",
            _KEY,
            "the password looks like an AWS secret access key, and SES wants the SMTP password "
            "that is made from it for one region",
            "create SMTP credentials in the SES console, in the region of server.host",
        )
    elif provider == "ses" and look.kind != "ses-smtp-password":
        yield warning(
            "password-no-ses-password",
            _KEY,
            "an SMTP password of SES has 44 characters and begins with A or B, and this has not",
            "create SMTP credentials in the SES console, in the region of server.host",
        )


SECRET_CHECKS: tuple[Callable[[Case], Iterator[LintFinding]], ...] = (_odd, _kind)
