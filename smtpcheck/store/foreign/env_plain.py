"""Variables that no program has for itself: `SMTP_HOST` and the like, and URLs in a variable."""

from __future__ import annotations

from smtpcheck.store.foreign import takes
from smtpcheck.store.foreign.entry import Entry
from smtpcheck.store.foreign.env_families import Family
from smtpcheck.store.foreign.taking import Field, Taking, as_flag, as_text
from smtpcheck.store.foreign.url_text import take_url

_SPELLINGS = (
    (("HOST", "SERVER", "ADDRESS", "ADDR", "HOSTNAME", "SERVER_HOST"), "server.host"),
    (("PORT", "SERVER_PORT"), "server.port"),
    (("USERNAME", "USER", "LOGIN", "NAME", "AUTH_USER", "USER_NAME"), "auth.username"),
    (
        ("PASSWORD", "PASS", "PASSWD", "SECRET", "AUTH_PASSWORD", "AUTH_PASS", "TOKEN"),
        "auth.password",
    ),
    (
        ("FROM", "FROM_ADDRESS", "FROM_EMAIL", "SENDER", "MAIL_FROM", "DEFAULT_FROM", "EMAIL_FROM"),
        "sender.address",
    ),
    (("FROM_NAME", "SENDER_NAME"), "sender.name"),
    (("REPLY_TO", "REPLYTO"), "sender.reply_to"),
    (("RETURN_PATH", "BOUNCE", "ENVELOPE_FROM"), "sender.bounce"),
    (("HELO", "EHLO", "HELO_NAME", "EHLO_DOMAIN", "DOMAIN", "HELO_DOMAIN"), "server.helo"),
    (("TIMEOUT",), "server.timeout"),
    (("AUTH", "AUTH_METHOD", "AUTH_TYPE", "AUTHTYPE", "AUTHENTICATION", "AUTH_MECHANISM"), ""),
    (("CA_FILE", "CAFILE", "CA_CERT", "TLS_CA"), "tls.ca_file"),
    (("CERT_FILE", "CLIENT_CERT"), "tls.client_cert"),
    (("KEY_FILE", "CLIENT_KEY"), "tls.client_key"),
    (("TLS_SERVERNAME", "SERVER_NAME"), "tls.server_name"),
    (("FINGERPRINT", "TLS_FINGERPRINT"), "tls.fingerprint"),
)
_HOWS = {
    "server.host": takes.host_port,
    "server.port": takes.integer,
    "server.timeout": takes.seconds,
    "auth.password": takes.secret,
    "sender.address": takes.mailbox,
    "sender.reply_to": takes.mailbox,
    "sender.bounce": takes.mailbox,
    "tls.ca_file": takes.path,
    "tls.client_cert": takes.path,
    "tls.client_key": takes.path,
}
_SECURITY = ("SECURITY", "ENCRYPTION", "SECURE", "CONNECTION_SECURITY", "TLS_MODE", "PROTOCOL")
_STARTTLS = ("STARTTLS", "USE_STARTTLS", "ENABLE_STARTTLS", "ENABLE_STARTTLS_AUTO", "REQUIRE_TLS")
_TLS = ("TLS", "USE_TLS", "TLS_ENABLED", "ENABLE_TLS")
_SSL = ("SSL", "USE_SSL", "SSL_TLS", "FORCE_TLS", "ENABLE_SSL", "SSL_ENABLED")
_VERIFY = (
    "VERIFY",
    "TLS_VERIFY",
    "VERIFY_SSL",
    "SSL_VERIFY",
    "VERIFY_CERT",
    "VERIFY_PEER",
    "OPENSSL_VERIFY_MODE",
)
_SKIP = ("SKIP_VERIFY", "INSECURE", "ACCEPT_INVALID_CERTS", "ACCEPT_INVALID_HOSTNAMES")
_WORDS = {
    "starttls": "starttls",
    "always": "starttls",
    "required": "starttls",
    "start_tls": "starttls",
    "auto": "opportunistic",
    "opportunistic": "opportunistic",
    "ssl": "tls",
    "ssl/tls": "tls",
    "smtps": "tls",
    "force_tls": "tls",
    "implicit": "tls",
    "implicit_tls": "tls",
    "none": "none",
    "off": "none",
    "never": "none",
    "plain": "none",
}
_SILENT = (r"[A-Z]+_(?:DEBUG|ENABLED?|POOL.*|MAX_.*|RATE_.*|DELIVERY_METHOD|TO|BCC|SUBJECT.*)",)
_LOOSE = ("MAIL_FROM", "EMAIL_FROM", "FROM_EMAIL", "FROM_ADDRESS", "DEFAULT_FROM_EMAIL")


def _plain(prefix: str) -> Family:
    def read(taking: Taking) -> None:
        _read(taking, prefix)

    hosts = "|".join(_SPELLINGS[0][0])
    about = rf"^{prefix}_" if prefix == "SMTP" else rf"^({prefix}|SMTP)_"
    return Family(prefix.lower(), rf"{prefix}_?(?:{hosts})", about, read, _SILENT)


def _names(prefix: str, words: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(f"{prefix}{joint}{word}" for word in words for joint in ("_", ""))


def _read(taking: Taking, prefix: str) -> None:
    for words, key in _SPELLINGS:
        entry = taking.entry(*_names(prefix, words))
        if entry is None:
            continue
        if key:
            _HOWS.get(key, takes.text)(taking, entry, key)
        else:
            _take_auth(taking, entry)
    loose = taking.entry(*_LOOSE)
    if loose is not None and not taking.has("sender.address"):
        takes.mailbox(taking, loose, "sender.address")
    helo = taking.entry("HELO_NAME")
    if helo is not None and not taking.has("server.helo"):
        takes.text(taking, helo, "server.helo")
    for name in _names(prefix, _VERIFY):
        entry = taking.entry(name)
        if entry is not None and as_flag(taking.value(entry)) is False:
            takes.no_verification(taking, entry)
    for name in _names(prefix, _SKIP):
        entry = taking.entry(name)
        if entry is not None:
            takes.unverified(taking, entry, "tls.verify")
    _take_security(taking, prefix)


def _take_auth(taking: Taking, entry: Entry) -> None:
    """`SMTP_AUTH` is a mechanism for some programs, several for others, or yes or no."""
    value = taking.value(entry)
    wanted = as_flag(value)
    if wanted is False:
        taking.put("auth.method", "none", entry)
    elif wanted is None and len(as_text(value).split(",")) == 1:
        takes.method(taking, entry, "auth.method")


def _take_security(taking: Taking, prefix: str) -> None:
    entry = taking.entry(*_names(prefix, _SECURITY))
    if entry is not None:
        _take_word(taking, entry)
        return
    ssl = taking.entry(*_names(prefix, _SSL))
    starttls = taking.entry(*_names(prefix, _STARTTLS))
    tls = taking.entry(*_names(prefix, _TLS))
    if ssl is not None and as_flag(taking.value(ssl)):
        takes.security(taking, "tls", ssl, "")
    elif starttls is not None and _asks(taking, starttls):
        auto = starttls.name.endswith("_AUTO") or as_text(starttls.value).lower() == "auto"
        takes.security(taking, "opportunistic" if auto else "starttls", starttls, "the program")
    elif tls is not None and _asks(taking, tls):
        _by_port(taking, tls)
    elif (said := tls or starttls) and taking.value(said) is not None:
        takes.security(taking, "none", said, "")
    else:
        _not_said(taking)


def _take_word(taking: Taking, entry: Entry) -> None:
    """A word for the mode. `SMTP_SECURE=false` is that of Nodemailer: no TLS from the first byte,
    and STARTTLS where it is offered."""
    value = taking.value(entry)
    word = as_text(value).strip().lower()
    if value is None:
        _not_said(taking)
    elif word in _WORDS:
        takes.security(taking, _WORDS[word], entry, "the program")
        if word == "force_tls" and not taking.has("server.port"):  # Vaultwarden
            taking.put("server.port", 465)
    elif word == "tls" or as_flag(word):
        _by_port(taking, entry)
    elif as_flag(word) is False and entry.name.endswith("SECURE"):
        takes.security(taking, "opportunistic", entry, "the program")
    elif as_flag(word) is False:
        takes.security(taking, "none", entry, "")
    else:
        taking.put("server.security", word, entry)


def _not_said(taking: Taking) -> None:
    taking.note(
        "nothing in the file says for sure whether TLS is used: the profile goes by the port"
        " (465 TLS, 25 none, any other STARTTLS)"
    )


def _asks(taking: Taking, entry: Entry) -> bool:
    value = taking.value(entry)
    return bool(as_flag(value)) or as_text(value).lower() in ("auto", "always", "required")


def _by_port(taking: Taking, entry: Entry) -> None:
    """Whether `tls` means STARTTLS differs from program to program; the port tells."""
    port = taking.got("server.port")
    mode = "tls" if port == 465 else "starttls"
    taking.put("server.security", mode, entry)
    if port == 465:
        return
    taking.note(
        f"{entry.name} means STARTTLS for some programs and TLS from the first byte for others:"
        " by the port it is taken as STARTTLS (else add --set server.security=tls)",
        entry.line,
    )


def _url(name: str, signs: str, dialect: str) -> Family:
    def read(taking: Taking) -> None:
        entry = taking.entry(*(each for each in taking.entries if _matches(signs, each)))
        if entry is not None:
            take_url(taking, entry, dialect)
        taking.fields(_BESIDE_URL)

    return Family(name, signs, rf"^(?:{signs})$", read)


_BESIDE_URL = (
    Field("DEFAULT_FROM_EMAIL", "sender.address", takes.mailbox),
    Field("MAILER_FROM", "sender.address", takes.mailbox),
    Field("MAIL_FROM_ADDRESS", "sender.address", takes.mailbox),
    Field("MAIL_FROM", "sender.address", takes.mailbox),
    Field("MAIL_FROM_NAME", "sender.name", takes.text),
)


def _matches(pattern: str, name: str) -> bool:
    import re

    return re.fullmatch(pattern, name) is not None


FAMILIES = (
    _url("symfony", "MAILER_DSN", "symfony"),
    _url("django-url", "EMAIL_URL", "environ"),
    _url("url", "SMTP_URL|MAIL_URL|MAILER_URL|SMTP_DSN", ""),
    *(_plain(prefix) for prefix in ("SMTP", "MAIL", "EMAIL", "MAILER")),
)
"""URLs first; then names that begin with one of the usual words."""
