"""Dovecot that asks the issuer at each login what a token is worth (RFC 7662), where the token says
nothing of itself."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import urlsplit

import pytest

from tests import keyring_fakes
from tests.cli.command_line import CommandLine
from tests.cli.conftest import keyring_backend, smtpcheck
from tests.lab import oidc as issuer_lab
from tests.lab.oidc import CHECKER, CHECKER_SECRET, ROBOT, oidc
from tests.lab.postfix import mail_lab, ready
from tests.lab.test_oauth_lab import ALICE, DOVECOT, Lab, log_in, probe, steps, unseen
from tests.pki import TestPki

__all__ = ["keyring_backend", "smtpcheck"]
pytestmark = pytest.mark.lab
_OAUTH2 = """
introspection_mode = post
introspection_url = https://{checker}:{secret}@{where}/token/introspection
tls_ca_cert_file = {ca}
username_attribute = upn
active_attribute = active
active_value = true
"""


@pytest.fixture(scope="module")
def lab(pki: TestPki) -> Iterator[Lab]:
    ready()
    issuer_lab.ready()
    with TemporaryDirectory(prefix="smtpcheck-lab-") as name, oidc(Path(name), pki) as issuer:
        folder = Path(name)
        shutil.copy(pki.ca_file, folder)  # Dovecot gives up the rights that could read it elsewhere
        (folder / "oauth2.conf").write_text(
            _OAUTH2.format(
                checker=CHECKER,
                secret=CHECKER_SECRET,
                where=urlsplit(issuer.issuer).netloc,
                ca=folder / pki.ca_file.name,
            )
        )
        with mail_lab(folder, pki, dovecot=DOVECOT.format(folder=folder)) as mail:
            yield Lab(issuer, mail, pki.ca_file)


@pytest.mark.parametrize("method", ["xoauth2", "oauthbearer"])
def test_a_token_that_says_nothing_is_taken_at_the_issuers_word(
    smtpcheck: CommandLine, lab: Lab, monkeypatch: pytest.MonkeyPatch, method: str
) -> None:
    login = log_in(smtpcheck, lab, monkeypatch, "opaque", method=method)
    done, target = probe(smtpcheck)
    assert done.code == 0, done.out
    assert steps(target)["auth.token"]["token"]["kind"] == "opaque"
    assert steps(target)["auth.login"]["mechanism"] == method.upper()
    unseen(login, done)


@pytest.mark.parametrize("method", ["xoauth2", "oauthbearer"])
def test_a_token_that_the_issuer_has_ended_is_refused_before_its_time_is_over(
    smtpcheck: CommandLine, lab: Lab, monkeypatch: pytest.MonkeyPatch, method: str
) -> None:
    log_in(smtpcheck, lab, monkeypatch, "opaque", method=method)
    kept = dict(keyring_fakes.Memory.values)
    assert smtpcheck("login", "mail", "--logout").out.endswith("the issuer has ended it\n")
    keyring_fakes.Memory.values.update(kept)
    done, target = probe(smtpcheck)
    assert done.code == 13
    assert target["diagnoses"][0]["cause"] == "auth-oauth-token-invalid", done.out
    assert steps(target)["auth.token"]["outcome"] == "passed", "it holds for an hour by its date"
    assert steps(target)["auth.login"]["reply"]["code"] == 535
    unseen(done)


def test_the_token_of_somebody_else_is_refused(
    smtpcheck: CommandLine, lab: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    log_in(smtpcheck, lab, monkeypatch, "opaque", user=ROBOT)
    done, target = probe(smtpcheck)
    assert done.code == 13
    diagnosis = target["diagnoses"][0]
    assert diagnosis["cause"] == "auth-oauth-config", done.out
    assert {ROBOT, ALICE} <= set(diagnosis["why"].replace(",", "").split())
    unseen(done)
