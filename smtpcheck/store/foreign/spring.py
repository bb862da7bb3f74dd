"""The format `spring`: `spring.mail` of `application.properties` or `application.yml`, or as
variables."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any

from smtpcheck.model.errors import UsageError
from smtpcheck.store.foreign import takes
from smtpcheck.store.foreign.entry import Entry, Lookup, Source
from smtpcheck.store.foreign.env_text import read_env_text
from smtpcheck.store.foreign.format import NO, SURE, Format
from smtpcheck.store.foreign.imported import Imported
from smtpcheck.store.foreign.json_text import leaves
from smtpcheck.store.foreign.properties_text import property_line, read_properties
from smtpcheck.store.foreign.references import looked_up, of_env, settle
from smtpcheck.store.foreign.saying import Saying
from smtpcheck.store.foreign.taking import Field, Taking, as_flag, as_text
from smtpcheck.store.foreign.yaml_text import read_yaml

_PREFIX = "spring.mail."
_PROPERTIES = "spring.mail.properties."
_PROFILES = (
    "spring.config.activate.on-profile",
    "spring.profiles",
    "spring.config.activate.onprofile",
)
_REFERENCE = r"\$\{(?P<name>[^{}:]+)(?::(?P<default>[^{}]*))?\}"
_ENCRYPTED = re.compile(r"ENC\(.*\)|\{cipher\}.*", re.DOTALL)
_YAML = re.compile(
    r"(?m)^spring(?::[ \t]*(?:#.*)?$(?:\n(?:[ \t#].*)?)*?\n[ \t]+mail|\.mail)[ \t]*:"
)
_LINE = re.compile(r"(?m)^[ \t]*spring\.mail\.[\w.\[\]-]+[ \t]*[=:]")
ENV_SIGNS = "SPRING_MAIL_HOST"
ENV_ABOUT = "^SPRING_MAIL_"
_PORTS = {"tls": 465}


def _mechanisms(taking: Taking, entry: Entry, key: str) -> None:
    """One is taken; of several the server's best is, as Jakarta Mail does."""
    words = as_text(taking.value(entry)).split()
    if len(words) == 1:
        takes.method(taking, Entry(entry.name, words[0], entry.line), key)


def _trust(taking: Taking, entry: Entry, key: str) -> None:
    """Hosts, or `*` for all, whose certificate is taken whatever it is."""
    if as_text(taking.value(entry)):
        takes.no_verification(taking, entry, key)


def _protocols(taking: Taking, entry: Entry, key: str) -> None:
    """`TLSv1.2 TLSv1.3`: the oldest and the newest."""
    found = sorted(
        word.removeprefix("TLSv") if word != "TLSv1" else "1.0"
        for word in re.split(r"[\s,]+", as_text(taking.value(entry)))
        if re.fullmatch(r"TLSv1(?:\.[0-3])?", word)
    )
    if found:
        taking.put(key, found[0], entry)
        taking.put("tls.max_version", found[-1], entry)


_FIELDS = (
    Field("spring.mail.host", "server.host", takes.text),
    Field("mail.smtp.host", "server.host", takes.text),
    Field("spring.mail.port", "server.port", takes.integer),
    Field("mail.smtp.port", "server.port", takes.integer),
    Field("spring.mail.username", "auth.username", takes.text),
    Field("mail.smtp.user", "auth.username", takes.text),
    Field("spring.mail.password", "auth.password", takes.secret),
    Field("mail.smtp.auth.mechanisms", "auth.method", _mechanisms),
    Field("mail.smtp.localhost", "server.helo", takes.text),
    Field("mail.smtp.localaddress", "server.source_address", takes.text),
    Field("mail.smtp.timeout", "server.timeout", takes.milliseconds),
    Field("mail.smtp.from", "sender.bounce", takes.mailbox),
    Field("mail.from", "sender.address", takes.mailbox),
    Field("spring.mail.from", "sender.address", takes.mailbox),
    Field("mail.smtp.ssl.trust", "tls.verify", _trust),
    Field("mail.smtp.ssl.protocols", "tls.min_version", _protocols),
)
_ABOUT = r"^(?:spring\.mail|mail\.smtp|mail\.from)"
_SILENT = (
    *(r"spring\.mail\.default-?encoding", r"spring\.mail\.test-?connection"),
    *(r"mail\.smtp\.(?:connection|write)timeout", r"mail\.smtp\.auth", r"mail\.smtp\.quitwait"),
    *(r"mail\.smtp\.socketFactory\..*", r"mail\.smtp\.ssl\.checkserveridentity"),
    *(r"spring\.mail\.ssl\.verify-?hostname", r"mail\.smtp\.debug"),
)
_TLS_NAMES = (
    *("spring.mail.protocol", "mail.transport.protocol", "spring.mail.ssl.enabled"),
    *("mail.smtp.ssl.enable", "mail.smtp.socketFactory.class", "mail.smtp.starttls.enable"),
    *("mail.smtp.starttls.required", "mail.smtp.ssl.checkserveridentity"),
)


def _recognises(source: Source) -> int:
    text = source.text
    env = re.search(rf"(?m)^(?:export )?{ENV_SIGNS}=", text)
    return SURE if env or _LINE.search(text) or _YAML.search(text) else NO


def _read(source: Source) -> list[Imported]:
    found = [
        _of(entries, source, account)
        for account, entries in _ways(source)
        if any(entry.name.startswith((_PREFIX, "mail.smtp.")) for entry in entries)
    ]
    if not found:
        raise UsageError(
            f"{source.file} holds no spring.mail settings",
            ["it should have spring.mail.host, or mail with host in it below spring"],
        )
    return found


def _ways(source: Source) -> Iterator[tuple[str, list[Entry]]]:
    """The settings of all, and with those of each profile that says something of mail."""
    if re.search(rf"(?m)^(?:export )?{ENV_SIGNS}=", source.text):
        yield "", of_variables(read_env_text(source).entries)
        return
    common: list[Entry] = []
    special: list[tuple[str, list[Entry]]] = []
    for document in _documents(source):
        entries = [Entry(_named(each.name), each.value, each.line) for each in document]
        profile = next((as_text(e.value) for e in entries if e.name in _PROFILES), "")
        if not profile:
            common += entries
        elif any(entry.name.startswith((_PREFIX, "mail.smtp.")) for entry in entries):
            special.append((profile, entries))
    if any(entry.name == "spring.mail.host" for entry in common) or not special:
        yield "default" if special else "", common
    for profile, entries in special:
        yield profile, [*common, *entries]


def _documents(source: Source) -> list[list[Entry]]:
    if _YAML.search(source.text):
        return [list(leaves(tree)) for tree in read_yaml(source)]
    return read_properties(source)


def _named(name: str) -> str:
    """A name as the reference writes it: what is handed to Jakarta Mail stands for itself."""
    name = re.sub(r"\.?\[([^\[\]]{0,200})\]", r".\1", name).strip(".")
    if name.startswith(_PROPERTIES):
        return re.sub(r"^mail\.smtps\.", "mail.smtp.", name.removeprefix(_PROPERTIES))
    return name.lower() if name.startswith("spring.") else name


def of_variables(entries: Iterable[Entry]) -> list[Entry]:
    """`SPRING_MAIL_HOST` and the like under the names of the reference."""
    known = {_variable(name): name for name in (*(each.name for each in _FIELDS), *_TLS_NAMES)}
    return [
        Entry(
            known.get(entry.name.replace("_SMTPS_", "_SMTP_"), entry.name), entry.value, entry.line
        )
        for entry in entries
        if entry.name.startswith("SPRING_MAIL_")
    ]


def _variable(name: str) -> str:
    whole = name if name.startswith(_PREFIX) else f"{_PROPERTIES}{name}"
    return whole.replace("-", "").replace(".", "_").upper()


def take_variables(taking: Taking) -> None:
    """The variables `SPRING_MAIL_`."""
    for name in [each for each in taking.entries if re.search(ENV_ABOUT, each)]:
        taking.entry(name)
    inner = Taking(of_variables(taking.entries.values()), taking.source)
    _take(inner)
    taking.take_over(inner)


def _of(entries: list[Entry], source: Source, account: str) -> Imported:
    values = {entry.name: entry.value for entry in entries}
    filled = [Entry(each.name, _filled(each.value, values), each.line) for each in entries]
    taking = Taking(filled, source, account)
    _take(taking)
    return taking.imported()


def _filled(value: Any, values: dict[str, Any]) -> Any:
    """`${NAME:default}` as a look-up, or as what the same file says under that name."""
    if not isinstance(value, str):
        return value
    if _ENCRYPTED.fullmatch(value.strip()):
        return Lookup({}, words="an encrypted value")
    whole = re.fullmatch(_REFERENCE, value)
    other = values.get(_named(whole["name"])) if whole else None
    if isinstance(other, str) and not re.search(_REFERENCE, other):
        return other
    return looked_up(value, _REFERENCE, of_env, "another property")


def _take(taking: Taking) -> None:
    taking.fields(_FIELDS)
    _take_security(taking)
    _take_host_check(taking)
    taking.rest(_ABOUT, known=_TLS_NAMES, silent=(*_SILENT, "SPRING_MAIL_(?:DEFAULT|TEST).*"))
    taking.rest("^SPRING_MAIL_", silent=("SPRING_MAIL_(?:DEFAULT|TEST|.*TIMEOUT|.*_AUTH$).*",))


def _take_security(taking: Taking) -> None:
    """Jakarta Mail, package org.eclipse.angus.mail.smtp: ssl.enable, or the protocol smtps, is TLS
    from the first byte; starttls.enable takes what is offered, starttls.required insists."""
    protocol = taking.entry("spring.mail.protocol", "mail.transport.protocol")
    factory = taking.entry("mail.smtp.socketFactory.class")
    implicit = taking.entry("mail.smtp.ssl.enable", "spring.mail.ssl.enabled")
    start = taking.entry("mail.smtp.starttls.enable")
    required = taking.entry("mail.smtp.starttls.required")
    if protocol is not None and as_text(taking.value(protocol)).lower() == "smtps":
        takes.security(taking, "tls", protocol, "Spring")
    elif implicit is not None and as_flag(taking.value(implicit)):
        takes.security(taking, "tls", implicit, "Spring")
    elif factory is not None and "SSLSocketFactory" in as_text(taking.value(factory)):
        takes.security(taking, "tls", factory, "Spring")
    elif required is not None and as_flag(taking.value(required)):
        takes.security(taking, "starttls", required, "Spring")
    elif start is not None and as_flag(taking.value(start)):
        takes.security(taking, "opportunistic", start, "Spring")
    else:
        settle(taking, "none", start, "Spring", (protocol, implicit, factory, start, required))
    if not taking.has("server.port") and "spring.mail.port" not in taking.entries:
        port = _PORTS.get(taking.got("server.security"), 25)
        taking.put("server.port", port)
        taking.note(f"spring.mail.port is not set: Spring takes {port}")


def _take_host_check(taking: Taking) -> None:
    entry = taking.entry("mail.smtp.ssl.checkserveridentity", "spring.mail.ssl.verify-hostname")
    checked = taking.got("tls.verify") is not False
    if entry is not None and checked and as_flag(taking.value(entry)) is False:
        taking.note(
            f"{entry.name}: the name in the certificate is not checked; the profile checks it",
            entry.line,
        )


def _write(saying: Saying) -> str:
    security, lines = saying.security, []

    def add(name: str, value: str) -> None:
        lines.append(property_line(name, value))

    add("spring.mail.host", saying.host)
    add("spring.mail.port", str(saying.port))
    password = saying.password(
        lambda text: property_line("spring.mail.password", text),
        env=lambda name: f"spring.mail.password=${{{name}}}",
    )
    if saying.username:
        add("spring.mail.username", saying.username)
        lines += [password] if password else []
    if saying.holds_secret and re.search(_REFERENCE, password):
        saying.note("Spring fills in what stands in ${...}: set the password by a variable instead")
    for name, value in _jakarta(saying, security):
        add(f"{_PROPERTIES}mail.{name}", value)
    return "\n".join(lines) + "\n"


def _jakarta(saying: Saying, security: str) -> Iterator[tuple[str, str]]:
    """The properties of Jakarta Mail, behind `mail.`."""
    if saying.mailbox:
        yield "from", saying.mailbox
    yield "smtp.auth", "true" if saying.username else "false"
    if security == "tls":
        yield "smtp.ssl.enable", "true"
    else:
        wanted = "true" if security == "starttls" else "false"
        yield "smtp.starttls.enable", wanted
        yield "smtp.starttls.required", wanted
    if security != "none" and saying["tls.verify"]:
        yield "smtp.ssl.checkserveridentity", "true"
    elif not saying["tls.verify"]:
        yield "smtp.ssl.trust", "*"
        yield "smtp.ssl.checkserveridentity", "false"
    method = saying["auth.method"]
    if method in ("plain", "login", "xoauth2", "ntlm"):
        yield "smtp.auth.mechanisms", method.upper()
    elif method != "auto":
        saying.cannot("auth.method", "Jakarta Mail has no such mechanism")
    for name, key in (
        ("smtp.localhost", "server.helo"),
        ("smtp.localaddress", "server.source_address"),
        ("smtp.from", "sender.bounce"),
    ):
        if saying[key]:
            yield name, saying[key]
    if saying["server.timeout"] != 20.0:
        yield "smtp.timeout", str(round(saying["server.timeout"] * 1000))
    saying.cannot("tls.ca_file", "put it into a truststore, or an SSL bundle (spring.ssl.bundle)")


FORMAT = Format("spring", "Spring settings", _recognises, _read, _write)
