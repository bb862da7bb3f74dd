"""The format `keycloak`: `smtpServer` of a realm, as JSON."""

from __future__ import annotations

import json
import re

from smtpcheck.model.errors import UsageError
from smtpcheck.store.foreign import takes
from smtpcheck.store.foreign.code_text import Placed
from smtpcheck.store.foreign.entry import Entry, Source
from smtpcheck.store.foreign.format import NO, SURE, Format
from smtpcheck.store.foreign.imported import Imported
from smtpcheck.store.foreign.json_text import leaves, read_json
from smtpcheck.store.foreign.references import is_open, looked_up, of_env, settle
from smtpcheck.store.foreign.saying import Saying
from smtpcheck.store.foreign.taking import Field, Taking

_FIELDS = (
    Field("host", "server.host", takes.text),
    Field("port", "server.port", takes.integer),
    Field("user", "auth.username", takes.text),
    Field("password", "auth.password", takes.secret),
    Field("from", "sender.address", takes.text),
    Field("fromDisplayName", "sender.name", takes.text),
    Field("replyTo", "sender.reply_to", takes.text),
    Field("envelopeFrom", "sender.bounce", takes.text),
    Field("timeout", "server.timeout", takes.milliseconds),
)
_SILENT = (
    *("debug", "connectionTimeout", "writeTimeout", "replyToDisplayName"),
    *("allowutf8", "allowUTF8"),
)
_REFERENCE = r"\$\{(?P<name>[^{}:]+)(?::(?P<default>[^{}]*))?\}"
_USUAL_PORT = 25


def _recognises(source: Source) -> int:
    return SURE if re.search(r'"smtpServer"\s*:\s*\{', source.text) else NO


def _read(source: Source) -> list[Imported]:
    tree = read_json(source)
    realms = tree if isinstance(tree, list) else [tree]
    found = []
    for each in realms:
        realm = each.value if isinstance(each, Placed) else each
        server = realm.get("smtpServer") if isinstance(realm, dict) else None
        if isinstance(server, Placed) and isinstance(server.value, dict) and server.value:
            name = realm["realm"].value if len(realms) > 1 and "realm" in realm else ""
            found.append(_of(list(leaves(server)), source, str(name)))
    if not found:
        raise UsageError(
            f"{source.file} holds no realm of Keycloak with a mail server",
            ['it should have "smtpServer": { "host": ... } with settings in it'],
        )
    return found


def _of(entries: list[Entry], source: Source, account: str) -> Imported:
    """Keycloak, DefaultEmailSenderProvider: `ssl` is TLS from the first byte; `starttls` takes it
    where it is offered; `authType` token logs in by XOAUTH2."""
    settings = [Entry(each.name, _looked_up(each.value), each.line) for each in entries]
    taking = Taking(settings, source, account)
    taking.fields(_FIELDS)
    if not taking.has("server.port"):
        taking.put("server.port", _USUAL_PORT)
        taking.note(f"port is not set: Keycloak takes {_USUAL_PORT}")
    if not is_open(taking.entry("auth")) and not taking.flag("auth", default=False):
        if taking.has("auth.username"):
            taking.note("auth is not true: Keycloak does not log in, though there is a user")
        taking.drop("auth.username", "auth.password")
    kind = taking.entry("authType")
    if kind is not None and taking.text("authType") == "token" and taking.has("auth.username"):
        taking.put("auth.method", "xoauth2", kind)
        taking.note(
            "Keycloak logs in with a token of authTokenUrl; for the profile see auth.oauth",
            kind.line,
        )
    ssl, start = taking.entry("ssl"), taking.entry("starttls")
    if taking.flag("ssl", default=False):
        takes.security(taking, "tls", ssl, "Keycloak")
    else:
        mode = "opportunistic" if taking.flag("starttls", default=False) else "none"
        settle(taking, mode, start or ssl, "Keycloak", (ssl, start))
    taking.rest(".", silent=_SILENT)
    return taking.imported()


def _looked_up(value: object) -> object:
    """`${NAME:default}` and `${env.NAME}`, which an import of a realm fills in; `${vault.KEY}`."""
    if not isinstance(value, str):
        return value
    return looked_up(value, _REFERENCE, _place, "Keycloak's vault")


def _place(name: str) -> dict[str, str]:
    return {} if name.startswith("vault.") else dict(of_env(name.removeprefix("env.")))


def _write(saying: Saying) -> str:
    """Every value is a text, as Keycloak itself writes them."""
    security = saying.security
    if security == "starttls":
        saying.note("Keycloak goes on without TLS where the server does not offer STARTTLS")
    server = {"host": saying.host, "port": str(saying.port)}
    texts = (
        ("from", "sender.address"),
        ("fromDisplayName", "sender.name"),
        ("replyTo", "sender.reply_to"),
        ("envelopeFrom", "sender.bounce"),
    )
    server |= {name: saying[key] for name, key in texts if saying[key]}
    server["ssl"] = "true" if security == "tls" else "false"
    server["starttls"] = "true" if security == "starttls" else "false"
    password = saying.password(env=lambda name: f"${{{name}}}")
    server["auth"] = "true" if saying.username else "false"
    if saying.username:
        server["user"] = saying.username
        if password:
            server["password"] = password
        if saying.profile.uses_token:
            saying.note("Keycloak fetches tokens by itself: see authTokenUrl and the like")
    if saying.holds_secret and "${" in password:
        saying.note("what stands in ${...} is filled in when a realm is imported from a file")
    if saying["server.timeout"] != 20.0:
        server["timeout"] = str(round(saying["server.timeout"] * 1000))
    saying.cannot("tls.verify", "Keycloak always checks the certificate, by its truststore")
    saying.cannot("tls.ca_file", "put it into the truststore: conf/truststores")
    return json.dumps({"smtpServer": server}, indent=2, ensure_ascii=False) + "\n"


FORMAT = Format("keycloak", "Keycloak realm", _recognises, _read, _write)
