"""Which experiments a failed handshake calls for: other versions, ciphers and names."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator, Mapping
from typing import Final

from smtpcheck.catalog.flat import flat
from smtpcheck.diagnosis.experiment import AskTls, Changes, TryWay
from smtpcheck.diagnosis.experiment_case import Case

_UNEXPLAINED: Final = ("closed", "reset")
ALL_CIPHERS: Final = "DEFAULT:@SECLEVEL=0"
"""OpenSSL's own list, which holds older suites than Python's, and small Diffie-Hellman groups."""
_MOST_NAMES: Final = 2
MOST_OFFERS: Final = 4
_UNFIT: Final = ("handshake_failure", "internal_error")
"""Alerts by which servers refuse versions and ciphers too."""
_FOREIGN: Final = ("smtp-intercepted-by-host", "tls-inspection")


def tls_variants(case: Case) -> Iterator[TryWay]:
    """The handshake once more, each time with one thing changed. Strictness needs no connection:
    the run itself says what would fail under the flags of newer Pythons (`strict-only`)."""
    if case.step == "auth.choose" and case.facts.get("error.kind") == "insecure":
        if case.security != "none" and case.facts.get("tls.verify") is False:
            yield _variant(
                case,
                "tls-verified",
                goal="auth.choose",
                verify=True,
                changes=(("tls.verify", True),),
            )
        return
    if case.step != "tls.handshake" or not _may_speak_tls(case):
        return
    kind, alert = case.text("error.kind"), case.text("error.alert")
    if kind in ("version", "cipher", "alert", *_UNEXPLAINED):
        if case.text("tls.max_version") < "1.3":
            change = (("tls.max_version", "1.3"),)
            yield _variant(case, "tls-newer", max_version="1.3", changes=change)
        if case.text("tls.min_version") > "1.0":
            yield _variant(case, "tls-older", min_version="1.0")
    if kind in ("cipher", "dh-key", "alert", *_UNEXPLAINED):
        yield _variant(case, "tls-ciphers", ciphers=ALL_CIPHERS)
    named = case.text("tls.handshake.server_name") and not _literal(case.text("server.host"))
    if (kind == "alert" or kind in _UNEXPLAINED) and alert != "protocol_version" and named:
        yield _variant(case, "tls-without-sni", goal="tls.handshake", sni=False)


def tls_offer(case: Case) -> Iterator[AskTls]:
    """What the server does take, where it and the profile have no version or cipher in common."""
    kind, alert = case.text("error.kind"), case.text("error.alert")
    unfit = kind in ("version", "cipher", "dh-key") or alert in _UNFIT
    if case.step == "tls.handshake" and unfit:
        yield AskTls(name="tls-offer", most=MOST_OFFERS)


def _may_speak_tls(case: Case) -> bool:
    """On a port that may want STARTTLS the other mode is tried instead."""
    answered = case.security == "starttls" or case.text("error.alert") != ""
    return answered or case.text("error.kind") in ("version", "cipher", "dh-key", "alert")


def _variant(  # noqa: PLR0913 - one thing is changed in each
    case: Case,
    name: str,
    *,
    goal: str = "ehlo",
    changes: Changes = (),
    min_version: str = "",
    max_version: str = "",
    ciphers: str = "",
    verify: bool | None = None,
    sni: bool = True,
) -> TryWay:
    return TryWay(
        name=name,
        port=case.port,
        security=case.security,
        goal=goal,
        changes=changes,
        min_version=min_version,
        max_version=max_version,
        ciphers=ciphers,
        verify=verify,
        sni=sni,
    )


def certificate_names(case: Case) -> Iterator[TryWay]:
    """The host names that the certificate does cover. A name takes the place of the host where
    that is a name; of an address, and of this machine, it becomes the name to verify. Never where
    somebody else seems to answer."""
    if "hostname-mismatch" not in case.problems or case.cause in _FOREIGN:
        return
    host = case.text("server.host").lower().removesuffix(".")
    listed = _covered(case)
    names = [each for each in listed if _is_host_name(each) and each != host]
    keeps_host = _literal(host) or host == "localhost" or host.endswith(".localhost")
    if case.text("tls.server_name") and host in listed:
        yield _named(case, 1, host, "tls.server_name")
        return
    for number, name in enumerate(names[:_MOST_NAMES], 1):
        yield _named(case, number, name, "tls.server_name" if keeps_host else "server.host")


def _named(case: Case, number: int, name: str, key: str) -> TryWay:
    return TryWay(
        name="certificate-name" if number == 1 else f"certificate-name-{number}",
        port=case.port,
        security=case.security,
        goal="tls.handshake" if key == "server.host" else "ehlo",
        host=name if key == "server.host" else "",
        server_name=name,
        changes=((key, name),),
    )


def _covered(case: Case) -> list[str]:
    """What the server's own certificate names, the likeliest mail servers first."""
    listed = case.facts.get("problems")
    tables = listed if isinstance(listed, list | tuple) else ()
    found: list[str] = []
    for each in tables:
        if isinstance(each, Mapping) and each.get("kind") == "hostname-mismatch":
            names = flat(each).get("names")
            found += (
                [str(name).lower() for name in names] if isinstance(names, list | tuple) else []
            )
    return sorted(dict.fromkeys(found), key=lambda name: not name.startswith(("smtp", "mail")))


def _is_host_name(name: str) -> bool:
    """Whether it names one machine: wildcards do not, and an address is no name."""
    return "." in name and "*" not in name and not _literal(name)


def _literal(text: str) -> bool:
    try:
        ipaddress.ip_address(text.partition("%")[0])
    except ValueError:
        return False
    return True
