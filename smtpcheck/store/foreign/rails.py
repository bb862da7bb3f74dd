"""The format `rails`: `config.action_mailer.smtp_settings`, in Ruby or as YAML (Redmine)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from smtpcheck.model.errors import UsageError
from smtpcheck.store.foreign import ruby_smtp, takes
from smtpcheck.store.foreign.code_text import read_code
from smtpcheck.store.foreign.entry import Entry, Lookup, Source
from smtpcheck.store.foreign.format import NO, SURE, Format
from smtpcheck.store.foreign.imported import Imported
from smtpcheck.store.foreign.json_text import leaves
from smtpcheck.store.foreign.ruby_smtp import ruby
from smtpcheck.store.foreign.saying import Saying
from smtpcheck.store.foreign.taking import Field, Taking, as_text
from smtpcheck.store.foreign.yaml_text import is_manifest, read_yaml

_FIELDS = (
    *ruby_smtp.fields({name: name for name in ruby_smtp.SETTINGS}),
    Field("default_options.from", "sender.address", takes.mailbox),
    Field("mailer_sender", "sender.address", takes.mailbox),
    Field("default_options.reply_to", "sender.reply_to", takes.mailbox),
    Field("default_options.return_path", "sender.bounce", takes.mailbox),
)
_ABOUT = r"^[a-z_]+$|^default_options\."
_SILENT = (
    *("open_timeout", "return_response", "raise_delivery_errors", "default_url_options", "logger"),
    *("deliver_later_queue_name", "perform_caching", "preview_paths?", "show_previews"),
    *("asset_host", "default_options.*", "sendmail_settings", "file_settings", "smtp_settings"),
    *("delivery_job", "cache_store", "queue_adapter", "default_options"),
)
_YAML = re.compile(r"(?m)^[ \t]+:?smtp_settings:[ \t]*(?:#.*)?$")
_ERB = re.compile(r"<%.*%>", re.DOTALL)


def _settings(source: Source) -> list[Entry]:
    """Names behind `smtp_settings`, and those of `action_mailer` beside it."""
    found: list[Entry] = []
    for entry in read_code(source.text):
        owner, _, name = entry.name.rpartition("smtp_settings.")
        if owner:
            found.append(Entry(name, entry.value, entry.line))
            continue
        told = re.fullmatch(
            r".*\b(?:action_mailer|ActionMailer::Base)\.((?:default_options\.)?\w+)|"
            r".*\b(mailer_sender)",
            entry.name,
        )
        if told:
            found.append(Entry(told[1] or told[2], entry.value, entry.line))
    return found


def _recognises(source: Source) -> int:
    if "smtp_settings" not in source.text or is_manifest(source.text):
        return NO
    ruby_text = re.search(r"smtp_settings\s*(?:=|\[)", source.text)
    return SURE if ruby_text or _YAML.search(source.text) else NO


def _read(source: Source) -> list[Imported]:
    if _YAML.search(source.text):
        found = [_of(entries, source, name) for name, entries in _in_yaml(source)]
    else:
        entries = _settings(source)
        settings = {entry.name for entry in entries} & set(ruby_smtp.SETTINGS)
        found = [_of(entries, source, "")] if settings else []
    if not found:
        raise UsageError(
            f"{source.file} holds no smtp_settings of Rails that can be read",
            ["it should have config.action_mailer.smtp_settings = { address: ..., port: ... }"],
        )
    return found


def _of(entries: list[Entry], source: Source, account: str) -> Imported:
    taking = Taking(entries, source, account)
    delivery = taking.entry("delivery_method")
    if delivery is not None and as_text(taking.value(delivery)).strip(":") not in ("smtp", ""):
        taking.note("delivery_method is not smtp: these settings are not used", delivery.line)
    if not taking.flag("perform_deliveries", default=True):
        taking.note("perform_deliveries is false: the application sends no mail")
    taking.fields(_FIELDS)
    if not taking.has("server.host") and "address" not in taking.entries:
        taking.put("server.host", "localhost")
        taking.note("address is not set: Rails takes localhost")
    ruby_smtp.default_port(taking, "port", "Rails")
    ruby_smtp.security(taking, ("tls", "ssl"), "enable_starttls", "enable_starttls_auto", "Rails")
    taking.rest(_ABOUT, silent=_SILENT)
    return taking.imported()


def _in_yaml(source: Source) -> Iterator[tuple[str, list[Entry]]]:
    """Every mapping `smtp_settings`, under the names around it, and what stands beside it."""
    groups: dict[str, list[Entry]] = {}
    for tree in read_yaml(source):
        for entry in leaves(tree):
            owner, found, name = entry.name.replace(":", "").rpartition("smtp_settings.")
            if found:
                value = _of_yaml(entry.value)
                place = owner.removesuffix("email_delivery.").rstrip(".")
                groups.setdefault(place, []).append(Entry(name, value, entry.line))
    yield from groups.items()


def _of_yaml(value: Any) -> Any:
    """A symbol as text; what ERB would fill in is code."""
    if not isinstance(value, str):
        return value
    if _ERB.search(value):
        env = re.fullmatch(r"""<%=\s*ENV(?:\.fetch\(|\[)['"](\w+)['"][\])]\s*%>""", value)
        return Lookup({"env": env[1]}) if env else Lookup({}, words="code, which is not run")
    return value.removeprefix(":")


def _write(saying: Saying) -> str:
    """`enable_starttls: true` insists (Rails 7.1; older versions with mail 2.7 and later)."""
    security = saying.security
    pairs = [("address", ruby(saying.host)), ("port", str(saying.port))]
    if saying["server.helo"]:
        pairs.append(("domain", ruby(saying["server.helo"])))
    pairs += _login(saying)
    if security == "tls":
        pairs.append(("tls", "true"))
    elif security == "starttls":
        pairs.append(("enable_starttls", "true"))
    else:
        pairs += [("enable_starttls", "false"), ("enable_starttls_auto", "false")]
    if not saying["tls.verify"]:
        pairs.append(("openssl_verify_mode", "'none'"))
    if saying["tls.ca_file"]:
        pairs.append(("ca_file", ruby(saying["tls.ca_file"])))
    if saying["server.timeout"] != 20.0:
        pairs.append(("read_timeout", f"{saying['server.timeout']:g}"))
    lines = ["config.action_mailer.delivery_method = :smtp"]
    lines.append("config.action_mailer.smtp_settings = {")
    lines += [f"  {name}: {value}," for name, value in pairs]
    return "\n".join([*lines, "}", *_defaults(saying)]) + "\n"


def _login(saying: Saying) -> list[tuple[str, str]]:
    password = ruby_smtp.ruby_password(saying)
    if not saying.username:
        return []
    pairs = [("user_name", ruby(saying.username))]
    pairs += [("password", password)] if password else []
    method = ruby_smtp.mechanism(saying, "Rails")
    return [*pairs, ("authentication", f":{method}")] if method else pairs


def _defaults(saying: Saying) -> list[str]:
    words = [
        f"{name}: {ruby(value)}"
        for name, value in (
            ("from", saying.mailbox),
            ("reply_to", saying["sender.reply_to"]),
            ("return_path", saying["sender.bounce"]),
        )
        if value
    ]
    return [f"config.action_mailer.default_options = {{ {', '.join(words)} }}"] if words else []


FORMAT = Format("rails", "Rails settings", _recognises, _read, _write)
