"""The format `swaks`: the command line of Swaks, or its `.swaksrc`."""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping

from smtpcheck.model.errors import UsageError
from smtpcheck.store.foreign import takes
from smtpcheck.store.foreign.entry import Entry, Lookup, Source
from smtpcheck.store.foreign.format import NO, SURE, Format
from smtpcheck.store.foreign.imported import Imported
from smtpcheck.store.foreign.saying import Saying
from smtpcheck.store.foreign.several import must_be_one
from smtpcheck.store.foreign.taking import Field, Taking, as_text

_SHORT: Mapping[str, str] = {
    "s": "server",
    "p": "port",
    "f": "from",
    "t": "to",
    "h": "helo",
    "ehlo": "helo",
    "lhlo": "helo",
    "a": "auth",
    "au": "auth-user",
    "ap": "auth-password",
    "ao": "auth-optional",
    "tlso": "tls-optional",
    "tlsos": "tls-optional-strict",
    "tlsc": "tls-on-connect",
    "tls-optional-strict": "tls-optional",
    "li": "local-interface",
    "q": "quit-after",
    "4": "ipv4",
    "6": "ipv6",
    "h-From": "header-from",
    "h-from": "header-from",
}
_SWITCHES = ("tls", "tls-optional", "tls-on-connect", "tls-verify", "ipv4", "ipv6", "tls-verify-ca")
_MAYBE = ("auth", "auth-optional")
"""Options whose value may be left out."""
_FIELDS = (
    Field("server", "server.host", takes.host_port),
    Field("port", "server.port", takes.integer),
    Field("helo", "server.helo", takes.text),
    Field("local-interface", "server.source_address", takes.text),
    Field("timeout", "server.timeout", takes.seconds),
    Field("auth-user", "auth.username", takes.text),
    Field("auth-password", "auth.password", takes.secret),
    Field("header-from", "sender.address", takes.mailbox),
    Field("from", "sender.address", takes.mailbox),
    Field("tls-ca-path", "tls.ca_file", takes.path),
    Field("tls-cert", "tls.client_cert", takes.path),
    Field("tls-key", "tls.client_key", takes.path),
    Field("tls-sni", "tls.server_name", takes.text),
    Field("socket", "server.socket", takes.path),
)
_SILENT = (
    r"quit-after|header|h-.*|body|data|attach.*|add-header|n|silent|hide-.*|show-.*|suppress.*"
)
_VARIABLE = "SWAKS_OPT_"


def _recognises(source: Source) -> int:
    text = source.text
    # a value of the shell: any run of quoted, escaped and bare pieces
    value = r"""(?:'[^'\n]*'|"(?:[^"\\\n]|\\.)*"|\\.|[^\s'"\\])*+"""
    command = re.search(rf"(?m)^\s*(?:\$ )?(?:{_VARIABLE}\w+={value}[ \t]+)*swaks\s", text)
    return SURE if command or source.file.endswith(".swaksrc") else NO


def _read(source: Source) -> list[Imported]:
    options = _options(source)
    must_be_one(options, "server", source.file)
    taking = Taking(options, source)
    taking.fields(_FIELDS)
    if not (taking.has("server.host") or taking.has("server.socket")):
        raise UsageError(f"{source.file} names no server for Swaks", ["it should have --server"])
    to = taking.entry("to")
    if to is not None:
        addresses = [each.strip() for each in as_text(to.value).split(",")]
        taking.put("test.to", addresses, to)
    _take_auth(taking)
    _take_tls(taking)
    taking.rest(".", silent=(_SILENT,))
    return [taking.imported()]


def _options(source: Source) -> list[Entry]:
    """The options under their long names, one hyphen or two before them."""
    text = re.sub(r"\\\n", "  ", source.text)
    words: list[tuple[str, int]] = []
    for number, row in enumerate(text.splitlines(), 1):
        try:
            words += [(word, number) for word in shlex.split(row, comments=True)]
        except ValueError:
            raise UsageError(f"{source.file}:{number}: quotation marks do not match") from None
    found: list[Entry] = []
    at = 0
    while at < len(words):
        word, line = words[at]
        at += 1
        if word.startswith(_VARIABLE) and "=" in word:
            name, _, value = word.removeprefix(_VARIABLE).partition("=")
            found.append(Entry(name.replace("_", "-"), _value(value), line))
            continue
        if not word.startswith("-") or word == "-":
            continue
        name, equals, value = word.lstrip("-").partition("=")
        name = _SHORT.get(name, name)
        after = words[at][0] if at < len(words) else "-"
        takes_value = name not in _SWITCHES and (name not in _MAYBE or not after.startswith("-"))
        if not equals and takes_value and at < len(words):
            value = after
            at += 1
        found.append(Entry(name, _value(value) if value or takes_value else True, line))
    return found


def _value(text: str) -> object:
    found = re.fullmatch(r"\$\{?([A-Za-z_][A-Za-z0-9_]*)\}?", text)
    return Lookup({"env": found[1]}) if found else text


def _take_auth(taking: Taking) -> None:
    entry = taking.entry("auth", "auth-optional")
    if entry is None or entry.value is True:
        return
    mechanisms = [each for each in re.split(r"[,\s]+", as_text(taking.value(entry))) if each]
    if len(mechanisms) == 1:
        takes.method(taking, Entry("auth", mechanisms[0], entry.line), "auth.method")


def _take_tls(taking: Taking) -> None:
    """swaks(1): without --tls-verify the certificate is not checked."""
    tls, optional = taking.entry("tls"), taking.entry("tls-optional")
    implicit = taking.entry("tls-on-connect")
    protocol = taking.text("protocol").upper()
    if implicit is not None:
        takes.security(taking, "tls", implicit, "Swaks")
    elif tls is not None or protocol in ("ESMTPS", "ESMTPSA"):
        takes.security(taking, "starttls", tls, "Swaks")
    elif optional is not None:
        takes.security(taking, "opportunistic", optional, "Swaks")
    else:
        takes.security(taking, "none", None, "Swaks")
    if protocol.startswith("LMTP"):
        taking.put("server.protocol", "lmtp")
    if not taking.has("server.port"):
        port = 465 if implicit is not None else 24 if protocol.startswith("LMTP") else 25
        taking.put("server.port", port)
    secured = taking.got("server.security") != "none"
    if secured and taking.entry("tls-verify", "tls-verify-ca") is None:
        taking.note("Swaks does not check the certificate without --tls-verify; the profile does")
    for name, family in (("ipv4", "ipv4"), ("ipv6", "ipv6")):
        entry = taking.entry(name)
        if entry is not None:
            taking.put("server.address_family", family, entry)


def _write(saying: Saying) -> str:
    words = ["swaks", "--server", saying.host, "--port", str(saying.port)]
    security = saying.security
    words += {"starttls": ["--tls"], "tls": ["--tls-on-connect"], "none": []}[security]
    if security != "none" and saying["tls.verify"]:
        words.append("--tls-verify")
    for option, key in (
        ("--tls-ca-path", "tls.ca_file"),
        ("--tls-cert", "tls.client_cert"),
        ("--tls-key", "tls.client_key"),
        ("--tls-sni", "tls.server_name"),
        ("--helo", "server.helo"),
        ("--local-interface", "server.source_address"),
        ("--from", "sender.address"),
    ):
        if saying[key]:
            words += [option, saying[key]]
    if saying["server.timeout"] != 20.0:
        words += ["--timeout", str(round(saying["server.timeout"]))]
    family = saying["server.address_family"]
    words += [f"-{family[-1]}"] if family != "any" else []
    words += ["--protocol", "LMTP"] if saying["server.protocol"] == "lmtp" else []
    if saying["sender.name"]:
        words += ["--h-From", saying.mailbox]
    words += ["--to", ",".join(_recipients(saying))] if _recipients(saying) else []
    before = _login(saying, words)
    return before + " ".join(shlex.quote(word) for word in words) + "\n"


def _recipients(saying: Saying) -> list[str]:
    own = saying["sender.address"]
    return [own if each == "self" else each for each in saying["test.to"] if each != "self" or own]


def _login(saying: Saying, words: list[str]) -> str:
    """Adds the login; the password goes into a variable, which no list of processes shows."""
    if not saying.username:
        return ""
    method = saying["auth.method"]
    words += ["--auth", *([method.upper()] if method != "auto" else [])]
    words += ["--auth-user", saying.username]
    variable = f"{_VARIABLE}auth_password"
    return saying.password(
        lambda text: f"{variable}={shlex.quote(text)} ", env=lambda name: f'{variable}="${name}" '
    )


FORMAT = Format("swaks", "Swaks command line", _recognises, _read, _write)
