"""Reads the URLs in which programs keep a mail server, each program in its own way.

The same scheme means different things: `smtps://` is TLS from the first byte for Nodemailer and
Symfony, and STARTTLS for Django's readers of EMAIL_URL.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from urllib.parse import parse_qsl, unquote, urlsplit

from smtpcheck.model.value import dataclass
from smtpcheck.store.foreign import takes
from smtpcheck.store.foreign.entry import Entry, Lookup
from smtpcheck.store.foreign.taking import Field, Taking, as_flag, as_text

_SCHEMES: Mapping[str, str] = {
    "smtp": "",
    "submission": "starttls",
    "submit": "starttls",
    "smtps": "tls",
    "submissions": "tls",
    "smtp+tls": "starttls",
    "smtp+starttls": "starttls",
    "smtp+ssl": "tls",
    "tls": "starttls",
    "ssl": "tls",
}
_PROVIDERS: Mapping[str, tuple[str, int, str]] = {
    "gmail": ("smtp.gmail.com", 465, "tls"),
    "ses": ("email-smtp.{region}.amazonaws.com", 465, "tls"),
    "sendgrid": ("smtp.sendgrid.net", 465, "tls"),
    "mailgun": ("smtp.{region}mailgun.org", 587, "starttls"),
    "mailjet": ("in-v3.mailjet.com", 465, "tls"),
    "postmark": ("smtp.postmarkapp.com", 587, "starttls"),
    "mandrill": ("smtp.mandrillapp.com", 587, "starttls"),
    "brevo": ("smtp-relay.brevo.com", 465, "tls"),
    "sendinblue": ("smtp-relay.brevo.com", 465, "tls"),
}
"""Of the schemes `gmail+smtp://USER:PASSWORD@default` of Symfony's bridges."""
_OPTIONS = (
    Field("local_domain", "server.helo", takes.text),
    Field("helo", "server.helo", takes.text),
    Field("name", "server.helo", takes.text),
    Field("source_ip", "server.source_address", takes.text),
    Field("localAddress", "server.source_address", takes.text),
    Field("peer_fingerprint", "tls.fingerprint", takes.text),
    Field("verify_peer", "tls.verify", takes.verified),
    Field("verify", "tls.verify", takes.verified),
    Field("tls.rejectUnauthorized", "tls.verify", takes.verified),
    Field("tls.servername", "tls.server_name", takes.text),
    Field("timeout", "server.timeout", takes.seconds),
    Field("_default_from_email", "sender.address", takes.mailbox),
    Field("_server_email", "sender.bounce", takes.mailbox),
    Field("from", "sender.address", takes.mailbox),
    Field("from_email", "sender.address", takes.mailbox),
    Field("auth", "auth.method", takes.method),
)
_SILENT = (
    "restart_threshold",
    "restart_threshold_sleep",
    "ping_threshold",
    "max_per_second",
    "pool",
    "retry_limit",
)
_DJANGO = ("environ", "dj")
_WRAPPED = re.compile(r"^(failover|roundrobin)\(\s*([^\s()]+)")


@dataclass(frozen=True, slots=True)
class MailUrl:
    """The parts of a URL, decoded but for the password."""

    scheme: str
    host: str
    port: str
    username: str
    password: str
    options: Mapping[str, str]


def looks_like_url(text: str) -> bool:
    """Whether this is one URL of mail, as far as its scheme says."""
    scheme = text.strip().partition("://")[0].lower()
    return scheme in (*_SCHEMES, "gmail") or bool(re.fullmatch(r"[a-z]+\+smtps?", scheme))


def take_url(taking: Taking, entry: Entry, dialect: str) -> None:
    """Takes server, login and options out of a URL. `dialect` says whose it is: `symfony`,
    `environ`, `nodemailer`, or nothing where nobody knows."""
    if isinstance(entry.value, Lookup):
        taking.value(entry)
        return
    text = as_text(entry.value).strip()
    wrapped = _WRAPPED.match(text)
    if wrapped:
        taking.note(f"{entry.name} names several servers: the first is taken", entry.line)
        text = wrapped[2]
    scheme = text.partition("://")[0].lower()
    if scheme == "null" or scheme.endswith(("+api", "+https")):
        way = "no mail" if scheme == "null" else "its mail over HTTP, not SMTP"
        taking.note(f"{entry.name} is {scheme}://: the application sends {way}", entry.line)
        return
    url = _parsed(text)
    if url is None:
        taking.note(f"{entry.name} is not a URL that can be read", entry.line)
        return
    inner = Taking(
        [Entry(f"{entry.name}?{name}", value, entry.line) for name, value in url.options.items()],
        taking.source,
    )
    _take_server(taking, entry, url)
    if url.username:
        taking.put("auth.username", url.username, entry)
    if url.password:
        taking.put_secret("auth.password", _with(entry, _looked_up(url.password)))
    _take_options(taking, inner, entry)
    _take_security(taking, entry, url, dialect)


def _parsed(text: str) -> MailUrl | None:
    try:
        parts = urlsplit(text)
        query = parse_qsl(parts.query, keep_blank_values=True, max_num_fields=100)
    except ValueError:
        return None
    scheme = parts.scheme.lower()
    if not looks_like_url(f"{scheme}://"):
        return None
    userinfo, _, place = parts.netloc.rpartition("@")
    username, _, password = userinfo.partition(":")
    host, port = takes.split_host(place)
    return MailUrl(scheme, unquote(host), port, unquote(username), password, dict(query))


def _looked_up(text: str) -> str | Lookup:
    """The decoded password, or the variable that stands for it."""
    found = re.fullmatch(
        r"\$\{?([A-Za-z_][A-Za-z0-9_]*)\}?|%env\(([A-Za-z_][A-Za-z0-9_]*)\)%", text
    )
    return Lookup({"env": found[1] or found[2]}) if found else unquote(text)


def _with(entry: Entry, value: object) -> Entry:
    return Entry(entry.name, value, entry.line)


def _take_server(taking: Taking, entry: Entry, url: MailUrl) -> None:
    provider = url.scheme.partition("+")[0]
    if provider in _PROVIDERS and url.host in ("default", ""):
        host, port, security = _PROVIDERS[provider]
        region = url.options.get("region", "eu-west-1" if provider == "ses" else "")
        if provider == "mailgun" and region in ("", "us"):
            region = ""
        elif provider == "mailgun":
            region = f"{region}."
        taking.put("server.host", host.replace("{region}", region), entry)
        taking.put("server.port", port, entry)
        taking.put("server.security", security, entry)
        if provider == "postmark" and url.username and not url.password:
            taking.put_secret("auth.password", _with(entry, url.username))
        return
    takes.text(taking, _with(entry, url.host), "server.host")
    if url.port:
        takes.integer(taking, _with(entry, url.port), "server.port")


def _take_options(taking: Taking, inner: Taking, entry: Entry) -> None:
    for field in _OPTIONS:
        found = inner.entries.get(f"{entry.name}?{field.name}")
        if found is not None and found.value != "" and not taking.has(field.key):
            field.take(taking, found, field.key)
    known = {field.name for field in _OPTIONS} | _TLS_OPTIONS | set(_SILENT) | {"region"}
    for name, found in inner.entries.items():
        if name.removeprefix(f"{entry.name}?") not in known:
            taking.note(f"{name} is not carried over: a profile has no such setting", found.line)


_TLS_OPTIONS = {
    "tls",
    "ssl",
    "encryption",
    "auto_tls",
    "require_tls",
    "requireTLS",
    "ignoreTLS",
    "secure",
    "starttls",
    "dialect",
    "disable_ssl",
    "disable_tls",
}


def _take_security(taking: Taking, entry: Entry, url: MailUrl, dialect: str) -> None:
    if taking.has("server.security"):
        return
    option = url.options
    dialect = option.get("dialect", dialect)
    mode = _SCHEMES.get(url.scheme, "")
    port = taking.got("server.port")
    if url.scheme == "smtps" and dialect in _DJANGO:
        mode = "starttls"
    elif url.scheme == "smtps" and not dialect and port == 587:
        mode = "starttls"
        taking.note(
            f"{entry.name}: smtps:// is TLS from the first byte for some programs and STARTTLS for"
            " others; by the port it is taken as STARTTLS",
            entry.line,
        )
    if word := option.get("tls", option.get("encryption", "")).lower():
        said = {"none": "none", "starttls": "starttls", "tls": "starttls", "implicit": "tls"}
        flag = {True: "starttls", False: mode, None: mode}[as_flag(word)]
        mode = said.get(word, "tls" if word == "ssl" else flag)
    if as_flag(option.get("ssl", "")) or as_flag(option.get("secure", "")):
        mode = "tls"
    local = taking.got("server.host") == "localhost"
    mode = mode or _default_mode(option, dialect, port, local=local)
    if mode:
        takes.security(taking, mode, entry, {"symfony": "Symfony"}.get(dialect, "the program"))
    _default_port(taking, url, dialect, mode)


def _default_mode(option: Mapping[str, str], dialect: str, port: object, *, local: bool) -> str:
    """What `smtp://` means where nothing else is said."""
    if dialect == "airflow":  # SmtpHook: TLS from the first byte unless that is turned off
        if not as_flag(option.get("disable_ssl", "")):
            return "tls"
        return "none" if as_flag(option.get("disable_tls", "")) else "starttls"
    required = option.get("require_tls", option.get("requireTLS", option.get("starttls", "")))
    if as_flag(required):
        return "starttls"
    if option.get("auto_tls") and as_flag(option["auto_tls"]) is False:
        return "none"
    if as_flag(option.get("ignoreTLS", "")):
        return "none"
    if dialect in ("symfony", "nodemailer"):
        # Symfony, EsmtpTransport: 465, and no port at all, are TLS from the first byte, but for
        # localhost.
        implicit = port == 465 or (dialect == "symfony" and port is None and not local)
        return "tls" if implicit else "opportunistic"
    return "none" if dialect in _DJANGO else ""


def _default_port(taking: Taking, url: MailUrl, dialect: str, mode: str) -> None:
    if taking.has("server.port"):
        return
    if url.scheme in ("submission", "submit"):
        taking.put("server.port", 587)
    elif dialect in _DJANGO:
        taking.put("server.port", 25)
    elif mode == "tls":
        taking.put("server.port", 465)
    elif url.scheme == "smtp":
        taking.put("server.port", 587 if dialect == "nodemailer" else 25)
