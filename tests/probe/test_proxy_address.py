"""A SOCKS proxy that does not take the kind of address it was asked for (RFC 1928, reply 8)."""

from __future__ import annotations

from typing import Any

import pytest

from smtpcheck.model.plan import Plan
from tests.pki import TestPki
from tests.probe.dns_server import serving, zone
from tests.probe.test_proxy import NAME, probe
from tests.scripted.probing import cause, errors_of, shown
from tests.scripted.proxies import ScriptedProxy, socks5


@pytest.mark.parametrize(
    ("server", "asked_for", "step"),
    [
        ({"host": "127.0.0.2"}, "127.0.0.2", "name the server by its host name"),
        ({"host": NAME, "address_family": "ipv6"}, "::1", "let the proxy resolve the name"),
        ({"host": NAME}, NAME, "give it addresses that are looked up here"),
    ],
)
def test_advice_fits_what_the_proxy_was_asked_for(
    pki: TestPki, server: dict[str, Any], asked_for: str, step: str
) -> None:
    records = [f"{NAME}. 60 IN A 127.0.0.1", f"{NAME}. 60 IN AAAA ::1"]
    with ScriptedProxy(socks5(1, code=8)) as met, serving(zone(records)) as resolver:
        local = resolver.where if "address_family" in server else ""
        plan = Plan(resolver=local, deadline=10.0)
        report = probe(pki, met.port, "socks5", server=server, plan=plan)
    assert cause(report) == "proxy-target-unreachable", shown(report)
    [error] = errors_of(report)
    assert asked_for in error.why
    assert "--proxy" not in error.why
    assert error.help[0].startswith(step)
