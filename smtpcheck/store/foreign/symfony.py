"""The format `symfony`: the variable MAILER_DSN of a `.env` file."""

from __future__ import annotations

from smtpcheck.store.foreign.entry import Source
from smtpcheck.store.foreign.env_families import has_family, read_family
from smtpcheck.store.foreign.env_text import read_env_text
from smtpcheck.store.foreign.format import NO, SURE, Format
from smtpcheck.store.foreign.imported import Imported
from smtpcheck.store.foreign.saying import Saying
from smtpcheck.store.foreign.url import mail_url


def _recognises(source: Source) -> int:
    return SURE if has_family("symfony", read_env_text(source).entries) else NO


def _read(source: Source) -> list[Imported]:
    return read_family("symfony", read_env_text(source).entries, source, "Symfony")


def _write(saying: Saying) -> str:
    """Symfony, Mailer: `require_tls` is known since 7.3, and ignored before."""
    security = saying.security
    options: list[tuple[str, str]] = []
    if security == "starttls":
        options.append(("require_tls", "true"))
        saying.note("before Symfony 7.3 it goes on without TLS where STARTTLS is not offered")
    elif security == "none":
        options.append(("auto_tls", "false"))
    if not saying["tls.verify"]:
        options.append(("verify_peer", "0"))
    options += [
        (name, str(saying[key]))
        for name, key in (
            ("local_domain", "server.helo"),
            ("source_ip", "server.source_address"),
            ("peer_fingerprint", "tls.fingerprint"),
        )
        if saying[key]
    ]
    url = mail_url(saying, "smtps" if security == "tls" else "smtp", options)
    return f'MAILER_DSN="{url}"\n'


FORMAT = Format("symfony", "Symfony MAILER_DSN", _recognises, _read, _write)
