"""What the domain promises of TLS: TLS-RPT (RFC 8460), DANE (RFC 7672), and the SRV records by
which mail programs find the submission server (RFC 6186, 8314)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from smtpcheck.domain.mx_checks import MailHosts
from smtpcheck.domain.names import Names
from smtpcheck.domain.outcome import bad, doubtful, good, noted, unknown
from smtpcheck.model.domain import Check, DnsRecord
from smtpcheck.model.jsonvalue import Json

_SERVICES = ("_submissions._tcp", "_submission._tcp")


def tls_rpt_check(names: Names, domain: str) -> Check:
    """The record that says where reports of failed TLS go."""
    from checkdmarc.smtp_tls_reporting import (
        SMTPTLSReportingError,
        parse_smtp_tls_reporting_record,
    )

    at = f"_smtp._tls.{domain}"
    texts, answer = names.texts(at)
    facts: dict[str, Json] = {"domain": domain, "at": at}
    if answer.failed:
        return unknown("tls.tls-rpt", f"TXT of {at}")
    records = [text for text in texts if text.lower().startswith("v=tlsrptv1")]
    if not records:
        return noted("tls.tls-rpt", "not published: nobody reports when TLS fails", **facts)
    publish = DnsRecord(at, "TXT", f"v=TLSRPTv1; rua=mailto:tls-reports@{domain}")
    if len(records) > 1:
        said = f"{len(records)} records: senders take none of them"
        return bad("tls.tls-rpt", "tls-rpt-invalid", said, publish, **facts, detail=said)
    try:
        parse_smtp_tls_reporting_record(records[0])
    except SMTPTLSReportingError as error:
        wrong = " ".join(str(error).split())
        return bad("tls.tls-rpt", "tls-rpt-invalid", wrong, publish, **facts, detail=wrong)
    return good("tls.tls-rpt", records[0], **facts, record=records[0])


def dane_checks(names: Names, domain: str, mail: MailHosts) -> Iterator[Check]:
    """The TLSA records of each MX. Without DNSSEC they say nothing, and are not believed."""
    found = False
    names.ahead([(f"_25._tcp.{host}", "TLSA") for host in mail.hosts])
    for host in mail.hosts:
        at = f"_25._tcp.{host}"
        answer = names.ask(at, "TLSA")
        facts: dict[str, Json] = {"domain": domain, "host": host, "at": at}
        if answer.failed:
            # A sender that uses DANE puts mail off where it cannot ask (RFC 7672 section 2.1.2).
            yield unknown("tls.dane", f"TLSA of {at}")
            found = True
        elif answer.records:
            found = True
            # Where the host's address is not signed, no sender asks for TLSA (section 2.2).
            secure = answer.secure and mail.secure and names.ask(host, "A").secure
            yield _tlsa(answer.records, secure=_known(names, secure=secure), facts=facts)
    if not found:
        yield noted("tls.dane", "not published", domain=domain)


def usable(record: Any) -> bool:
    """Whether a sender takes a TLSA record into account (RFC 7672 section 3.1)."""
    known = record.usage in (2, 3) and record.selector in (0, 1) and record.mtype in (0, 1, 2)
    return bool(known and record.cert)


def _known(names: Names, *, secure: bool) -> bool | None:
    return True if secure else (False if names.validates() else None)


def _tlsa(records: tuple[Any, ...], *, secure: bool | None, facts: dict[str, Json]) -> Check:
    """`secure` is None where that is not known."""
    good_ones = [record for record in records if usable(record)]
    host = facts["host"]
    facts["tlsa"] = [
        f"{record.usage} {record.selector} {record.mtype} {record.cert.hex()}" for record in records
    ]
    if not good_ones:
        said = f"{host}: no TLSA record that mail servers use (usage 2 or 3)"
        return doubtful("tls.dane", "dane-unusable", said, **facts)
    if secure is False:
        said = f"{host}: TLSA records that DNSSEC does not vouch for"
        return doubtful("tls.dane", "dane-unsigned", said, **facts)
    kinds = ", ".join(f"{each.usage} {each.selector} {each.mtype}" for each in good_ones[:4])
    if secure is None:
        said = f"{host}: {kinds}; whether they are signed is not known"
        return noted("tls.dane", said, **facts)
    return good("tls.dane", f"{host}: {kinds}, signed", **facts)


def srv_check(names: Names, domain: str, server: str) -> Check | None:
    """What SRV says of the submission server, beside the profile's; None where it says nothing."""
    listed: list[Json] = []
    names.ahead([(f"{service}.{domain}", "SRV") for service in _SERVICES])
    for service in _SERVICES:
        for record in names.ask(f"{service}.{domain}", "SRV").records:
            target = record.target.to_text(omit_final_dot=True).lower()
            if target not in (".", "@", ""):
                listed.append(f"{target}:{record.port}")
    if not listed:
        return None
    named = ", ".join(str(each) for each in listed)
    facts: dict[str, Json] = {"domain": domain, "services": listed, "server": server or None}
    if not server or server.lower() in listed:
        return good("mx.submission", f"SRV names {named}", **facts)
    said = f"SRV names {named}; the profile uses {server}"
    return noted("mx.submission", said, **facts)
