"""TLS and basic authentication before a running exporter."""

from __future__ import annotations

import base64
import shutil
import socket
import ssl
from pathlib import Path

import bcrypt
import pytest
import trustme

from smtpcheck.sandbox.server import Sandbox
from smtpcheck.serve.web_users import Users
from tests.pki import TestPki
from tests.serve.exporting import World

PASSWORD = "canary-web-Pa55"
HASH = bcrypt.hashpw(PASSWORD.encode(), bcrypt.gensalt(4)).decode()
USERS = f"basic_auth_users:\n  scraper: {HASH}\n"


def basic(user: str, password: str) -> str:
    return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()


class Door:
    """A web configuration with a certificate, and clients that trust it."""

    def __init__(self, folder: Path, pki: TestPki) -> None:
        self.pki = pki
        self.path = folder / "web.yml"
        self.certificate("good")
        self.clients = trustme.CA()
        self.clients.cert_pem.write_to_path(str(folder / "clients.pem"))

    def certificate(self, kind: str) -> None:
        """Puts another certificate in place."""
        chain, key = self.pki.write(kind)
        shutil.copy(chain, self.path.parent / "web.pem")
        shutil.copy(key, self.path.parent / "web.key")

    def write(self, more: str = "", tls: str = "") -> Path:
        """The file: TLS, and more."""
        self.path.write_text(
            f"tls_server_config:\n  cert_file: web.pem\n  key_file: web.key\n{tls}{more}"
        )
        return self.path

    def client(self, name: str = "") -> ssl.SSLContext:
        """Settings of a client, which shows a certificate where it has a name."""
        context = ssl.create_default_context(cafile=str(self.pki.ca_file))
        if name:
            self.clients.issue_cert(name).configure_cert(context)
        return context


@pytest.fixture
def door(tmp_path: Path, pki: TestPki) -> Door:
    return Door(tmp_path, pki)


@pytest.mark.parametrize(
    "header",
    [
        "",
        "Basic",
        "Basic !!!",
        "Bearer abc",
        basic("scraper", "wrong"),
        basic("scraper", PASSWORD + "x"),
        basic("scraper", ""),
        basic("other", PASSWORD),
        basic("", ""),
        basic("scraper", "a\0b"),
        "Basic " + base64.b64encode(b"scraper").decode(),
        "Basic " + base64.b64encode(b"\xff\xfe:\xff").decode(),
        basic("scraper", "p" * 5000),
    ],
)
@pytest.mark.parametrize("page", ["/probe?target=x", "/metrics", "/", "/-/healthy", "/nothing"])
def test_nobody_comes_in_without_the_password(
    world: World, server: Sandbox, header: str, page: str
) -> None:
    (world.folder / "web.yml").write_text(USERS)
    path = world.write("good", server, server.password)
    with world.serving(path, web_config=world.folder / "web.yml") as client:
        answer = client.get(page, {"Authorization": header} if header else {})
    assert answer.status == 401
    assert answer.headers["WWW-Authenticate"].startswith("Basic")


def test_the_password_opens_and_is_nowhere_to_be_read(world: World, server: Sandbox) -> None:
    (world.folder / "web.yml").write_text(USERS)
    path = world.write("good", server, server.password)
    with world.serving(path, web_config=world.folder / "web.yml") as client:
        answers = [
            client.get(page, {"Authorization": basic("scraper", PASSWORD)})
            for page in ("/metrics", "/", "/-/ready", f"/probe?target={path}")
        ]
    for answer in answers:
        assert answer.status == 200
        assert PASSWORD not in answer.text
    assert PASSWORD not in world.log.getvalue()


def test_an_answer_is_kept_and_a_wrong_one_never_turns_into_a_right_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    checked: list[bytes] = []
    real = bcrypt.checkpw

    def checkpw(password: bytes, hashed: bytes) -> bool:
        checked.append(hashed)
        return real(password, hashed)

    monkeypatch.setattr(bcrypt, "checkpw", checkpw)
    users = Users({"scraper": HASH.encode()})
    for _ in range(3):
        assert users.admits(basic("scraper", PASSWORD))
        assert not users.admits(basic("scraper", "wrong"))
        assert not users.admits(basic("scrape", f"r:{PASSWORD}"))
    assert len(checked) == 3
    assert {hashed.split(b"$")[2] for hashed in checked} == {b"04"}, "unknown users cost the same"
    assert PASSWORD not in repr(vars(users))


def test_no_password_opens_the_hash_of_nobody() -> None:
    users = Users({"scraper": HASH.encode()})
    for password in ("", ".", "fakepassword", PASSWORD):
        assert not bcrypt.checkpw(password.encode(), users._nobody)


def test_many_wrong_passwords_neither_fill_the_memory_nor_push_out_a_right_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    users = Users({"scraper": HASH.encode()})
    assert users.admits(basic("scraper", PASSWORD))
    for number in range(300):
        assert not users.admits(basic("scraper", f"wrong{number}"))
    assert len(users._wrong) <= 256
    monkeypatch.setattr(bcrypt, "checkpw", lambda *_: pytest.fail("it was known"))
    assert users.admits(basic("scraper", PASSWORD))


def test_tls_is_spoken_and_nothing_else(world: World, server: Sandbox, door: Door) -> None:
    path = world.write("good", server, server.password)
    with world.serving(path, web_config=door.write()) as client:
        assert client.url.startswith("https://")
        assert client.get("/-/healthy", tls=door.client()).status == 200
        with socket.create_connection((client.host, client.port), timeout=20) as plain:
            plain.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
            got = b""
            try:
                while more := plain.recv(4096):
                    got += more
            except ConnectionResetError:
                pass
    assert not got.startswith(b"HTTP/")


def test_old_versions_are_refused(world: World, server: Sandbox, door: Door) -> None:
    path = world.write("good", server, server.password)
    old = door.client()
    old.maximum_version = ssl.TLSVersion.TLSv1_2
    tls = "  min_version: TLS13\n"
    with (
        world.serving(path, web_config=door.write(tls=tls)) as client,
        pytest.raises((ssl.SSLError, ConnectionResetError)),
    ):
        client.get("/-/healthy", tls=old)


@pytest.mark.parametrize(
    ("sans", "name", "enters"),
    [
        ("", "", False),
        ("", "scraper.test", True),
        ("  client_allowed_sans: [scraper.test]\n", "scraper.test", True),
        ("  client_allowed_sans: [other.test]\n", "scraper.test", False),
    ],
)
def test_client_certificates_are_asked_for(
    world: World, server: Sandbox, door: Door, sans: str, name: str, enters: bool
) -> None:
    path = world.write("good", server, server.password)
    tls = f"  client_auth_type: RequireAndVerifyClientCert\n  client_ca_file: clients.pem\n{sans}"
    with world.serving(path, web_config=door.write(tls=tls)) as client:
        try:
            status = client.get("/-/healthy", tls=door.client(name)).status
        except OSError:
            status = 0
    assert (status == 200) is enters


def test_a_renewed_certificate_is_used_by_the_next_connection(
    world: World, server: Sandbox, door: Door
) -> None:
    def presented(port: int) -> str:
        context = ssl.create_default_context()
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        with (
            socket.create_connection(("127.0.0.1", port), timeout=20) as sock,
            context.wrap_socket(sock) as tls,
        ):
            return str(tls.getpeercert(binary_form=True))

    path = world.write("good", server, server.password)
    with world.serving(path, web_config=door.write()) as client:
        before = presented(client.port)
        door.certificate("expires-soon")
        assert presented(client.port) != before
        (door.path.parent / "web.pem").write_text("no certificate any more")
        kept = presented(client.port)
        state = client.get("/metrics", tls=door.client())
        assert state.value("smtpcheck_config_last_reload_successful") == 0
        door.certificate("good")
        assert presented(client.port) != kept
    assert world.logged("web configuration not read: the last good one stays")


def test_a_broken_file_opens_no_door(world: World, server: Sandbox) -> None:
    web = world.folder / "web.yml"
    web.write_text(USERS)
    path = world.write("good", server, server.password)
    with world.serving(path, web_config=web) as client:
        web.write_text("basic_auth_users:\n  scraper: oops\n")
        assert client.get("/-/healthy").status == 401
        web.unlink()
        assert client.get("/-/healthy").status == 401
        assert client.get("/-/healthy", {"Authorization": basic("scraper", PASSWORD)}).status == 200
        web.write_text(f"basic_auth_users:\n  other: {HASH}\n")
        assert client.get("/-/healthy", {"Authorization": basic("scraper", PASSWORD)}).status == 401
        assert client.get("/-/healthy", {"Authorization": basic("other", PASSWORD)}).status == 200


def test_headers_are_added_to_every_answer(world: World, server: Sandbox) -> None:
    web = world.folder / "web.yml"
    web.write_text("http_server_config:\n  headers:\n    X-Frame-Options: deny\n")
    path = world.write("good", server, server.password)
    with world.serving(path, web_config=web) as client:
        for page in ("/", "/nothing", "/metrics"):
            assert client.get(page).headers["X-Frame-Options"] == "deny"


def test_the_rate_is_limited(world: World, server: Sandbox) -> None:
    web = world.folder / "web.yml"
    web.write_text("rate_limit:\n  interval: 1h\n  burst: 2\n")
    path = world.write("good", server, server.password)
    with world.serving(path, web_config=web) as client:
        assert [client.get("/-/healthy").status for _ in range(4)] == [200, 200, 429, 429]
