"""`--tls deep` against a server that hangs up in the middle: what did not come out is not told."""

from __future__ import annotations

import pytest

from smtpcheck.model.stage import Outcome
from tests.pki import TestPki
from tests.probe.deep_looking import DEEP, HELLO, STARTTLS, causes, facts
from tests.scripted.probing import cause, errors_of, run, shown, step
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


@pytest.mark.parametrize(
    ("served", "tls", "why"),
    [
        ("weak-key min=1.2", {"min_version": "1.0", "max_version": "1.1"}, "TLS 1.2 and 1.3"),
        ("weak-key min=1.0 max=1.1", {"min_version": "1.2"}, "TLS 1.0 and 1.1"),
    ],
)
def test_the_versions_that_came_out_decide_who_has_to_move(
    pki: TestPki, served: str, tls: dict[str, str], why: str
) -> None:
    with ScriptedServer(STARTTLS.format(served), pki, strict=False) as server:
        report = run(server.port, pki, settings={"tls": tls}, plan=DEEP, login=False)
    assert cause(report) == "tls-version-mismatch", shown(report)
    [error] = errors_of(report)
    assert f"the server speaks {why}; the profile allows TLS" in error.why
    assert error.owner == ("you" if "max_version" in tls else "mail-admin")


def test_a_limit_that_servers_refuse_is_named_without_any_experiment(pki: TestPki) -> None:
    tls = {"min_version": "1.0", "max_version": "1.1"}
    with ScriptedServer(STARTTLS.format("weak-key min=1.2"), pki, strict=False) as server:
        report = run(server.port, pki, settings={"tls": tls}, login=False)
    assert cause(report) == "tls-version-mismatch", shown(report)
    [error] = errors_of(report)
    assert (error.owner, error.help[0].partition(":")[0]) == ("you", "lift the limit")
