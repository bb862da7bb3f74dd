"""The format `alertmanager`: `alertmanager.yml`, the settings for all and those of a receiver."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from smtpcheck.model.errors import UsageError
from smtpcheck.store.foreign import takes
from smtpcheck.store.foreign.entry import Entry, Source
from smtpcheck.store.foreign.format import NO, SURE, Format
from smtpcheck.store.foreign.imported import Imported
from smtpcheck.store.foreign.json_text import leaves
from smtpcheck.store.foreign.saying import Saying
from smtpcheck.store.foreign.taking import Field, Taking, as_text
from smtpcheck.store.foreign.yaml_text import (
    bare,
    is_manifest,
    mappings,
    read_yaml,
    value_at,
    yaml_quoted,
)


def _secret_file(taking: Taking, entry: Entry, key: str) -> None:
    path = as_text(taking.value(entry))
    taking.put(key, {"file": str(taking.source.folder / path)}, entry)


def _version(taking: Taking, entry: Entry, key: str) -> None:
    """`TLS12`."""
    word = as_text(taking.value(entry)).removeprefix("TLS")
    taking.put(key, f"{word[:1]}.{word[1:]}", entry)


_FIELDS = (
    ("smarthost", "server.host", takes.host_port),
    ("hello", "server.helo", takes.text),
    ("from", "sender.address", takes.mailbox),
    ("auth_username", "auth.username", takes.text),
    ("auth_password", "auth.password", takes.secret),
    ("auth_password_file", "auth.password", _secret_file),
    ("auth_secret", "auth.password", takes.secret),
    ("auth_secret_file", "auth.password", _secret_file),
    ("tls_config.ca_file", "tls.ca_file", takes.path),
    ("tls_config.cert_file", "tls.client_cert", takes.path),
    ("tls_config.key_file", "tls.client_key", takes.path),
    ("tls_config.server_name", "tls.server_name", takes.text),
    ("tls_config.insecure_skip_verify", "tls.verify", takes.unverified),
    ("tls_config.min_version", "tls.min_version", _version),
    ("tls_config.max_version", "tls.max_version", _version),
)
_OF_A_WAY = (
    "smarthost",
    "hello",
    "from",
    "auth_",
    "require_tls",
    "force_implicit_tls",
    "tls_config",
)
_WHOLE = ("auth_password", "auth_secret", "tls_config")
_SILENT = ("to", "send_resolved", "html", "text", "headers.*", "auth_identity", "threading.*")


def _recognises(source: Source) -> int:
    if is_manifest(source.text):
        return NO
    lines = r"(?m)^[ \t]+(?:smtp_smarthost|(?:-[ \t]+)?email_configs)[ \t]*:"
    return SURE if re.search(lines, source.text) else NO


def _read(source: Source) -> list[Imported]:
    trees = [inner for tree in read_yaml(source) for inner in mappings(tree)]
    ways = [way for tree in trees for way in _ways(tree)]
    several = len(ways) > 1
    found = [_of(entries, source, name if several else "") for name, entries in ways]
    if not found:
        raise UsageError(
            f"{source.file} holds no mail settings of Alertmanager",
            ["it should have smtp_smarthost below global, or email_configs of a receiver"],
        )
    return found


def _ways(tree: Any) -> Iterator[tuple[str, list[Entry]]]:
    """Those for all, and each receiver that has some of its own, under its name."""
    common = [
        Entry(entry.name.removeprefix("smtp_"), entry.value, entry.line)
        for entry in leaves(value_at(tree, "global"))
        if entry.name.startswith("smtp_")
    ]
    if any(entry.name == "smarthost" for entry in common):
        yield "global", common
    receivers = value_at(tree, "receivers")
    for receiver in receivers if isinstance(receivers, list) else []:
        configs = value_at(receiver, "email_configs")
        for config in configs if isinstance(configs, list) else []:
            own = list(leaves(config)) if isinstance(bare(config), dict) else []
            if any(entry.name.startswith(_OF_A_WAY) for entry in own):
                yield as_text(value_at(receiver, "name")), [*_left(common, own), *own]


def _left(common: list[Entry], own: list[Entry]) -> list[Entry]:
    """What the receiver takes over: a password, or its file, and tls_config as a whole."""
    wholes = [each for each in _WHOLE if any(entry.name.startswith(each) for entry in own)]
    return [entry for entry in common if not entry.name.startswith(tuple(wholes))]


def _of(entries: list[Entry], source: Source, account: str) -> Imported:
    """Alertmanager, notify/email: port 465, or force_implicit_tls, is TLS from the first byte;
    else STARTTLS is insisted on, unless require_tls is false."""
    taking = Taking(entries, source, account)
    taking.fields(Field(*each) for each in _FIELDS)
    implicit, required = taking.entry("force_implicit_tls"), taking.entry("require_tls")
    port = taking.got("server.port")
    if taking.flag("force_implicit_tls", default=port == 465):
        takes.security(taking, "tls", implicit or taking.entry("smarthost"), "Alertmanager")
    elif taking.flag("require_tls", default=True):
        takes.security(taking, "starttls", required, "Alertmanager")
    else:
        takes.security(taking, "none", required, "Alertmanager")
    if not taking.has("auth.username"):
        taking.drop("auth.password")
    taking.rest(".", silent=_SILENT)
    return taking.imported()


def _write(saying: Saying) -> str:
    """The part for all receivers."""
    security, port = saying.security, saying.port
    pairs = [("smarthost", yaml_quoted(f"{saying.bracketed}:{port}"))]
    if saying.mailbox:
        pairs.append(("from", yaml_quoted(saying.mailbox)))
    if saying["server.helo"]:
        pairs.append(("hello", yaml_quoted(saying["server.helo"])))
    pairs += _login(saying)
    # With TLS from the first byte older versions ask for STARTTLS within it as well.
    pairs.append(("require_tls", "true" if security == "starttls" else "false"))
    if (security == "tls") != (port == 465):
        pairs.append(("force_implicit_tls", "true" if security == "tls" else "false"))
        saying.note("smtp_force_implicit_tls is known since Alertmanager 0.31")
    lines = [f"  smtp_{name}: {value}" for name, value in pairs]
    config = _tls_lines(saying)
    if config:
        saying.note(
            "smtp_tls_config is known since Alertmanager 0.28; before, give tls_config in"
            " email_configs"
        )
        lines += ["  smtp_tls_config:", *config]
    saying.cannot("sender.reply_to", "give it in email_configs: headers: { Reply-To: ... }")
    return "\n".join(["global:", *lines]) + "\n"


def _login(saying: Saying) -> list[tuple[str, str]]:
    method = saying["auth.method"]
    word = "auth_secret" if method == "cram-md5" else "auth_password"
    password = saying.password(
        lambda text: f"{word}: {yaml_quoted(text)}",
        file=lambda path: f"{word}_file: {yaml_quoted(path)}",
    )
    if not saying.username:
        return []
    if method not in ("auto", "plain", "login", "cram-md5"):
        saying.cannot("auth.method", "Alertmanager has no such mechanism")
    elif method != "auto":
        saying.note("Alertmanager chooses the mechanism by what the server offers first")
    pairs = [("auth_username", yaml_quoted(saying.username))]
    name, _, value = password.partition(": ")
    return [*pairs, (name, value)] if password else pairs


def _tls_lines(saying: Saying) -> list[str]:
    texts = (
        ("ca_file", "tls.ca_file"),
        ("cert_file", "tls.client_cert"),
        ("key_file", "tls.client_key"),
        ("server_name", "tls.server_name"),
    )
    lines = [f"    {name}: {yaml_quoted(saying[key])}" for name, key in texts if saying[key]]
    if not saying["tls.verify"]:
        lines.append("    insecure_skip_verify: true")
    versions = (
        ("min_version", "tls.min_version", "1.2"),
        ("max_version", "tls.max_version", "1.3"),
    )
    for name, key, usual in versions:
        if saying[key] != usual:
            lines.append(f"    {name}: TLS{saying[key].replace('.', '')}")
    return lines


FORMAT = Format("alertmanager", "Alertmanager settings", _recognises, _read, _write)
