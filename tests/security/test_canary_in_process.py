"""The password of a whole process: looked for in everything that the process leaves behind."""

from __future__ import annotations

import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import quote

import pytest

from smtpcheck.sandbox.mechanisms import MECHANISMS
from smtpcheck.sandbox.scenario import Scenario
from smtpcheck.sandbox.server import Sandbox
from smtpcheck.wire.sasl_choice import TOKEN_MECHANISMS
from tests.pki import TestPki
from tests.scripted.probing import PASSWORD, USERNAME, forms
from tests.scripted.server import ScriptedServer

ROOT = Path(__file__).parent.parent.parent
ECHO = " ".join(forms(PASSWORD))
LATE_ECHO = (
    "!: include parts/login.smtp\nC: MAIL\n"
    f"S: 550 5.7.1 {ECHO} | 503 {ECHO} | 503 {ECHO}\nC: *\nS: 221 {ECHO}"
)
CONVERSATIONS = {
    "success": ("!: include parts/login.smtp\n!: include parts/envelope.smtp", 0),
    "refusal": ("!: include parts/starttls.smtp\nC: AUTH\nS: 535 5.7.8 wrong", 13),
    "echo": (f"!: include parts/starttls.smtp\nC: AUTH\nS: 535 5.7.8 not {ECHO}", 13),
    "silence": ("!: include parts/starttls.smtp\nC: AUTH\n!: hang", 13),
    "reset": ("!: include parts/starttls.smtp\nC: AUTH\n!: reset", 13),
    "half": (f"!: include parts/starttls.smtp\nC: AUTH\n!: bytes 535-{ECHO}\n!: close", 13),
    "no-tls": ("S: 220 x\nC: EHLO\nS: 250-x | 250 AUTH PLAIN", 12),
    "late-echo": (LATE_ECHO, 14),
}


@pytest.mark.parametrize("name", list(CONVERSATIONS))
@pytest.mark.parametrize("source", ["env", "file", "command"])
def test_the_password_is_nowhere_to_be_found(
    pki: TestPki, tmp_path: Path, name: str, source: str
) -> None:
    conversation, code = CONVERSATIONS[name]
    kept = tmp_path / "kept"
    kept.mkdir(mode=0o700)
    (kept / "password").write_text(f"{PASSWORD}\n")
    (kept / "password").chmod(0o600)
    sources = {
        "env": '{ env = "TEST_PASSWORD" }',
        "file": f'{{ file = "{kept / "password"}" }}',
        "command": f'{{ command = ["cat", "{kept / "password"}"] }}',
    }
    with ScriptedServer(conversation, pki, strict=False) as server:
        profile = tmp_path / "profile.toml"
        profile.write_text(
            "schema = 1\n"
            f'[server]\nhost = "127.0.0.1"\nport = {server.port}\nsecurity = "starttls"\n'
            "timeout = 0.5\n"
            f'[tls]\nca_file = "{pki.ca_file}"\n'
            f'[auth]\nusername = "{USERNAME}"\npassword = {sources[source]}\n'
            f'[sender]\naddress = "{USERNAME}"\n[test]\nto = ["ops@example.test"]\n'
        )
        argv = [sys.executable, "-m", "smtpcheck", "probe", str(profile), "--verbose"]
        argv += ["--format", "text", "--format", f"json={tmp_path / 'report.json'}"]
        argv += ["--format", f"html={tmp_path / 'report.html'}"]
        argv += ["--debug-file", str(tmp_path / "debug.log")]
        environment = {**os.environ, "HOME": str(tmp_path), "XDG_CONFIG_HOME": str(tmp_path)}
        if source == "env":
            environment["TEST_PASSWORD"] = PASSWORD
        ended = subprocess.run(
            argv, cwd=ROOT, capture_output=True, timeout=30, env=environment, check=False
        )
    assert ended.returncode == code, ended.stdout.decode() + ended.stderr.decode()
    left = {path: path.read_bytes() for path in tmp_path.iterdir() if path.is_file()}
    assert {path.name for path in left} == {
        "profile.toml",
        "report.json",
        "report.html",
        "debug.log",
    }
    for form in forms(PASSWORD):
        assert form.encode() not in ended.stdout + ended.stderr
        for path, content in left.items():
            assert form.encode() not in content, path.name
        assert form.encode() not in server.plain_received


@pytest.mark.parametrize("right", [True, False])
@pytest.mark.parametrize("name", [each for each in MECHANISMS if each != "EXTERNAL"])
def test_no_mechanism_leaves_the_password_anywhere(tmp_path: Path, name: str, right: bool) -> None:
    if name == "NTLM" and find_spec("spnego") is None:
        pytest.skip("the extra ntlm is not installed")
    told: list[str] = []
    accounts = {USERNAME: PASSWORD if right else "another"}
    with Sandbox(
        users=accounts, mechanisms=(name,), on_event=lambda talk: told.append(talk.text)
    ) as server:
        argv = [sys.executable, "-m", "smtpcheck", "probe", "--verbose", "--no-experiments"]
        argv += [f"submission://{quote(USERNAME, safe='')}@localhost:{server.submission_port}"]
        argv += ["--set", f"tls.ca_file={server.ca_file}", "--until", "auth"]
        argv += ["--set", f"auth.method={name.removesuffix('-PLUS').lower()}"]
        argv += ["--format", "text", "--format", f"json={tmp_path / 'report.json'}"]
        argv += ["--debug-file", str(tmp_path / "debug.log")]
        environment = {**os.environ, "HOME": str(tmp_path), "XDG_CONFIG_HOME": str(tmp_path)}
        secret = server.token if right and name in TOKEN_MECHANISMS else PASSWORD
        environment["SMTPCHECK_PASSWORD"] = secret
        ended = subprocess.run(
            argv, cwd=ROOT, capture_output=True, timeout=30, env=environment, check=False
        )
    assert ended.returncode == (0 if right else 13), ended.stdout.decode() + ended.stderr.decode()
    files = {path.name: path.read_bytes() for path in tmp_path.iterdir() if path.is_file()}
    assert set(files) == {"report.json", "debug.log"}
    assert f"AUTH {name}".encode() in files["debug.log"]
    seen = [ended.stdout, ended.stderr, *files.values(), "\n".join(told).encode()]
    for form in (*forms(secret), quote(secret, safe=""), secret.encode("utf-16-le").hex()):
        assert not [each for each in seen if form.encode() in each], form


def test_a_defect_in_a_mechanism_shows_no_password(tmp_path: Path) -> None:
    """What a library puts into its exception is not ours to choose."""
    broken = tmp_path / "lib" / "spnego"
    broken.mkdir(parents=True)
    (broken / "__init__.py").write_text(
        "class NegotiateOptions:\n    use_ntlm = 1\n"
        "def client(username, password, **rest):\n    raise RuntimeError(password)\n"
    )
    (broken / "channel_bindings.py").write_text(
        "def GssChannelBindings(**rest):\n    return None\n"
    )
    (broken / "exceptions.py").write_text("class SpnegoError(Exception):\n    pass\n")
    with Sandbox(users={USERNAME: PASSWORD}, scenario=Scenario(mechanisms=("NTLM",))) as server:
        argv = [sys.executable, "-m", "smtpcheck", "probe", "--verbose", "--no-experiments"]
        argv += [f"submission://{quote(USERNAME, safe='')}@localhost:{server.submission_port}"]
        argv += ["--set", f"tls.ca_file={server.ca_file}", "--set", "auth.method=ntlm"]
        environment = {**os.environ, "HOME": str(tmp_path), "XDG_CONFIG_HOME": str(tmp_path)}
        environment |= {"SMTPCHECK_PASSWORD": PASSWORD, "PYTHONPATH": str(tmp_path / "lib")}
        ended = subprocess.run(
            argv, cwd=ROOT, capture_output=True, timeout=30, env=environment, check=False
        )
    files = [path for path in tmp_path.rglob("*") if path.is_file() and path.suffix != ".py"]
    left = [path.read_bytes() for path in files]
    assert ended.returncode == 13, ended.stdout.decode() + ended.stderr.decode()
    assert b"RuntimeError" in ended.stdout
    for form in forms(PASSWORD):
        assert not [each for each in (ended.stdout, ended.stderr, *left) if form.encode() in each]
