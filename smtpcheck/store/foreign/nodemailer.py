"""The format `nodemailer`: the options of `createTransport`, as JavaScript or JSON."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from smtpcheck.model.errors import UsageError
from smtpcheck.store.foreign import takes
from smtpcheck.store.foreign.code_text import read_code
from smtpcheck.store.foreign.entry import Entry, Lookup, Source
from smtpcheck.store.foreign.format import LIKELY, NO, SURE, Format
from smtpcheck.store.foreign.imported import Imported, Note
from smtpcheck.store.foreign.nodemailer_calls import calls_of
from smtpcheck.store.foreign.saying import Saying
from smtpcheck.store.foreign.several import account_names
from smtpcheck.store.foreign.taking import Field, Taking, as_text
from smtpcheck.store.foreign.url_text import looks_like_url, take_url

SERVICES: Mapping[str, tuple[str, int, bool]] = {
    "gmail": ("smtp.gmail.com", 465, True),
    "googlemail": ("smtp.gmail.com", 465, True),
    "gmailworkspace": ("smtp-relay.gmail.com", 465, True),
    "outlook": ("smtp-mail.outlook.com", 587, False),
    "hotmail": ("smtp-mail.outlook.com", 587, False),
    "outlook365": ("smtp.office365.com", 587, False),
    "yahoo": ("smtp.mail.yahoo.com", 465, True),
    "icloud": ("smtp.mail.me.com", 587, False),
    "zoho": ("smtp.zoho.com", 465, True),
    "fastmail": ("smtp.fastmail.com", 465, True),
    "sendgrid": ("smtp.sendgrid.net", 587, False),
    "mailgun": ("smtp.mailgun.org", 465, True),
    "postmark": ("smtp.postmarkapp.com", 2525, False),
    "mailtrap": ("live.smtp.mailtrap.io", 587, False),
    "sendinblue": ("smtp-relay.brevo.com", 587, False),
    "brevo": ("smtp-relay.brevo.com", 587, False),
    "ses": ("email-smtp.us-east-1.amazonaws.com", 465, True),
}
"""Host, port, and whether TLS comes first, of the services that Nodemailer knows by name
(nodemailer, well-known/services.json); `SES-EU-WEST-1` and the like are made from it."""


def _auth_type(taking: Taking, entry: Entry, key: str) -> None:
    if as_text(entry.value).lower() not in ("login", "custom"):  # `login` means: with a password
        takes.method(taking, entry, key)


def _version(taking: Taking, entry: Entry, key: str) -> None:
    """`TLSv1.2`; `TLSv1` is 1.0."""
    version = as_text(entry.value).removeprefix("TLSv")
    version = "1.0" if version == "1" else version
    takes.text(taking, Entry(entry.name, version, entry.line), key)


def _file(taking: Taking, entry: Entry, key: str) -> None:
    """`fs.readFileSync("ca.pem")`; the certificate itself has no place in a profile."""
    match entry.value:
        case Lookup(place={"file": str(path)}):
            takes.path(taking, Entry(entry.name, path, entry.line), key)
        case _:
            taking.note(f"{entry.name} is not carried over: a profile names a file", entry.line)


_FIELDS = (
    Field("host", "server.host", takes.text),
    Field("port", "server.port", takes.integer),
    Field("name", "server.helo", takes.text),
    Field("localAddress", "server.source_address", takes.text),
    Field("greetingTimeout", "server.timeout", takes.milliseconds),
    Field("auth.user", "auth.username", takes.text),
    Field("auth.pass", "auth.password", takes.secret),
    Field("auth.accessToken", "auth.password", takes.secret),
    Field("auth.type", "auth.method", _auth_type),
    Field("authMethod", "auth.method", takes.method),
    Field("tls.rejectUnauthorized", "tls.verify", takes.verified),
    Field("tls.servername", "tls.server_name", takes.text),
    Field("tls.ca", "tls.ca_file", _file),
    Field("tls.cert", "tls.client_cert", _file),
    Field("tls.key", "tls.client_key", _file),
    Field("tls.minVersion", "tls.min_version", _version),
    Field("tls.maxVersion", "tls.max_version", _version),
    Field("from", "sender.address", takes.mailbox),
    Field("replyTo", "sender.reply_to", takes.mailbox),
)
_ABOUT = (
    r"^(?:auth|tls|dkim)\.|^(?:proxy|socket|transactionLog|lmtp)$"
    r"|^(?:host|port|secure|user|pass|auth)[a-zA-Z]*$"
)
_SILENT = ("auth\\.(?:expires|accessUrl|method|serviceClient|privateKey)",)


def _settings(source: Source, variable: str | None = None) -> list[Entry]:
    """The options of the one call of `createTransport`, and the sender of `sendMail`, where
    several transports are in the text that of `variable` alone."""
    found: list[Entry] = []
    for entry in read_code(source.text, js=True):
        owner, called, name = entry.name.rpartition("().")
        if entry.name.endswith("createTransport()"):
            found += [Entry("url", each, entry.line) for each in entry.value if _is_url(each)]
        elif called and owner.endswith("createTransport"):
            found.append(Entry(_option(name), entry.value, entry.line))
        elif re.search(r"(?:\A|\.)(?:from|replyTo)\Z", name):
            parts = owner.split(".")
            if variable is None or (parts[-1] == "sendMail" and parts[-2:-1] == [variable]):
                found.append(Entry(_option(name), entry.value, entry.line))
    return found


def _objects(source: Source) -> dict[str, list[Entry]]:
    """Without a call: the options by the object that they stand in, where several name a host or
    a service; else all of them, wherever they stand: `smtp.host` counts as `host`."""
    owned: dict[str, list[Entry]] = {}
    for entry in read_code(source.text, js=True):
        option = _option(entry.name)
        owner = entry.name.removesuffix(option).rstrip(".")
        owned.setdefault(owner, []).append(Entry(option, entry.value, entry.line))
    ways = {
        owner: body
        for owner, body in owned.items()
        if {"host", "service"} & {entry.name for entry in body}
        and any(re.match(r"auth\.|secure\Z", entry.name) for entry in body)
    }
    if len(ways) < 2:
        return {"": [entry for body in owned.values() for entry in body]}
    names = account_names(ways, source.file)
    return dict(zip(names, ways.values(), strict=True))


def _option(name: str) -> str:
    """The last word, with `auth`, `tls` or `dkim` before it."""
    words = name.split(".")
    keep = 2 if len(words) > 1 and words[-2] in ("auth", "tls", "dkim") else 1
    return ".".join(words[-keep:])


def _is_url(value: object) -> bool:
    return isinstance(value, str) and looks_like_url(value)


def _recognises(source: Source) -> int:
    if "createTransport" in source.text:
        return SURE
    short = source.text.count("\n") < 200
    objects = _objects(source).values() if short else ()
    named = [{entry.name for entry in body} for body in objects]
    return LIKELY if any({"host", "auth.user"} <= names for names in named) else NO


def _read(source: Source) -> list[Imported]:
    calls = calls_of(source)
    if not calls:
        return [_of(body, source, account) for account, body in _objects(source).items()]
    several = len(calls) > 1
    found: list[Imported] = []
    unread: list[Note] = []
    for call in calls:
        body = _settings(call.source, call.variable if several else None)
        if not _has_server(body):
            body += _settings(call.alone)
        if _has_server(body) or not several:
            found.append(_of(body, source, call.account))
        else:
            words = "not read: this createTransport takes its options from code"
            unread.append(Note(words, call.line))
    if not found:
        return [_of([], source, "")]
    return [replace(each, notes=(*each.notes, *unread)) for each in found]


def _has_server(body: list[Entry]) -> bool:
    return bool({"host", "service", "url"} & {entry.name for entry in body})


def _of(entries: list[Entry], source: Source, account: str) -> Imported:
    taking = Taking(entries, source, account)
    url = taking.entry("url")
    if url is not None:
        take_url(taking, url, "nodemailer")
    service = taking.entry("service")
    if service is not None:
        _take_service(taking, service)
    taking.fields(_FIELDS)
    if taking.entry("host") is None and not taking.has("server.host"):
        raise UsageError(
            f"{source.file} holds no options of Nodemailer that are known",
            ["it should have an object with host, port and auth in it, or service"],
        )
    if not taking.has("server.security"):
        _take_security(taking)
    for switch in ("secure", "requireTLS", "ignoreTLS"):
        if switch not in taking.used and (entry := taking.entry(switch)) is not None:
            taking.note(f"{switch} does nothing beside service or a URL", entry.line)
    refresh = taking.entry("auth.refreshToken", "auth.clientSecret", "auth.clientId")
    if refresh is not None:
        taking.note(
            "auth.refreshToken and its like are not carried over: set auth.oauth and sign in with"
            " smtpcheck login",
            refresh.line,
        )
    taking.rest(_ABOUT, silent=_SILENT)
    return taking.imported()


def _take_service(taking: Taking, entry: Entry) -> None:
    name = as_text(taking.value(entry))
    region = re.fullmatch(r"(?i)ses-([a-z]+(?:-[a-z]+)+-\d)", name)
    if region:
        known: tuple[str, int, bool] | None = (
            f"email-smtp.{region[1].lower()}.amazonaws.com",
            465,
            True,
        )
    else:
        known = SERVICES.get(re.sub(r"[^a-z0-9]|\.com$", "", name.lower()))
    if known is None:
        taking.note("service is not carried over: it is not known here; give host", entry.line)
        return
    host, port, secure = known
    taking.put("server.host", host, entry)
    taking.put("server.port", port, entry)
    taking.put("server.security", "tls" if secure else "starttls", entry)


def _take_security(taking: Taking) -> None:
    """nodemailer/lib/smtp-connection: port 465 is TLS from the first byte unless `secure` says
    otherwise; without it STARTTLS is used where it is offered."""
    secure = taking.entry("secure")
    port = taking.got("server.port")
    implicit = taking.flag("secure", default=port == 465)
    required, ignored = taking.entry("requireTLS"), taking.entry("ignoreTLS")
    if not taking.has("server.port"):
        taking.put("server.port", 465 if implicit else 587)
    if implicit:
        takes.security(taking, "tls", secure, "Nodemailer")
    elif ignored is not None and taking.flag("ignoreTLS", default=False):
        takes.security(taking, "none", ignored, "Nodemailer")
    elif required is not None and taking.flag("requireTLS", default=False):
        takes.security(taking, "starttls", required, "Nodemailer")
    else:
        takes.security(taking, "opportunistic", secure, "Nodemailer")


def _write(saying: Saying) -> str:
    """An object, not JSON: a look-up in the environment is JavaScript."""
    security = saying.security
    lines = [f"  host: {_js(saying.host)},", f"  port: {saying.port},"]
    lines.append(f"  secure: {_js(security == 'tls')},")
    if security != "tls":
        lines.append("  requireTLS: true," if security == "starttls" else "  ignoreTLS: true,")
    for name, key in (("name", "server.helo"), ("localAddress", "server.source_address")):
        if saying[key]:
            lines.append(f"  {name}: {_js(saying[key])},")
    if saying["server.timeout"] != 20.0:
        lines.append(f"  greetingTimeout: {round(saying['server.timeout'] * 1000)},")
    lines += _auth_lines(saying) + _tls_lines(saying)
    text = "\n".join(["const transporter = nodemailer.createTransport({", *lines])
    if not saying["sender.address"]:
        return f"{text}\n}});\n"
    reply = saying["sender.reply_to"]
    defaults = [f"from: {_js(saying.mailbox)}", *([f"replyTo: {_js(reply)}"] if reply else [])]
    return f"{text}\n}}, {{ {', '.join(defaults)} }});\n"


def _auth_lines(saying: Saying) -> list[str]:
    method = saying["auth.method"]
    password = saying.password(
        _js,
        env=lambda name: f"process.env.{name}",
        file=lambda name: f"fs.readFileSync({_js(name)}, 'utf8').trim()",
    )
    if not saying.username:
        return []
    token = method in ("xoauth2", "oauthbearer")
    words = ["type: 'OAuth2'"] if token else []
    words.append(f"user: {_js(saying.username)}")
    if password:
        words.append(f"{'accessToken' if token else 'pass'}: {password}")
    lines = [f"  auth: {{ {', '.join(words)} }},"]
    if method in ("plain", "login", "cram-md5"):
        lines.append(f"  authMethod: {_js(method.upper())},")
    elif method not in ("auto", "xoauth2"):
        saying.cannot("auth.method", "Nodemailer has no such mechanism")
    return lines


def _tls_lines(saying: Saying) -> list[str]:
    words = []
    if not saying["tls.verify"]:
        words.append("rejectUnauthorized: false")
    if saying["tls.server_name"]:
        words.append(f"servername: {_js(saying['tls.server_name'])}")
    for name, key, usual in (
        ("minVersion", "tls.min_version", "1.2"),
        ("maxVersion", "tls.max_version", "1.3"),
    ):
        if saying[key] != usual:
            version = "TLSv1" if saying[key] == "1.0" else f"TLSv{saying[key]}"
            words.append(f"{name}: {_js(version)}")
    for name, key in (
        ("ca", "tls.ca_file"),
        ("cert", "tls.client_cert"),
        ("key", "tls.client_key"),
    ):
        if saying[key]:
            words.append(f"{name}: fs.readFileSync({_js(saying[key])})")
    return [f"  tls: {{ {', '.join(words)} }},"] if words else []


def _js(value: Any) -> str:
    return (
        json.dumps(value, ensure_ascii=False)
        .replace("\u2028", "\\u2028")
        .replace("\u2029", "\\u2029")
    )


FORMAT = Format("nodemailer", "Nodemailer options", _recognises, _read, _write)
