"""The format `dotenv`: a `.env` file, with the variables of whatever program."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

from smtpcheck.model.errors import UsageError
from smtpcheck.store.foreign.entry import Source
from smtpcheck.store.foreign.env_families import read_families
from smtpcheck.store.foreign.env_text import EnvText, env_line, read_env_text
from smtpcheck.store.foreign.format import LIKELY, MAYBE, NO, Format
from smtpcheck.store.foreign.imported import Imported, Note
from smtpcheck.store.foreign.saying import Saying


def _recognises(source: Source) -> int:
    read = read_env_text(source)
    if len(read.entries) <= len(read.strange) or not read_families(read.entries, source):
        return NO
    named = re.search(r"(?:^|[.-])env(?:$|\.)", Path(source.file).name) is not None
    return LIKELY if named else MAYBE


def _read(source: Source) -> list[Imported]:
    read = read_env_text(source)
    found = read_families(read.entries, source)
    if not found:
        raise UsageError(
            f"{source.file} holds no variables of mail settings that are known",
            ["it should have one such as SMTP_HOST, MAIL_HOST, EMAIL_HOST, MAILER_DSN"],
        )
    return [with_strange_lines(each, read) for each in found]


def with_strange_lines(found: Imported, read: EnvText) -> Imported:
    """With a note on every line that could not be read."""
    notes = [Note("not read: it is not NAME=value", line) for line in read.strange[:5]]
    return replace(found, notes=(*found.notes, *notes))


def usual_variables(saying: Saying) -> list[tuple[str, str]]:
    """The variables that everybody has, and their values, but for the password."""
    words = {"starttls": "starttls", "tls": "ssl", "none": "none"}
    timeout = saying["server.timeout"]
    pairs = [
        ("SMTP_HOST", saying.host),
        ("SMTP_PORT", str(saying.port)),
        ("SMTP_ENCRYPTION", words[saying.security]),
        ("SMTP_USERNAME", saying.username),
        ("SMTP_FROM", saying["sender.address"]),
        ("SMTP_FROM_NAME", saying["sender.name"]),
        ("SMTP_REPLY_TO", saying["sender.reply_to"]),
        ("SMTP_HELO", saying["server.helo"]),
        ("SMTP_CA_FILE", saying["tls.ca_file"]),
        ("SMTP_CERT_FILE", saying["tls.client_cert"]),
        ("SMTP_KEY_FILE", saying["tls.client_key"]),
        ("SMTP_FINGERPRINT", saying["tls.fingerprint"]),
        ("SMTP_TLS_SERVERNAME", saying["tls.server_name"]),
        ("SMTP_AUTH_METHOD", "" if saying["auth.method"] == "auto" else saying["auth.method"]),
        ("SMTP_VERIFY", "" if saying["tls.verify"] else "false"),
        ("SMTP_TIMEOUT", "" if timeout == 20.0 else f"{timeout:g}"),
    ]
    return [(name, value) for name, value in pairs if value]


def _write(saying: Saying) -> str:
    lines = [env_line(name, value) for name, value in usual_variables(saying)]
    password = saying.password(
        lambda text: env_line("SMTP_PASSWORD", text),
        env=lambda name: f"SMTP_PASSWORD=${{{name}}}",
    )
    return "\n".join([*lines, *([password] if password else [])]) + "\n"


FORMAT = Format("dotenv", ".env file", _recognises, _read, _write)
