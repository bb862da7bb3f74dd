"""The format `flask`: the configuration of Flask-Mail, and of fastapi-mail."""

from __future__ import annotations

from smtpcheck.store.foreign.django import python_literal
from smtpcheck.store.foreign.entry import Entry, Source
from smtpcheck.store.foreign.env_families import has_family, read_family
from smtpcheck.store.foreign.env_text import read_env_text
from smtpcheck.store.foreign.format import NO, SURE, Format
from smtpcheck.store.foreign.imported import Imported
from smtpcheck.store.foreign.python_text import looks_like_python, read_python
from smtpcheck.store.foreign.saying import Saying
from smtpcheck.store.foreign.several import must_be_one


def _entries(source: Source) -> list[Entry]:
    if looks_like_python(source):
        return read_python(source) or []
    return list(read_env_text(source).entries)


def _recognises(source: Source) -> int:
    return SURE if has_family("flask", _entries(source)) else NO


def _read(source: Source) -> list[Imported]:
    entries = _entries(source)
    must_be_one(entries, "MAIL_SERVER", source.file)
    return read_family("flask", entries, source, "Flask-Mail")


def _write(saying: Saying) -> str:
    security = saying.security
    if security != "none" and saying["tls.verify"]:
        saying.note("Flask-Mail does not check the server's certificate, the profile does")
    pairs: list[tuple[str, object]] = [
        ("MAIL_SERVER", saying.host),
        ("MAIL_PORT", saying.port),
        ("MAIL_USE_TLS", security == "starttls"),
        ("MAIL_USE_SSL", security == "tls"),
        ("MAIL_USERNAME", saying.username),
    ]
    lines = [f"{name} = {python_literal(value)}" for name, value in pairs if value != ""]
    password = saying.password(
        python_literal,
        env=lambda name: f'os.environ["{name}"]',
        file=lambda name: f"open({python_literal(name)}).read().strip()",
    )
    if password:
        lines.append(f"MAIL_PASSWORD = {password}")
    if saying.mailbox:
        # As one text: Flask-Mail puts the parts of a tuple together without quotation marks.
        lines.append(f"MAIL_DEFAULT_SENDER = {python_literal(saying.mailbox)}")
    imports = ["import os", ""] if password.startswith("os.") else []
    return "\n".join([*imports, *lines]) + "\n"


FORMAT = Format("flask", "Flask-Mail configuration", _recognises, _read, _write)
