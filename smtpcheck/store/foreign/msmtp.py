"""The format `msmtp`: a configuration file of msmtp, with one or several accounts."""

from __future__ import annotations

import re
import shlex
from dataclasses import replace

from smtpcheck.model.errors import UsageError
from smtpcheck.store.foreign import takes
from smtpcheck.store.foreign.entry import Entry, Lookup, Source
from smtpcheck.store.foreign.format import NO, SURE, Format
from smtpcheck.store.foreign.imported import Imported
from smtpcheck.store.foreign.saying import Saying
from smtpcheck.store.foreign.taking import Field, Taking, as_flag, as_text

_LINE = re.compile(r"[ \t]*([a-z_]+)(?:[ \t]+(.*))?\Z")
_COMMANDS = (
    r"^(?:tls|auth|dsn|set|from|proxy|password|log|source|host|port|user|timeout|protocol|domain"
    r"|socket|ntlm|maildomain|aliases|syslog|undisclosed|remove|add|keepbcc|allow|eval|auto)"
)
_SILENT = (
    "aliases|syslog|logfile|logfile_time_format|dsn_notify|dsn_return|auto_from|maildomain"
    "|undisclosed_recipients|set_.*_header|remove_bcc_headers|add_missing_.*|keepbcc|eval"
)


def _path(taking: Taking, entry: Entry, key: str) -> None:
    if as_text(entry.value) != "system":
        takes.path(taking, entry, key)


def _timeout(taking: Taking, entry: Entry, key: str) -> None:
    if as_flag(entry.value) is not False or entry.value == "0":
        takes.seconds(taking, entry, key)


def _fingerprint(taking: Taking, entry: Entry, key: str) -> None:
    """SHA-256 alone can be pinned; msmtp takes SHA-1 and MD5 too."""
    digits = re.sub(r"[^0-9A-Fa-f]", "", as_text(entry.value))
    if len(digits) == 64:
        takes.text(taking, entry, key)
    else:
        taking.note(f"{entry.name} is not carried over: it is not SHA-256", entry.line)


_FIELDS = (
    Field("host", "server.host", takes.text),
    Field("port", "server.port", takes.integer),
    Field("protocol", "server.protocol", takes.text),
    Field("domain", "server.helo", takes.text),
    Field("socket", "server.socket", takes.path),
    Field("source_ip", "server.source_address", takes.text),
    Field("timeout", "server.timeout", _timeout),
    Field("user", "auth.username", takes.text),
    Field("password", "auth.password", takes.secret),
    Field("passwordeval", "auth.password", takes.secret),
    Field("tls_trust_file", "tls.ca_file", _path),
    Field("tls_fingerprint", "tls.fingerprint", _fingerprint),
    Field("tls_key_file", "tls.client_key", takes.path),
    Field("tls_cert_file", "tls.client_cert", takes.path),
    Field("tls_host_override", "tls.server_name", takes.text),
    Field("from", "sender.address", takes.mailbox),
    Field("from_full_name", "sender.name", takes.text),
    Field("proxy_host", "proxy.host", takes.text),
    Field("proxy_port", "proxy.port", takes.integer),
)


def _recognises(source: Source) -> int:
    words = {entry.name for _name, _parents, body in _accounts(source) for entry in body}
    told = re.search(r"(?m)^[ \t]*(?:account|defaults)\b", source.text)
    return SURE if told and {"host", "tls", "port", "from", "auth"} & words else NO


def _read(source: Source) -> list[Imported]:
    """The accounts. `eval` and `passwordeval` are never run."""
    accounts = _accounts(source)
    bodies: dict[str, list[Entry]] = {}
    defaults: list[Entry] = []
    for name, parents, body in accounts:
        if name is None:
            defaults = [*defaults, *body]
            continue
        inherited = [entry for parent in parents for entry in bodies.get(parent, [])]
        bodies[name] = [*defaults, *inherited, *body]
    found = [_account(name, body, source) for name, body in bodies.items()]
    if not found:
        raise UsageError(
            f"{source.file} holds no account of msmtp", ["an account begins with: account NAME"]
        )
    return _without_copies(found)


def _accounts(source: Source) -> list[tuple[str | None, list[str], list[Entry]]]:
    """Name, parents and commands of each account; the name of `defaults` is None."""
    found: list[tuple[str | None, list[str], list[Entry]]] = []
    for number, line in enumerate(source.text.splitlines(), 1):
        read = None if line.lstrip().startswith("#") else _LINE.match(line.rstrip())
        if read is None:
            continue
        word, argument = read[1], _unquoted((read[2] or "").strip())
        if word == "defaults":
            found.append((None, [], []))
        elif word == "account":
            name, _, parents = argument.partition(":")
            found.append((name.strip(), re.split(r"[\s,]+", parents.strip()), []))
        else:
            if not found:
                found.append(("default", [], []))
            found[-1][2].append(_entry(word, argument, number))
    return found


def _entry(word: str, argument: str, line: int) -> Entry:
    if word == "passwordeval":
        return Entry(word, _command(argument), line)
    if word == "tls_trust_file" and not argument:
        return Entry(word, "", line)
    return Entry(word, argument, line)


def _unquoted(argument: str) -> str:
    if len(argument) > 1 and argument[0] == argument[-1] == '"':
        return argument[1:-1]
    return argument


def _command(text: str) -> Lookup:
    """The place that a command names. msmtp hands it to a shell: what only a shell understands
    stays one command of a shell."""
    if re.search(r"[|&;<>()$`\\\n*?\[~{}!#]", text):
        return Lookup({"command": ["sh", "-c", text]})
    try:
        words = shlex.split(text)
    except ValueError:
        return Lookup({"command": ["sh", "-c", text]})
    match words:
        case ["printenv", name]:
            return Lookup({"env": name})
        case ["cat", path] | ["head", "-n", "1", path] | ["head", "-n1", path]:
            return Lookup({"file": path})
        case []:
            return Lookup({}, words="an empty command")
    return Lookup({"command": words})


def _account(name: str, body: list[Entry], source: Source) -> Imported:
    taking = Taking(body, source, name)
    for entry in body:
        if entry.name == "eval":
            taking.note("eval is not run: what it prints is not carried over", entry.line)
    taking.fields(_FIELDS)
    command = taking.entry("passwordeval")
    if taking.entry("password") is not None and command is not None:
        # msmtp 1.8, also where one of the two is inherited
        taking.note(
            "passwordeval is not carried over: msmtp takes password before it", command.line
        )
    if taking.has("proxy.host"):
        taking.put("proxy.type", "socks5")
    _take_auth(taking)
    _take_tls(taking)
    if taking.has("server.socket"):
        taking.drop("server.host", "server.port")
    elif not taking.has("server.port") and taking.got("server.protocol") != "lmtp":
        # msmtp(1), port: 25, with TLS from the first byte 465.
        taking.put("server.port", 465 if taking.got("server.security") == "tls" else 25)
    taking.rest(_COMMANDS, silent=(_SILENT,))
    for entry in body:
        if not re.search(_COMMANDS, entry.name):
            taking.note("not read: it is no command of msmtp", entry.line)
    return taking.imported()


def _take_auth(taking: Taking) -> None:
    entry = taking.entry("auth")
    word = as_text(entry.value).lower() if entry else "off"
    if entry is None or word == "off":
        if taking.has("auth.username"):
            taking.note(
                "auth is off: msmtp does not log in, though there is a user",
                entry.line if entry else 0,
            )
        taking.drop("auth.username", "auth.password")
    elif word not in ("on", ""):
        takes.method(taking, entry, "auth.method")


def _take_tls(taking: Taking) -> None:
    entry = taking.entry("tls")
    immediate = not taking.flag("tls_starttls", default=True)
    check = taking.entry("tls_certcheck")
    if not taking.flag("tls", default=False):
        takes.security(taking, "none", entry, "msmtp")
        return
    takes.security(taking, "tls" if immediate else "starttls", entry, "msmtp")
    if check is not None and not taking.has("tls.fingerprint"):
        takes.verified(taking, check, "tls.verify")


def _without_copies(found: list[Imported]) -> list[Imported]:
    """`account default : other` is the same account once more."""
    kept: list[Imported] = []
    for each in found:
        same = [one for one in kept if (one.values, one.secrets) == (each.values, each.secrets)]
        if not same and each.values.get("server.host", each.values.get("server.socket")):
            kept.append(each)
    kept = kept or found[:1]
    return kept if len(kept) > 1 else [replace(kept[0], account="")]


def _write(saying: Saying) -> str:
    lines = [
        "account default",
        f"host {_argument(saying.host)}",
        f"port {saying.port}",
        *_tls_lines(saying),
        *_login_lines(saying),
    ]
    for word, key in (
        ("protocol", "server.protocol"),
        ("domain", "server.helo"),
        ("source_ip", "server.source_address"),
        ("from", "sender.address"),
    ):
        value = saying[key]
        if value and value != "smtp":
            lines.append(f"{word} {_argument(value)}")
    saying.cannot("sender.name", "msmtp stops at from_full_name up to 1.8.23 at least")
    if saying["server.timeout"] != 20.0:
        lines.append(f"timeout {max(1, round(saying['server.timeout']))}")
    lines += _proxy_lines(saying)
    return "\n".join(lines) + "\n"


def _tls_lines(saying: Saying) -> list[str]:
    security = saying.security
    if security == "none":
        return ["tls off"]
    lines = ["tls on", f"tls_starttls {'on' if security == 'starttls' else 'off'}"]
    for word, key in (
        ("tls_trust_file", "tls.ca_file"),
        ("tls_fingerprint", "tls.fingerprint"),
        ("tls_cert_file", "tls.client_cert"),
        ("tls_key_file", "tls.client_key"),
        ("tls_host_override", "tls.server_name"),
    ):
        if saying[key]:
            value = saying[key].upper() if key == "tls.fingerprint" else saying[key]
            lines.append(f"{word} {_argument(value)}")
    if not saying["tls.verify"]:
        lines.append("tls_certcheck off")
    if saying["tls.fingerprint"]:  # msmtp takes one or the other
        lines = [line for line in lines if not line.startswith(("tls_trust_file", "tls_certcheck"))]
    return lines


def _login_lines(saying: Saying) -> list[str]:
    method = saying["auth.method"]
    if not saying.profile.wants_login:
        return ["auth off"]
    lines = [f"auth {'on' if method == 'auto' else method}"]
    if saying.username:
        lines.append(f"user {_argument(saying.username)}")
    password = saying.password(
        lambda text: f"password {_argument(text)}",
        env=lambda name: f"passwordeval {_argument(f'printenv {name}')}",
        file=lambda name: f"passwordeval {_argument(f'head -n 1 {shlex.quote(name)}')}",
        command=lambda argv: f"passwordeval {_argument(_shell(argv))}",
    )
    return [*lines, *([password] if password else [])]


def _shell(argv: tuple[str, ...]) -> str:
    return argv[2] if argv[:2] == ("sh", "-c") and len(argv) == 3 else shlex.join(argv)


def _proxy_lines(saying: Saying) -> list[str]:
    if saying.profile.proxy is None or saying["proxy.type"] != "socks5":
        return []
    port = saying["proxy.port"]
    lines = [f"proxy_host {_argument(saying['proxy.host'])}"]
    return [*lines, *([f"proxy_port {port}"] if port else [])]


def _argument(value: str) -> str:
    """An argument as msmtp reads it: to the end of the line, quotation marks around it dropped."""
    if "\n" in value or "\r" in value:
        raise UsageError("msmtp cannot hold a value with a line break in it")
    if value and re.fullmatch(r'[^\s"#](?:.*[^\s"])?', value):
        return value
    return f'"{value}"'


FORMAT = Format("msmtp", "msmtp configuration", _recognises, _read, _write)
