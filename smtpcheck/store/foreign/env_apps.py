"""The variables of programs that are run as containers: Mattermost, Gitea and Forgejo, Airflow,
Quarkus. Vaultwarden and Mastodon have those that everybody has (`env_plain.py`)."""

from __future__ import annotations

from smtpcheck.store.foreign import takes
from smtpcheck.store.foreign.entry import Entry
from smtpcheck.store.foreign.env_families import Family
from smtpcheck.store.foreign.taking import Field, Taking, as_flag, as_text
from smtpcheck.store.foreign.url_text import take_url

_MATTERMOST = "MM_EMAILSETTINGS_"
_GITEA = r"(?:GITEA|FORGEJO)__(?i:mailer)__"
_QUARKUS = "QUARKUS_MAILER_"
_AIRFLOW = "AIRFLOW__SMTP__"


def _short(taking: Taking, prefix: str) -> Taking:
    """The settings behind a prefix, in capitals and without it, for one table of fields."""
    import re

    entries = []
    for name, entry in taking.entries.items():
        found = re.match(prefix, name)
        if found:
            taking.entry(name)
            entries.append(Entry(name[found.end() :].upper(), entry.value, entry.line))
    return Taking(entries, taking.source)


def _mattermost(taking: Taking) -> None:
    """Mattermost, Configuration settings, SMTP: ConnectionSecurity is empty, TLS or STARTTLS."""
    taking.fields(
        (
            Field(f"{_MATTERMOST}SMTPSERVER", "server.host", takes.text),
            Field(f"{_MATTERMOST}SMTPPORT", "server.port", takes.integer),
            Field(f"{_MATTERMOST}SMTPUSERNAME", "auth.username", takes.text),
            Field(f"{_MATTERMOST}SMTPPASSWORD", "auth.password", takes.secret),
            Field(f"{_MATTERMOST}SMTPSERVERTIMEOUT", "server.timeout", takes.seconds),
            Field(f"{_MATTERMOST}FEEDBACKEMAIL", "sender.address", takes.mailbox),
            Field(f"{_MATTERMOST}FEEDBACKNAME", "sender.name", takes.text),
            Field(f"{_MATTERMOST}REPLYTOADDRESS", "sender.reply_to", takes.mailbox),
            Field(
                f"{_MATTERMOST}SKIPSERVERCERTIFICATEVERIFICATION", "tls.verify", takes.unverified
            ),
        )
    )
    if not taking.flag(f"{_MATTERMOST}ENABLESMTPAUTH", default=False):
        if taking.has("auth.username"):
            taking.note("ENABLESMTPAUTH is not true: Mattermost does not log in")
        taking.drop("auth.username", "auth.password")
    entry = taking.entry(f"{_MATTERMOST}CONNECTIONSECURITY")
    value = taking.value(entry) if entry is not None else ""
    if value is None:
        return
    word = as_text(value).upper()
    modes = {"TLS": "tls", "STARTTLS": "starttls", "": "none"}
    takes.security(taking, modes.get(word, word), entry, "Mattermost")


def _gitea(taking: Taking) -> None:
    """Gitea, Config Cheat Sheet, mailer: PROTOCOL says how TLS is used; `smtp+starttls`, `smtps`,
    or nothing, which goes by the port."""
    inner = _short(taking, _GITEA)
    inner.fields(
        (
            Field("SMTP_ADDR", "server.host", takes.text),
            Field("HOST", "server.host", takes.host_port),
            Field("SMTP_PORT", "server.port", takes.integer),
            Field("USER", "auth.username", takes.text),
            Field("PASSWD", "auth.password", takes.secret),
            Field("FROM", "sender.address", takes.mailbox),
            Field("ENVELOPE_FROM", "sender.bounce", takes.mailbox),
            Field("HELO_HOSTNAME", "server.helo", takes.text),
            Field("FORCE_TRUST_SERVER_CERT", "tls.verify", takes.unverified),
            Field("SKIP_VERIFY", "tls.verify", takes.unverified),
            Field("CLIENT_CERT_FILE", "tls.client_cert", takes.path),
            Field("CLIENT_KEY_FILE", "tls.client_key", takes.path),
        )
    )
    if not inner.flag("ENABLED", default=False):
        inner.note("ENABLED is not true: the program sends no mail")
    entry = inner.entry("PROTOCOL", "MAILER_TYPE")
    word = as_text(inner.value(entry)).lower() if entry is not None else ""
    port = inner.got("server.port")
    if word == "smtps" or inner.flag("IS_TLS_ENABLED", default=False) or (not word and port == 465):
        takes.security(inner, "tls", entry, "Gitea")
    elif word == "smtp" and port != 465:
        takes.security(inner, "none" if port == 25 else "opportunistic", entry, "Gitea")
    elif word in ("", "smtp+starttls", "smtp+startls"):
        takes.security(inner, "starttls", entry, "Gitea")
    else:
        inner.note(f"{entry.name if entry else 'PROTOCOL'} is not that of SMTP")
    inner.rest(".", silent=("USE_CLIENT_CERT|ENABLE_HELO|SUBJECT_PREFIX|SEND_AS_PLAIN_TEXT",))
    taking.take_over(inner)


def _quarkus(taking: Taking) -> None:
    """Quarkus, Mailer reference: start-tls is OPTIONAL unless said otherwise."""
    taking.fields(
        (
            Field(f"{_QUARKUS}HOST", "server.host", takes.text),
            Field(f"{_QUARKUS}PORT", "server.port", takes.integer),
            Field(f"{_QUARKUS}USERNAME", "auth.username", takes.text),
            Field(f"{_QUARKUS}PASSWORD", "auth.password", takes.secret),
            Field(f"{_QUARKUS}FROM", "sender.address", takes.mailbox),
            Field(f"{_QUARKUS}BOUNCE_ADDRESS", "sender.bounce", takes.mailbox),
            Field(f"{_QUARKUS}OWN_HOST_NAME", "server.helo", takes.text),
            Field(f"{_QUARKUS}TRUST_ALL", "tls.verify", takes.unverified),
        )
    )
    implicit = taking.entry(f"{_QUARKUS}TLS", f"{_QUARKUS}SSL")
    start = taking.entry(f"{_QUARKUS}START_TLS")
    word = as_text(start.value).upper() if start is not None else "OPTIONAL"
    if implicit is not None and as_flag(implicit.value):
        takes.security(taking, "tls", implicit, "Quarkus")
    else:
        modes = {"REQUIRED": "starttls", "DISABLED": "none"}
        takes.security(taking, modes.get(word, "opportunistic"), start, "Quarkus")


def _airflow(taking: Taking) -> None:
    """Airflow, configuration reference [smtp]; the login is in the connection smtp_default."""
    url = taking.entry("AIRFLOW_CONN_SMTP_DEFAULT")
    if url is not None:
        take_url(taking, url, "airflow")
    taking.fields(
        (
            Field(f"{_AIRFLOW}SMTP_HOST", "server.host", takes.text),
            Field(f"{_AIRFLOW}SMTP_PORT", "server.port", takes.integer),
            Field(f"{_AIRFLOW}SMTP_USER", "auth.username", takes.text),
            Field(f"{_AIRFLOW}SMTP_PASSWORD", "auth.password", takes.secret),
            Field(f"{_AIRFLOW}SMTP_MAIL_FROM", "sender.address", takes.mailbox),
            Field(f"{_AIRFLOW}SMTP_TIMEOUT", "server.timeout", takes.seconds),
        )
    )
    ssl, start = taking.entry(f"{_AIRFLOW}SMTP_SSL"), taking.entry(f"{_AIRFLOW}SMTP_STARTTLS")
    if taking.has("server.security"):
        return
    if ssl is not None and as_flag(ssl.value):
        takes.security(taking, "tls", ssl, "Airflow")
    else:
        wanted = taking.flag(f"{_AIRFLOW}SMTP_STARTTLS", default=True)
        takes.security(taking, "starttls" if wanted else "none", start, "Airflow")


FAMILIES = (
    Family("mattermost", f"{_MATTERMOST}SMTPSERVER", f"^{_MATTERMOST}", _mattermost),
    Family("gitea", f"{_GITEA}(?i:SMTP_ADDR|HOST|PROTOCOL)", f"^{_GITEA}", _gitea),
    Family("quarkus", f"{_QUARKUS}HOST", f"^{_QUARKUS}", _quarkus),
    Family("airflow", f"AIRFLOW_CONN_SMTP_DEFAULT|{_AIRFLOW}SMTP_HOST", "^AIRFLOW.*SMTP", _airflow),
)
