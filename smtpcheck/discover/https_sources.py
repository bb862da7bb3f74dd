"""What the domain's own web servers say: autoconfig, autodiscover; and the ISPDB when asked.

The whole address goes to hosts of the domain only, and there only inside verified TLS.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial
from html import escape
from urllib.parse import quote

from smtpcheck.discover.dns_sources import AUTODISCOVER, Zone
from smtpcheck.discover.https import Page, Request, Way, fetch
from smtpcheck.discover.usable import usable_host
from smtpcheck.discover.xml_reader import XmlRefusedError
from smtpcheck.discover.xml_settings import Said, read_autoconfig, read_autodiscover
from smtpcheck.model.discovery import Found, Source, Standing, Subject
from smtpcheck.probe.deadline import Deadline

ISPDB = "autoconfig.thunderbird.net"
_REQUEST = (
    '<?xml version="1.0" encoding="utf-8"?>'
    '<Autodiscover xmlns="http://schemas.microsoft.com/exchange/autodiscover/outlook/requestschema'
    '/2006"><Request><EMailAddress>{address}</EMailAddress><AcceptableResponseSchema>'
    "http://schemas.microsoft.com/exchange/autodiscover/outlook/responseschema/2006a"
    "</AcceptableResponseSchema></Request></Autodiscover>"
)
Work = Callable[[], Source]


def https_works(
    subject: Subject, zone: Zone, way: Way, deadline: Deadline, *, ispdb: bool
) -> list[Work]:
    """One piece of work for each place to ask, in the order of the report."""
    works: list[Work] = [
        partial(_autoconfig, url, subject, way, deadline) for url in _autoconfig_urls(subject)
    ]
    if ispdb:
        works.append(partial(_ispdb, subject, way, deadline))
    if not subject.address:
        return [*works, _no_autodiscover]
    hosts = [subject.domain, f"autodiscover.{subject.domain}"]
    works += [partial(_autodiscover, f"https://{host}", subject, way, deadline) for host in hosts]
    for service in zone.services.get(AUTODISCOVER, ())[:1]:
        host = usable_host(service.target)
        works.append(partial(_by_srv, host, service.port, subject, way, deadline))
    return works


def _autoconfig_urls(subject: Subject) -> tuple[str, ...]:
    domain = subject.domain
    query = f"?emailaddress={quote(subject.address, safe='')}" if subject.address else ""
    return (
        f"https://autoconfig.{domain}/mail/config-v1.1.xml{query}",
        f"https://{domain}/.well-known/autoconfig/mail/config-v1.1.xml{query}",
    )


def _autoconfig(url: str, subject: Subject, way: Way, deadline: Deadline) -> Source:
    request = Request(url=url, may_ask=subject.owns)
    reader = partial(read_autoconfig, subject=subject, standing=Standing.AUTOCONFIG)
    return _asked("autoconfig", request, subject, way, deadline, reader)


def _ispdb(subject: Subject, way: Way, deadline: Deadline) -> Source:
    """Thunderbird's own collection; it is told the domain alone."""
    url = f"https://{ISPDB}/v1.1/{quote(subject.domain, safe='')}"
    request = Request(url=url, may_ask=lambda host: host == ISPDB)
    reader = partial(read_autoconfig, subject=subject, standing=Standing.ISPDB)
    return _asked("ispdb", request, subject, way, deadline, reader)


def _autodiscover(origin: str, subject: Subject, way: Way, deadline: Deadline) -> Source:
    body = _REQUEST.format(address=escape(subject.address)).encode("utf-8")
    url = f"{origin}/autodiscover/autodiscover.xml"
    request = Request(url=url, body=body, may_ask=subject.owns)
    reader = partial(read_autodiscover, subject=subject)
    return _asked("autodiscover", request, subject, way, deadline, reader)


def _by_srv(host: str, port: int, subject: Subject, way: Way, deadline: Deadline) -> Source:
    if not host or not port:
        return Source("autodiscover", Found.NOTHING, f"{AUTODISCOVER}: no such service")
    if not subject.owns(host):
        words = f"{AUTODISCOVER} leads to {host}, outside of the domain: not told the address"
        return Source("autodiscover", Found.SKIPPED, words)
    origin = f"https://{host}" if port == 443 else f"https://{host}:{port}"
    return _autodiscover(origin, subject, way, deadline)


def _no_autodiscover() -> Source:
    return Source("autodiscover", Found.SKIPPED, "it answers for a whole address only")


def _asked(
    name: str,
    request: Request,
    subject: Subject,
    way: Way,
    deadline: Deadline,
    reader: Callable[[bytes], Said],
) -> Source:
    begun = time.monotonic()
    page = fetch(request, way, deadline)
    told = bool(subject.address) and name != "ispdb" and page.asked
    outcome, words, said = _judged(page, reader)
    return Source(
        name,
        outcome,
        f"{_place(request.url)}: {words}",
        (time.monotonic() - begun) * 1000,
        said.offers,
        page.asked[0] if told else "",
    )


def _judged(page: Page, reader: Callable[[bytes], Said]) -> tuple[Found, str, Said]:
    nothing = Said()
    if page.failure:
        return (Found.NOTHING if page.missing else Found.FAILED), page.failure, nothing
    if page.status == 401:
        return Found.NOTHING, "it wants a login first, and gets none", nothing
    if page.status in (404, 410):
        return Found.NOTHING, "no settings there", nothing
    if page.status != 200:
        outcome = Found.FAILED if page.status >= 500 else Found.NOTHING
        return outcome, f"it answers with HTTP status {page.status}", nothing
    try:
        said = reader(page.body)
    except XmlRefusedError as error:
        return Found.NOTHING, f"a page that is not meant: {error}", nothing
    servers = ", ".join(f"{each.host}:{each.port}" for each in said.offers)
    words = "; ".join(each for each in (servers, said.aside) if each)
    return (Found.FOUND if said.offers else Found.NOTHING), words, said


def _place(url: str) -> str:
    """The address of the page without the mail address in it."""
    bare = url.partition("?")[0].removeprefix("https://")
    host, _, path = bare.partition("/")
    return f"{host}/.well-known" if path.startswith(".well-known/") else host
