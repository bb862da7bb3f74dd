"""The format `grafana`: the section `[smtp]` of `grafana.ini`, and the variables `GF_SMTP_`."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace

from smtpcheck.model.errors import UsageError
from smtpcheck.store.foreign import takes
from smtpcheck.store.foreign.entry import Entry, Lookup, Source
from smtpcheck.store.foreign.env_text import read_env_text
from smtpcheck.store.foreign.format import NO, SURE, Format
from smtpcheck.store.foreign.imported import Imported
from smtpcheck.store.foreign.ini_text import ini_quoted, read_ini
from smtpcheck.store.foreign.json_text import leaves
from smtpcheck.store.foreign.references import of_env, settle
from smtpcheck.store.foreign.saying import Saying
from smtpcheck.store.foreign.taking import Field, Taking, as_text
from smtpcheck.store.foreign.yaml_text import is_manifest, mappings, read_yaml, value_at

_FIELDS = (
    ("host", "server.host", takes.host_port),
    ("user", "auth.username", takes.text),
    ("password", "auth.password", takes.secret),
    ("cert_file", "tls.client_cert", takes.path),
    ("key_file", "tls.client_key", takes.path),
    ("skip_verify", "tls.verify", takes.unverified),
    ("from_address", "sender.address", takes.mailbox),
    ("from_name", "sender.name", takes.text),
    ("ehlo_identity", "server.helo", takes.text),
)
_REFERENCE = re.compile(r"\$(?:__(?P<kind>\w+))?\{(?P<name>[^}]*)\}")
_CHART = re.compile(r"""(?m)^[ \t]*["']?grafana\.ini["']?:[ \t]*(?:#.*)?$""")
_POLICIES = {"mandatorystarttls": "starttls", "nostarttls": "none"}
ENV_SIGNS = "GF_SMTP_HOST|GF_SMTP_ENABLED"


def _in_ini(name: str) -> str:
    return f"smtp.{name}"


def _in_env(name: str) -> str:
    return f"GF_SMTP_{name.upper()}"


def _is_env(source: Source) -> bool:
    return re.search(r"(?m)^[ \t]*(?:export )?GF_SMTP_\w+[ \t]*=", source.text) is not None


def _recognises(source: Source) -> int:
    section = re.search(r"(?m)^\[smtp\]((?:\n(?!\[).*)*)", source.text)
    names = r"(?m)^[ \t;#]*(?:skip_verify|from_address|startTLS_policy|ehlo_identity|enabled)\s*="
    if _CHART.search(source.text) and re.search(r"(?m)^[ \t]+smtp:", source.text):
        return NO if is_manifest(source.text) else SURE
    ini = section is not None and re.search(names, section[1])
    return SURE if ini or re.search(rf"(?m)^(?:export )?(?:{ENV_SIGNS})=", source.text) else NO


def _read(source: Source) -> list[Imported]:
    from smtpcheck.store.foreign.env_families import with_files

    if _CHART.search(source.text):
        taking = Taking(map(_looked_up, _of_chart(source)), source)
        _take(taking, _in_ini)
        taking.rest(r"^smtp\.")
    elif _is_env(source):
        taking = Taking(with_files(read_env_text(source).entries, source), source)
        take_grafana(taking)
        taking.rest("^GF_SMTP_")
    else:
        taking = Taking(map(_looked_up, read_ini(source)), source)
        _take(taking, _in_ini)
        taking.rest(r"^smtp\.")
    if taking.entry(_in_ini("host"), _in_env("host")) is None:
        raise UsageError(
            f"{source.file} names no mail server of Grafana",
            ["it should have a section [smtp] with host = smtp.example.com:587 in it"],
        )
    return [taking.imported()]


def _of_chart(source: Source) -> list[Entry]:
    """Grafana's Helm chart has the sections of grafana.ini as YAML."""
    trees = [inner for tree in read_yaml(source) for inner in mappings(tree)]
    return [
        Entry(f"smtp.{entry.name}", entry.value, entry.line)
        for tree in trees
        for entry in leaves(value_at(tree, "grafana.ini", "smtp"))
    ]


def take_grafana(taking: Taking) -> None:
    """The variables `GF_SMTP_`."""
    _take(taking, _in_env)


def _take(taking: Taking, named: Callable[[str], str]) -> None:
    """Grafana, pkg/services/notifications/smtp.go: 465 is TLS from the first byte; else
    startTLS_policy, which takes what is offered unless it says otherwise."""
    if not taking.flag(named("enabled"), default=False):
        taking.note(f"{named('enabled')} is not true: Grafana sends no mail")
    taking.fields(Field(named(name), key, take) for name, key, take in _FIELDS)
    entry = taking.entry(named("startTLS_policy"))
    word = as_text(taking.value(entry)).lower() if entry is not None else ""
    if taking.got("server.port") == 465:
        takes.security(taking, "tls", taking.entry(named("host")), "Grafana")
    else:
        settle(taking, _POLICIES.get(word, "opportunistic"), entry, "Grafana", (entry,))


def _looked_up(entry: Entry) -> Entry:
    """`$__env{NAME}`, `${NAME}`, `$__file{PATH}` are where the value is."""
    text = as_text(entry.value)
    whole = _REFERENCE.fullmatch(text)
    if whole:
        place = {"file": whole["name"]} if whole["kind"] == "file" else of_env(whole["name"])
        if whole["kind"] not in (None, "env", "file"):
            place = {}
        return replace(entry, value=Lookup(place, words="a store of secrets that Grafana asks"))
    if _REFERENCE.search(text):
        return replace(entry, value=Lookup({}, words="the environment, in part"))
    return entry


def _write(saying: Saying) -> str:
    port, security = saying.port, saying.security
    lines = ["[smtp]", "enabled = true", f"host = {saying.bracketed}:{port}"]
    password = saying.password(
        lambda text: _quoted(saying, "auth.password", text),
        env=lambda name: f"$__env{{{name}}}",
        file=lambda path: f"$__file{{{path}}}",
    )
    if saying.username:
        lines.append(f"user = {_quoted(saying, 'auth.username', saying.username)}")
        lines += [f"password = {password}"] if password else []
    lines += [
        f"{name} = {_quoted(saying, key, saying[key])}"
        for name, key in (
            ("cert_file", "tls.client_cert"),
            ("key_file", "tls.client_key"),
            ("from_address", "sender.address"),
            ("from_name", "sender.name"),
            ("ehlo_identity", "server.helo"),
        )
        if saying[key]
    ]
    if not saying["tls.verify"]:
        lines.append("skip_verify = true")
    if (security == "tls") != (port == 465):
        saying.note("Grafana uses TLS from the first byte on port 465, and on no other")
    if security != "tls":
        policy = "MandatoryStartTLS" if security == "starttls" else "NoStartTLS"
        lines.append(f"startTLS_policy = {policy}")
    saying.cannot("tls.ca_file", "Grafana takes the certificate authorities of the system")
    return "\n".join(lines) + "\n"


def _quoted(saying: Saying, key: str, value: str) -> str:
    if _REFERENCE.search(value) or "%(" in value:
        saying.note(f"{key}: Grafana fills in what stands in ${{...}} and %(...)s")
    try:
        return ini_quoted(value)
    except ValueError:
        raise UsageError(
            f'{key} holds both """ and `: grafana.ini has no way to write that',
            ["give Grafana that value in a file: $__file{PATH}"],
        ) from None


FORMAT = Format("grafana", "Grafana settings", _recognises, _read, _write)
