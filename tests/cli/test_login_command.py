"""`smtpcheck login`: what it gets, keeps, tells and never shows."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from smtpcheck.report.schema_commands import logins_schema
from tests import keyring_fakes
from tests.cli.command_line import CommandLine, Done
from tests.oauth.fake_issuer import METADATA, Answer, FakeIssuer, granted, jwt, refusal
from tests.pki import TestPki
from tests.schema_check import keeps_to
from tests.scripted.server import ScriptedServer

ACCESS = "access-canary-token"
REFRESH = "refresh-canary-token"
SECRET = "client-canary-secret"
DEVICE = {
    "device_code": "device-canary-code",
    "user_code": "WXYZ-1234",
    "verification_uri": "https://issuer.example/device",
    "expires_in": 60,
    "interval": 1,
}
SCRIPT = """
!: include parts/hello.smtp
C: STARTTLS
S: 220 go
!: tls good
C: EHLO *
S: 250-x | 250 AUTH OAUTHBEARER XOAUTH2
C: AUTH XOAUTH2 *
S: 235 2.7.0 ok
"""
Backend = Callable[[str], None]


@pytest.fixture
def issuer(pki: TestPki) -> Iterator[FakeIssuer]:
    with FakeIssuer(pki) as running:
        running.on("/device", Answer(DEVICE))
        running.on("/token", granted(access_token=ACCESS, refresh_token=REFRESH))
        yield running


def profile(server: FakeIssuer, *, port: int = 587, **oauth: str) -> str:
    settings = {"issuer": server.url, "client_id": "app-1", **oauth}
    lines = [
        f"{key} = {value if value.startswith('{') else json.dumps(value)}"
        for key, value in settings.items()
    ]
    return "\n".join(
        [
            "[server]",
            'host = "127.0.0.1"',
            f"port = {port}",
            'security = "starttls"',
            "[tls]",
            f'ca_file = "{server.pki.ca_file}"',
            'server_name = "mail.example.test"',
            "[auth]",
            'username = "alice@example.test"',
            "[auth.oauth]",
            *lines,
        ]
    )


def unseen(done: Done) -> None:
    """No secret of the flow stands in what was said."""
    for canary in (ACCESS, REFRESH, SECRET, "device-canary-code"):
        assert canary not in done.out + done.err


def test_a_device_login_is_kept_told_used_and_ended(
    smtpcheck: CommandLine, issuer: FakeIssuer, pki: TestPki
) -> None:
    with ScriptedServer(SCRIPT, pki) as server:
        smtpcheck.write("mail", profile(issuer, port=server.port))
        done = smtpcheck("login", "mail", "--wait")
        unseen(done)
        assert done.code == 0, done.err
        assert "https://issuer.example/device" in done.err
        assert "WXYZ-1234" in done.err
        assert REFRESH in "".join(keyring_fakes.Memory.values.values())
        status = smtpcheck("login", "--status")
        unseen(status)
        assert status.code == 0
        assert "scopes: openid email offline_access" in status.out
        probe = smtpcheck("probe", "mail", "--until", "auth", "--verbose")
        unseen(probe)
        assert probe.code == 0, probe.out
    issuer.on("/revoke", Answer(b""))
    ended = smtpcheck("login", "mail", "--logout")
    unseen(ended)
    assert (ended.code, issuer.forms("/revoke")[0]["token"]) == (0, REFRESH)
    assert keyring_fakes.Memory.values == {}
    assert smtpcheck("login", "mail", "--status").code == 1
    assert smtpcheck("login", "mail", "--logout").code == 1


def test_the_status_for_programs(smtpcheck: CommandLine, issuer: FakeIssuer) -> None:
    smtpcheck.write("mail", profile(issuer))
    issuer.on("/token", granted(access_token=jwt(upn="alice@example.test", exp=4e9)))
    assert smtpcheck("login", "mail", "--wait").code == 0
    told = json.loads(smtpcheck("login", "--status", "--format", "json").out)
    keeps_to(logins_schema, told)
    assert told["schema"] == 1
    [login] = told["logins"]
    assert login["account"] == "alice@example.test"
    assert login["expires"] == "2096-10-02T07:06:40Z"
    assert (login["kept"], login["renewable"]) == (True, False)


def test_a_due_token_is_renewed_in_a_step_of_its_own_and_kept(
    smtpcheck: CommandLine, issuer: FakeIssuer, pki: TestPki
) -> None:
    issuer.on("/token", granted(access_token=ACCESS, refresh_token=REFRESH, expires_in=30))
    with ScriptedServer(SCRIPT, pki) as server:
        smtpcheck.write("mail", profile(issuer, port=server.port))
        assert smtpcheck("login", "mail", "--wait").code == 0
        issuer.on("/token", granted(access_token="second-canary", refresh_token="rotated-canary"))
        done = smtpcheck("probe", "mail", "--until", "auth", "--format", "json")
    assert done.code == 0
    assert "canary" not in done.out
    [auth] = [
        each for each in json.loads(done.out)["targets"][0]["stages"] if each["stage"] == "auth"
    ]
    assert [each["step"] for each in auth["steps"]] == ["auth.choose", "auth.token", "auth.login"]
    assert auth["steps"][1]["refreshed"] is True
    assert issuer.forms("/token")[-1]["refresh_token"] == REFRESH
    assert "rotated-canary" in "".join(keyring_fakes.Memory.values.values())


REFUSALS = {
    "revoked": (
        refusal("invalid_grant", "Token has been expired or revoked."),
        13,
        "token-invalid",
    ),
    "client": (refusal("invalid_client", "AADSTS7000222: keys are expired", 401), 13, "config"),
    "html": (Answer(b"<h1>hi"), 13, "config"),
    "busy": (refusal("temporarily_unavailable", status=503), 13, "issuer-unreachable"),
    "echo": (refusal("invalid_grant", f"{REFRESH} is no good"), 13, "token-invalid"),
}


@pytest.mark.parametrize("name", list(REFUSALS))
def test_a_refusal_to_renew_is_a_cause(
    smtpcheck: CommandLine, issuer: FakeIssuer, pki: TestPki, name: str
) -> None:
    answer, code, found = REFUSALS[name]
    issuer.on("/token", granted(access_token=ACCESS, refresh_token=REFRESH, expires_in=30))
    with ScriptedServer(SCRIPT, pki, strict=False) as server:
        smtpcheck.write("mail", profile(issuer, port=server.port))
        assert smtpcheck("login", "mail", "--wait").code == 0
        issuer.on("/token", answer)
        done = smtpcheck("probe", "mail", "--until", "auth", "--no-experiments", "--verbose")
    unseen(done)
    assert done.code == code
    assert f"error[auth-oauth-{found}]" in done.out
    assert REFRESH in "".join(keyring_fakes.Memory.values.values())


def test_an_issuer_that_hangs_ends_with_the_deadline(
    smtpcheck: CommandLine, issuer: FakeIssuer, pki: TestPki
) -> None:
    issuer.on("/token", granted(access_token=ACCESS, refresh_token=REFRESH, expires_in=30))
    with ScriptedServer(SCRIPT, pki, strict=False) as server:
        smtpcheck.write("mail", profile(issuer, port=server.port))
        assert smtpcheck("login", "mail", "--wait").code == 0
        issuer.on("/token", Answer({"access_token": "x"}, drip=0.5))
        begun = time.monotonic()
        done = smtpcheck("probe", "mail", "--until", "auth", "--deadline", "1.5")
    assert done.code == 13
    assert "error[auth-oauth-issuer-unreachable]" in done.out
    assert time.monotonic() - begun < 10


def test_without_a_login_the_probe_says_how_to_sign_in(
    smtpcheck: CommandLine, issuer: FakeIssuer, pki: TestPki
) -> None:
    with ScriptedServer(SCRIPT, pki, strict=False) as server:
        smtpcheck.write("mail", profile(issuer, port=server.port))
        done = smtpcheck("probe", "mail", "--no-experiments")
    assert done.code == 13
    assert "error[auth-credentials-missing]" in done.out
    assert "smtpcheck login mail" in done.out
    assert issuer.asked == []


def test_an_application_needs_no_login(
    smtpcheck: CommandLine, issuer: FakeIssuer, pki: TestPki, monkeypatch: pytest.MonkeyPatch,
    keyring_backend: Backend,
) -> None:  # fmt: skip
    monkeypatch.setenv("APP_SECRET", SECRET)
    keyring_backend("keyring.backends.fail.Keyring")
    settings: dict[str, Any] = {
        "flow": "client-credentials",
        "client_secret": '{ env = "APP_SECRET" }',
    }
    with ScriptedServer(SCRIPT, pki) as server:
        smtpcheck.write("mail", profile(issuer, port=server.port, **settings))
        done = smtpcheck("probe", "mail", "--until", "auth", "--verbose")
    unseen(done)
    assert done.code == 0, done.out
    assert issuer.forms("/token")[0]["client_secret"] == SECRET


def test_a_key_that_others_can_read_is_noted(
    smtpcheck: CommandLine, issuer: FakeIssuer, pki: TestPki, tmp_path: Path
) -> None:
    key = tmp_path / "key.json"
    key.write_text("{}")
    key.chmod(0o644)
    with ScriptedServer(SCRIPT, pki, strict=False) as server:
        settings: dict[str, Any] = {"flow": "service-account", "key_file": str(key)}
        smtpcheck.write("mail", profile(issuer, port=server.port, **settings))
        done = smtpcheck("probe", "mail", "--no-experiments")
    assert done.code == 13
    assert f"chmod 600 {key}" in " ".join(done.out.split())
    assert "is no key of a service account" in " ".join(done.out.split())


def test_a_login_of_another_application_is_not_used(
    smtpcheck: CommandLine, issuer: FakeIssuer
) -> None:
    smtpcheck.write("mail", profile(issuer))
    assert smtpcheck("login", "mail", "--wait").code == 0
    smtpcheck.write("mail", profile(issuer, client_id="app-2"))
    assert smtpcheck("login", "mail", "--status").code == 1


def test_without_a_terminal_nobody_is_waited_for(
    smtpcheck: CommandLine, issuer: FakeIssuer
) -> None:
    smtpcheck.write("mail", profile(issuer))
    done = smtpcheck("login", "mail")
    assert done.code == 2
    assert "there is no terminal" in done.err
    assert "--wait" in done.err
    assert issuer.asked == []


@pytest.mark.parametrize(
    ("backend", "words"),
    [
        ("keyring.backends.fail.Keyring", "no keyring backend"),
        ("keyring.backends.null.Keyring", "did not keep it"),
        ("tests.keyring_fakes.Locked", "locked"),
    ],
)
def test_where_nothing_can_be_kept_nobody_signs_in(
    smtpcheck: CommandLine, issuer: FakeIssuer, keyring_backend: Backend, backend: str, words: str
) -> None:
    keyring_backend(backend)
    smtpcheck.write("mail", profile(issuer))
    done = smtpcheck("login", "mail", "--wait")
    assert done.code == 1
    assert words in done.err
    assert "auth.password '{command=" in done.err
    assert issuer.asked == []


@pytest.mark.parametrize(
    ("oauth", "words"),
    [
        ({"client_id": ""}, "auth.oauth.client_id is missing"),
        ({"issuer": "google"}, "no token for mail by device code"),
        ({"issuer": "google", "flow": "client-credentials"}, "no client credentials"),
        ({"issuer": "microsoft", "flow": "service-account"}, "no service accounts"),
        ({"issuer": "microsoft", "flow": "client-credentials"}, "auth.oauth.tenant is missing"),
        ({"flow": "client-credentials"}, "auth.oauth.client_secret is missing"),
        ({"flow": "service-account"}, "auth.oauth.key_file is missing"),
    ],
)
def test_settings_that_lead_nowhere_are_told_at_once(
    smtpcheck: CommandLine, issuer: FakeIssuer, oauth: dict[str, Any], words: str
) -> None:
    smtpcheck.write("mail", profile(issuer, **oauth))
    done = smtpcheck("login", "mail", "--wait")
    assert done.code == 2
    assert words in done.err
    assert issuer.asked == []


def test_a_refusal_is_told_as_the_cause_that_it_is(
    smtpcheck: CommandLine, issuer: FakeIssuer
) -> None:
    said = "AADSTS700016: Application with identifier 'app-1' was not found in the directory 'x'."
    issuer.on("/token", refusal("unauthorized_client", said))
    smtpcheck.write("mail", profile(issuer))
    done = smtpcheck("login", "mail", "--wait")
    assert done.code == 1
    assert "error[auth-oauth-config]" in done.err
    assert "AADSTS700016" in done.err
    assert done.out == ""


def test_a_missing_extra_names_the_command(
    smtpcheck: CommandLine, issuer: FakeIssuer, monkeypatch: pytest.MonkeyPatch
) -> None:
    import sys

    monkeypatch.setitem(sys.modules, "authlib.integrations.requests_client", None)
    smtpcheck.write("mail", profile(issuer))
    done = smtpcheck("login", "mail", "--wait")
    assert done.code == 2
    assert "pip install 'smtpcheck[oauth]'" in done.err


def test_what_speaks_against_a_token_is_told_with_it(
    smtpcheck: CommandLine, issuer: FakeIssuer
) -> None:
    issuer.on("/token", granted(access_token=jwt(upn="bob@example.test", exp=4e9)))
    text = profile(issuer).replace("[auth.oauth]", 'password = { env = "X" }\n[auth.oauth]')
    smtpcheck.write("mail", text)
    done = smtpcheck("login", "mail", "--wait")
    assert done.code == 0
    assert "the token is of bob@example.test" in done.err
    assert "smtpcheck profile unset mail auth.password" in done.err


def test_the_browser_is_not_opened_when_it_is_not_wanted(
    smtpcheck: CommandLine, issuer: FakeIssuer, monkeypatch: pytest.MonkeyPatch
) -> None:
    import webbrowser

    opened: list[str] = []
    monkeypatch.setattr(webbrowser, "open", opened.append)
    monkeypatch.setenv("DISPLAY", ":9")
    smtpcheck.write("mail", profile(issuer, flow="browser"))
    silent = smtpcheck("login", "mail", "--wait", "--no-browser", "--deadline", "1")
    assert opened == []
    assert re.search(r"https://127\.0\.0\.1:\d+/authorize\?", silent.err)
    loud = smtpcheck("login", "mail", "--wait", "--deadline", "1")
    assert opened[0] in loud.err
    assert silent.code == loud.code == 1
    assert "nobody signed in" in loud.err


def test_renaming_and_deleting_take_the_login_along(
    smtpcheck: CommandLine, issuer: FakeIssuer
) -> None:
    smtpcheck.write("mail", profile(issuer))
    assert smtpcheck("login", "mail", "--wait").code == 0
    assert smtpcheck("profile", "rename", "mail", "post").code == 0
    assert smtpcheck("login", "post", "--status").code == 0
    assert smtpcheck("profile", "delete", "post", "--yes").code == 0
    assert keyring_fakes.Memory.values == {}


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("login",), "there is no profile yet"),
        (("login", "--status", "--logout"), "exclude each other"),
        (("login", "--format", "json"), "goes with --status"),
        (("login", "nowhere"), "there is no profile nowhere"),
    ],
)
def test_wrong_usage_is_told(
    smtpcheck: CommandLine, arguments: tuple[str, ...], words: str
) -> None:
    done = smtpcheck(*arguments)
    assert done.code == 2
    assert words in done.err


def test_metadata_of_an_impostor_are_told(smtpcheck: CommandLine, issuer: FakeIssuer) -> None:
    issuer.on(METADATA, Answer(issuer.metadata(issuer="https://evil.example")))
    smtpcheck.write("mail", profile(issuer))
    done = smtpcheck("login", "mail", "--wait")
    assert done.code == 2
    assert "another issuer: https://evil.example" in done.err
