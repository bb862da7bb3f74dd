"""Which changes `--fix` may make to a profile, and which need the user's word first."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from smtpcheck.model.diagnosis import Change, Diagnosis, Severity
from smtpcheck.model.observation import Observations, Step
from smtpcheck.model.profile import TLS_VERSIONS, Profile

_HOSTS: Final = ("server.host", "server.socket", "tls.server_name", "proxy.host")
_OTHER_LOGIN: Final = ("auth.username", "auth.password", "server.host")
"""Keys whose change makes it another login: another user, secret or server."""


def changes_to_try(diagnoses: Sequence[Diagnosis]) -> tuple[Change, ...]:
    """The changes of the diagnosis that the run stands behind: those that an experiment proved,
    else those that its cause proposes, to be proven by a probe."""
    first = next((each for each in diagnoses if each.severity is Severity.ERROR), None)
    if first is None:
        return ()
    proven = tuple(each for each in first.changes if each.verified)
    return proven or first.changes


def why_not_unasked(change: Change, profile: Profile) -> str:
    """Why a change needs the user's word (`--accept`); empty where it does not: another host than
    the profile names, or less protection."""
    key, value = change.key, change.value
    if key in _HOSTS:
        named = {profile.server.host.lower(), profile.tls.server_name.lower()}
        return "" if str(value).lower() in named else "the profile does not name this host"
    if key == "server.security" and value == "none" and profile.security != "none":
        return "it gives up TLS"
    if key == "tls.verify" and value is False and profile.tls.verify:
        return "it gives up checking the certificate"
    if key == "tls.min_version" and _version(value) < _version(profile.tls.min_version):
        return "it allows an older TLS version"
    if key == "auth.allow_insecure" and value is True and not profile.auth.allow_insecure:
        return "it lets the login leave without verified TLS"
    return ""


def repeats_refused_login(observations: Observations, changes: Sequence[Change]) -> bool:
    """Whether a probe with these changes would try a login again that the server has refused."""
    login = _step(observations, "auth.login")
    reply = login.facts.get("reply") if login else None
    code = reply.get("code") if isinstance(reply, dict) else None
    refused = isinstance(code, int) and code >= 500
    return refused and not any(each.key in _OTHER_LOGIN for each in changes)


def wrote_final_dot(observations: Observations) -> bool:
    """Whether a message was handed over whole, accepted or not: then none may follow."""
    return _step(observations, "send.message") is not None


def _step(observations: Observations, name: str) -> Step | None:
    steps = (step for stage in observations.stages for step in stage.steps)
    return next((step for step in steps if step.step == name), None)


def _version(value: object) -> int:
    return TLS_VERSIONS.index(value) if value in TLS_VERSIONS else len(TLS_VERSIONS)
