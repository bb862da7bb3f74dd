"""The format `django`: settings of Django, old names and `MAILERS`."""

from __future__ import annotations

import json

from smtpcheck.model.errors import UsageError
from smtpcheck.store.foreign.entry import Entry, Source
from smtpcheck.store.foreign.env_families import family_named, has_family, read_family
from smtpcheck.store.foreign.env_python import mailers, take_django
from smtpcheck.store.foreign.env_text import read_env_text
from smtpcheck.store.foreign.format import NO, SURE, Format
from smtpcheck.store.foreign.imported import Imported
from smtpcheck.store.foreign.python_text import looks_like_python, read_python
from smtpcheck.store.foreign.saying import Saying
from smtpcheck.store.foreign.several import must_be_one
from smtpcheck.store.foreign.taking import Taking


def _recognises(source: Source) -> int:
    if not looks_like_python(source):
        return NO
    entries = read_python(source) or []
    named = {entry.name: entry for entry in entries}
    return SURE if has_family("django", entries) or mailers(named) else NO


def _read(source: Source) -> list[Imported]:
    if not looks_like_python(source):
        return read_family("django", read_env_text(source).entries, source, "Django")
    entries = read_python(source)
    if entries is None:
        raise UsageError(
            f"{source.file} is not Python that can be read",
            ["see where it is wrong: python -m py_compile FILE"],
        )
    by_name = {entry.name: entry for entry in entries}
    found = mailers(by_name)
    if not found:
        must_be_one(entries, "EMAIL_HOST", source.file)
        return read_family("django", entries, source, "Django")
    sender = [by_name[name] for name in ("DEFAULT_FROM_EMAIL",) if name in by_name]
    several = len(found) > 1
    return [
        _mailer([*sender, *body], source, name if several else "") for name, body in found.items()
    ]


def _mailer(entries: list[Entry], source: Source, account: str) -> Imported:
    taking = Taking(entries, source, account)
    take_django(taking)
    taking.rest(".", silent=family_named("django").silent)
    return taking.imported()


def _write(saying: Saying) -> str:
    security = saying.security
    pairs: list[tuple[str, object]] = [
        ("EMAIL_BACKEND", "django.core.mail.backends.smtp.EmailBackend"),
        ("EMAIL_HOST", saying.host),
        ("EMAIL_PORT", saying.port),
        ("EMAIL_USE_TLS", security == "starttls"),
        ("EMAIL_USE_SSL", security == "tls"),
        ("EMAIL_HOST_USER", saying.username),
        ("EMAIL_SSL_CERTFILE", saying["tls.client_cert"]),
        ("EMAIL_SSL_KEYFILE", saying["tls.client_key"]),
        ("DEFAULT_FROM_EMAIL", saying.mailbox),
    ]
    if saying["server.timeout"] != 20.0:
        pairs.append(("EMAIL_TIMEOUT", saying["server.timeout"]))
    lines = [f"{name} = {python_literal(value)}" for name, value in pairs if value != ""]
    password = saying.password(
        python_literal,
        env=lambda name: f'os.environ["{name}"]',
        file=lambda name: f"open({python_literal(name)}).read().strip()",
    )
    if password:
        lines.append(f"EMAIL_HOST_PASSWORD = {password}")
    imports = ["import os", ""] if password.startswith("os.") else []
    return "\n".join([*imports, *lines]) + "\n"


def python_literal(value: object) -> str:
    """A text, number or flag as Python writes it."""
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False)
    return f"{value:g}" if isinstance(value, float) else str(value)


FORMAT = Format("django", "Django settings", _recognises, _read, _write)
