"""An issuer that a test scripts: HTTPS on loopback, answers as values, requests kept."""

from __future__ import annotations

import base64
import json
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self
from urllib.parse import parse_qsl, urlsplit

from smtpcheck.model.profile import OAuth
from smtpcheck.model.secret import Secret
from smtpcheck.model.token import ServiceKey
from smtpcheck.oauth.http import Clock
from smtpcheck.oauth.issuer import Client, Issuer
from tests.pki import TestPki

METADATA = "/.well-known/openid-configuration"


@dataclass(frozen=True, slots=True)
class Asked:
    """One request."""

    method: str
    path: str
    form: dict[str, str]
    headers: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer. `body`: bytes, or what becomes JSON. `drip`: seconds between its bytes."""

    body: object = b""
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    drip: float = 0.0


Reply = Answer | Callable[[Asked], Answer]


class FakeIssuer:
    """Answers each path by its list of replies, the last one for ever."""

    def __init__(self, pki: TestPki, *, certificate: str = "good", tls: bool = True) -> None:
        self.asked: list[Asked] = []
        self.replies: dict[str, list[Reply]] = {}
        issuer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                issuer._serve(self)

            def do_POST(self) -> None:
                issuer._serve(self)

            def log_message(self, *_: Any) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        if tls:
            context = pki.context(certificate)
            self._server.socket = context.wrap_socket(self._server.socket, server_side=True)
        scheme = "https" if tls else "http"
        self.url = f"{scheme}://127.0.0.1:{self._server.server_address[1]}"
        self.pki = pki
        self.replies[METADATA] = [Answer(self.metadata())]
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,))

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def metadata(self, **more: object) -> dict[str, object]:
        """Metadata that name every endpoint."""
        return {
            "issuer": self.url,
            "token_endpoint": f"{self.url}/token",
            "authorization_endpoint": f"{self.url}/authorize",
            "device_authorization_endpoint": f"{self.url}/device",
            "revocation_endpoint": f"{self.url}/revoke",
            "token_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post"],
            **more,
        }

    def forms(self, path: str) -> list[dict[str, str]]:
        """The forms that were sent to a path."""
        return [each.form for each in self.asked if each.path == path]

    def on(self, path: str, *replies: Reply) -> None:
        """What a path answers from now on."""
        self.replies[path] = list(replies)

    def client(self, flow: str = "device", *, seconds: float = 5.0, **more: Any) -> Issuer:
        """This issuer as the program sees it."""
        secret, key = more.pop("secret", None), more.pop("key", None)
        settings = {"issuer": self.url, "client_id": "app-1", "flow": flow, **more}
        client = Client(
            oauth=OAuth(**settings),
            username="alice@example.test",
            ca_file=str(self.pki.ca_file),
            secret=Secret(secret) if secret else None,
            key=key,
        )
        return Issuer(client, Clock(seconds))

    def _serve(self, handler: BaseHTTPRequestHandler) -> None:
        path = urlsplit(handler.path).path
        length = int(handler.headers.get("Content-Length") or 0)
        pairs = parse_qsl(handler.rfile.read(length).decode())
        form = dict(pairs)
        assert len(form) == len(pairs), "a parameter was sent twice"
        asked = Asked(handler.command, path, form, dict(handler.headers))
        self.asked.append(asked)
        waiting = self.replies.get(path, [Answer(status=404)])
        reply = waiting.pop(0) if len(waiting) > 1 else waiting[0]
        answer = reply(asked) if callable(reply) else reply
        _send(handler, answer)


def _send(handler: BaseHTTPRequestHandler, answer: Answer) -> None:
    body = answer.body if isinstance(answer.body, bytes) else json.dumps(answer.body).encode()
    handler.send_response(answer.status)
    kind = "text/plain" if isinstance(answer.body, bytes) else "application/json"
    for name, value in {"Content-Type": kind, **answer.headers}.items():
        handler.send_header(name, value)
    handler.send_header("Content-Length", str(len(body)))
    handler.end_headers()
    pieces = [bytes([each]) for each in body] if answer.drip else [body]
    try:
        for piece in pieces:
            handler.wfile.write(piece)
            handler.wfile.flush()
            time.sleep(answer.drip)
    except OSError:
        return  # whoever asked has left


def jwt(**claims: object) -> str:
    """A JWT with these claims and a signature that nobody checks."""

    def part(value: object) -> str:
        return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")

    return f"{part({'alg': 'RS256', 'typ': 'JWT'})}.{part(claims)}.c2lnbmF0dXJl"


def granted(**more: object) -> Answer:
    """A token response."""
    told = {"access_token": "access-canary-1", "token_type": "Bearer", "expires_in": 3600}
    return Answer({**told, **more})


def refusal(error: str, description: str = "", status: int = 400) -> Answer:
    """An error response (RFC 6749 section 5.2)."""
    told = {"error": error, **({"error_description": description} if description else {})}
    return Answer(told, status)


def new_service_key() -> tuple[ServiceKey, str]:
    """A key of a service account, and its public half as PEM."""
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric import rsa

    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    private = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    ).decode()
    public = key.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    return ServiceKey(email="robot@p.example", key=Secret(private), key_id="k1"), public.decode()
