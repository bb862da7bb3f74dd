"""The format `url`: one `smtp://` URL, as EMAIL_URL and MAILER_DSN hold it."""

from __future__ import annotations

from urllib.parse import quote

from smtpcheck.model.errors import UsageError
from smtpcheck.store.foreign.entry import Entry, Source
from smtpcheck.store.foreign.format import NO, SURE, Format
from smtpcheck.store.foreign.imported import Imported
from smtpcheck.store.foreign.saying import Saying
from smtpcheck.store.foreign.taking import Taking
from smtpcheck.store.foreign.url_text import looks_like_url, take_url


def _recognises(source: Source) -> int:
    words = source.text.split()
    return SURE if len(words) == 1 and looks_like_url(words[0]) else NO


def _read(source: Source) -> list[Imported]:
    words = [line.strip() for line in source.text.splitlines() if line.strip()]
    if len(words) != 1 or not looks_like_url(words[0]):
        raise UsageError(
            f"{source.file} is not one URL of mail",
            ["it should be one line, such as smtp://USER:PASSWORD@smtp.example.com:587"],
        )
    entry = Entry("the URL", words[0], 1)
    taking = Taking([entry], source)
    take_url(taking, entry, "")
    return [taking.imported()]


def _write(saying: Saying) -> str:
    security = saying.security
    scheme = "smtps" if security == "tls" else "smtp"
    options = [] if security == "tls" else [("tls", security)]
    options += [
        (name, str(saying[key]))
        for name, key in (
            ("helo", "server.helo"),
            ("source_ip", "server.source_address"),
            ("peer_fingerprint", "tls.fingerprint"),
            ("tls.servername", "tls.server_name"),
        )
        if saying[key]
    ]
    if not saying["tls.verify"]:
        options.append(("verify", "false"))
    if saying["auth.method"] != "auto":
        options.append(("auth", saying["auth.method"]))
    if security == "tls":
        saying.note("some programs, such as Django's EMAIL_URL, read smtps:// as STARTTLS")
    return f"{mail_url(saying, scheme, options)}\n"


def mail_url(saying: Saying, scheme: str, options: list[tuple[str, str]]) -> str:
    """`scheme://user:password@host:port?options`, each part percent-encoded (RFC 3986)."""
    user = quote(saying.username, safe="")
    password = saying.password(lambda text: quote(text, safe=""), env=lambda name: f"${{{name}}}")
    login = f"{user}{':' if password else ''}{password}@" if user or password else ""
    query = "&".join(f"{name}={quote(value, safe='')}" for name, value in options)
    return f"{scheme}://{login}{saying.bracketed}:{saying.port}{'?' if query else ''}{query}"


FORMAT = Format("url", "smtp:// URL", _recognises, _read, _write)
