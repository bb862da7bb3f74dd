"""The format `laravel`: the MAIL_ variables of a `.env` file."""

from __future__ import annotations

from smtpcheck.store.foreign.dotenv import with_strange_lines
from smtpcheck.store.foreign.entry import Source
from smtpcheck.store.foreign.env_families import has_family, read_family
from smtpcheck.store.foreign.env_text import env_line, read_env_text
from smtpcheck.store.foreign.format import NO, SURE, Format
from smtpcheck.store.foreign.imported import Imported
from smtpcheck.store.foreign.saying import Saying


def _recognises(source: Source) -> int:
    return SURE if has_family("laravel", read_env_text(source).entries) else NO


def _read(source: Source) -> list[Imported]:
    read = read_env_text(source)
    found = read_family("laravel", read.entries, source, "Laravel")
    return [with_strange_lines(each, read) for each in found]


def _write(saying: Saying) -> str:
    """MAIL_SCHEME is for Laravel 11 and later, MAIL_ENCRYPTION for those before."""
    security = saying.security
    if security == "starttls":
        saying.note("Laravel goes on without TLS where the server does not offer STARTTLS")
    elif security == "none":
        saying.note("Laravel uses STARTTLS all the same where the server offers it")
    lines = [
        "MAIL_MAILER=smtp",
        f"MAIL_SCHEME={'smtps' if security == 'tls' else 'smtp'}",
        f"MAIL_ENCRYPTION={ {'tls': 'ssl', 'starttls': 'tls', 'none': 'null'}[security] }",
        env_line("MAIL_HOST", saying.host),
        env_line("MAIL_PORT", str(saying.port)),
    ]
    password = saying.password(
        lambda text: env_line("MAIL_PASSWORD", text),
        env=lambda name: f'MAIL_PASSWORD="${{{name}}}"',
    )
    pairs = [
        ("MAIL_USERNAME", saying.username),
        ("MAIL_FROM_ADDRESS", saying["sender.address"]),
        ("MAIL_FROM_NAME", saying["sender.name"]),
        ("MAIL_EHLO_DOMAIN", saying["server.helo"]),
    ]
    lines += [env_line(name, value) for name, value in pairs if value]
    saying.cannot("tls.verify", "set 'verify_peer' => false in config/mail.php")
    saying.cannot("server.timeout", "set 'timeout' in config/mail.php")
    return "\n".join([*lines, *([password] if password else [])]) + "\n"


FORMAT = Format("laravel", "Laravel .env", _recognises, _read, _write)
