"""Tokens from a real OpenID provider, judged by Dovecot behind Postfix, over the command line."""

from __future__ import annotations

import json
import re
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest

from tests import keyring_fakes
from tests.cli.command_line import CommandLine, Done
from tests.cli.conftest import keyring_backend, smtpcheck
from tests.lab import oidc as issuer_lab
from tests.lab.oidc import AUDIENCE, ROBOT, SECRET, Oidc, oidc, sign_in
from tests.lab.postfix import MailLab, mail_lab, ready
from tests.pki import TestPki

__all__ = ["keyring_backend", "smtpcheck"]
pytestmark = pytest.mark.lab
ALICE = "alice@good.test"
DOVECOT = """
auth_mechanisms = plain login xoauth2 oauthbearer
passdb {{
  driver = oauth2
  mechanisms = xoauth2 oauthbearer
  args = {folder}/oauth2.conf
}}
"""
_OAUTH2 = """
introspection_mode = local
local_validation_key_dict = fs:posix:prefix={folder}/keys/
issuers = {issuer}
username_attribute = upn
client_id = {audience}
"""


@dataclass(frozen=True, slots=True)
class Lab:
    issuer: Oidc
    mail: MailLab
    ca_file: Path

    def profile(self, client: str, *, method: str = "auto", user: str = ALICE, **oauth: str) -> str:
        more = "\n".join(f"{key} = {value}" for key, value in oauth.items())
        return (
            '[server]\nhost = "127.0.0.1"\nsecurity = "starttls"\n'
            f"port = {self.mail.ports['submission']}\n"
            f'[tls]\nca_file = "{self.ca_file}"\nserver_name = "mail.example.test"\n'
            f'[auth]\nmethod = "{method}"\nusername = "{user}"\n'
            f'[auth.oauth]\nissuer = "{self.issuer.issuer}"\nclient_id = "{client}"\n{more}\n'
        )


@pytest.fixture(scope="module")
def lab(pki: TestPki) -> Iterator[Lab]:
    ready()
    issuer_lab.ready()
    with TemporaryDirectory(prefix="smtpcheck-lab-") as name, oidc(Path(name), pki) as issuer:
        folder = Path(name)
        keys = folder / "keys" / "default" / "RS256"
        keys.mkdir(parents=True)
        (keys / "k1").write_text(issuer.public_key)
        (folder / "oauth2.conf").write_text(
            _OAUTH2.format(folder=folder, issuer=issuer.issuer, audience=AUDIENCE)
        )
        with mail_lab(folder, pki, dovecot=DOVECOT.format(folder=folder)) as mail:
            yield Lab(issuer, mail, pki.ca_file)


class Person:
    """Reads what the command prints, and signs in."""

    def __init__(self, lab: Lab, monkeypatch: pytest.MonkeyPatch, user: str) -> None:
        self.threads: list[threading.Thread] = []
        self.pages: list[str] = []

        def code(_waiting: Any, told: Any) -> None:
            self._go(lab.issuer, told.url, user, user_code=told.code)

        def page(_waiting: Any, url: str, *, opens: bool, name: str) -> None:
            assert (opens, name) == (False, "mail")
            self._go(lab.issuer, url, user)

        monkeypatch.setattr("smtpcheck.cli.login_wait.Waiting.show_code", code)
        monkeypatch.setattr("smtpcheck.cli.login_wait.Waiting.show_url", page)

    def _go(self, issuer: Oidc, url: str, user: str, **fields: str) -> None:
        def work() -> None:
            self.pages.append(sign_in(issuer, url, user, **fields).text)

        self.threads.append(threading.Thread(target=work, daemon=True))
        self.threads[-1].start()


def log_in(
    smtpcheck: CommandLine,
    lab: Lab,
    monkeypatch: pytest.MonkeyPatch,
    client: str,
    *,
    user: str = ALICE,
    **settings: str,
) -> Done:
    person = Person(lab, monkeypatch, user)
    smtpcheck.write("mail", lab.profile(client, **settings))
    done = smtpcheck("login", "mail", "--wait", "--no-browser", "--deadline", "60")
    for each in person.threads:
        each.join(10)
    assert done.code == 0, f"{done.err}\n{person.pages}"
    return done


def probe(smtpcheck: CommandLine) -> tuple[Done, dict[str, Any]]:
    done = smtpcheck(
        "probe",
        "mail",
        "--until",
        "auth",
        "--no-experiments",
        "--format",
        "json",
        "--deadline",
        "20",
    )
    target = json.loads(done.out)["targets"][0]
    return done, target


def steps(target: dict[str, Any]) -> dict[str, Any]:
    return {each["step"]: each for stage in target["stages"] for each in stage["steps"]}


def unseen(*done: Done) -> None:
    """No token of any kind in what was said: the keyring knows them all."""
    kept = "".join(keyring_fakes.Memory.values.values())
    secrets = re.findall(r'"(?:access|refresh)":"([^"]{20,})"', kept)
    for each in done:
        for secret in [*secrets, SECRET]:
            assert secret not in each.out + each.err
            assert secret.rpartition(".")[2] not in each.out + each.err


@pytest.mark.parametrize("flow", ["device", "browser"])
@pytest.mark.parametrize("method", ["xoauth2", "oauthbearer"])
def test_who_signs_in_logs_in(
    smtpcheck: CommandLine, lab: Lab, monkeypatch: pytest.MonkeyPatch, flow: str, method: str
) -> None:
    login = log_in(smtpcheck, lab, monkeypatch, "app", method=method, flow=f'"{flow}"')
    assert f"signed in as {ALICE}" in login.out
    done, target = probe(smtpcheck)
    assert done.code == 0, done.out
    told = steps(target)["auth.token"]["token"]
    assert (told["audience"], told["account"]) == ([AUDIENCE], ALICE)
    assert 3_000 < told["expires_in"] <= 3_600
    assert steps(target)["auth.login"]["mechanism"] == method.upper()
    unseen(login, done)


def test_an_expired_token_is_renewed_until_the_login_is_revoked(
    smtpcheck: CommandLine, lab: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    log_in(smtpcheck, lab, monkeypatch, "short")
    time.sleep(2.1)
    for _ in range(2):  # the issuer gives a new refresh token each time
        done, target = probe(smtpcheck)
        assert done.code == 0, done.out
        assert steps(target)["auth.token"]["refreshed"] is True
        unseen(done)
    kept = dict(keyring_fakes.Memory.values)
    assert smtpcheck("login", "mail", "--logout").out.endswith("the issuer has ended it\n")
    done, target = probe(smtpcheck)
    assert target["diagnoses"][0]["cause"] == "auth-credentials-missing"
    keyring_fakes.Memory.values.update(kept)
    done, target = probe(smtpcheck)
    assert done.code == 13
    assert target["diagnoses"][0]["cause"] == "auth-oauth-token-invalid"
    assert steps(target)["auth.token"]["oauth"]["error"] == "invalid_grant"
    unseen(done)


def test_a_token_for_another_audience_is_refused_and_told(
    smtpcheck: CommandLine, lab: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    log_in(smtpcheck, lab, monkeypatch, "stranger")
    done, target = probe(smtpcheck)
    assert done.code == 13
    assert target["diagnoses"][0]["cause"] in ("auth-oauth-config", "auth-oauth-token-invalid")
    assert steps(target)["auth.token"]["token"]["audience"] == ["somewhere-else"]
    assert steps(target)["auth.login"]["oauth"]["status"] in ("invalid_token", "401", "400")
    unseen(done)


def test_the_token_of_somebody_else_is_refused_and_told(
    smtpcheck: CommandLine, lab: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    login = log_in(smtpcheck, lab, monkeypatch, "app", user=ROBOT)
    assert f"the token is of {ROBOT}" in login.err
    done, target = probe(smtpcheck)
    assert done.code == 13
    diagnosis = target["diagnoses"][0]
    assert diagnosis["cause"] == "auth-oauth-config"
    assert ROBOT in diagnosis["why"]
    unseen(done)


def test_an_application_logs_in_by_itself(
    smtpcheck: CommandLine, lab: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ROBOT_SECRET", SECRET)
    flow = {"flow": '"client-credentials"', "client_secret": '{ env = "ROBOT_SECRET" }'}
    smtpcheck.write("mail", lab.profile("robot", user=ROBOT, **flow))
    done, target = probe(smtpcheck)
    assert done.code == 0, done.out
    unseen(done)
    monkeypatch.setenv("ROBOT_SECRET", "wrong")
    done, target = probe(smtpcheck)
    assert target["diagnoses"][0]["cause"] == "auth-oauth-config"
    assert steps(target)["auth.token"]["oauth"]["error"] == "invalid_client"


def test_a_probe_sends_mail_with_a_token(
    smtpcheck: CommandLine, lab: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    log_in(smtpcheck, lab, monkeypatch, "app")
    more = f'[sender]\naddress = "{ALICE}"\n[test]\nto = ["x@sink.test"]\n'
    smtpcheck.write("mail", lab.profile("app") + more)
    done = smtpcheck("send-test", "mail")
    assert done.code == 0, done.out
    unseen(done)
