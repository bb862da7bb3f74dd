"""A deep look at the TLS of a scripted server, and what it found."""

from __future__ import annotations

from typing import Any

from smtpcheck.model.plan import Plan
from smtpcheck.model.report import TargetReport
from tests.pki import TestPki
from tests.scripted.probing import run, step
from tests.scripted.server import ScriptedServer

HELLO = """
S: 220 mail.example.test ESMTP
C: EHLO *
S: 250-mail.example.test | 250 STARTTLS
"""
STARTTLS = f"""{HELLO}
C: STARTTLS
S: 220 go
!: tls {{}}
C: EHLO *
S: 250-mail.example.test | 250 AUTH PLAIN
C: QUIT
S: 221 bye
"""
IMPLICIT = """
!: tls {}
S: 220 mail.example.test ESMTP
C: EHLO *
S: 250-mail.example.test | 250 AUTH PLAIN
C: QUIT
S: 221 bye
"""
DEEP = Plan(deadline=20.0, until="ehlo", tls="deep")
ALLOW_CLIENT_RENEGOTIATION = 1 << 8
"""OpenSSL's SSL_OP_ALLOW_CLIENT_RENEGOTIATION, which Python does not name."""
HARMLESS = {"EHLO", "STARTTLS", "NOOP", "MAIL", "RSET", "QUIT"}


def look(
    pki: TestPki, tls: str, *, security: str = "starttls", settings: Any = None, plan: Plan = DEEP
) -> TargetReport:
    """A deep run against a server of this kind and these TLS options."""
    script = (STARTTLS if security == "starttls" else IMPLICIT).format(tls)
    tables = {"server": {"security": security}, **(settings or {})}
    with ScriptedServer(script, pki, strict=False) as server:
        report = run(server.port, pki, settings=tables, plan=plan, login=False)
    for connection in server.connections:
        assert set(connection.verbs()) <= HARMLESS, connection.lines
    return report


def facts(report: TargetReport, name: str) -> dict[str, Any]:
    return dict(step(report, name).facts)


def kinds(report: TargetReport, name: str) -> list[str]:
    return [each["kind"] for each in facts(report, name).get("problems", [])]


def causes(report: TargetReport) -> set[str]:
    return {each.cause for each in report.diagnoses}
