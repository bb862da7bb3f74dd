"""The token in the auth stage: judged before it is sent, and once more when it was refused."""

from __future__ import annotations

import base64
import json
import time
from typing import Any

import pytest

from smtpcheck.model.plan import Plan
from smtpcheck.model.report import TargetReport
from tests.oauth.fake_issuer import jwt
from tests.pki import TestPki
from tests.scripted.probing import USERNAME, cause, failed_step, forms, run, shown, step
from tests.scripted.server import ScriptedServer

MICROSOFT = "AM0PR07CA0026.outlook.office365.com Microsoft ESMTP MAIL Service ready"
GOOGLE = "smtp.gmail.com ESMTP a640c23a62f3a-123 - gsmtp"
REFUSED = {
    MICROSOFT: "535 5.7.3 Authentication unsuccessful [SN7P220CA0005.NAMP220.PROD.OUTLOOK.COM]",
    GOOGLE: "535-5.7.8 Username and Password not accepted. For more information, go to | "
    "535 5.7.8  https://support.google.com/mail/?p=BadCredentials a640 - gsmtp",
}
DISABLED = (
    "535 5.7.139 Authentication unsuccessful, SmtpClientAuthentication is disabled for the "
    "Mailbox. Visit https://aka.ms/smtp_auth_disabled for more information. "
    "[AM0PR07CA0026.eurprd07.prod.outlook.com]"
)
TOLD = {"status": "400", "schemes": "Bearer", "scope": "https://mail.google.com/"}


def conversation(greeting: str, *answer: str, mechanisms: str = "LOGIN XOAUTH2") -> str:
    """Everything up to AUTH, which is answered so; behind a 334 comes the client's last word."""
    lines = [
        f"S: 220 {greeting}",
        "C: EHLO *",
        "S: 250-smtp.example | 250 STARTTLS",
        "C: STARTTLS",
        "S: 220 2.0.0 go",
        "!: tls good",
        "C: EHLO *",
        f"S: 250-smtp.example | 250 AUTH {mechanisms}",
    ]
    if answer:
        lines.append("C: AUTH *")
        lines.append(f"S: {answer[0]}")
    for each in answer[1:]:
        lines += ["C: *", f"S: {each}"]
    return "\n".join(lines)


def challenge(told: object) -> str:
    return "334 " + base64.b64encode(json.dumps(told).encode()).decode()


def probe(
    pki: TestPki, script: str, token: str, *, auth: dict[str, Any] | None = None
) -> tuple[TargetReport, ScriptedServer]:
    with ScriptedServer(script, pki, strict=False) as server:
        settings = {"auth": {"method": "xoauth2", **(auth or {})}}
        report = run(server.port, pki, settings=settings, password=token, plan=Plan(until="auth"))
    for form in forms(token):
        assert form not in shown(report)
    assert token.rpartition(".")[2] not in shown(report) or "." not in token
    return report, server


def user_token(**changed: object) -> str:
    return jwt(
        **{
            "aud": "https://outlook.office365.com",
            "scp": "SMTP.Send",
            "upn": USERNAME,
            "exp": time.time() + 3_000,
            **changed,
        }
    )


def app_token(**changed: object) -> str:
    more = {"scp": None, "upn": None, "idtyp": "app", "appid": "app-7"}
    return user_token(**{**more, "roles": ["SMTP.SendAsApp"], **changed})


KEPT_AT_HOME: dict[str, tuple[dict[str, object], str, str]] = {
    "expired": ({"exp": time.time() - 5}, "token-expired", "auth-oauth-token-invalid"),
    "too-early": ({"nbf": time.time() + 86_400}, "token-not-yet-valid", "auth-oauth-token-invalid"),
    "graph": ({"aud": "https://graph.microsoft.com"}, "token-audience", "auth-oauth-config"),
}


@pytest.mark.parametrize("name", list(KEPT_AT_HOME))
def test_a_token_that_cannot_be_right_is_not_sent(pki: TestPki, name: str) -> None:
    changed, kind, found = KEPT_AT_HOME[name]
    report, server = probe(pki, conversation(MICROSOFT), user_token(**changed))
    assert failed_step(report) == "auth.token"
    assert step(report, "auth.token").facts["error"]["kind"] == kind  # type: ignore[index,call-overload]
    assert (report.exit_code, cause(report)) == (13, found)
    assert "AUTH" not in server.connections[0].verbs()


@pytest.mark.parametrize("written", ["Bearer {}", " {}\n", '{{"access_token": "{}"}}'])
def test_a_token_is_judged_and_sent_without_what_is_no_part_of_it(
    pki: TestPki, written: str
) -> None:
    expired = user_token(exp=time.time() - 5)
    report, server = probe(pki, conversation(MICROSOFT), written.format(expired))
    assert (failed_step(report), cause(report)) == ("auth.token", "auth-oauth-token-invalid")
    assert any("is left away" in note for note in report.notes)
    assert expired not in shown(report)
    token = user_token()
    script = conversation(MICROSOFT, "235 2.7.0 ok")
    report, server = probe(pki, script, written.format(token))
    assert step(report, "auth.login").outcome == "passed"
    sent = base64.b64encode(f"user={USERNAME}\1auth=Bearer {token}\1\1".encode())
    assert sent in server.tls_received
    assert token not in shown(report)


def test_what_is_no_token_is_not_sent(pki: TestPki) -> None:
    report, server = probe(pki, conversation(MICROSOFT), '{"error": "no-canary"}')
    assert (failed_step(report), cause(report)) == ("auth.token", "auth-oauth-token-invalid")
    assert "begins like JSON" in shown(report)
    assert "AUTH" not in server.connections[0].verbs()


def test_a_token_of_another_cloud_is_not_sent(pki: TestPki) -> None:
    script = conversation(MICROSOFT)
    report, server = probe(pki, script, user_token(aud="https://outlook.office365.us"))
    assert (failed_step(report), cause(report)) == ("auth.token", "auth-oauth-config")
    assert "another of Microsoft's clouds" in shown(report)
    assert "AUTH" not in server.connections[0].verbs()


def test_the_token_of_another_provider_may_have_any_audience(pki: TestPki) -> None:
    script = conversation("mail.example.test ESMTP", "235 2.7.0 ok")
    report, _ = probe(pki, script, user_token(aud="https://mail.example"))
    assert step(report, "auth.login").outcome == "passed"


def test_what_the_token_says_is_recorded_and_a_good_one_logs_in(pki: TestPki) -> None:
    report, _ = probe(pki, conversation(MICROSOFT, "235 2.7.0 ok"), user_token(tid="t-1"))
    told = step(report, "auth.token").facts["token"]
    assert isinstance(told, dict)
    assert told["audience"] == ["https://outlook.office365.com"]
    assert (told["scopes"], told["account"], told["tenant"]) == (["SMTP.Send"], USERNAME, "t-1")
    assert 2_900 < told["expires_in"] <= 3_000
    assert told["problems"] == []
    assert step(report, "auth.login").outcome == "passed"
    assert report.diagnoses == ()


VERDICTS: dict[str, tuple[str, str, str, tuple[str, ...]]] = {
    "microsoft-no-scope": (
        MICROSOFT,
        user_token(scp="IMAP.AccessAsUser.All"),
        "auth-oauth-config",
        ("SMTP.Send",),
    ),
    "microsoft-no-role": (
        MICROSOFT,
        app_token(roles=["Mail.Send"]),
        "auth-oauth-config",
        ("SMTP.SendAsApp", "Grant admin consent"),
    ),
    "microsoft-mailbox-not-granted": (
        MICROSOFT,
        app_token(),
        "auth-oauth-config",
        ("New-ServicePrincipal -AppId app-7", f"Add-MailboxPermission -Identity {USERNAME}"),
    ),
    "microsoft-other-account": (
        MICROSOFT,
        user_token(upn="bob@example.test"),
        "auth-oauth-config",
        ("bob@example.test",),
    ),
    "microsoft-right-token": (
        MICROSOFT,
        user_token(),
        "auth-smtp-disabled",
        (f"Set-CASMailbox -Identity {USERNAME}",),
    ),
    "google-opaque": (GOOGLE, "ya29.canary-token", "auth-oauth-token-invalid", ("login",)),
}


@pytest.mark.parametrize("name", list(VERDICTS))
def test_token_and_refusal_make_one_verdict(pki: TestPki, name: str) -> None:
    greeting, token, found, words = VERDICTS[name]
    script = conversation(greeting, challenge(TOLD), REFUSED[greeting])
    report, server = probe(pki, script, token)
    assert (report.exit_code, cause(report)) == (13, found)
    said = " ".join([report.diagnoses[0].why, *report.diagnoses[0].help])
    for word in words:
        assert word in said
    assert step(report, "auth.login").facts["oauth"] == TOLD
    assert server.connections[0].verbs().count("AUTH") == 1


def test_smtp_auth_that_is_off_is_told_whatever_the_token_is(pki: TestPki) -> None:
    report, _ = probe(pki, conversation(MICROSOFT, DISABLED), user_token(scp="x"))
    assert cause(report) == "auth-smtp-disabled"


def test_a_server_that_echoes_the_token_in_its_json_shows_nothing(pki: TestPki) -> None:
    token = user_token()
    told = {"status": token, "scope": f"Bearer {token}", "schemes": "x"}
    report, _ = probe(pki, conversation(MICROSOFT, challenge(told), REFUSED[MICROSOFT]), token)
    assert cause(report).startswith("auth-")
    half = base64.b64encode(json.dumps(told).encode()).decode()[40:200]
    assert half not in shown(report)


def test_a_334_that_is_no_json_is_only_a_challenge(pki: TestPki) -> None:
    script = conversation(GOOGLE, "334 " + base64.b64encode(b"\xff\x00").decode(), REFUSED[GOOGLE])
    report, _ = probe(pki, script, "ya29.canary-token")
    assert "oauth" not in step(report, "auth.login").facts


def test_oauthbearer_is_judged_like_xoauth2(pki: TestPki) -> None:
    script = conversation(
        "mail.example.test ESMTP",
        challenge({"status": "invalid_token", "scope": "mail"}),
        "535 5.7.8 Error: authentication failed",
        mechanisms="OAUTHBEARER",
    )
    report, _ = probe(pki, script, "opaque-canary", auth={"method": "oauthbearer"})
    assert cause(report) == "auth-oauth-token-invalid"
    assert "invalid_token" in report.diagnoses[0].why


def test_without_a_login_and_without_a_name_nothing_is_asked(pki: TestPki) -> None:
    settings = {"auth": {"password": None, "oauth": {"issuer": "microsoft", "client_id": "a"}}}
    with ScriptedServer(conversation(MICROSOFT), pki, strict=False) as server:
        tables = {"auth": {"username": USERNAME, "oauth": settings["auth"]["oauth"]}}
        report = run(server.port, pki, settings=tables, login=False)
    assert failed_step(report) == "auth.token"
    assert cause(report) == "auth-credentials-missing"
    assert step(report, "auth.choose").facts["mechanism"] == "XOAUTH2"


def test_a_server_without_a_mechanism_for_tokens_is_told_before_the_token_is_read(
    pki: TestPki,
) -> None:
    script = conversation(MICROSOFT, mechanisms="LOGIN")
    with ScriptedServer(script, pki, strict=False) as server:
        tables = {"auth": {"username": USERNAME, "oauth": {"issuer": "microsoft"}}}
        report = run(server.port, pki, settings=tables, login=False)
    assert failed_step(report) == "auth.choose"
    assert cause(report) == "auth-mechanism-unsupported"


def test_a_token_that_an_environment_should_hold_is_missed_there(
    pki: TestPki, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("NO_SUCH_TOKEN", raising=False)
    from smtpcheck.api import Job
    from smtpcheck.api import probe as probe_job
    from smtpcheck.store.profile_reader import profile_from_settings

    with ScriptedServer(conversation(MICROSOFT), pki, strict=False) as server:
        loaded = profile_from_settings(
            {
                "server": {"host": "127.0.0.1", "port": server.port, "security": "starttls"},
                "tls": {"ca_file": str(pki.ca_file), "server_name": "mail.example.test"},
                "auth": {
                    "username": USERNAME,
                    "method": "xoauth2",
                    "password": {"env": "NO_SUCH_TOKEN"},
                },
            },
            environment={},
        )
        report = probe_job(Job("x", loaded, Plan(deadline=10.0, experiments=False)))
    assert cause(report) == "auth-credentials-missing"
    assert "NO_SUCH_TOKEN" in report.diagnoses[0].why
