"""The checks of lint that know how each provider lets people in: which mechanisms it offers, and
which passwords it takes at which date, as its preset says."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator

from smtpcheck.diagnosis.lint_finding import Case, error, warning
from smtpcheck.diagnosis.oauth_settings import impossible
from smtpcheck.model.finding import LintFinding
from smtpcheck.model.jsonvalue import Facts
from smtpcheck.model.preset import Preset

_UNNAMED = ("auto", "none")
_OAUTH = (
    "sign in with OAuth: set auth.oauth.client_id, take auth.password out, then: "
    "smtpcheck login PROFILE"
)

_CLOUD_OF_HOST = {
    "smtp.office365.com": "public",
    "smtp-mail.outlook.com": "public",
    "smtp.office365.us": "us-gov",
    "smtp.partner.outlook.cn": "china",
}
"""Microsoft's servers, and whose tokens they take."""
_GOOGLE_HOSTS = ("smtp.gmail.com", "smtp.googlemail.com")


def rules_at(preset: Preset, today: dt.date) -> tuple[Facts, Facts]:
    """The rule for passwords that holds on this day, and the next that is announced; each is empty
    where there is none."""
    now: Facts = {}
    for rule in preset.password_rules:
        if str(rule["from"]) > today.isoformat():
            return now, rule
        now = rule
    return now, {}


def _password(case: Case) -> Iterator[LintFinding]:
    if case.preset is None or not case.uses_password:
        return
    name = case.preset.title or case.preset.name
    now, ahead = rules_at(case.preset, case.today)
    told = f"{name}, as of {case.preset.as_of}" if case.preset.as_of else name
    if now.get("password") == "refused":
        since = f" since {now['from']}" if now["from"] else ""
        said = f"no password is taken{since}: {now['note']} ({told})"
        yield error("password-login-refused", "auth.method", said, _OAUTH)
        return
    if ahead:
        said = f"from {ahead['from']}: {ahead['note']} ({told})"
    elif now.get("password") == "admin" and now["from"]:
        said = f"since {now['from']}: {now['note']} ({told})"
    else:
        return
    keep = "or have an administrator keep passwords on for this mailbox"
    helped = (_OAUTH, keep) if (ahead or now)["password"] == "admin" else (_OAUTH,)
    yield warning("password-login-ending", "auth.method", said, *helped)


def _mechanism(case: Case) -> Iterator[LintFinding]:
    preset, method = case.preset, case.profile.auth.method
    if preset is None or not preset.sasl or method in _UNNAMED or method.upper() in preset.sasl:
        return
    date = f" (as of {preset.as_of})" if preset.as_of else ""
    offers = ", ".join(preset.sasl)
    yield warning(
        "method-not-offered",
        "auth.method",
        f"{preset.title or preset.name} offers {offers}, not {method.upper()}{date}",
        'set auth.method to "auto"',
    )


def _oauth(case: Case) -> Iterator[LintFinding]:
    oauth = case.profile.auth.oauth
    if oauth is None or not case.profile.uses_kept_login or case.lacks_client:
        return
    for each in impossible(oauth):
        yield error("oauth-impossible", each.key, each.message, each.help)
    known = _CLOUD_OF_HOST.get(case.host)
    wanted = "google" if case.host in _GOOGLE_HOSTS else "microsoft" if known else ""
    if wanted and oauth.issuer in ("google", "microsoft") and oauth.issuer != wanted:
        yield error(
            "oauth-issuer-of-another",
            "auth.oauth.issuer",
            f"{case.host} takes tokens of {wanted}, not of {oauth.issuer}",
            f"set auth.oauth.issuer to {wanted}",
        )
    elif known and oauth.issuer == "microsoft" and oauth.cloud != known:
        hosts = [host for host, cloud in _CLOUD_OF_HOST.items() if cloud == oauth.cloud]
        yield error(
            "oauth-cloud-of-another",
            "auth.oauth.cloud",
            f"{case.host} is of the cloud {known}, and takes no token of {oauth.cloud}",
            f"set auth.oauth.cloud to {known}",
            f"or server.host to {hosts[0]}",
        )


LOGIN_CHECKS: tuple[Callable[[Case], Iterator[LintFinding]], ...] = (_mechanism, _password, _oauth)
