"""What lint found before a run, told with the run: beside the failure that it may explain, else in
a few notes. It replaces no cause that was observed, and changes no exit code."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from smtpcheck.catalog.flat import flat
from smtpcheck.diagnosis.lint_secret import wrong_kind
from smtpcheck.diagnosis.placeholder import for_target
from smtpcheck.diagnosis.provider import provider_by_host
from smtpcheck.model.diagnosis import Diagnosis, Severity
from smtpcheck.model.finding import LintFinding
from smtpcheck.model.jsonvalue import Facts
from smtpcheck.model.observation import Observations
from smtpcheck.model.secret import SecretLook
from smtpcheck.model.stage import Outcome, Stage

MOST_HINTS: Final = 3
MOST_NOTES: Final = 3
_TCP_TO_AUTH: Final = (Stage.TCP, Stage.TLS, Stage.AUTH)
_ANY: Final = (Stage.DNS, *_TCP_TO_AUTH)
EXPLAINS: Final[dict[str, tuple[Stage, ...]]] = {
    "host-short-name": (Stage.DNS, Stage.TLS),
    "host-is-address": (Stage.TLS,),
    "host-for-reading-mail": _ANY,
    "host-misspelt": _ANY,
    "preset-host-mismatch": _ANY,
    "mx-host-for-submission": (*_TCP_TO_AUTH, Stage.SEND),
    "port-security-mismatch": (Stage.TCP, Stage.TLS),
    "port-for-reading-mail": _TCP_TO_AUTH,
    "region-unknown": (Stage.DNS, Stage.AUTH),
    "credentials-without-tls": (Stage.AUTH,),
    "tls-verification-off": (Stage.AUTH,),
    "tls-version-old": (),
    "timeout-too-small": (*_TCP_TO_AUTH, Stage.SEND),
    "helo-short-name": (Stage.TCP, Stage.TLS, Stage.SEND),
    "username-has-blanks": (Stage.AUTH,),
    "username-missing": (Stage.AUTH,),
    "username-not-an-address": (Stage.AUTH,),
    "username-not-as-prescribed": (Stage.AUTH,),
    "external-without-certificate": (Stage.AUTH,),
    "password-source-missing": (Stage.AUTH,),
    "ses-username": (Stage.AUTH,),
    "password-login-refused": (Stage.AUTH,),
    "password-login-ending": (Stage.AUTH,),
    "method-not-offered": (Stage.AUTH,),
    "force-without-address": (Stage.SEND,),
    "sender-domain-not-public": (Stage.SEND,),
    "sender-domain-of-another": (Stage.SEND,),
    "sender-not-the-login": (Stage.SEND,),
    "bounce-in-other-domain": (Stage.SEND,),
    "recipient-in-other-domain": (Stage.SEND,),
}
"""In which stage each finding may be why a run failed; what concerns the password is found at the
login itself."""


def with_findings(
    diagnoses: Sequence[Diagnosis], observations: Observations
) -> tuple[Diagnosis, ...]:
    """The diagnoses, the first error with a step for each finding that may explain the failure
    and that its own changes do not name already."""
    first = next((each for each in diagnoses if each.severity is Severity.ERROR), None)
    if first is None:
        return tuple(diagnoses)
    named = {change.key for change in first.changes}
    if first.cause == "auth-app-password-required":
        named.add("auth.password")
    told = [each for each in explaining(observations) if each.key not in named]
    facts = observations.settings
    steps = tuple(_step(each, facts) for each in told[:MOST_HINTS])
    better = replace(first, help=(*first.help, *steps))
    return tuple(better if each is first else each for each in diagnoses)


def explaining(observations: Observations) -> list[LintFinding]:
    """The findings that may be why the run failed; none where nothing failed."""
    failed = next((each for each in observations.stages if each.outcome is Outcome.FAILED), None)
    step = failed.failed_step if failed else None
    if failed is None or step is None:
        return []
    facts = flat(step.facts)
    waited = "timeout" in (facts.get("silence.kind"), facts.get("error.kind"))
    found = [
        each
        for each in observations.findings
        if failed.stage in EXPLAINS.get(each.id, ()) and (waited or each.id != "timeout-too-small")
    ]
    at_login = step.step == "auth.login" and "reply.code" in facts
    return [*found, *(_of_password(facts, observations.settings) if at_login else ())]


def lint_notes(observations: Observations, diagnoses: Sequence[Diagnosis]) -> tuple[str, ...]:
    """The findings that are not told beside a failure, in a few lines; how to see the rest."""
    beside = explaining(observations)
    rest = [each for each in observations.findings if each not in beside]
    if any(each.severity is Severity.ERROR for each in diagnoses):
        left, most = rest, 0
    else:  # nothing failed, or nobody knows why
        left, most = [*beside, *rest], MOST_NOTES
    profile = observations.settings.get("profile")
    shown = left[: most if profile else MOST_NOTES]
    notes = [f"{each.key}: {each.message}" for each in shown]
    more = len(left) - len(shown)
    if more and profile:
        what = "1 finding" if more == 1 else f"{more} findings"
        also = " more" if shown else ""
        notes.append(f"{what}{also} about the settings: smtpcheck profile lint {profile}")
    return tuple(notes)


def _of_password(facts: Facts, settings: Facts) -> list[LintFinding]:
    """What the login itself showed of the password, besides what the catalogue judges."""
    kind = facts.get("password_kind")
    if not isinstance(kind, str) or settings.get("auth.method") in ("xoauth2", "oauthbearer"):
        return []
    preset, host = settings.get("provider"), settings.get("server.host")
    provider = preset if isinstance(preset, str) and preset else provider_by_host(str(host or ""))
    return list(wrong_kind(SecretLook("", kind), provider))


def _step(finding: LintFinding, facts: Facts) -> str:
    ways = "; ".join(finding.help[:1])
    profile = facts.get("profile")
    ways = ways.replace("PROFILE", str(profile)) if profile else ways
    return for_target(f"(the settings) {finding.key}: {finding.message}: {ways}", facts)
