"""Tokens and the secrets behind them, looked for in everything that a process leaves behind."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from smtpcheck.wire.sasl import for_issuer
from tests.oauth.fake_issuer import (
    METADATA,
    Answer,
    FakeIssuer,
    granted,
    jwt,
    new_service_key,
    refusal,
)
from tests.pki import TestPki
from tests.scripted.probing import USERNAME, forms
from tests.scripted.server import ScriptedServer

ROOT = Path(__file__).parent.parent.parent
SECRET = "canary-client-s3cret"
TOKEN = jwt(upn=USERNAME, canary="canary-claim-0123456789", exp=4e9)
ECHO = " ".join(forms(TOKEN))
START = """
!: include parts/hello.smtp
C: STARTTLS
S: 220 go
!: tls good
C: EHLO *
S: 250-x | 250 AUTH XOAUTH2
"""
SERVERS = {
    "accepted": "C: AUTH\nS: 235 2.7.0 ok",
    "refused": f"C: AUTH\nS: 535 5.7.8 not {ECHO}",
    "json": f"C: AUTH\nS: 334 {forms(TOKEN)[1]}\nC: *\nS: 535 5.7.8 no",
    "half": f"C: AUTH\n!: bytes 535-{ECHO}\n!: close",
    "reset": "C: AUTH\n!: reset",
}
ISSUERS = {
    "refusal": refusal("invalid_client", f"no {SECRET} for {TOKEN}"),
    "html": Answer(f"<p>{SECRET}".encode(), headers={"Content-Type": f"text/{SECRET}"}),
    "redirect": Answer(status=302, headers={"Location": f"https://evil.example/{SECRET}"}),
    "odd-token": granted(access_token=f"{TOKEN} {SECRET}"),
}


def left_behind(pki: TestPki, folder: Path, issuer: FakeIssuer, server: str) -> bytes:
    """Everything that a probe with client credentials printed and wrote."""
    with ScriptedServer(START + server, pki, strict=False) as smtp:
        profile = folder / "profile.toml"
        profile.write_text(
            f'[server]\nhost = "127.0.0.1"\nport = {smtp.port}\nsecurity = "starttls"\n'
            f'timeout = 0.5\n[tls]\nca_file = "{pki.ca_file}"\n'
            f'[auth]\nusername = "{USERNAME}"\n[auth.oauth]\nissuer = "{issuer.url}"\n'
            'client_id = "app"\nflow = "client-credentials"\n'
            'client_secret = { env = "CLIENT_SECRET_HERE" }\n'
        )
        return _run(folder, profile, CLIENT_SECRET_HERE=SECRET)


def _run(folder: Path, profile: Path, **more: str) -> bytes:
    argv = [sys.executable, "-m", "smtpcheck", "probe", str(profile), "--verbose"]
    argv += ["--until", "auth", "--format", "text", "--format", f"json={folder / 'report.json'}"]
    argv += ["--debug-file", str(folder / "debug.log")]
    environment = {**os.environ, "HOME": str(folder), "XDG_CONFIG_HOME": str(folder), **more}
    environment["PYTHON_KEYRING_BACKEND"] = "keyring.backends.fail.Keyring"
    ended = subprocess.run(
        argv, cwd=ROOT, capture_output=True, timeout=30, env=environment, check=False
    )
    assert ended.returncode in (0, 13), ended.stderr.decode()
    assert b"auth.token" in ended.stdout
    files = [(folder / name).read_bytes() for name in ("report.json", "debug.log", "profile.toml")]
    return b"\n".join([ended.stdout, ended.stderr, *files])


def assert_nowhere(left: bytes, *secrets: str) -> None:
    flat = left.replace(b"\\n", b"").replace(b"\n", b"").replace(b" ", b"")
    for secret in secrets:
        for form in forms(secret):
            assert form.replace(" ", "").encode() not in flat


@pytest.mark.parametrize("name", list(SERVERS))
def test_a_token_and_its_secret_are_nowhere_to_be_found(
    pki: TestPki, tmp_path: Path, name: str
) -> None:
    with FakeIssuer(pki) as issuer:
        issuer.on("/token", granted(access_token=TOKEN))
        left = left_behind(pki, tmp_path, issuer, SERVERS[name])
    assert issuer.forms("/token")[0]["client_secret"] == SECRET
    assert_nowhere(left, TOKEN, SECRET)
    assert b"canary-claim" not in left


@pytest.mark.parametrize("name", list(ISSUERS))
def test_an_issuer_that_echoes_shows_nothing(pki: TestPki, tmp_path: Path, name: str) -> None:
    with FakeIssuer(pki) as issuer:
        issuer.on("/token", ISSUERS[name])
        left = left_behind(pki, tmp_path, issuer, SERVERS["accepted"])
    assert_nowhere(left, SECRET)


def test_the_key_of_a_service_account_is_nowhere_to_be_found(pki: TestPki, tmp_path: Path) -> None:
    key, _ = new_service_key()
    pem = for_issuer(key.key)()
    kept = tmp_path / "kept"
    kept.mkdir()
    told = {"client_email": key.email, "private_key": pem, "private_key_id": "k"}
    (kept / "key.json").write_text(json.dumps(told))
    with (
        FakeIssuer(pki) as issuer,
        ScriptedServer(START + SERVERS["accepted"], pki, strict=False) as smtp,
    ):
        issuer.on("/token", lambda asked: refusal("invalid_grant", asked.form["assertion"]))
        profile = tmp_path / "profile.toml"
        profile.write_text(
            f'[server]\nhost = "127.0.0.1"\nport = {smtp.port}\nsecurity = "starttls"\n'
            f'[tls]\nca_file = "{pki.ca_file}"\n'
            f'[auth]\nusername = "{USERNAME}"\n[auth.oauth]\nissuer = "{issuer.url}"\n'
            f'flow = "service-account"\nkey_file = "{kept / "key.json"}"\n'
        )
        left = _run(tmp_path, profile)
        assertion = issuer.forms("/token")[0]["assertion"]
    for line in pem.splitlines()[1:-1]:
        assert line.encode() not in left
    assert_nowhere(left, assertion)


def test_metadata_cannot_lead_the_secret_to_another_scheme(pki: TestPki, tmp_path: Path) -> None:
    with FakeIssuer(pki) as issuer, FakeIssuer(pki, tls=False) as thief:
        told = issuer.metadata(token_endpoint=f"http://thief.example:1/{thief.url[-5:]}")
        issuer.on(METADATA, Answer(told))
        left = left_behind(pki, tmp_path, issuer, SERVERS["accepted"])
    assert thief.asked == []
    assert b"not an https:// URL" in left.replace(b"\n", b" ")
