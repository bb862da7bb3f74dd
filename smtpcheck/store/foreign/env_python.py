"""The variables of Python programs: Django, Flask-Mail, fastapi-mail."""

from __future__ import annotations

import re
from collections.abc import Mapping

from smtpcheck.store.foreign import takes
from smtpcheck.store.foreign.entry import Entry, Lookup
from smtpcheck.store.foreign.env_families import Family
from smtpcheck.store.foreign.taking import Field, Taking, as_text

_DJANGO = (
    Field("EMAIL_HOST", "server.host", takes.text),
    Field("EMAIL_PORT", "server.port", takes.integer),
    Field("EMAIL_HOST_USER", "auth.username", takes.text),
    Field("EMAIL_HOST_PASSWORD", "auth.password", takes.secret),
    Field("EMAIL_TIMEOUT", "server.timeout", takes.seconds),
    Field("EMAIL_SSL_CERTFILE", "tls.client_cert", takes.path),
    Field("EMAIL_SSL_KEYFILE", "tls.client_key", takes.path),
    Field("DEFAULT_FROM_EMAIL", "sender.address", takes.mailbox),
    Field("EMAIL_FROM", "sender.address", takes.mailbox),
)
_MAILERS: Mapping[str, str] = {
    "host": "EMAIL_HOST",
    "port": "EMAIL_PORT",
    "username": "EMAIL_HOST_USER",
    "password": "EMAIL_HOST_PASSWORD",
    "use_tls": "EMAIL_USE_TLS",
    "use_ssl": "EMAIL_USE_SSL",
    "timeout": "EMAIL_TIMEOUT",
    "ssl_certfile": "EMAIL_SSL_CERTFILE",
    "ssl_keyfile": "EMAIL_SSL_KEYFILE",
}
"""The options of `MAILERS` (Django 6.1) and what they were called before."""
_FLASK = (
    Field("MAIL_SERVER", "server.host", takes.text),
    Field("MAIL_PORT", "server.port", takes.integer),
    Field("MAIL_USERNAME", "auth.username", takes.text),
    Field("MAIL_PASSWORD", "auth.password", takes.secret),
    Field("MAIL_DEFAULT_SENDER", "sender.address", takes.mailbox),
    Field("MAIL_FROM", "sender.address", takes.mailbox),
    Field("MAIL_FROM_NAME", "sender.name", takes.text),
    Field("MAIL_TIMEOUT", "server.timeout", takes.seconds),
    Field("LOCAL_HOSTNAME", "server.helo", takes.text),
    Field("CERT_BUNDLE", "tls.ca_file", takes.path),
    Field("VALIDATE_CERTS", "tls.verify", takes.verified),
)
_USUAL_PORT = 25


def mailers(entries: Mapping[str, Entry]) -> dict[str, list[Entry]]:
    """The entries of each mailer of `MAILERS`, under the names they had before."""
    found: dict[str, list[Entry]] = {}
    for name, entry in entries.items():
        told = re.fullmatch(r"MAILERS\.([^.]+)\.(BACKEND|OPTIONS\.([^.]+))", name)
        if told:
            old = "EMAIL_BACKEND" if told[2] == "BACKEND" else _MAILERS.get(told[3], told[3])
            found.setdefault(told[1], []).append(Entry(old, entry.value, entry.line))
    return found


def take_django(taking: Taking) -> None:
    """Django, django/core/mail/backends/smtp.py: use_tls is STARTTLS, use_ssl is TLS from the
    first byte, neither is no TLS."""
    backend = taking.entry("EMAIL_BACKEND")
    if backend is not None and not isinstance(backend.value, Lookup):
        name = as_text(backend.value)
        if "smtp" not in name:
            taking.note(
                "EMAIL_BACKEND is not that of SMTP: the application does not use these settings",
                backend.line,
            )
    taking.fields(_DJANGO)
    if not taking.has("server.host") and "EMAIL_HOST" not in taking.entries:
        taking.put("server.host", "localhost")
        taking.note("EMAIL_HOST is not set: Django takes localhost")
    _take_switches(taking, "EMAIL_USE_TLS", "EMAIL_USE_SSL", "Django")


def take_flask(taking: Taking) -> None:
    """Flask-Mail, flask_mail.py (Connection.configure_host), and fastapi-mail, which has the same
    names and says how far it checks certificates."""
    taking.fields(_FLASK)
    fastapi = taking.entry("MAIL_STARTTLS", "MAIL_SSL_TLS", "VALIDATE_CERTS")
    if fastapi is None:
        _take_switches(taking, "MAIL_USE_TLS", "MAIL_USE_SSL", "Flask-Mail")
    else:
        _take_switches(taking, "MAIL_STARTTLS", "MAIL_SSL_TLS", "fastapi-mail")
    if fastapi is None and taking.got("server.security") != "none":
        taking.note("Flask-Mail does not check the server's certificate; the profile does")


def _take_switches(taking: Taking, starttls: str, implicit: str, program: str) -> None:
    if not taking.has("server.port") and not _is_lookup(taking, "_PORT"):
        taking.put("server.port", _USUAL_PORT)
        taking.note(f"no port is set: {program} takes {_USUAL_PORT}")
    tls, ssl = taking.entry(starttls), taking.entry(implicit)
    wants_tls = taking.flag(starttls, default=False)
    wants_ssl = taking.flag(implicit, default=False)
    if wants_tls and wants_ssl:
        taking.note(f"{starttls} and {implicit} are both set, which {program} refuses")
    mode = "tls" if wants_ssl else "starttls" if wants_tls else "none"
    if mode == "none" and any(_is_open(each) for each in (tls, ssl)):
        return  # what the environment says is not known
    takes.security(taking, mode, ssl if wants_ssl else tls or ssl, program)


def _is_open(entry: Entry | None) -> bool:
    return entry is not None and isinstance(entry.value, Lookup) and entry.value.default is None


def _is_lookup(taking: Taking, ending: str) -> bool:
    return any(_is_open(entry) for name, entry in taking.entries.items() if name.endswith(ending))


FAMILIES = (
    Family(
        "django",
        "EMAIL_HOST|EMAIL_HOST_USER|EMAIL_BACKEND|EMAIL_HOST_PASSWORD",
        r"^EMAIL_",
        take_django,
        ("EMAIL_SUBJECT_PREFIX", "EMAIL_USE_LOCALTIME", "EMAIL_FILE_PATH"),
    ),
    Family(
        "flask",
        "MAIL_SERVER|MAIL_USE_TLS|MAIL_USE_SSL|MAIL_STARTTLS|MAIL_SSL_TLS",
        r"^MAIL_",
        take_flask,
        ("MAIL_DEBUG", "MAIL_SUPPRESS_SEND", "MAIL_MAX_EMAILS", "MAIL_ASCII_ATTACHMENTS"),
    ),
)
