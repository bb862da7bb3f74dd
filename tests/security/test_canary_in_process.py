"""The password of a whole process: looked for in everything that the process leaves behind."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

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
        argv += ["--debug-file", str(tmp_path / "debug.log")]
        environment = {**os.environ, "HOME": str(tmp_path), "XDG_CONFIG_HOME": str(tmp_path)}
        if source == "env":
            environment["TEST_PASSWORD"] = PASSWORD
        ended = subprocess.run(
            argv, cwd=ROOT, capture_output=True, timeout=30, env=environment, check=False
        )
    assert ended.returncode == code, ended.stdout.decode() + ended.stderr.decode()
    left = {path: path.read_bytes() for path in tmp_path.iterdir() if path.is_file()}
    assert {path.name for path in left} == {"profile.toml", "report.json", "debug.log"}
    for form in forms(PASSWORD):
        assert form.encode() not in ended.stdout + ended.stderr
        for path, content in left.items():
            assert form.encode() not in content, path.name
        assert form.encode() not in server.plain_received
