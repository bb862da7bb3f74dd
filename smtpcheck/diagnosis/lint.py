"""Finds what is wrong with a profile before a packet is sent: settings that contradict each other,
the provider, or good sense. A pure function of the profile, the presets and today's date."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator, Sequence

from smtpcheck.diagnosis.lint_expect import EXPECT_CHECKS
from smtpcheck.diagnosis.lint_finding import (
    Case,
    domain_of,
    error,
    is_loopback,
    literal,
    preset_of_host,
    warning,
)
from smtpcheck.diagnosis.lint_login import LOGIN_CHECKS
from smtpcheck.diagnosis.lint_provider import PROVIDER_CHECKS
from smtpcheck.diagnosis.lint_secret import SECRET_CHECKS
from smtpcheck.diagnosis.lint_sender import SENDER_CHECKS
from smtpcheck.model.diagnosis import Severity
from smtpcheck.model.finding import LintFinding
from smtpcheck.model.preset import Preset
from smtpcheck.model.profile import TLS_VERSIONS, Profile
from smtpcheck.model.secret import SecretLook

__all__ = ["LintFinding", "lint"]

_SMALLEST_TIMEOUT = 5.0
_READING = ("imap.", "imap4.", "pop.", "pop3.", "webmail.")
_READING_PORTS = {110: "POP3", 143: "IMAP", 993: "IMAP", 995: "POP3"}


def lint(
    profile: Profile,
    preset: Preset | None,
    *,
    now_date: dt.date,
    presets: Sequence[Preset] = (),
    secret: SecretLook | None = None,
) -> tuple[LintFinding, ...]:
    """All findings, errors first, then in the order of the profile's keys. `presets` are all that
    are known: without them no host is called misspelt. `secret` is what the password looks like,
    where that is known."""
    known = tuple(presets)
    host = profile.server.host.lower().rstrip(".")
    case = Case(profile, preset or preset_of_host(host, known), known, now_date, secret)
    findings = [
        found
        for check in (
            *_CHECKS,
            *SENDER_CHECKS,
            *PROVIDER_CHECKS,
            *LOGIN_CHECKS,
            *SECRET_CHECKS,
            *EXPECT_CHECKS,
        )
        for found in check(case)
    ]
    return tuple(sorted(findings, key=lambda each: each.severity is not Severity.ERROR))


def _port_and_security(case: Case) -> Iterator[LintFinding]:
    server = case.profile.server
    port, security = server.port, server.security
    if port in _READING_PORTS:
        yield warning(
            "port-for-reading-mail",
            "server.port",
            f"port {port} is for reading mail ({_READING_PORTS[port]})",
            "set server.port to 587 for STARTTLS, or 465 for TLS from the first byte",
        )
    if not port or not security or _is_known_way(case, port, security):
        return
    if port == 465 and security != "tls":
        yield error(
            "port-security-mismatch",
            "server.security",
            f'port 465 speaks TLS from the first byte, and security is "{security}"',
            'set server.security to "tls"',
            "or set server.port to 587 and keep STARTTLS",
        )
    if port in (25, 587) and security == "tls":
        yield error(
            "port-security-mismatch",
            "server.security",
            f"port {port} begins in plain text and goes over to TLS with STARTTLS, and "
            'security is "tls"',
            'set server.security to "starttls", also where a manual says SSL/TLS for this port',
            "or set server.port to 465 and keep implicit TLS",
        )


def _is_known_way(case: Case, port: int, security: str) -> bool:
    """Whether the provider itself documents this pair."""
    if case.preset is None:
        return False
    return any(
        way.get("port") == port and way.get("security") == security
        for way in case.preset.alternatives
    )


def _plain_text_login(case: Case) -> Iterator[LintFinding]:
    if case.profile.security != "none" or not case.profile.wants_login:
        return
    if case.profile.auth.allow_insecure:
        yield warning(
            "credentials-without-tls",
            "auth.allow_insecure",
            "the password crosses the network in plain text, for everybody on the way to read",
            'set server.security to "starttls" or "tls"',
            "or take the login out: a relay that knows your address needs none",
        )
        return
    yield warning(
        "credentials-without-tls",
        "server.security",
        'the profile logs in and security is "none": no credential is sent so, and auth fails',
        'set server.security to "starttls" or "tls"',
        "or take auth.username and auth.password out, where the server wants no login",
    )


def _verification(case: Case) -> Iterator[LintFinding]:
    tls = case.profile.tls
    if case.profile.security == "none":
        return
    if not tls.verify and not tls.fingerprint:
        yield warning(
            "tls-verification-off",
            "tls.verify",
            "any server may pose as this one: its certificate is not checked",
            "set tls.verify to true",
            "for a certificate of your own: name its CA in tls.ca_file, or its SHA-256 in "
            "tls.fingerprint",
        )
    for key, version in (
        ("tls.min_version", tls.min_version),
        ("tls.max_version", tls.max_version),
    ):
        if TLS_VERSIONS.index(version) < TLS_VERSIONS.index("1.2"):
            yield warning(
                "tls-version-old",
                key,
                f"TLS {version} is broken and was retired by RFC 8996",
                f'set {key} to "1.2" or higher',
            )


def _timeout(case: Case) -> Iterator[LintFinding]:
    seconds = case.profile.server.timeout
    if seconds < _SMALLEST_TIMEOUT:
        yield warning(
            "timeout-too-small",
            "server.timeout",
            f"{seconds:g} s is less than a healthy server may take to greet",
            "set server.timeout to 20, or leave it out",
        )


def _host_form(case: Case) -> Iterator[LintFinding]:
    host = case.host
    if not host or is_loopback(host):
        return
    if literal(host) is not None:
        tls = case.profile.tls
        if case.profile.security != "none" and tls.verify and not tls.server_name:
            yield warning(
                "host-is-address",
                "server.host",
                "certificates are made for names, and the host is an address",
                "set server.host to the server's name",
                "or name what the certificate covers in tls.server_name",
            )
        return
    if "." not in host:
        yield warning(
            "host-short-name",
            "server.host",
            f"{host} is a short name: what it means depends on the machine, and no certificate "
            "covers it",
            "set server.host to the full DNS name, for example "
            f"{host}.{domain_of(case.profile.sender.address) or 'example.com'}",
        )
    elif host.startswith(_READING):
        name = host.partition(".")[2]
        yield warning(
            "host-for-reading-mail",
            "server.host",
            f"{host} is named like a server for reading mail, and SMTP needs the one for sending",
            f"try smtp.{name}",
        )


def _credentials(case: Case) -> Iterator[LintFinding]:
    auth = case.profile.auth
    if auth.username != auth.username.strip():
        yield warning(
            "username-has-blanks",
            "auth.username",
            "there is a blank before or after the user name",
            "write it without",
        )
    if auth.method == "none":
        return
    if auth.method == "external":
        if not case.profile.tls.client_cert:
            yield warning(
                "external-without-certificate",
                "tls.client_cert",
                "EXTERNAL lets the server know you by your certificate, and there is none",
                "set tls.client_cert and tls.client_key",
            )
        return
    kept = case.profile.uses_kept_login and not case.lacks_client
    if auth.username and auth.password is None and not kept:
        yield warning(
            "password-source-missing",
            "auth.password",
            "there is a user name and no place that the password comes from",
            "set auth.password to { keyring = true }, then: smtpcheck secret set PROFILE",
            'or to { env = "NAME" }, { file = "PATH" } or { command = ["..."] }',
        )
    if auth.password is not None and not auth.username and auth.method != "oauthbearer":
        yield warning(
            "username-missing",
            "auth.username",
            "there is a password and no user name that it belongs to",
            "set auth.username",
        )


def _helo(case: Case) -> Iterator[LintFinding]:
    helo = case.profile.server.helo
    if (
        helo
        and not helo.startswith("[")
        and "." not in helo.rstrip(".")
        and not is_loopback(case.host)
    ):
        yield warning(
            "helo-short-name",
            "server.helo",
            f"{helo} is no full name, and strict servers refuse it (RFC 5321 section 4.1.1.1)",
            "set server.helo to the machine's full name, or leave it out",
        )


_CHECKS: tuple[Callable[[Case], Iterator[LintFinding]], ...] = (
    _host_form,
    _port_and_security,
    _plain_text_login,
    _timeout,
    _helo,
    _verification,
    _credentials,
)
