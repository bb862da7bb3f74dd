"""NTLM to a proxy that checks the password: the server's side of pyspnego stands behind it.

Squid's helper in the lab believes any name, so only this proxy can tell a right proof from a wrong
one. NTLM is of the connection ([MS-NTHT]): both messages have to come on one.
"""

from __future__ import annotations

import base64
import re
from pathlib import Path
from typing import Any

import pytest

from smtpcheck.model.report import TargetReport
from tests.pki import TestPki
from tests.scripted.probing import cause, failed_step, passed, run, shown, step
from tests.scripted.proxies import Client, Play, ScriptedProxy
from tests.scripted.script import read_script
from tests.scripted.server import ScriptedServer

spnego = pytest.importorskip("spnego", reason="the extra ntlm is not installed")
USER, DOMAIN, WORD = "me", "CORP", "canary-Pr0xy-pässword"
_TOKEN = re.compile(rb"Proxy-Authorization: NTLM (\S+)\r\n", re.IGNORECASE)


@pytest.fixture(autouse=True)
def _accounts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    accounts = tmp_path / "accounts"
    accounts.write_text(f"{DOMAIN}:{USER}:{WORD}\n", encoding="utf-8")
    monkeypatch.setenv("NTLM_USER_FILE", str(accounts))


def checking(port: int, principals: list[str], *, page: bytes = b"") -> Play:
    """A proxy that lets through whose proof is right; `page` comes with its refusals."""

    def refuse(client: Client, challenge: bytes = b"") -> None:
        offer = b"NTLM " + base64.b64encode(challenge) if challenge else b"NTLM"
        client.say(
            b"HTTP/1.1 407 Proxy Authentication Required\r\nProxy-Authenticate: "
            + offer
            + b"\r\nContent-Length: %d\r\n\r\n" % len(page)
            + page
        )

    def play(client: Client) -> None:
        server = spnego.server(protocol="ntlm", options=spnego.NegotiateOptions.use_ntlm)
        for _ in range(4):
            found = _TOKEN.search(client.head())
            if found is None:
                refuse(client)
                continue
            try:
                answer = server.step(base64.b64decode(found[1]))
            except spnego.exceptions.SpnegoError:
                refuse(client)
                return
            if not server.complete:
                refuse(client, answer)
                continue
            principals.append(server.client_principal)
            client.say(b"HTTP/1.1 200 Connection established\r\n\r\n")
            client.lead_to(port)
            return

    return play


def probe(
    pki: TestPki, proxy: int, server: int, monkeypatch: pytest.MonkeyPatch, **login: str
) -> TargetReport:
    monkeypatch.setenv("TEST_PROXY_PASSWORD", login.pop("password", WORD))
    table: dict[str, Any] = {
        "type": "http",
        "host": "127.0.0.1",
        "port": proxy,
        "username": USER,
        "domain": DOMAIN,
        "password": {"env": "TEST_PROXY_PASSWORD"},
        **login,
    }
    return run(server, pki, settings={"proxy": table}, experiments=True)


@pytest.mark.parametrize("page", [b"", b"<html>" + b"x" * 9000])
def test_the_right_password_leads_to_the_server(
    pki: TestPki, monkeypatch: pytest.MonkeyPatch, page: bytes
) -> None:
    principals: list[str] = []
    with ScriptedServer(read_script("good"), pki) as server:
        way = checking(server.port, principals, page=page)
        with ScriptedProxy(way) as met:
            report = probe(pki, met.port, server.port, monkeypatch)
            assert passed(report), shown(report)
    assert principals == [f"{DOMAIN}\\{USER}"]
    assert step(report, "tcp.proxy").facts["login"] == "ntlm"
    assert len(met.said) == 1
    assert WORD not in shown(report)


@pytest.mark.parametrize(
    "login",
    [{"password": "wrong"}, {"username": "somebody"}, {"domain": "OTHER"}],
    ids=["password", "user", "domain"],
)
def test_a_wrong_login_is_refused_told_and_tried_once(
    pki: TestPki, monkeypatch: pytest.MonkeyPatch, login: dict[str, str]
) -> None:
    principals: list[str] = []
    with ScriptedProxy(checking(1, principals)) as met:
        report = probe(pki, met.port, 587, monkeypatch, **login)
    assert (report.exit_code, failed_step(report)) == (11, "tcp.proxy"), shown(report)
    assert (cause(report), principals) == ("proxy-auth-required", [])
    error = step(report, "tcp.proxy").facts["error"]
    assert isinstance(error, dict)
    assert error["kind"] == "auth-refused"
    assert len(met.said) == 1
    assert WORD not in shown(report)
    assert login.get("password", WORD) not in " ".join(report.diagnoses[0].help)


def test_without_a_domain_the_proxy_is_told_to_want_one(
    pki: TestPki, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Basic would show the password to a proxy that never asked for it: NTLM is named instead."""
    with ScriptedProxy(checking(1, [])) as met:
        report = probe(pki, met.port, 587, monkeypatch, domain="")
    assert cause(report) == "proxy-auth-required"
    assert "proxy.domain" in " ".join(report.diagnoses[0].help)
