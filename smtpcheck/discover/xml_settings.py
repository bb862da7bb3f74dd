"""What autoconfig and autodiscover say of submission servers, made into offers.

Mozilla's `clientConfig` 1.1 (wiki.mozilla.org/Thunderbird:Autoconfiguration:ConfigFileFormat) and
Microsoft's plain old XML (MS-OXDSCLI section 2.2.4). Both are pure functions of the document.
"""

from __future__ import annotations

import re

from smtpcheck.discover.usable import usable_host, usable_user
from smtpcheck.discover.xml_reader import Element, XmlRefusedError, read_xml
from smtpcheck.model.discovery import Offer, Standing, Subject
from smtpcheck.model.profile import security_for_port
from smtpcheck.model.value import dataclass

MOST = 4
"""Servers of one document that are looked at."""
_LONGEST_METHOD = 40


@dataclass(frozen=True, slots=True)
class Said:
    """What one document says."""

    offers: tuple[Offer, ...] = ()
    aside: str = ""
    """Why there is no offer, or what was left out, in words."""


def read_autoconfig(data: bytes, subject: Subject, standing: Standing) -> Said:
    """The `outgoingServer` elements of type smtp. Raises XmlRefusedError for another document."""
    root = read_xml(data)
    if root.name != "clientconfig":
        raise XmlRefusedError("it is XML, and no clientConfig")
    offers: list[Offer] = []
    asides: list[str] = []
    for each in root.all("emailprovider", "outgoingserver")[:MOST]:
        made = _outgoing(each, subject, standing, len(offers))
        if isinstance(made, Offer):
            offers.append(made)
        else:
            asides.append(made)
    return _said(offers, asides, "it names no server for outgoing mail")


def _outgoing(each: Element, subject: Subject, standing: Standing, order: int) -> Offer | str:
    if each.attributes.get("type", "smtp").lower() != "smtp":
        return "it names a server that does not speak SMTP"
    host = usable_host(_filled(each.word("hostname"), subject))
    port = _port(each.word("port"))
    modes = {"ssl": "tls", "tls": "tls", "starttls": "starttls"}
    security = modes.get(each.word("sockettype").lower(), "")
    if not host or not port:
        return "it names a server without a usable name and port"
    if not security:
        return f"it names {host}:{port} without TLS: not taken"
    methods = tuple(dict.fromkeys(child.text for child in each.all("authentication")))
    return Offer(
        source="autoconfig" if standing is Standing.AUTOCONFIG else "ispdb",
        standing=standing,
        host=host,
        port=port,
        security=security,
        order=order,
        username=usable_user(_filled(each.word("username"), subject)),
        methods=tuple(method[:_LONGEST_METHOD] for method in methods[:MOST]),
        over_https=standing is Standing.AUTOCONFIG,
    )


def _filled(text: str, subject: Subject) -> str:
    """The placeholders of the format with what they stand for; with a bare domain those of the
    address stay away, and so does the text that needs them."""
    values = {
        "%EMAILADDRESS%": subject.address,
        "%EMAILLOCALPART%": subject.local,
        "%EMAILDOMAIN%": subject.domain,
    }
    for word, value in values.items():
        if word in text and not value:
            return ""
    return re.sub("|".join(values), lambda found: values[found[0]], text)


def read_autodiscover(data: bytes, subject: Subject) -> Said:
    """The `Protocol` elements of type SMTP. Raises XmlRefusedError for another document."""
    root = read_xml(data)
    if root.name != "autodiscover":
        raise XmlRefusedError("it is XML, and no Autodiscover")
    errors = root.all("response", "error")
    if errors:
        return Said((), f"it says: {errors[0].word('message') or 'no settings'}")
    accounts = root.all("response", "account")
    moved = next((each for each in accounts if each.word("action").startswith("redirect")), None)
    if moved is not None:
        where = moved.word("redirectaddr") or moved.word("redirecturl")
        return Said((), f"it points to {where}: not followed")
    offers: list[Offer] = []
    asides: list[str] = []
    for each in root.all("response", "account", "protocol"):
        if each.word("type").upper() == "SMTP" and len(offers) < MOST:
            made = _protocol(each, subject, len(offers))
            if isinstance(made, Offer):
                offers.append(made)
            else:
                asides.append(made)
    return _said(offers, asides, "it names no server for outgoing mail")


def _protocol(each: Element, subject: Subject, order: int) -> Offer | str:
    host, port = usable_host(each.word("server")), _port(each.word("port"))
    if not host or not port:
        return "it names a server without a usable name and port"
    security = _security(each.word("encryption").lower(), each.word("ssl").lower(), port)
    if not security:
        return f"it names {host}:{port} without TLS: not taken"
    return Offer(
        source="autodiscover",
        standing=Standing.AUTODISCOVER,
        host=host,
        port=port,
        security=security,
        order=order,
        username=usable_user(each.word("loginname") or subject.address),
        over_https=True,
    )


def _security(encryption: str, ssl: str, port: int) -> str:
    """`Encryption` is the newer word and wins; `SSL` is on where nothing is said. On 465 nobody
    means STARTTLS, whatever the word (RFC 8314 section 3.3)."""
    if port == 465 and encryption != "none" and ssl != "off":
        return "tls"
    if encryption in ("ssl", "tls", "none"):
        return {"ssl": "tls", "tls": "starttls", "none": ""}[encryption]
    if ssl == "off":
        return ""
    by_port = security_for_port(port)
    return by_port if by_port != "none" else "starttls"


def _said(offers: list[Offer], asides: list[str], nothing: str) -> Said:
    aside = "; ".join(dict.fromkeys(asides))
    return Said(tuple(offers), aside or ("" if offers else nothing))


def _port(text: str) -> int:
    usable = text.isascii() and text.isdigit() and len(text) < 6
    return int(text) if usable and 1 <= int(text) <= 65535 else 0
