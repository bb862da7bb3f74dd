"""How one setting becomes the value of one key: the functions that format tables name."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from smtpcheck.store.foreign.entry import Entry
from smtpcheck.store.foreign.taking import Taking, as_flag, as_text

_METHODS: Mapping[str, str] = {
    "auto": "auto",
    "plain": "plain",
    "login": "login",
    "crammd5": "cram-md5",
    "scramsha1": "scram-sha-1",
    "scramsha256": "scram-sha-256",
    "ntlm": "ntlm",
    "external": "external",
    "xoauth2": "xoauth2",
    "oauth2": "xoauth2",
    "oauthbearer": "oauthbearer",
}


def text(taking: Taking, entry: Entry, key: str) -> None:
    """A text as it is."""
    value = taking.value(entry)
    if value is not None:
        taking.put(key, as_text(value), entry)


def integer(taking: Taking, entry: Entry, key: str) -> None:
    """A whole number, from text too. What is none stays, and is refused with its line."""
    value = taking.value(entry)
    if value is not None:
        taking.put(key, _number(value), entry)


def seconds(taking: Taking, entry: Entry, key: str) -> None:
    """A time in seconds; 0 is the program's own word for none."""
    value = taking.value(entry)
    number = _number(value)
    if value is not None and number != 0:
        taking.put(key, float(number) if isinstance(number, int) else number, entry)


def milliseconds(taking: Taking, entry: Entry, key: str) -> None:
    """A time in milliseconds as seconds."""
    value = taking.value(entry)
    number = _number(value)
    if value is not None and number != 0:
        whole = isinstance(number, int | float)
        taking.put(key, number / 1000 if whole else number, entry)


def flag(taking: Taking, entry: Entry, key: str) -> None:
    """Yes or no."""
    value = taking.value(entry)
    if value is not None:
        found = as_flag(value)
        taking.put(key, as_text(value) if found is None else found, entry)


def unverified(taking: Taking, entry: Entry, key: str) -> None:
    """A switch that turns the check of the certificate off."""
    if as_flag(taking.value(entry)):
        no_verification(taking, entry, key)


def verified(taking: Taking, entry: Entry, key: str) -> None:
    """A switch that says whether the certificate is checked."""
    if as_flag(taking.value(entry)) is False:
        no_verification(taking, entry, key)


def no_verification(taking: Taking, entry: Entry, key: str = "tls.verify") -> None:
    """The certificate is not checked, and the reader is warned of it."""
    taking.put(key, value=False, entry=entry)
    taking.note(
        f"warning: {entry.name} turns off the check of the server's certificate; the profile"
        " does so too (tls.verify = false), and sends no password over such a connection",
        entry.line,
    )


def path(taking: Taking, entry: Entry, key: str) -> None:
    """The path of a file; a relative one lies beside the file that names it."""
    value = taking.value(entry)
    if value is None:
        return
    name = as_text(value)
    if not name.startswith("~") and "\0" not in name:
        name = str(taking.source.folder / Path(name))
    taking.put(key, name, entry)


def secret(taking: Taking, entry: Entry, key: str) -> None:
    """A password or token, or the place where the text says that it is."""
    taking.put_secret(key, entry)


def host_port(taking: Taking, entry: Entry, key: str) -> None:
    """`host`, `host:port`, `[v6]:port`; the port goes into `server.port`."""
    value = taking.value(entry)
    if value is None:
        return
    host, port = split_host(as_text(value))
    taking.put(key, host, entry)
    if port and not taking.has("server.port"):
        taking.put("server.port", _number(port), entry)


def mailbox(taking: Taking, entry: Entry, key: str) -> None:
    """`Name <address>` or an address; the name goes into `sender.name`."""
    value = taking.value(entry)
    if value is None:
        return
    if isinstance(value, list) and len(value) == 2:  # (name, address), as Flask-Mail has it
        name, address = as_text(value[0]), as_text(value[1])
    else:
        name, address = split_mailbox(as_text(value))
    taking.put(key, address, entry)
    if name and key == "sender.address" and not taking.has("sender.name"):
        taking.put("sender.name", name, entry)


def method(taking: Taking, entry: Entry, key: str) -> None:
    """A SASL mechanism, however the program spells it."""
    value = taking.value(entry)
    word = re.sub(r"[^a-z0-9]", "", as_text(value).lower())
    if word in _METHODS:
        if _METHODS[word] != "auto":
            taking.put(key, _METHODS[word], entry)
    elif word:
        taking.note(
            f"{entry.name} is not carried over: smtpcheck does not know that mechanism; it takes"
            " the best one that the server offers",
            entry.line,
        )


def security(taking: Taking, mode: str, entry: Entry | None, program: str) -> None:
    """Sets `server.security`. `opportunistic` means TLS where the server offers it: the profile
    insists on it, which is noted."""
    if mode == "opportunistic":
        mode = "starttls"
        taking.note(
            f"{program} takes TLS only where the server offers it; the profile insists on STARTTLS",
            entry.line if entry else 0,
        )
    taking.put("server.security", mode, entry)


def split_host(text: str) -> tuple[str, str]:
    """Host and port of `host:port`, `[v6]:port`, `[host]:port`; the port is empty without one."""
    text = text.strip()
    if text.startswith("["):
        host, _, rest = text[1:].partition("]")
        return host, rest.removeprefix(":")
    if text.count(":") == 1:
        host, _, port = text.partition(":")
        return host, port
    return text, ""


def split_mailbox(text: str) -> tuple[str, str]:
    """Name and address of `Name <address>`, the name in quotation marks or not."""
    found = re.fullmatch(r"([^<>]*)<([^<>]*)>", text.strip())
    if found is None:
        return "", text.strip()
    name = found[1].strip()
    if len(name) > 1 and name[0] == name[-1] == '"':
        name = re.sub(r"\\(.)", r"\1", name[1:-1])
    return name, found[2].strip()


def _number(value: Any) -> Any:
    """The number that a text writes; anything else as it is."""
    if isinstance(value, str):
        bare = value.strip()
        if re.fullmatch(r"[0-9]{1,9}", bare):
            return int(bare)
        if re.fullmatch(r"[0-9]{1,9}\.[0-9]{1,9}", bare):
            return float(bare)
    return value
