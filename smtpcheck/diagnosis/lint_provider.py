"""The checks of lint that know the providers: hosts that are nearly right, hosts with another
purpose, and what each provider wants as user name and region."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from fnmatch import fnmatchcase
from functools import lru_cache

from smtpcheck.diagnosis.lint_finding import (
    Case,
    belongs,
    error,
    literal,
    preset_of_host,
    warning,
)
from smtpcheck.model.finding import LintFinding

# Inbound servers: they take mail for the domain, and offer no login.
_MX_HOSTS = (
    "*.mail.protection.outlook.com",
    "*.mx.microsoft",
    "aspmx.l.google.com",
    "alt[1-4].aspmx.l.google.com",
    "aspmx[2-5].googlemail.com",
    "smtp.google.com",
)
# Real servers whose names are a typing mistake away from a provider's.
_REAL_NEIGHBOURS = frozenset({"smtp.mail.com", "smtp.email.com", "smtp.ymail.com"})
_IAM_SECRET = re.compile(r"[A-Za-z0-9/+=]{40,44}\Z")
_SES_HOST = re.compile(r"email-smtp(?:-fips)?\.([a-z0-9-]+)\.amazonaws\.com\Z")


def _misspelt(case: Case) -> Iterator[LintFinding]:
    host = case.host
    if not host or "." not in host or literal(host) is not None or host in _REAL_NEIGHBOURS:
        return
    if any(belongs(host, preset) for preset in case.presets):
        return
    parents = (name for name in _main_hosts(case) if name.endswith("." + host))
    parent = next(parents, "") if host.count(".") < 3 else ""
    if parent:
        yield warning(
            "host-misspelt",
            "server.host",
            f"{host} is the provider's domain, not its mail server",
            f"did you mean {parent}?",
        )
        return
    near = min(_host_names(case), key=lambda name: (slips(host, name), name), default="")
    if near and 0 < slips(host, near) <= 2:
        yield warning(
            "host-misspelt",
            "server.host",
            f"{host} is nearly {near}, and no known server",
            f"did you mean {near}?",
        )


def _main_hosts(case: Case) -> Iterator[str]:
    """The host that each provider wants to be used, with `{region}` where there is one for each."""
    for preset in case.presets:
        server = preset.settings.get("server")
        host = server.get("host") if isinstance(server, Mapping) else None
        if host or preset.host_template:
            yield str(host or preset.host_template).lower()


def _host_names(case: Case) -> set[str]:
    names: set[str] = set()
    for preset in case.presets:
        names.update(host.lower() for host in preset.hosts if "*" not in host)
        if "{region}" in preset.host_template:
            names.update(preset.host_template.replace("{region}", each) for each in preset.regions)
    return names


def slips(host: str, known: str) -> int:
    """How many slips lie between a host and a known one; 9 where they are too many for the name
    of the provider: whoever has smtp.abc.com did not mean smtp.aol.com."""
    if _far_apart(host, known):
        return 9
    brand = _brand(known)
    ours, theirs = host.split("."), known.split(".")
    at = theirs.index(brand)
    most = 0 if len(brand) <= 4 else 1 if len(brand) <= 6 else 2
    if len(ours) == len(theirs) and distance(ours[at], brand) > most:
        return 9
    found = distance(host, known)
    return found if len(ours) == len(theirs) or found <= most else 9


def _brand(host: str) -> str:
    """The part of a host's name by which its owner is known: the longest between the first and
    the top-level domain."""
    labels = host.split(".")
    return max(labels[1:-1] or labels[:1], key=len)


def distance(one: str, other: str) -> int:
    """How many slips lie between two words: a character too many, missing, wrong, or two
    swapped; 9 when the lengths or the letters alone say that they are more than two apart."""
    if _far_apart(one, other):
        return 9
    rows = [list(range(len(other) + 1))]
    for i, left in enumerate(one, 1):
        row = [i]
        for j, right in enumerate(other, 1):
            best = min(rows[-1][j] + 1, row[-1] + 1, rows[-1][j - 1] + (left != right))
            if i > 1 and j > 1 and left == other[j - 2] and one[i - 2] == right:
                best = min(best, rows[-2][j - 2] + 1)
            row.append(best)
        rows.append(row)
    return rows[-1][-1]


def _far_apart(one: str, other: str) -> bool:
    """Whether three slips or more lie between two words for certain: each brings one new letter
    at most, and takes away the last of one other. Nearly all pairs end here."""
    ours, theirs = _letters(one), _letters(other)
    apart = max(abs(len(one) - len(other)), len(ours - theirs), len(theirs - ours))
    return apart > 2


_letters = lru_cache(maxsize=1024)(frozenset[str])


def _other_provider(case: Case) -> Iterator[LintFinding]:
    preset = case.preset
    if not case.profile.preset or preset is None or not preset.hosts or not case.host:
        return
    actual = preset_of_host(case.host, case.presets)
    if actual is not None and not belongs(case.host, preset):
        yield warning(
            "preset-host-mismatch",
            "server.host",
            f"the preset is {preset.name}, and the host belongs to {actual.name}",
            f'set preset to "{actual.name}", or take server.host out',
        )


def is_mx(host: str) -> bool:
    """Whether a known provider takes mail for its customers' domains at this host."""
    return any(fnmatchcase(host, pattern) for pattern in _MX_HOSTS)


def _mx_host(case: Case) -> Iterator[LintFinding]:
    if not is_mx(case.host):
        return
    microsoft = not case.host.startswith(("aspmx", "alt", "smtp.google"))
    submission = "smtp.office365.com" if microsoft else "smtp.gmail.com"
    if case.profile.wants_login:
        yield error(
            "mx-host-for-submission",
            "server.host",
            f"{case.host} takes mail for its own domain and offers no login",
            f"set server.host to {submission} and server.port to 587 to send with a login",
            "or take auth.username and auth.password out, with server.port 25",
        )
    elif case.profile.port != 25:
        yield error(
            "mx-host-for-submission",
            "server.port",
            f"{case.host} takes mail for its own domain, on port 25 alone",
            f"set server.host to {submission}, to send with a login",
            "or set server.port to 25, to deliver to that domain",
        )


def _username(case: Case) -> Iterator[LintFinding]:
    preset, name = case.preset, case.profile.auth.username
    if preset is None or not name or not case.uses_password:
        return
    if preset.username_literal and name != preset.username_literal:
        yield error(
            "username-not-as-prescribed",
            "auth.username",
            f"{preset.title or preset.name} wants the fixed user name {preset.username_literal}",
            f'set auth.username to "{preset.username_literal}"; the key is the password',
        )
    elif preset.username_form == "address" and "@" not in name:
        yield warning(
            "username-not-an-address",
            "auth.username",
            f"{preset.title or preset.name} wants the whole mail address as user name",
            "set auth.username to the address of the mailbox",
        )


def _ses(case: Case) -> Iterator[LintFinding]:
    found = _SES_HOST.match(case.host)
    if not found:
        return
    region = found[1]
    ses = case.preset
    if ses is not None and ses.regions and region not in ses.regions:
        near = min(ses.regions, key=lambda each: (distance(region, each), each))
        close = distance(region, near) <= 2
        yield warning(
            "region-unknown",
            "server.host",
            f"no SES endpoint is known in region {region} (as of {ses.as_of or 'the preset'})",
            f"did you mean {near}?" if close else "compare with the regions of your SES console",
        )
    name = case.profile.auth.username
    if not name or not case.profile.wants_login:
        return
    wrong = _not_an_ses_user(name)
    if wrong:
        yield error(
            "ses-username",
            "auth.username",
            wrong,
            "create SMTP credentials in the SES console, in this region: the user name begins "
            "with AKIA and the password belongs to it alone",
        )


def _not_an_ses_user(name: str) -> str:
    """Why this cannot be an SES SMTP user name, or nothing. Never quotes it: it may be a key."""
    if name.startswith("ASIA"):
        return "the user name is a temporary access key, and SES takes none for SMTP"
    if name.startswith("ses-smtp-user"):
        return "the user name is the IAM user's, and SES wants the SMTP user name (AKIA...)"
    if "@" in name:
        return "the user name is a mail address, and SES wants the SMTP user name (AKIA...)"
    if _IAM_SECRET.match(name):
        return "the user name looks like a secret access key: that is no user name"
    return ""


PROVIDER_CHECKS: tuple[Callable[[Case], Iterator[LintFinding]], ...] = (
    _misspelt,
    _other_provider,
    _mx_host,
    _username,
    _ses,
)
