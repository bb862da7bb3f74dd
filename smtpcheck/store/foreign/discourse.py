"""The format `discourse`: `DISCOURSE_SMTP_` variables, of `app.yml` too, and `discourse.conf`."""

from __future__ import annotations

import re
from collections.abc import Callable

from smtpcheck.model.errors import UsageError
from smtpcheck.store.foreign import ruby_smtp, takes
from smtpcheck.store.foreign.entry import Entry, Source
from smtpcheck.store.foreign.env_text import read_env_text
from smtpcheck.store.foreign.format import NO, SURE, Format
from smtpcheck.store.foreign.imported import Imported
from smtpcheck.store.foreign.ini_text import read_ini
from smtpcheck.store.foreign.json_text import leaves
from smtpcheck.store.foreign.references import settle
from smtpcheck.store.foreign.saying import Saying
from smtpcheck.store.foreign.taking import Field, Taking
from smtpcheck.store.foreign.yaml_text import is_manifest, read_yaml, yaml_quoted

_PREFIX = "DISCOURSE_"
SIGNS = f"{_PREFIX}SMTP_ADDRESS"
ABOUT = f"^{_PREFIX}SMTP_"
SILENT = (f"{_PREFIX}SMTP_OPEN_TIMEOUT",)
_YAML = re.compile(rf"(?m)^[ \t]+{_PREFIX}SMTP_ADDRESS[ \t]*:")
_SENDER = re.compile(r"(?m)^[^#\n]*SiteSetting\.notification_email\s*=\s*['\"]([^'\"\s]+)['\"]")


def _in_conf(name: str) -> str:
    return name


def _in_env(name: str) -> str:
    return f"{_PREFIX}{name.upper()}"


def _recognises(source: Source) -> int:
    if _YAML.search(source.text):
        return NO if is_manifest(source.text) else SURE
    lines = rf"(?m)^(?:(?:export )?{_PREFIX}SMTP_ADDRESS|smtp_address)\s*="
    return SURE if re.search(lines, source.text) else NO


def _read(source: Source) -> list[Imported]:
    text = source.text
    if _YAML.search(text):
        taking = _of_app_yml(source)
    elif re.search(rf"(?m)^(?:export )?{_PREFIX}", text):
        taking = Taking(read_env_text(source).entries, source)
        take_discourse(taking)
        taking.rest(ABOUT, silent=SILENT)
    else:
        taking = Taking(read_ini(source), source)
        _take(taking, _in_conf)
        taking.rest("^smtp_", silent=("smtp_open_timeout",))
    if taking.entry(_in_conf("smtp_address"), _in_env("smtp_address")) is None:
        raise UsageError(
            f"{source.file} names no mail server of Discourse",
            [f"it should have {_PREFIX}SMTP_ADDRESS, or smtp_address in discourse.conf"],
        )
    return [taking.imported()]


def _of_app_yml(source: Source) -> Taking:
    """The variables below `env:`, and the sender that a line of `run:` sets."""
    entries = [
        Entry(entry.name.rpartition(".")[2], entry.value, entry.line)
        for tree in read_yaml(source)
        for entry in leaves(tree)
    ]
    sender = _SENDER.search(source.text)
    if sender:
        line = source.text.count("\n", 0, sender.start(1)) + 1
        entries.append(Entry(f"{_PREFIX}NOTIFICATION_EMAIL", sender[1], line))
    taking = Taking(entries, source)
    take_discourse(taking)
    taking.rest(ABOUT, silent=SILENT)
    return taking


def take_discourse(taking: Taking) -> None:
    """The variables `DISCOURSE_SMTP_`."""
    _take(taking, _in_env)


def _take(taking: Taking, named: Callable[[str], str]) -> None:
    """Discourse, config/environments/production.rb and config/discourse_defaults.conf: TLS from
    the first byte by `smtp_force_tls`, else STARTTLS where it is offered."""
    taking.fields(ruby_smtp.fields({each: named(f"smtp_{each}") for each in ruby_smtp.SETTINGS}))
    taking.fields([Field(named("notification_email"), "sender.address", takes.mailbox)])
    if not taking.has("auth.username"):
        taking.drop("auth.method")
    ruby_smtp.default_port(taking, named("smtp_port"), "Discourse")
    force, start = taking.entry(named("smtp_force_tls")), taking.entry(named(_START))
    if taking.flag(named("smtp_force_tls"), default=False):
        takes.security(taking, "tls", force, "Discourse")
    else:
        mode = "opportunistic" if taking.flag(named(_START), default=True) else "none"
        settle(taking, mode, start, "Discourse", (force, start))


_START = "smtp_enable_start_tls"


def _write(saying: Saying) -> str:
    """The lines for `env:` in `app.yml`."""
    security = saying.security
    pairs = [("SMTP_ADDRESS", yaml_quoted(saying.host)), ("SMTP_PORT", str(saying.port))]
    password = saying.password(yaml_quoted)
    if saying.username:
        pairs.append(("SMTP_USER_NAME", yaml_quoted(saying.username)))
        pairs += [("SMTP_PASSWORD", password)] if password else []
        method = ruby_smtp.mechanism(saying, "Discourse")
        pairs += [("SMTP_AUTHENTICATION", method)] if method else []
    if saying["server.helo"]:
        pairs.append(("SMTP_DOMAIN", yaml_quoted(saying["server.helo"])))
    pairs.append(("SMTP_ENABLE_START_TLS", "true" if security == "starttls" else "false"))
    pairs.append(("SMTP_FORCE_TLS", "true" if security == "tls" else "false"))
    if security == "starttls":
        saying.note("Discourse goes on without TLS where the server does not offer STARTTLS")
    if not saying["tls.verify"]:
        pairs.append(("SMTP_OPENSSL_VERIFY_MODE", "none"))
    if saying["server.timeout"] != 20.0:
        pairs.append(("SMTP_READ_TIMEOUT", f"{saying['server.timeout']:g}"))
    if saying["sender.address"]:
        pairs.append(("NOTIFICATION_EMAIL", yaml_quoted(saying["sender.address"])))
    saying.cannot("tls.ca_file", "Discourse takes the certificate authorities of the system")
    return "\n".join(["env:", *(f"  {_PREFIX}{name}: {value}" for name, value in pairs)]) + "\n"


FORMAT = Format("discourse", "Discourse settings", _recognises, _read, _write)
