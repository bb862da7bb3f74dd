"""Where nobody has to sign in, nobody is told to: what the application lacks is named."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.cli.command_line import CommandLine
from tests.cli.test_login_command import SCRIPT, profile
from tests.oauth.fake_issuer import FakeIssuer
from tests.pki import TestPki
from tests.scripted.server import ScriptedServer

Told = Callable[..., list[str]]


@pytest.fixture
def told(smtpcheck: CommandLine, pki: TestPki) -> Told:
    """What probe and login say of a profile with these settings of OAuth."""

    def say(**settings: Any) -> list[str]:
        with FakeIssuer(pki) as issuer, ScriptedServer(SCRIPT, pki, strict=False) as server:
            smtpcheck.write("mail", profile(issuer, port=server.port, **settings))
            probed = smtpcheck("probe", "mail", "--no-experiments")
            login = smtpcheck("login", "mail")
        return [" ".join((done.out + done.err).split()) for done in (probed, login)]

    return say


def test_an_unset_secret_of_the_application_is_named(told: Told) -> None:
    for said in told(flow="client-credentials", client_secret='{ env = "NOT_SET" }'):
        assert "secret of the application cannot be read" in said
        assert "environment variable NOT_SET" in said
        assert "--key auth.oauth.client_secret" in said
        assert "sign in: smtpcheck login" not in said


def test_a_missing_or_damaged_key_is_named(told: Told, tmp_path: Path) -> None:
    key = tmp_path / "key.json"
    for text in (None, "{}"):
        if text is not None:
            key.write_text(text)
            key.chmod(0o600)
        for said in told(flow="service-account", key_file=str(key)):
            assert "key of the service account cannot be used" in said
            assert "auth.oauth.key_file PATH" in said
            assert "keyring" not in said
            assert "sign in: smtpcheck login" not in said
