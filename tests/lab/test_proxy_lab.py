"""The way through real proxies: Dante, microsocks, Tinyproxy, Squid."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest

from smtpcheck.model.plan import Plan
from smtpcheck.model.report import TargetReport
from tests.lab.postfix import free_ports
from tests.lab.proxies import PASSWORD, USER, dante, microsocks, squid, tinyproxy
from tests.pki import TestPki
from tests.scripted.probing import cause, failed_step, passed, run, shown, step
from tests.scripted.script import read_script
from tests.scripted.server import ScriptedServer

pytestmark = pytest.mark.lab
LOGIN = {"username": USER, "password": {"env": "LAB_PROXY_PASSWORD"}}


class Lab:
    """A mail server, a port that nobody listens on, one that proxies forbid, and the proxies,
    each started where a test first asks for it."""

    def __init__(self, folder: Path, server: ScriptedServer, stack: ExitStack) -> None:
        self.server = server
        self.closed, self.forbidden = free_ports(2)
        allowed, closed = server.port, self.closed
        self._stack = stack
        self._ports: dict[str, int] = {}
        self._makers: dict[str, Callable[[], AbstractContextManager[int]]] = {
            "dante": lambda: dante(folder, self.forbidden),
            "microsocks": lambda: microsocks(folder),
            "tinyproxy": lambda: tinyproxy(folder, allowed, closed),
            "tinyproxy-login": lambda: tinyproxy(folder, allowed, closed, login=True),
            "squid": lambda: squid(folder, allowed, closed),
            "squid-basic": lambda: squid(folder, allowed, closed, "basic"),
            "squid-digest": lambda: squid(folder, allowed, closed, "digest"),
            "squid-negotiate": lambda: squid(folder, allowed, closed, "negotiate"),
            "squid-ntlm": lambda: squid(folder, allowed, closed, "ntlm"),
        }

    def port(self, name: str) -> int:
        """The port of a proxy."""
        if name not in self._ports:
            self._ports[name] = self._stack.enter_context(self._makers[name]())
        return self._ports[name]


@pytest.fixture(scope="module")
def lab(pki: TestPki) -> Iterator[Lab]:
    with (
        ExitStack() as stack,
        TemporaryDirectory(prefix="smtpcheck-lab-") as folder,
        ScriptedServer(read_script("good"), pki, strict=False) as server,
    ):
        Path(folder).chmod(0o755)
        with stack:
            yield Lab(Path(folder), server, stack)


@pytest.fixture(autouse=True)
def _password(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LAB_PROXY_PASSWORD", PASSWORD)


def probe(
    lab: Lab,
    pki: TestPki,
    proxy: str,
    kind: str,
    *,
    port: int = 0,
    host: str = "127.0.0.1",
    login: Mapping[str, Any] | None = None,
    experiments: bool = False,
) -> TargetReport:
    table = {"type": kind, "host": "127.0.0.1", "port": lab.port(proxy), **(login or {})}
    settings = {"proxy": table, "server": {"timeout": 10.0, "host": host}}
    plan = Plan(deadline=20.0)
    at = port or lab.server.port
    return run(at, pki, settings=settings, plan=plan, experiments=experiments)


WAYS = [
    ("dante", "socks4", None),
    ("dante", "socks5", None),
    ("microsocks", "socks5", LOGIN),
    ("tinyproxy", "http", None),
    ("tinyproxy-login", "http", LOGIN),
    ("squid", "http", None),
    ("squid-basic", "http", LOGIN),
    ("squid-ntlm", "http", {**LOGIN, "domain": "LAB"}),
]


@pytest.mark.parametrize(("proxy", "kind", "login"), WAYS)
def test_mail_leaves_through_it(
    lab: Lab, pki: TestPki, proxy: str, kind: str, login: Mapping[str, Any] | None
) -> None:
    report = probe(lab, pki, proxy, kind, login=login)
    assert passed(report), shown(report)
    wanted = {"http": "ntlm" if "ntlm" in proxy else "basic", "socks5": "password"}
    if login:
        assert step(report, "tcp.proxy").facts["login"] == wanted[kind]
    assert PASSWORD not in shown(report)


@pytest.mark.parametrize(
    ("proxy", "kind"), [("dante", "socks5"), ("tinyproxy", "http"), ("squid", "http")]
)
def test_the_proxy_resolves_the_name(lab: Lab, pki: TestPki, proxy: str, kind: str) -> None:
    report = probe(lab, pki, proxy, kind, host="localhost")
    assert passed(report), shown(report)
    facts = step(report, "tcp.proxy").facts
    assert (facts["asked_for"], facts["resolved_by"]) == ("localhost", "proxy")


@pytest.mark.parametrize(
    ("proxy", "kind", "login"),
    [
        ("microsocks", "socks5", None),
        ("microsocks", "socks5", {**LOGIN, "username": "somebody"}),
        ("tinyproxy-login", "http", None),
        ("tinyproxy-login", "http", {**LOGIN, "username": "somebody"}),
        ("squid-basic", "http", None),
        ("squid-basic", "http", {**LOGIN, "username": "somebody"}),
        ("squid-ntlm", "http", None),
        ("squid-ntlm", "http", LOGIN),
    ],
)
def test_a_login_that_is_missing_or_wrong_is_told(
    lab: Lab, pki: TestPki, proxy: str, kind: str, login: Mapping[str, Any] | None
) -> None:
    report = probe(lab, pki, proxy, kind, login=login)
    assert (report.exit_code, failed_step(report)) == (11, "tcp.proxy"), shown(report)
    assert cause(report) == "proxy-auth-required", shown(report)
    assert PASSWORD not in shown(report)


@pytest.mark.parametrize(
    ("proxy", "kind"), [("dante", "socks5"), ("tinyproxy", "http"), ("squid", "http")]
)
def test_a_port_that_its_rules_forbid_is_told(
    lab: Lab, pki: TestPki, proxy: str, kind: str
) -> None:
    report = probe(lab, pki, proxy, kind, port=lab.forbidden)
    assert (report.exit_code, cause(report)) == (11, "proxy-forbidden"), shown(report)
    words = " ".join(report.diagnoses[0].help)
    assert ("socks pass" in words, "Squid" in words) == (kind == "socks5", kind == "http")


@pytest.mark.parametrize(
    ("proxy", "kind", "login"),
    [
        ("dante", "socks5", None),
        ("dante", "socks4", None),
        ("microsocks", "socks5", LOGIN),
        ("tinyproxy", "http", None),
        ("squid", "http", None),
    ],
)
@pytest.mark.parametrize("host", ["127.0.0.1", "no-such-name.invalid"])
def test_a_server_that_the_proxy_cannot_reach_is_told(
    lab: Lab, pki: TestPki, proxy: str, kind: str, login: Mapping[str, Any] | None, host: str
) -> None:
    if kind == "socks4" and host != "127.0.0.1":
        pytest.skip("SOCKS 4 names no host")
    report = probe(lab, pki, proxy, kind, port=lab.closed, login=login, host=host)
    assert (report.exit_code, failed_step(report)) == (11, "tcp.proxy"), shown(report)
    assert cause(report) == "proxy-target-unreachable", shown(report)


@pytest.mark.parametrize(
    ("proxy", "kind", "spoken"),
    [
        ("dante", "http", "socks5"),
        ("microsocks", "http", "socks5"),
        ("microsocks", "socks4", "socks5"),
        ("tinyproxy", "socks5", "http"),
        ("tinyproxy", "socks4", "http"),
        ("squid", "socks5", "http"),
        ("squid", "socks4a", "http"),
    ],
)
def test_the_wrong_kind_of_proxy_is_found_out(
    lab: Lab, pki: TestPki, proxy: str, kind: str, spoken: str
) -> None:
    report = probe(lab, pki, proxy, kind, experiments=True)
    assert (report.exit_code, failed_step(report)) == (11, "tcp.proxy"), shown(report)
    assert cause(report) == "proxy-unreachable", shown(report)
    assert step(report, "tcp.proxy").facts["speaks"] == spoken
    assert f"proxy.type={spoken}" in " ".join(report.diagnoses[0].help)


@pytest.mark.parametrize("scheme", ["digest", "negotiate"])
def test_a_squid_that_offers_no_login_that_is_spoken_is_told_so(
    lab: Lab, pki: TestPki, scheme: str
) -> None:
    report = probe(lab, pki, f"squid-{scheme}", "http", login=LOGIN)
    assert (report.exit_code, cause(report)) == (11, "proxy-auth-required"), shown(report)
    assert step(report, "tcp.proxy").facts["offered"] == [scheme.capitalize()]
    assert f"takes only {scheme.capitalize()}" in report.diagnoses[0].why
