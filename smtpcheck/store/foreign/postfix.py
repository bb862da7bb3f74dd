"""The format `postfix`: the relayhost of `main.cf` with its line of `sasl_passwd`.

Both may stand in one text: `cat main.cf sasl_passwd | smtpcheck profile import -`.
"""

from __future__ import annotations

import re

from smtpcheck.model.errors import UsageError
from smtpcheck.store.foreign import takes
from smtpcheck.store.foreign.entry import Entry, Source
from smtpcheck.store.foreign.format import LIKELY, NO, SURE, Format
from smtpcheck.store.foreign.imported import Imported
from smtpcheck.store.foreign.saying import Saying
from smtpcheck.store.foreign.taking import Field, Taking, as_text

_PARAMETER = re.compile(r"([A-Za-z0-9_]+)\s*=\s*(.*)\Z", re.DOTALL)
_LOGIN = re.compile(r"(\S+)\s+([^\s:][^:]*):(.*)\Z")
_LOGIN_NAME = "sasl_passwd "
_FILES = (
    Field("smtp_tls_CAfile", "tls.ca_file", takes.path),
    Field("smtp_tls_cert_file", "tls.client_cert", takes.path),
    Field("smtp_tls_key_file", "tls.client_key", takes.path),
    Field("smtp_helo_name", "server.helo", takes.text),
    Field("smtp_bind_address", "server.source_address", takes.text),
)
_SILENT = (
    r"smtp_(?:sasl_security_options|sasl_tls_security_options|sasl_password_maps|sasl_type"
    r"|tls_session_cache_database|tls_loglevel|tls_note_starttls_offer|use_tls|enforce_tls"
    r"|tls_CApath|sasl_auth_enable|generic_maps|header_checks|tls_mandatory_ciphers"
    r"|tls_fingerprint_digest|tls_wrappermode)"
)
_LEVELS = {
    "none": "none",
    "may": "opportunistic",
    "encrypt": "starttls",
    "dane": "opportunistic",
    "dane-only": "starttls",
    "fingerprint": "starttls",
    "verify": "starttls",
    "secure": "starttls",
}
_CHECKED = ("verify", "secure", "fingerprint")


def _parts(source: Source) -> tuple[list[Entry], list[Entry]]:
    """Parameters and lines of `sasl_passwd`; a line that begins with a blank goes on with the one
    above (postconf(5))."""
    logical: list[tuple[str, int]] = []
    for number, line in enumerate(source.text.splitlines(), 1):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        if line[0] in " \t" and logical:
            text, first = logical[-1]
            logical[-1] = (f"{text} {line.strip()}", first)
        else:
            logical.append((line.strip(), number))
    parameters, logins = [], []
    for text, number in logical:
        if found := _PARAMETER.match(text):
            parameters.append(Entry(found[1], found[2].strip(), number))
        elif login := _LOGIN.match(text):
            logins.append(Entry(_LOGIN_NAME + login[1], (login[2], login[3]), number))
    return parameters, logins


def _recognises(source: Source) -> int:
    parameters, logins = _parts(source)
    names = {entry.name for entry in parameters}
    if "relayhost" in names or any(name.startswith("smtp_tls_") for name in names):
        return SURE
    every = len([line for line in source.text.splitlines() if line.strip() and line[0] != "#"])
    return LIKELY if logins and len(logins) == every and not parameters else NO


def _read(source: Source) -> list[Imported]:
    parameters, logins = _parts(source)
    if not parameters and logins:
        return [_of_login(login, source, several=len(logins) > 1) for login in logins]
    taking = Taking(parameters, source)
    relay = taking.entry("relayhost")
    if relay is None:
        raise UsageError(
            f"{source.file} sets no relayhost, so Postfix delivers by itself",
            ["give main.cf, or the output of: postconf -n"],
        )
    _take_relay(taking, relay)
    taking.fields(_FILES)
    _take_tls(taking)
    _take_login(taking, relay, logins)
    taking.rest(r"^smtp_", silent=(_SILENT,))
    return [taking.imported()]


def _of_login(login: Entry, source: Source, *, several: bool) -> Imported:
    place = login.name.removeprefix(_LOGIN_NAME)
    taking = Taking([], source, place if several else "")
    _take_relay(taking, Entry("sasl_passwd", place, login.line))
    _put_login(taking, login)
    taking.note("sasl_passwd alone does not say how TLS is used: add main.cf in front of it")
    return taking.imported()


def _take_relay(taking: Taking, entry: Entry) -> None:
    """`[host]:port`; without brackets Postfix asks for the MX of the name."""
    place = as_text(entry.value).split(",")[0].strip().replace("$$", "$")
    if not place.startswith("[") and re.search("[a-zA-Z]", place) and entry.name == "relayhost":
        taking.note(
            "relayhost has no brackets: Postfix asks for the MX of that name, the profile goes to"
            " the name itself",
            entry.line,
        )
    place = place.replace("[ipv6:", "[")
    takes.host_port(taking, Entry(entry.name, place, entry.line), "server.host")
    port = taking.got("server.port")
    services = {"smtp": 25, "submission": 587, "smtps": 465, "submissions": 465}
    if isinstance(port, str) and port in services:
        taking.put("server.port", services[port], entry)
    elif port is None:
        taking.put("server.port", 25, entry)


def _take_tls(taking: Taking) -> None:
    """postconf(5), smtp_tls_security_level and smtp_tls_wrappermode."""
    level = taking.entry("smtp_tls_security_level")
    word = as_text(level.value).lower() if level else ""
    if not word and level is None:
        old = "smtp_enforce_tls" if taking.flag("smtp_enforce_tls", default=False) else ""
        word = "encrypt" if old else "may" if taking.flag("smtp_use_tls", default=False) else "none"
    line = level.line if level else 0
    wrapped = taking.flag("smtp_tls_wrappermode", default=False)
    mode = _LEVELS.get(word, word)
    takes.security(taking, "tls" if wrapped else mode, level, "Postfix")
    if wrapped and word in ("none", "may"):
        taking.note("smtp_tls_wrappermode needs smtp_tls_security_level = encrypt", line)
    if word not in _CHECKED and mode != "none":
        taking.note(
            f"Postfix does not check the server's certificate at level {word or 'none'}; the"
            " profile does (smtp_tls_security_level = secure would)",
            line,
        )
    prints = taking.entry("smtp_tls_fingerprint_cert_match")
    if prints is not None and word == "fingerprint":
        digest = taking.text("smtp_tls_fingerprint_digest").lower()
        if digest in ("", "sha256"):
            first = re.split(r"[\s,|]+", as_text(prints.value))[0]
            taking.put("tls.fingerprint", first, prints)
        else:
            taking.note(f"{prints.name} is not carried over: it is not SHA-256", prints.line)
    protocols = taking.entry("smtp_tls_mandatory_protocols")
    if protocols is not None:
        lowest = re.search(r">=\s*TLSv(1(?:\.[0-3])?)\b", as_text(protocols.value))
        if lowest:
            version = lowest[1] if "." in lowest[1] else "1.0"
            taking.put("tls.min_version", version, protocols)


def _take_login(taking: Taking, relay: Entry, logins: list[Entry]) -> None:
    enabled = taking.flag("smtp_sasl_auth_enable", default=False)
    maps = taking.entry("smtp_sasl_password_maps")
    mechanisms = re.split(r"[\s,]+", taking.text("smtp_sasl_mechanism_filter").strip())
    if not enabled:
        if logins:
            taking.note("smtp_sasl_auth_enable is not yes: Postfix does not log in")
        return
    wanted = as_text(relay.value)
    login = next((each for each in logins if each.name == _LOGIN_NAME + wanted), None)
    static = re.fullmatch(r"static:([^\s:]+):(.*)", as_text(maps.value)) if maps else None
    if static and maps:
        login = Entry(_LOGIN_NAME, (static[1], static[2]), maps.line)
    if login is None and logins:
        taking.note(
            f"sasl_passwd has no line for {wanted}, exactly so: Postfix does not log in",
            logins[0].line,
        )
    elif login is None and maps is not None:
        taking.note(
            "the login is in the file that smtp_sasl_password_maps names: put it behind this one"
            " (cat main.cf sasl_passwd | smtpcheck profile import - --format postfix)",
            maps.line,
        )
    if login is None:
        return
    _put_login(taking, login)
    if len(mechanisms) == 1 and mechanisms[0]:
        entry = taking.entries["smtp_sasl_mechanism_filter"]
        takes.method(taking, entry, "auth.method")


def _put_login(taking: Taking, login: Entry) -> None:
    username, password = login.value
    entry = Entry("sasl_passwd", username, login.line)
    taking.put("auth.username", username, entry)
    taking.put_secret("auth.password", Entry("sasl_passwd", password, login.line))


def _write(saying: Saying) -> str:
    literal = "ipv6:" if ":" in saying.host else ""
    host = f"[{literal}{saying.host}]:{saying.port}"
    lines = ["# in /etc/postfix/main.cf", f"relayhost = {host}", *_tls_lines(saying)]
    for name, key in (("smtp_helo_name", "server.helo"), ("smtp_bind_address", _SOURCE)):
        if saying[key]:
            lines.append(f"{name} = {saying[key]}")
    saying.cannot("sender.address", "Postfix sends with the sender that each mail has")
    saying.cannot("sender.name", "Postfix sends with the sender that each mail has")
    if not saying.username:
        return "\n".join(lines) + "\n"
    if ":" in saying.username:
        raise UsageError("Postfix cannot hold a user name with a colon in it")
    password = saying.password(_checked)
    method = saying["auth.method"]
    lines += [
        "smtp_sasl_auth_enable = yes",
        "smtp_sasl_password_maps = hash:/etc/postfix/sasl_passwd",
        "smtp_sasl_security_options = noanonymous",
        *([f"smtp_sasl_mechanism_filter = {method}"] if method != "auto" else []),
        "",
        "# in /etc/postfix/sasl_passwd; then run: postmap /etc/postfix/sasl_passwd",
        f"{host} {saying.username}:{password}",
    ]
    return "\n".join(lines) + "\n"


_SOURCE = "server.source_address"


def _checked(password: str) -> str:
    if password != password.strip() or "\n" in password:
        raise UsageError("Postfix cannot hold a password that begins or ends with a blank")
    return password


def _tls_lines(saying: Saying) -> list[str]:
    security = saying.security
    if security == "none":
        return ["smtp_tls_security_level = none"]
    level = "secure" if saying["tls.verify"] else "encrypt"
    fingerprint = saying["tls.fingerprint"]
    lines = [f"smtp_tls_security_level = {'fingerprint' if fingerprint else level}"]
    if fingerprint:
        pairs = ":".join(fingerprint[at : at + 2] for at in range(0, 64, 2)).upper()
        lines += [
            "smtp_tls_fingerprint_digest = sha256",
            f"smtp_tls_fingerprint_cert_match = {pairs}",
        ]
    if security == "tls":
        lines.append("smtp_tls_wrappermode = yes")
    for field in _FILES[:3]:
        if saying[field.key]:
            lines.append(f"{field.name} = {saying[field.key].replace('$', '$$')}")
    if level == "secure" and not fingerprint and not saying["tls.ca_file"]:
        lines.append("smtp_tls_CAfile = /etc/ssl/certs/ca-certificates.crt")
        saying.note("smtp_tls_CAfile is that of Debian: it must be the system's own")
    if saying["tls.min_version"] != "1.2":
        version = "1" if saying["tls.min_version"] == "1.0" else saying["tls.min_version"]
        lines.append(f"smtp_tls_mandatory_protocols = >=TLSv{version}")
    return lines


FORMAT = Format("postfix", "Postfix relayhost", _recognises, _read, _write)
