"""An issuer of tokens that refuses what the exporter shows it."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.test_login_command import SCRIPT, profile
from tests.oauth.fake_issuer import Answer, FakeIssuer
from tests.pki import TestPki
from tests.scripted.server import ScriptedServer
from tests.serve.exporting import World


def questions(issuer: FakeIssuer) -> int:
    """How often a token was asked for."""
    return sum(asked.method == "POST" for asked in issuer.asked)


@pytest.mark.parametrize(
    ("error", "held"), [("invalid_client", True), ("temporarily_unavailable", False)]
)
def test_a_refused_secret_of_an_application_is_held_until_it_changes(
    world: World, pki: TestPki, tmp_path: Path, error: str, *, held: bool
) -> None:
    secret = tmp_path / "secret"
    secret.write_text("canary-one")
    secret.chmod(0o600)
    with FakeIssuer(pki) as issuer, ScriptedServer(SCRIPT, pki, strict=False) as server:
        issuer.replies["/token"] = [Answer({"error": error}, 401)]
        path = tmp_path / "app.toml"
        place = f'{{ file = "{secret}" }}'
        path.write_text(
            profile(issuer, port=server.port, flow="client-credentials", client_secret=place)
        )
        with world.serving(path) as client:
            first = client.probe(path)
            asked = questions(issuer)
            again = client.probe(path)
            assert asked >= 1
            assert (questions(issuer) == asked) is held
            for answer in (first, again):
                assert answer.value("probe_success") == 0
                assert answer.value("smtpcheck_held") == float(held)
            asked = questions(issuer)
            secret.write_text("canary-two")
            client.probe(path)
            assert questions(issuer) > asked
    assert "canary" not in first.text + again.text + world.log.getvalue()
