"""An OpenID provider for the tests (npm package oidc-provider), and a person who signs in there."""

from __future__ import annotations

import base64
import json
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from html import unescape
from pathlib import Path
from typing import Any
from urllib.parse import urljoin

import pytest

from tests.lab.postfix import free_ports, wait_until_listening
from tests.pki import TestPki

AUDIENCE = "mail-of-good-test"
ROBOT = "bob@good.test"
SECRET = "robot-canary-secret"
CHECKER, CHECKER_SECRET = "mail-server", "checker-secret"
"""Who may ask the issuer what a token is worth (RFC 7662)."""
VARIABLE = "OIDC_PROVIDER_MODULES"
_NATIVE = {
    "application_type": "native",
    "token_endpoint_auth_method": "none",
    "redirect_uris": ["http://127.0.0.1/"],
    "response_types": ["code"],
    "grant_types": [
        "authorization_code",
        "refresh_token",
        "urn:ietf:params:oauth:grant-type:device_code",
    ],
}
_CLIENTS = [
    *({"client_id": name, **_NATIVE} for name in ("app", "short", "stranger", "opaque")),
    {
        "client_id": "robot",
        "client_secret": SECRET,
        "token_endpoint_auth_method": "client_secret_post",
        "redirect_uris": [],
        "response_types": [],
        "grant_types": ["client_credentials"],
    },
    {
        "client_id": CHECKER,
        "client_secret": CHECKER_SECRET,
        "token_endpoint_auth_method": "client_secret_basic",
        "redirect_uris": [],
        "response_types": [],
        "grant_types": ["client_credentials"],
    },
]


@dataclass(frozen=True, slots=True)
class Oidc:
    """A running provider."""

    issuer: str
    public_key: str
    """PEM; its key id is `k1`."""
    ca_file: Path


def ready() -> str:
    """The folder of the npm packages. Skips the test where there is none."""
    modules = os.environ.get(VARIABLE, "")
    if not shutil.which("node"):
        pytest.skip("not installed: node (package nodejs, 18 or newer)")
    if not modules or not Path(modules, "oidc-provider").is_dir():
        pytest.skip(f"{VARIABLE} names no node_modules with oidc-provider: npm install it")
    return modules


@contextmanager
def oidc(folder: Path, pki: TestPki) -> Iterator[Oidc]:
    """Starts the provider, waits until it listens, stops it."""
    modules = ready()
    chain, key = pki.write("good")
    [port] = free_ports(1)
    issuer = f"https://127.0.0.1:{port}"
    private, public = _signing_key()
    settings = {
        "modules": modules,
        "issuer": issuer,
        "port": port,
        "chain_file": str(chain),
        "key_file": str(key),
        "key": private,
        "clients": _CLIENTS,
        "resource": "https://mail.good.test",
        "audience": AUDIENCE,
        "robot": ROBOT,
    }
    (folder / "oidc.json").write_text(json.dumps(settings))
    argv = ["node", str(Path(__file__).with_name("oidc_server.mjs")), str(folder / "oidc.json")]
    with (folder / "oidc.log").open("wb") as out:
        process = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=out, stderr=out)
        try:
            wait_until_listening([port], folder / "oidc.log")
            yield Oidc(issuer, public, pki.ca_file)
        finally:
            process.kill()
            process.wait()


def sign_in(server: Oidc, url: str, user: str, **fields: str) -> Any:
    """Goes through the pages from this address as a browser would, fills in every form, and
    returns the last answer: the page without a form, or the redirect to another host."""
    import requests

    browser = requests.Session()
    browser.trust_env = False
    browser.verify = str(server.ca_file)
    filled = {"login": user, "password": "any", **fields}
    answer = browser.get(url, allow_redirects=False, timeout=10)
    for _ in range(20):
        if answer.is_redirect:
            target = urljoin(answer.url, answer.headers["Location"])
            if not target.startswith(server.issuer):
                return browser.get(target, timeout=10)
            answer = browser.get(target, allow_redirects=False, timeout=10)
            continue
        form = _form(answer.text)
        if form is None:
            return answer
        action, hidden = form
        data = {**hidden, **{name: value for name, value in filled.items() if name in answer.text}}
        target = urljoin(answer.url, action)
        answer = browser.post(target, data=data, allow_redirects=False, timeout=10)
    raise AssertionError(f"the pages of the issuer do not end: {answer.text[:500]}")


def _form(page: str) -> tuple[str, dict[str, str]] | None:
    """Where the page's form goes, and its hidden fields."""
    action = re.search(r'<form[^>]*\baction="([^"]*)"', page)
    if action is None:
        return None
    hidden = {}
    for tag in re.findall(r"<input[^>]*>", page):
        named = dict(re.findall(r'(\w+)="([^"]*)"', tag))
        if named.get("type") == "hidden" and "name" in named:
            hidden[named["name"]] = unescape(named.get("value", ""))
    return unescape(action[1]), hidden


def _signing_key() -> tuple[dict[str, str], str]:
    """A key as JWK, and its public half as PEM."""
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric import rsa

    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    numbers = key.private_numbers()
    parts = {
        "n": numbers.public_numbers.n,
        "e": numbers.public_numbers.e,
        "d": numbers.d,
        "p": numbers.p,
        "q": numbers.q,
        "dp": numbers.dmp1,
        "dq": numbers.dmq1,
        "qi": numbers.iqmp,
    }
    jwk = {name: _number(value) for name, value in parts.items()}
    public = key.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    return {"kty": "RSA", "kid": "k1", "alg": "RS256", "use": "sig", **jwk}, public.decode()


def _number(value: int) -> str:
    raw = value.to_bytes((value.bit_length() + 7) // 8, "big")
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")
