"""The format `jenkins`: the plugins Mailer and Email Extension, as Configuration as Code (YAML) or
as the XML that Jenkins keeps."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from smtpcheck.model.errors import UsageError
from smtpcheck.store.foreign import takes
from smtpcheck.store.foreign.entry import Entry, Lookup, Source
from smtpcheck.store.foreign.format import NO, SURE, Format
from smtpcheck.store.foreign.imported import Imported
from smtpcheck.store.foreign.json_text import leaves
from smtpcheck.store.foreign.references import of_env, settle
from smtpcheck.store.foreign.saying import Saying
from smtpcheck.store.foreign.taking import Field, Taking

_FIELDS = (
    Field("smtpHost", "server.host", takes.text),
    Field("smtpServer", "server.host", takes.text),
    Field("smtpPort", "server.port", takes.integer),
    Field("authentication.username", "auth.username", takes.text),
    Field("smtpAuthUsername", "auth.username", takes.text),
    Field("smtpUsername", "auth.username", takes.text),
    Field("authentication.password", "auth.password", takes.secret),
    Field("smtpAuthPassword", "auth.password", takes.secret),
    Field("smtpAuthPasswordSecret", "auth.password", takes.secret),
    Field("smtpPassword", "auth.password", takes.secret),
    Field("adminAddress", "sender.address", takes.mailbox),
    Field("address", "sender.address", takes.mailbox),
    Field("replyToAddress", "sender.reply_to", takes.mailbox),
)
_ABOUT = r"^(?:smtp|authentication|useSsl|useTls|useOAuth2|advProperties)"
_PLUGINS = ("mailer", "email-ext", "extendedEmailPublisher", "extended-email-publisher")
_YAML = (r"(?m)^unclassified:", r"(?m)^[ \t]+(?:smtpHost|smtpServer|mailAccount)[ \t]*:")
_XML = re.compile(r"<hudson\.(?:tasks\.Mailer|plugins\.emailext)[\w.-]*[\s>]")
_REFERENCE = re.compile(
    r"(?<!\^)\$\{(?:(?P<kind>\w+):(?!-))?(?P<name>[^${}]+?)(?::-(?P<default>[^{}]*))?\}"
)
_ENCRYPTED = re.compile(r"\{[A-Za-z0-9+/]{16,}={0,2}\}")
_FILES = ("readFile", "file", "readFileBase64", "fileBase64")


def _recognises(source: Source) -> int:
    yaml = all(re.search(each, source.text) for each in _YAML)
    return SURE if yaml or _XML.search(source.text) else NO


def _read(source: Source) -> list[Imported]:
    ways = list(_of_xml(source) if _XML.search(source.text) else _of_yaml(source))
    several = len(ways) > 1
    if not ways:
        raise UsageError(
            f"{source.file} holds no mail server of Jenkins",
            ["it should have unclassified, and mailer with smtpHost below it"],
        )
    return [_of(entries, source, name if several else "") for name, entries in ways]


def _of_yaml(source: Source) -> Iterator[tuple[str, list[Entry]]]:
    """Each plugin that names a server, with the address of the administrator."""
    from smtpcheck.store.foreign.yaml_text import read_yaml, value_at

    for tree in read_yaml(source):
        place = value_at(tree, "unclassified")
        admin = [
            each for each in leaves(value_at(place, "location")) if each.name == "adminAddress"
        ]
        for plugin in _PLUGINS:
            own = list(leaves(value_at(place, plugin)))
            if any(re.fullmatch(r"(?:mailAccount\.)?smtp(?:Host|Server)", e.name) for e in own):
                yield plugin, [_plain(each, yaml=True) for each in (*admin, *own)]


def _of_xml(source: Source) -> Iterator[tuple[str, list[Entry]]]:
    from smtpcheck.store.foreign.xml_text import Element, read_xml

    def below(element: Element, name: str) -> Iterator[Entry]:
        for each in element.children:
            inner = f"{name}.{each.name}" if name else each.name
            if each.children:
                yield from below(each, inner)
            else:
                yield Entry(inner, each.text, each.line)

    found = [_plain(each, yaml=False) for each in below(read_xml(source), "")]
    if any(re.fullmatch("smtp(?:Host|Server)", each.name) for each in found):
        yield "mailer", found


def _plain(entry: Entry, *, yaml: bool) -> Entry:
    """An entry under the name that it has without its account; what it refers to as a look-up."""
    name = entry.name.removeprefix("mailAccount.")
    return Entry(name, _looked_up(entry.value) if yaml else _decoded(entry.value), entry.line)


def _decoded(value: Any) -> Any:
    """What the key of that Jenkins has encrypted is of no use elsewhere."""
    if isinstance(value, str) and _ENCRYPTED.fullmatch(value):
        return Lookup({}, words="a value that Jenkins has encrypted")
    return value


def _looked_up(value: Any) -> Any:
    """Configuration as Code, docs/features/secrets.adoc: `${NAME:-default}`, `${readFile:PATH}`;
    `^${` is no reference."""
    if not isinstance(value, str):
        return value
    whole = _REFERENCE.fullmatch(value)
    if whole:
        place = of_env(whole["name"]) if not whole["kind"] else {}
        if whole["kind"] in _FILES[:2]:
            place = {"file": whole["name"]}
        return Lookup(place, whole["default"], "a store of secrets that Jenkins asks")
    if _REFERENCE.search(value):
        return Lookup({}, words="the environment, in part")
    return _decoded(value.replace("^${", "${"))


def _of(entries: list[Entry], source: Source, account: str) -> Imported:
    """The plugins mailer (hudson.tasks.Mailer) and email-ext: useSsl is TLS from the first byte and
    port 465, useTls insists on STARTTLS and has port 587; neither is no TLS, and port 25."""
    taking = Taking(entries, source, account)
    taking.fields(_FIELDS)
    stored = taking.entry("credentialsId")
    if stored is not None:
        taking.note(
            "the login is among the credentials of Jenkins (credentialsId): it is not carried over",
            stored.line,
        )
    ssl, start = taking.entry("useSsl"), taking.entry("useTls")
    mode, entry, port = "none", ssl or start, 25
    if taking.flag("useTls", default=False):
        mode, entry, port = "starttls", start, 587
    if taking.flag("useSsl", default=False):
        if mode == "starttls":
            taking.note("useSsl and useTls are both set: useSsl is taken", ssl.line if ssl else 0)
        mode, entry, port = "tls", ssl, 465
    settle(taking, mode, entry, "Jenkins", (ssl, start) if mode == "none" else ())
    if not taking.has("server.port") and taking.entry("smtpPort") is None:
        taking.put("server.port", port)
        taking.note(f"smtpPort is not set: Jenkins takes {port}")
    if taking.flag("useOAuth2", default=False) and taking.has("auth.username"):
        taking.put("auth.method", "xoauth2", taking.entry("useOAuth2"))
    if not taking.has("auth.username"):
        taking.drop("auth.password")
    taking.rest(_ABOUT)
    return taking.imported()


def _write(saying: Saying) -> str:
    from smtpcheck.store.foreign.yaml_text import yaml_quoted

    def quoted(text: str) -> str:
        return yaml_quoted(text.replace("${", "^${"))

    security = saying.security
    lines = ["unclassified:"]
    if saying.mailbox:
        lines += ["  location:", f"    adminAddress: {quoted(saying.mailbox)}"]
    lines += [
        "  mailer:",
        f"    smtpHost: {quoted(saying.host)}",
        f'    smtpPort: "{saying.port}"',
        f"    useSsl: {'true' if security == 'tls' else 'false'}",
        f"    useTls: {'true' if security == 'starttls' else 'false'}",
    ]
    password = saying.password(
        quoted,
        env=lambda name: yaml_quoted(f"${{{name}}}"),
        file=lambda path: yaml_quoted(f"${{readFile:{path}}}"),
    )
    if saying.username:
        lines += ["    authentication:", f"      username: {quoted(saying.username)}"]
        lines += [f"      password: {password}"] if password else []
    if saying["sender.reply_to"]:
        lines.append(f"    replyToAddress: {quoted(saying['sender.reply_to'])}")
    saying.cannot("auth.method", "Jenkins takes what the server offers")
    saying.cannot("tls.verify", "Jenkins always checks the certificate, by Java's truststore")
    saying.cannot("tls.ca_file", "put it into Java's truststore")
    return "\n".join(lines) + "\n"


FORMAT = Format("jenkins", "Jenkins settings", _recognises, _read, _write)
