"""`--tls deep` against a server that hangs up in the middle: what did not come out is not told."""

from __future__ import annotations

from smtpcheck.model.stage import Outcome
from tests.pki import TestPki
from tests.probe.test_tls_deep import DEEP, HELLO, STARTTLS, causes, facts
from tests.scripted.probing import run, shown, step
from tests.scripted.server import ScriptedServer


def test_an_unfinished_search_for_versions_names_no_last_one_and_nothing_hangs_on_it(
    pki: TestPki,
) -> None:
    served = STARTTLS.format("good")
    script = f"{served}\n=== again\n{served}\n=== again\nS: 220 x\n!: close"
    with ScriptedServer(script, pki, strict=False) as server:
        report = run(server.port, pki, plan=DEEP, login=False)
    versions = step(report, "tls.versions")
    assert versions.summary.startswith("TLS 1.3 at least; not finished: "), shown(report)
    assert facts(report, "tls.versions")["offers"] == "TLS 1.3 at least"
    for name in ("tls.ciphers", "tls.groups", "tls.features"):
        assert "stopped" in facts(report, name)
        assert not {"weak", "forward_secrecy"} & set(facts(report, name))
    assert step(report, "tls.ciphers").outcome is Outcome.SKIPPED
    assert step(report, "tls.features").outcome is Outcome.SKIPPED
    assert facts(report, "tls.sessions").get("renegotiation") != "impossible"
    assert not causes(report)


def test_the_certificate_of_the_run_tells_how_it_came_to_be(pki: TestPki) -> None:
    served = STARTTLS.format("good")
    with ScriptedServer(f"{served}\n=== again\n{HELLO}\n!: close", pki, strict=False) as server:
        report = run(server.port, pki, plan=DEEP, login=False)
    assert facts(report, "tls.issuance")["issuer"] is not None
    assert step(report, "tls.issuance").summary.startswith("issued by ")
