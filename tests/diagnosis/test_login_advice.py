"""What is advised about the way to log in: it never leads back to where it was given."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from smtpcheck.api import Job, settings_of
from smtpcheck.api.job import load_target
from smtpcheck.diagnosis.placeholder import for_target, steps
from smtpcheck.model.diagnosis import Change
from smtpcheck.model.jsonvalue import Json
from smtpcheck.model.observation import Observations
from smtpcheck.model.report import TargetReport
from smtpcheck.model.stage import Outcome
from smtpcheck.report.diagnosis_block import Place, diagnosis_rows
from smtpcheck.report.style import Style
from tests.diagnosis.choosing import judged
from tests.pki import TestPki
from tests.scripted.probing import run
from tests.scripted.server import ScriptedServer

_TO_AUTH = """
S: 220 mail.example.test ESMTP
C: EHLO *
S: 250-mail.example.test
S: 250 STARTTLS
C: STARTTLS
S: 220 go
!: tls
C: EHLO *
S: 250-mail.example.test
S: 250 AUTH {offered}
"""


def _probed(pki: TestPki, offered: str, talk: str = "", **auth: Any) -> TargetReport:
    script = _TO_AUTH.format(offered=offered) + talk
    with ScriptedServer(script, pki, strict=False) as server:
        return run(server.port, pki, settings={"auth": auth})


def _changes(report: TargetReport) -> dict[str, Json]:
    return {each.key: each.value for each in report.diagnoses[0].changes}


def test_a_server_of_oauthbearer_alone_leads_to_it_from_every_method(pki: TestPki) -> None:
    for method in ("auto", "xoauth2", "plain"):
        report = _probed(pki, "OAUTHBEARER", method=method)
        if method != "plain":
            assert _changes(report) == {"auth.method": "oauthbearer"}, method
        assert "auth.method=auto" not in "\n".join(report.diagnoses[0].help), method


def test_a_token_at_a_server_for_passwords_leads_to_a_password(pki: TestPki) -> None:
    for method in ("xoauth2", "oauthbearer"):
        [found] = _probed(pki, "PLAIN LOGIN SCRAM-SHA-256", method=method).diagnoses
        assert found.owner == "you"
        assert "auth.method=scram-sha-256" in found.help[0]
        assert "the profile brings a token" in found.why


@pytest.mark.parametrize(
    "said", ["504 5.5.4 Unrecognized authentication type", "534 5.7.9 too weak"]
)
def test_auto_is_not_advised_to_who_has_it(pki: TestPki, said: str) -> None:
    report = _probed(pki, "LOGIN CRAM-MD5", f"C: AUTH LOGIN\nS: {said}\nC: *\nS: {said}\n")
    told = "\n".join(report.diagnoses[0].help)
    assert "auth.method=auto" not in told
    assert "asks for auto" not in report.diagnoses[0].why
    if said.startswith("534"):
        assert "auth.method=cram-md5" in told


def test_432_behind_plain_does_not_ask_for_plain(pki: TestPki) -> None:
    report = _probed(
        pki, "PLAIN", "C: AUTH PLAIN *\nS: 432 4.7.12 A password transition is needed\n"
    )
    assert report.diagnoses[0].cause == "auth-transition-needed"
    assert "auth.method=plain" not in "\n".join(report.diagnoses[0].help)
    assert _changes(report) == {}


def test_a_broken_plain_does_not_lead_to_plain(pki: TestPki) -> None:
    report = _probed(
        pki,
        "LOGIN",
        "C: AUTH LOGIN\nS: 334 VXNlcm5hbWU6\nC: *\n" + "S: 334 UGFzc3dvcmQ6\nC: *\n" * 9,
    )
    assert report.diagnoses[0].cause == "protocol-violation"
    assert "PLAIN or LOGIN" not in "\n".join(report.diagnoses[0].help)


def test_a_login_that_is_offered_before_tls_alone_is_told_so(pki: TestPki) -> None:
    script = _TO_AUTH.replace("250 STARTTLS", "250-AUTH PLAIN LOGIN\nS: 250 STARTTLS")
    script = script.replace("AUTH {offered}", "SIZE")
    with ScriptedServer(script, pki, strict=False) as server:
        [found, *_] = run(server.port, pki).diagnoses
    assert (found.cause, found.owner) == ("auth-not-offered", "mail-admin")
    assert "PLAIN, LOGIN) before TLS and none within" in found.why


def test_without_a_profile_no_login_is_a_target_without_a_user() -> None:
    job = load_target(
        "submission://alice@mail.example.test:2587",
        overrides={"auth.method": "plain", "tls.min_version": "1.3"},
        environment={},
    )
    facts = settings_of(job)
    assert facts["anonymous"] == "submission://mail.example.test:2587 --set tls.min_version=1.3"
    texts = ("smtpcheck profile unset {profile!|NAME} auth", "smtpcheck probe {anonymous!}")
    assert steps(texts, facts) == (f"smtpcheck probe {facts['anonymous']}",)
    again = load_target("submission://mail.example.test:2587", environment={})
    assert isinstance(again, Job)
    assert not again.loaded.profile.wants_login


def test_with_a_profile_it_loses_its_login() -> None:
    job = load_target("submission://alice@mail.example.test", environment={})
    facts = settings_of(replace(job, loaded=replace(job.loaded, name="office")))
    texts = ("smtpcheck profile unset {profile!|NAME} auth", "smtpcheck probe {anonymous!}")
    assert steps(texts, facts) == ("smtpcheck profile unset office auth",)


def test_commands_that_need_a_profile_say_how_to_make_one() -> None:
    facts: dict[str, Json] = {"target": "smtp://h --set auth.method=plain", "profile": ""}
    assert "profile init" in for_target("sign in: smtpcheck login NAME", facts)
    assert for_target("then smtpcheck profile unset NAME auth.oauth", facts) == (
        "then leave out --set auth.oauth"
    )
    assert for_target("smtpcheck profile set NAME auth.method auto", facts) == (
        "write --set auth.method=auto"
    )


def test_a_password_that_scram_cannot_carry_leads_to_plain(pki: TestPki) -> None:
    script = _TO_AUTH.format(offered="SCRAM-SHA-256 PLAIN")
    settings = {"auth": {"method": "scram-sha-256"}}
    with ScriptedServer(script, pki, strict=False) as server:
        [found] = run(server.port, pki, settings=settings, password="bell\x07ring").diagnoses
    assert found.cause == "auth-encoding"
    assert [(each.key, each.value) for each in found.changes] == [("auth.method", "plain")]
    assert "auth.method=plain" in found.help[0]


def test_a_try_again_has_the_setting_as_the_fix_has_it() -> None:
    options = ("--set", "auth.method=xoauth2", "--set", "tls.verify=true")
    nothing = Observations({}, ())
    target = TargetReport("smtp://h", None, Outcome.FAILED, 13, nothing, options=options)
    place = Place(target)
    change = Change("auth.method", "plain", verified=False)
    found = replace(judged("auth-mechanism-unsupported")[0], stage="auth", changes=(change,))
    style = Style(200, color=False, unicode=False)
    told = "\n".join(str(each) for each in diagnosis_rows(found, style, place))
    assert "--set auth.method=plain --set tls.verify=true --until auth" in told
    assert "xoauth2" not in told
