"""The format `phpmailer`: the lines of PHP that set up PHPMailer."""

from __future__ import annotations

import re

from smtpcheck.model.errors import UsageError
from smtpcheck.store.foreign import takes
from smtpcheck.store.foreign.code_text import read_code
from smtpcheck.store.foreign.entry import Entry, Lookup, Source
from smtpcheck.store.foreign.format import NO, SURE, Format
from smtpcheck.store.foreign.imported import Imported
from smtpcheck.store.foreign.saying import Saying
from smtpcheck.store.foreign.several import account_names, must_be_one
from smtpcheck.store.foreign.taking import Field, Taking, as_text

_FIELDS = (
    Field("Port", "server.port", takes.integer),
    Field("Username", "auth.username", takes.text),
    Field("Password", "auth.password", takes.secret),
    Field("AuthType", "auth.method", takes.method),
    Field("Timeout", "server.timeout", takes.seconds),
    Field("Helo", "server.helo", takes.text),
    Field("Hostname", "server.helo", takes.text),
    Field("setFrom()", "sender.address", takes.mailbox),
    Field("From", "sender.address", takes.mailbox),
    Field("FromName", "sender.name", takes.text),
    Field("addReplyTo()", "sender.reply_to", takes.mailbox),
    Field("Sender", "sender.bounce", takes.mailbox),
    Field("SMTPOptions.ssl.verify_peer", "tls.verify", takes.verified),
    Field("SMTPOptions.ssl.verify_peer_name", "tls.verify", takes.verified),
    Field("SMTPOptions.ssl.allow_self_signed", "tls.verify", takes.unverified),
    Field("SMTPOptions.ssl.cafile", "tls.ca_file", takes.path),
    Field("SMTPOptions.ssl.local_cert", "tls.client_cert", takes.path),
    Field("SMTPOptions.ssl.local_pk", "tls.client_key", takes.path),
    Field("SMTPOptions.ssl.peer_name", "tls.server_name", takes.text),
)
_METHODS = {"setfrom()": "setFrom()", "addreplyto()": "addReplyTo()"}
_ABOUT = r"^(?:Host|Port|SMTP|Auth|oauth|DKIM_|User|Pass|Timeout)"
_SILENT = ("SMTPDebug", "SMTPKeepAlive", "SMTPAuth", "SMTPAutoTLS", "SMTPOptions.*_depth")


_SENDER = ("setFrom()", "addReplyTo()", "From", "FromName", "Sender")


def _objects(source: Source) -> list[tuple[str, list[Entry]]]:
    """Every object that gets a Host, by its variable. What a variable is given begins an object;
    names are those behind the last `->`, `isSMTP()` and the like with their arguments."""
    bodies: list[tuple[str, list[Entry]]] = []
    current: dict[str, list[Entry]] = {}
    for entry in read_code(source.text):
        current.pop(entry.name, None)
        owner, arrow, name = entry.name.rpartition("->")
        if arrow:
            value = entry.value
            name = _METHODS.get(name.lower(), name)  # methods of PHP have no case
            if name.endswith("()") and isinstance(value, list):
                # (address, name) there, (name, address) here
                value = value[1::-1] if len(value) > 1 else value[0] if value else None
            if owner not in current:
                current[owner] = []
                bodies.append((owner, current[owner]))
            current[owner].append(Entry(name, value, entry.line))
    found = [each for each in bodies if any(entry.name == "Host" for entry in each[1])]
    if len(found) != 1:
        return found
    ((variable, body),) = found
    others = [entry for _owner, other in bodies if other is not body for entry in other]
    return [(variable, [*(each for each in others if each.name in _SENDER), *body])]


def _recognises(source: Source) -> int:
    return SURE if re.search(r"->\s*Host\b", source.text) and _objects(source) else NO


def _read(source: Source) -> list[Imported]:
    objects = _objects(source)
    if not objects:
        raise UsageError(
            f"{source.file} sets up no PHPMailer that can be read",
            ["it should have a line such as $mail->Host = 'smtp.example.com';"],
        )
    variables = [owner.rpartition("->")[2].lstrip("$") for owner, _body in objects]
    names = account_names(variables, source.file)
    return [_of(body, source, name) for name, (_, body) in zip(names, objects, strict=True)]


def _of(entries: list[Entry], source: Source, account: str) -> Imported:
    must_be_one(entries, "Host", source.file)
    taking = Taking(entries, source, account)
    host = taking.entry("Host")
    if host is None:
        raise UsageError(f"{source.file}: Host is empty")
    scheme = _take_host(taking, host)
    taking.fields(_FIELDS)
    if not taking.has("server.port"):
        taking.put("server.port", 25)
        taking.note("Port is not set: PHPMailer takes 25")
    auth = taking.entry("SMTPAuth")
    known = auth is None or not isinstance(auth.value, Lookup)
    if known and not taking.flag("SMTPAuth", default=False) and taking.has("auth.username"):
        taking.note("SMTPAuth is not true: PHPMailer does not log in, though there is a user")
        taking.drop("auth.username", "auth.password", "auth.method")
    _take_security(taking, scheme)
    taking.rest(_ABOUT, silent=_SILENT)
    return taking.imported()


def _take_host(taking: Taking, entry: Entry) -> str:
    """PHPMailer, smtpConnect(): `[ssl://|tls://]host[:port]`, several between semicolons."""
    value = taking.value(entry)
    first, several, _rest = as_text(value).partition(";")
    if several:
        taking.note("Host names several servers: the first is taken", entry.line)
    scheme, slashes, place = first.strip().rpartition("://")
    if value is not None:
        takes.host_port(taking, Entry(entry.name, place, entry.line), "server.host")
    return scheme.lower() if slashes else ""


def _take_security(taking: Taking, scheme: str) -> None:
    """PHPMailer: `ssl` is TLS from the first byte, `tls` STARTTLS; neither is STARTTLS where it is
    offered, unless SMTPAutoTLS is false."""
    entry = taking.entry("SMTPSecure")
    word = scheme
    if entry is not None and not scheme:
        value = entry.value
        word = value.words if isinstance(value, Lookup) else as_text(value).lower()
        if isinstance(value, Lookup) and not word.endswith(("_STARTTLS", "_SMTPS")):
            taking.value(entry)
            return
    if word.endswith("_SMTPS") or word == "ssl":
        takes.security(taking, "tls", entry, "PHPMailer")
        return
    if word.endswith("_STARTTLS") or word == "tls":
        takes.security(taking, "starttls", entry, "PHPMailer")
        return
    if word:
        taking.note(
            "SMTPSecure is neither ssl nor tls, and does nothing", entry.line if entry else 0
        )
    if taking.flag("SMTPAutoTLS", default=True):
        takes.security(taking, "opportunistic", entry, "PHPMailer")
    else:
        takes.security(taking, "none", taking.entry("SMTPAutoTLS"), "PHPMailer")


def _write(saying: Saying) -> str:
    security = saying.security
    lines = [
        "$mail->isSMTP();",
        f"$mail->Host = {php(saying.bracketed)};",
        f"$mail->Port = {saying.port};",
    ]
    if security == "none":
        lines += ["$mail->SMTPSecure = '';", "$mail->SMTPAutoTLS = false;"]
    else:
        constant = "STARTTLS" if security == "starttls" else "SMTPS"
        lines.append(f"$mail->SMTPSecure = PHPMailer::ENCRYPTION_{constant};")
    lines += _login_lines(saying)
    if saying["server.timeout"] != 20.0:
        lines.append(f"$mail->Timeout = {round(saying['server.timeout'])};")
    if saying["server.helo"]:
        lines.append(f"$mail->Helo = {php(saying['server.helo'])};")
    lines += _tls_lines(saying)
    if saying["sender.address"]:
        name = saying["sender.name"]
        more = f", {php(name)}" if name else ""
        lines.append(f"$mail->setFrom({php(saying['sender.address'])}{more});")
    if saying["sender.reply_to"]:
        lines.append(f"$mail->addReplyTo({php(saying['sender.reply_to'])});")
    if saying["sender.bounce"]:
        lines.append(f"$mail->Sender = {php(saying['sender.bounce'])};")
    return "\n".join(lines) + "\n"


def _login_lines(saying: Saying) -> list[str]:
    password = saying.password(
        php,
        env=lambda name: f"getenv({php(name)})",
        file=lambda name: f"trim(file_get_contents({php(name)}))",
    )
    if not saying.username:
        return ["$mail->SMTPAuth = false;"]
    method = saying["auth.method"]
    lines = ["$mail->SMTPAuth = true;", f"$mail->Username = {php(saying.username)};"]
    lines += [f"$mail->Password = {password};"] if password else []
    if method in ("plain", "login", "cram-md5"):
        lines.append(f"$mail->AuthType = {php(method.upper())};")
    elif method != "auto":
        saying.cannot("auth.method", "PHPMailer has no such mechanism without code for it")
    return lines


def _tls_lines(saying: Saying) -> list[str]:
    words = []
    if not saying["tls.verify"]:
        words += [
            "'verify_peer' => false",
            "'verify_peer_name' => false",
            "'allow_self_signed' => true",
        ]
    words += [
        f"'{name}' => {php(saying[key])}"
        for name, key in (
            ("cafile", "tls.ca_file"),
            ("local_cert", "tls.client_cert"),
            ("local_pk", "tls.client_key"),
            ("peer_name", "tls.server_name"),
        )
        if saying[key]
    ]
    return [f"$mail->SMTPOptions = ['ssl' => [{', '.join(words)}]];"] if words else []


def php(value: str) -> str:
    """A text as PHP writes it, without anything that PHP would fill in."""
    escaped = value.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"


FORMAT = Format("phpmailer", "PHPMailer set-up", _recognises, _read, _write)
