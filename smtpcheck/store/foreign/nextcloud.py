"""The format `nextcloud`: `mail_` settings of `config.php`, and the variables of its container."""

from __future__ import annotations

import re

from smtpcheck.model.errors import UsageError
from smtpcheck.store.foreign import takes
from smtpcheck.store.foreign.code_text import read_code
from smtpcheck.store.foreign.entry import Entry, Source
from smtpcheck.store.foreign.env_text import read_env_text
from smtpcheck.store.foreign.format import NO, SURE, Format
from smtpcheck.store.foreign.imported import Imported
from smtpcheck.store.foreign.phpmailer import php
from smtpcheck.store.foreign.references import is_open, settle
from smtpcheck.store.foreign.saying import Saying
from smtpcheck.store.foreign.taking import Field, Taking, as_text

_SSL = "mail_smtpstreamoptions.ssl."
_FIELDS = (
    Field("mail_smtphost", "server.host", takes.host_port),
    Field("mail_smtpport", "server.port", takes.integer),
    Field("mail_smtpname", "auth.username", takes.text),
    Field("mail_smtppassword", "auth.password", takes.secret),
    Field("mail_smtptimeout", "server.timeout", takes.seconds),
    Field(f"{_SSL}verify_peer", "tls.verify", takes.verified),
    Field(f"{_SSL}verify_peer_name", "tls.verify", takes.verified),
    Field(f"{_SSL}allow_self_signed", "tls.verify", takes.unverified),
    Field(f"{_SSL}cafile", "tls.ca_file", takes.path),
    Field(f"{_SSL}local_cert", "tls.client_cert", takes.path),
    Field(f"{_SSL}local_pk", "tls.client_key", takes.path),
    Field(f"{_SSL}peer_name", "tls.server_name", takes.text),
)
_ENV_FIELDS = (
    Field("SMTP_HOST", "server.host", takes.host_port),
    Field("SMTP_PORT", "server.port", takes.integer),
    Field("SMTP_NAME", "auth.username", takes.text),
    Field("SMTP_PASSWORD", "auth.password", takes.secret),
)
_ABOUT = r"^mail_"
_SILENT = (
    "mail_smtpauthtype",
    "mail_sendmailmode",
    "mail_template_class",
    "mail_send_plaintext_only",
    "mail_smtpdebug",
)
"""Nextcloud chooses the mechanism by itself since version 23, whatever mail_smtpauthtype says."""
ENV_SIGNS = "SMTP_NAME|SMTP_AUTHTYPE|SMTP_SECURE"
ENV_BESIDE = "MAIL_DOMAIN"
ENV_ABOUT = r"^(?:SMTP_|MAIL_(?:FROM_ADDRESS|DOMAIN)$)"
ENV_SILENT = ("SMTP_AUTHTYPE",)


def _settings(source: Source) -> list[Entry]:
    """Names behind `$CONFIG`."""
    return [
        Entry(entry.name.removeprefix("$CONFIG."), entry.value, entry.line)
        for entry in read_code(source.text)
    ]


def _recognises(source: Source) -> int:
    if re.search(r"['\"]mail_smtphost['\"]", source.text):
        return SURE
    names = {entry.name for entry in read_env_text(source).entries}
    known = {"SMTP_HOST", ENV_BESIDE, "MAIL_FROM_ADDRESS"} <= names
    return SURE if known and any(re.fullmatch(ENV_SIGNS, name) for name in names) else NO


def _read(source: Source) -> list[Imported]:
    from smtpcheck.store.foreign.env_families import with_files

    if re.search(rf"(?m)^(?:export )?{ENV_BESIDE}\s*=", source.text):
        taking = Taking(with_files(read_env_text(source).entries, source), source)
        take_container(taking)
        taking.rest(ENV_ABOUT, silent=ENV_SILENT)
    else:
        taking = Taking(_settings(source), source)
        _take(taking)
        taking.rest(_ABOUT, silent=_SILENT)
    if taking.entry("mail_smtphost", "SMTP_HOST") is None:
        raise UsageError(
            f"{source.file} names no mail server of Nextcloud",
            ["it should have a line such as 'mail_smtphost' => 'smtp.example.com',"],
        )
    return [taking.imported()]


def _take(taking: Taking) -> None:
    """Nextcloud, lib/private/Mail/Mailer.php: `ssl` is TLS from the first byte; for anything else
    Symfony takes port 465 as TLS, and STARTTLS where it is offered."""
    mode = taking.text("mail_smtpmode")
    if mode not in ("smtp", ""):
        taking.note("mail_smtpmode is not smtp: Nextcloud does not use these settings")
    taking.fields(_FIELDS)
    if not is_open(taking.entry("mail_smtpauth")) and not taking.flag(
        "mail_smtpauth", default=False
    ):
        if taking.has("auth.username"):
            taking.note("mail_smtpauth is not true: Nextcloud does not log in")
        taking.drop("auth.username", "auth.password")
    if not taking.has("server.port"):
        taking.put("server.port", 25)
        taking.note("mail_smtpport is not set: Nextcloud takes 25")
    _take_sender(taking, "mail_from_address", "mail_domain")
    _take_security(taking, taking.entry("mail_smtpsecure"))


def take_container(taking: Taking) -> None:
    """The variables of Nextcloud's container, config/smtp.config.php."""
    taking.fields(_ENV_FIELDS)
    _take_sender(taking, "MAIL_FROM_ADDRESS", "MAIL_DOMAIN")
    secure = taking.entry("SMTP_SECURE")
    if not taking.has("server.port") and "SMTP_PORT" not in taking.entries:
        port = 25 if secure is None else 465
        taking.put("server.port", port)
        taking.note(f"SMTP_PORT is not set: Nextcloud takes {port}")
    _take_security(taking, secure)


def _take_sender(taking: Taking, local: str, domain: str) -> None:
    """The part before the @, and the one behind it."""
    before, after = taking.entry(local), taking.entry(domain)
    if before is None or after is None:
        return
    part, rest = as_text(taking.value(before)), as_text(taking.value(after))
    if part and rest:
        taking.put("sender.address", part if "@" in part else f"{part}@{rest}", before)


def _take_security(taking: Taking, entry: Entry | None) -> None:
    word = as_text(taking.value(entry)).lower() if entry is not None else ""
    implicit = word == "ssl" or taking.got("server.port") == 465
    settle(taking, "tls" if implicit else "opportunistic", entry, "Nextcloud", (entry,))


def _write(saying: Saying) -> str:
    """A file of its own for the folder `config`, which Nextcloud reads beside config.php."""
    security = saying.security
    if security == "starttls":
        saying.note("Nextcloud goes on without TLS where the server does not offer STARTTLS")
    elif security == "none":
        saying.note("Nextcloud uses STARTTLS all the same where the server offers it")
    pairs = [
        ("mail_smtpmode", "'smtp'"),
        ("mail_smtphost", php(saying.bracketed)),
        ("mail_smtpport", str(saying.port)),
        ("mail_smtpsecure", "'ssl'" if security == "tls" else "''"),
    ]
    password = saying.password(
        php,
        env=lambda name: f"getenv({php(name)})",
        file=lambda name: f"trim(file_get_contents({php(name)}))",
    )
    pairs.append(("mail_smtpauth", "true" if saying.username else "false"))
    if saying.username:
        pairs.append(("mail_smtpname", php(saying.username)))
        pairs += [("mail_smtppassword", password)] if password else []
    if saying["server.timeout"] != 20.0:
        pairs.append(("mail_smtptimeout", str(round(saying["server.timeout"]))))
    local, _, domain = saying["sender.address"].rpartition("@")
    if domain:
        pairs += [("mail_from_address", php(local)), ("mail_domain", php(domain))]
    saying.cannot("auth.method", "Nextcloud chooses the mechanism by itself")
    saying.cannot("server.helo", "Nextcloud takes the host of overwrite.cli.url")
    lines = [f"  '{name}' => {value}," for name, value in (*pairs, *_tls_pairs(saying))]
    return "\n".join(["<?php", "$CONFIG = array (", *lines, ");"]) + "\n"


def _tls_pairs(saying: Saying) -> list[tuple[str, str]]:
    words = []
    if not saying["tls.verify"]:
        words += [
            "'verify_peer' => false",
            "'verify_peer_name' => false",
            "'allow_self_signed' => true",
        ]
    for name, key in (
        ("cafile", "tls.ca_file"),
        ("local_cert", "tls.client_cert"),
        ("local_pk", "tls.client_key"),
        ("peer_name", "tls.server_name"),
    ):
        if saying[key]:
            words.append(f"'{name}' => {php(saying[key])}")
    if not words:
        return []
    return [("mail_smtpstreamoptions", f"array ('ssl' => array ({', '.join(words)}))")]


FORMAT = Format("nextcloud", "Nextcloud settings", _recognises, _read, _write)
