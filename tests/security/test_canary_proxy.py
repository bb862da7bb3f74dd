"""The proxy's password of a whole process: looked for in everything that the process leaves."""

from __future__ import annotations

import base64
import os
import subprocess
import sys
from pathlib import Path

import pytest

from smtpcheck.report.formats import FORMATS
from tests.pki import TestPki
from tests.scripted.proxies import Client, Play, ScriptedProxy, socks5
from tests.scripted.server import ScriptedServer

ROOT = Path(__file__).parent.parent.parent
CANARY = "canary-Pr0xy-w0rd"
USER = "proxyuser"
GOOD = "S: 220 mail.example.test\nC: EHLO\nS: 250 mail.example.test"
FORMS = (
    CANARY,
    base64.b64encode(CANARY.encode()).decode(),
    base64.b64encode(f"{USER}:{CANARY}".encode()).decode(),
    base64.b64encode(f"\0{USER}\0{CANARY}".encode()).decode(),
    CANARY.encode().hex(),
)
ECHO = " ".join(FORMS)


def http_echo(status: str) -> Play:
    """An HTTP proxy that repeats the login in everything it says."""

    def play(client: Client) -> None:
        client.head()
        client.say(f"HTTP/1.1 {status} you said {ECHO}\r\nX: {ECHO}\r\n\r\n{ECHO}".encode())

    return play


def ntlm_echo(client: Client) -> None:
    client.head()
    token = base64.b64encode(CANARY.encode()).decode()
    head = f"HTTP/1.1 407 {CANARY}\r\nProxy-Authenticate: NTLM {token}\r\n"
    client.say(
        f"{head}Proxy-Authenticate: Basic realm={CANARY}\r\nContent-Length: 0\r\n\r\n".encode()
    )


def server_echo(client: Client) -> None:
    """What stands behind the proxy knows the login too, and says it."""
    client.head()
    client.say(f"HTTP/1.1 200 OK\r\n\r\n554 {ECHO}\r\n".encode())


def no_proxy_echo(client: Client) -> None:
    """What is no proxy at all; what it is asked after that holds no login."""
    client.say(ECHO.encode())
    client.read(100_000)


PROXIES: dict[str, tuple[str, Play | None, int]] = {
    "socks5-good": ("socks5", None, 0),
    "socks5-refused": ("socks5", socks5(1, login=b"other:other"), 11),
    "http-refused": ("http", http_echo("407"), 11),
    "http-forbidden": ("http", http_echo("403"), 11),
    "http-no-proxy": ("http", no_proxy_echo, 11),
    "http-server": ("http", server_echo, 11),
    "ntlm": ("ntlm", ntlm_echo, 11),
}


@pytest.mark.parametrize("name", list(PROXIES))
@pytest.mark.parametrize("source", ["env", "file", "url"])
def test_the_password_of_the_proxy_is_nowhere_to_be_found(
    pki: TestPki, tmp_path: Path, name: str, source: str
) -> None:
    kind, play, code = PROXIES[name]
    kept = tmp_path / "kept"
    kept.mkdir(mode=0o700)
    (kept / "password").write_text(f"{CANARY}\n")
    (kept / "password").chmod(0o600)
    with (
        ScriptedServer(GOOD, pki, strict=False) as server,
        ScriptedProxy(play or socks5(server.port, login=f"{USER}:{CANARY}".encode())) as met,
    ):
        profile = tmp_path / "profile.toml"
        text = (
            f'schema = 1\n[server]\nhost = "127.0.0.1"\nport = {server.port}\n'
            'security = "none"\ntimeout = 1\n'
        )
        sources = {
            "env": '{ env = "TEST_PASSWORD" }',
            "file": f'{{ file = "{kept / "password"}" }}',
        }
        environment = {**os.environ, "HOME": str(tmp_path), "XDG_CONFIG_HOME": str(tmp_path)}
        argv = [sys.executable, "-m", "smtpcheck", "probe", str(profile), "--verbose"]
        if source == "url":
            scheme = "http" if kind == "ntlm" else kind
            environment["ALL_PROXY"] = f"{scheme}://{USER}:{CANARY}@127.0.0.1:{met.port}"
            environment["NO_PROXY"] = environment["no_proxy"] = ""
            argv += ["--proxy", "env"]
        else:
            text += (
                f'[proxy]\ntype = "{kind.replace("ntlm", "http")}"\nhost = "127.0.0.1"\n'
                f'port = {met.port}\nusername = "{USER}"\npassword = {sources[source]}\n'
            ) + ('domain = "D"\n' if kind == "ntlm" else "")
            environment["TEST_PASSWORD"] = CANARY
        profile.write_text(text)
        argv += ["--until", "ehlo", "--debug-file", str(tmp_path / "debug.log")]
        argv += ["--format", "text"]
        for each in FORMATS:
            argv += ["--format", f"{each}={tmp_path / 'report'}.{each}"]
        ended = subprocess.run(
            argv, cwd=ROOT, capture_output=True, timeout=30, env=environment, check=False
        )
        assert len(met.said) == (3 if name == "http-no-proxy" else 1)
        later = b"".join(bytes(each) for each in met.said[1:])
        assert not [form for form in FORMS if form.encode() in later]
    assert ended.returncode == code, ended.stdout.decode() + ended.stderr.decode()
    left = {path: path.read_bytes() for path in tmp_path.iterdir() if path.is_file()}
    assert len(left) == 2 + len(FORMATS)
    for form in FORMS:
        assert form.encode() not in ended.stdout + ended.stderr
        for path, content in left.items():
            assert form.encode() not in content, path.name


def test_a_wrong_password_of_a_proxy_is_tried_once_by_many_targets(
    pki: TestPki, tmp_path: Path
) -> None:
    with ScriptedProxy(socks5(1, login=b"other:other")) as met:
        names = []
        for number in range(4):
            profile = tmp_path / f"p{number}.toml"
            profile.write_text(
                f'schema = 1\n[server]\nhost = "mail{number}.invalid"\n[proxy]\ntype = "socks5"\n'
                f'host = "127.0.0.1"\nport = {met.port}\nusername = "{USER}"\n'
                'password = { env = "TEST_PASSWORD" }\n'
            )
            names.append(str(profile))
        argv = [sys.executable, "-m", "smtpcheck", "probe", *names, "--until", "ehlo"]
        environment = {**os.environ, "HOME": str(tmp_path), "TEST_PASSWORD": CANARY}
        ended = subprocess.run(
            argv, cwd=ROOT, capture_output=True, timeout=60, env=environment, check=False
        )
    assert ended.returncode == 11, ended.stdout.decode()
    assert len(met.said) == 1
    assert b"refused this login before" in ended.stdout
