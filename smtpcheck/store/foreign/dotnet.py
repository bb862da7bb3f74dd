"""The format `dotnet`: mail settings of `appsettings.json`, and those of `web.config`."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

from smtpcheck.model.errors import UsageError
from smtpcheck.store.foreign.dotnet_words import is_host, speaks_of_mail, take_section
from smtpcheck.store.foreign.entry import Entry, Source
from smtpcheck.store.foreign.format import LIKELY, NO, SURE, Format
from smtpcheck.store.foreign.imported import Imported
from smtpcheck.store.foreign.json_text import leaves, read_json
from smtpcheck.store.foreign.saying import Saying
from smtpcheck.store.foreign.taking import Taking
from smtpcheck.store.foreign.xml_text import Element, looks_like_xml, read_xml

_KEYS = "appSettings"
_JSON = re.compile(r'(?i)"[\w:. -]{0,60}(?:smtp|mail)[\w:. -]{0,60}"\s*:')
_HOST = re.compile(r'(?i)"[\w:.]{0,60}(?:host(?:name)?|server|smtp)"\s*:\s*"')
_MORE_THAN_LIKELY = LIKELY + 10
"""One line of it looks like one of a table of logins, too."""
_MAIL_SETTINGS = ("mailSettings", "smtp")


def _recognises(source: Source) -> int:
    text = source.text.lstrip()
    if looks_like_xml(text):
        keys = re.search(r'(?i)<add\s{1,9}key="[\w:.]{0,60}(?:smtp|mail)[\w:.]{0,60}"', text)
        return SURE if "<mailSettings" in text else LIKELY if keys else NO
    opened = re.search(r"[{\"\[<=]", text)  # comments may come before it
    if opened is None or opened[0] != "{":
        return NO
    if not _JSON.search(text) or not _HOST.search(text) or re.search(r'"auth"\s*:\s*\{', text):
        return NO
    return SURE if re.search(r"(?i)appsettings", source.file) else _MORE_THAN_LIKELY


def _read(source: Source) -> list[Imported]:
    entries = _of_xml(source) if looks_like_xml(source.text) else _of_json(source)
    ways = list(sections(entries))
    several = len(ways) > 1
    found = []
    for name, own in ways:
        taking = Taking(own, source, name if several else "")
        take_section(taking)
        found.append(taking.imported())
    if not found:
        raise UsageError(
            f"{source.file} holds no mail settings that are known",
            ['it should have a section such as "SmtpSettings": { "Host": ..., "Port": ... }'],
        )
    return found


def sections(entries: list[Entry]) -> Iterator[tuple[str, list[Entry]]]:
    """Every section that names a mail server: its name, and the settings in it and right above it
    under their last words."""
    by_section: dict[str, list[Entry]] = {}
    for entry in entries:
        by_section.setdefault(entry.name.rpartition(".")[0], []).append(entry)
    for section, own in by_section.items():
        if not any(is_host(entry.name) for entry in own):
            continue
        above = section.rpartition(".")[0]
        beside = by_section.get(above, []) if speaks_of_mail(above) else []
        below = [each for each in entries if section and each.name.startswith(f"{section}.")]
        named = [*beside, *below, *own]
        if section in ("", _KEYS):
            named = [each for each in named if speaks_of_mail(each.name.removeprefix(section))]
        yield section, [Entry(e.name.rpartition(".")[2], e.value, e.line) for e in named]


def _of_json(source: Source) -> list[Entry]:
    """Every value under its keys; `:` parts them as a dot does (ABP, environment)."""
    return [
        Entry(entry.name.replace(":", "."), entry.value, entry.line)
        for entry in leaves(read_json(source))
    ]


def _of_xml(source: Source) -> list[Entry]:
    """System.Net.Mail, `<mailSettings><smtp from=""><network host="" .../>`; and what stands below
    `<appSettings>`."""
    root = read_xml(source)
    found: list[Entry] = []
    for element in root.all():
        if element.name == "add" and "key" in element.attributes:
            name = element.attributes["key"].replace(":", ".")
            section = "" if "." in name else f"{_KEYS}."
            found.append(Entry(f"{section}{name}", element.attributes.get("value"), element.line))
        if element.name == "mailSettings":
            for smtp in (each for each in element.children if each.name == "smtp"):
                found += _of_smtp(smtp, _path_of(root, element))
    return found


def _path_of(root: Element, settings: Element) -> str:
    """The `<location path="...">` that it is for."""
    for each in root.all():
        if each.name == "location" and settings in each.all():
            return each.attributes.get("path", "").replace(".", "_")
    return ""


def _of_smtp(smtp: Element, path: str) -> Iterator[Entry]:
    section = ".".join(word for word in (path, *_MAIL_SETTINGS) if word)
    yield from _attributes(smtp, section)
    for each in smtp.children:
        if each.name == "network":
            yield from _attributes(each, section)


def _attributes(element: Element, section: str) -> Iterator[Entry]:
    for name, value in element.attributes.items():
        yield Entry(f"{section}.{name}", value, element.line)


def _write(saying: Saying) -> str:
    """A section for MailKit: SecureSocketOptions is what its `Connect` takes."""
    words = {"starttls": "StartTls", "tls": "SslOnConnect", "none": "None"}
    section: dict[str, Any] = {
        "Host": saying.host,
        "Port": saying.port,
        "SecureSocketOptions": words[saying.security],
    }
    password = saying.password()
    if saying.username:
        section["UserName"] = saying.username
        if password:
            section["Password"] = password
    if not saying.holds_secret and password:
        saying.note("give the password by a user secret, or as SmtpSettings__Password")
    for name, key in (
        ("FromAddress", "sender.address"),
        ("FromName", "sender.name"),
        ("ReplyTo", "sender.reply_to"),
        ("ReturnPath", "sender.bounce"),
        ("LocalDomain", "server.helo"),
    ):
        if saying[key]:
            section[name] = saying[key]
    if saying["server.timeout"] != 20.0:
        section["Timeout"] = round(saying["server.timeout"] * 1000)
    if not saying["tls.verify"]:
        section["AcceptInvalidCertificates"] = True
    return json.dumps({"SmtpSettings": section}, indent=2, ensure_ascii=False) + "\n"


FORMAT = Format("dotnet", ".NET settings", _recognises, _read, _write)
