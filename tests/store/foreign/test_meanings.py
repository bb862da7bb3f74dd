"""How TLS is used, and who logs in, is what the program itself makes of its settings."""

from __future__ import annotations

from typing import Any

import pytest

from smtpcheck.store.foreign.formats import guessed
from smtpcheck.store.foreign.imported import Imported
from tests.store.foreign.reading_back import imported, source

GEM = "config.action_mailer.smtp_settings = { address: 'h', port: 587, %s }"
SPRING = "spring.mail.host=h\nspring.mail.port=587\nspring.mail.properties.%s\n"
NET = '{"SmtpSettings": {"Host": "h", "Port": %s}}'
GRAFANA = "[smtp]\nenabled = true\nhost = h:%s\n"
ALERTS = "global:\n  smtp_smarthost: h:%s\n"
GITLAB = "gitlab_rails['smtp_address'] = 'h'\ngitlab_rails['smtp_port'] = 587\n%s"
CLOUD = "<?php\n$CONFIG = array('mail_smtphost' => 'h', 'mail_smtpport' => %s);"
REALM = '{"smtpServer": {"host": "h", "port": "587", %s}}'
FORUM = "smtp_address = h\nsmtp_port = 587\n%s\n"
JENKINS = "unclassified:\n  mailer:\n    smtpHost: h\n    %s\n"
COMPOSE = "services:\n  a:\n    environment:\n      SMTP_HOST: h\n      %s\n"


@pytest.mark.parametrize(
    ("name", "text", "security"),
    [
        ("rails", GEM % "tls: true", "tls"),
        ("rails", GEM % "ssl: true", "tls"),
        ("rails", GEM % "enable_starttls: true", "starttls"),
        ("rails", GEM % "enable_starttls: :always", "starttls"),
        ("rails", GEM % "enable_starttls: :auto", "opportunistic"),
        ("rails", GEM % "enable_starttls: false", "none"),
        ("rails", GEM % "enable_starttls_auto: false", "none"),
        ("rails", GEM % "enable_starttls_auto: true", "opportunistic"),
        ("rails", GEM % "domain: 'x'", "opportunistic"),
        ("rails", GEM % "enable_starttls_auto: ENV['TLS']", None),
        ("spring", SPRING % "mail.smtp.starttls.required=true", "starttls"),
        ("spring", SPRING % "mail.smtp.starttls.enable=true", "opportunistic"),
        ("spring", SPRING % "mail.smtp.ssl.enable=true", "tls"),
        ("spring", SPRING % "mail.smtp.auth=true", "none"),
        ("spring", SPRING % "mail.smtp.starttls.enable=${TLS}", None),
        ("spring", "spring.mail.host=h\nspring.mail.protocol=smtps\n", "tls"),
        ("spring", "spring.mail.host=h\nspring.mail.ssl.enabled=true\n", "tls"),
        ("dotnet", NET % '587, "SecureSocketOptions": "StartTls"', "starttls"),
        ("dotnet", NET % '587, "SecureSocketOptions": 3', "starttls"),
        ("dotnet", NET % '587, "SecureSocketOptions": "StartTlsWhenAvailable"', "opportunistic"),
        ("dotnet", NET % '465, "SecureSocketOptions": "Auto"', "tls"),
        ("dotnet", NET % '587, "EnableSsl": true', "starttls"),
        ("dotnet", NET % '465, "UseSsl": "True"', "tls"),
        ("dotnet", NET % '25, "EnableSsl": false', "none"),
        ("dotnet", NET % "587", None),
        ("grafana", GRAFANA % "465", "tls"),
        ("grafana", GRAFANA % "587", "opportunistic"),
        ("grafana", GRAFANA % "587\nstartTLS_policy = MandatoryStartTLS", "starttls"),
        ("grafana", GRAFANA % "25\nstartTLS_policy = NoStartTLS", "none"),
        ("alertmanager", ALERTS % "587", "starttls"),
        ("alertmanager", ALERTS % "465", "tls"),
        ("alertmanager", ALERTS % "25\n  smtp_require_tls: false", "none"),
        ("alertmanager", ALERTS % "2465\n  smtp_force_implicit_tls: true", "tls"),
        ("alertmanager", ALERTS % "465\n  smtp_force_implicit_tls: false", "starttls"),
        ("gitlab", GITLAB % "gitlab_rails['smtp_tls'] = true", "tls"),
        ("gitlab", GITLAB % "gitlab_rails['smtp_enable_starttls_auto'] = false", "none"),
        ("gitlab", GITLAB % "gitlab_rails['smtp_enable_starttls_auto'] = true", "opportunistic"),
        ("nextcloud", CLOUD % "587, 'mail_smtpsecure' => 'ssl'", "tls"),
        ("nextcloud", CLOUD % "465", "tls"),
        ("nextcloud", CLOUD % "587, 'mail_smtpsecure' => 'tls'", "opportunistic"),
        ("nextcloud", CLOUD % "587, 'mail_smtpsecure' => getenv('TLS')", None),
        ("keycloak", REALM % '"ssl": "true"', "tls"),
        ("keycloak", REALM % '"starttls": "true", "ssl": ""', "opportunistic"),
        ("keycloak", REALM % '"starttls": ""', "none"),
        ("keycloak", REALM % '"starttls": "${TLS}"', None),
        ("discourse", FORUM % "smtp_force_tls = true", "tls"),
        ("discourse", FORUM % "smtp_enable_start_tls = false", "none"),
        ("discourse", FORUM % "smtp_domain = x", "opportunistic"),
        ("jenkins", JENKINS % "useTls: true", "starttls"),
        ("jenkins", JENKINS % "useSsl: true", "tls"),
        ("jenkins", JENKINS % "charset: UTF-8", "none"),
        ("jenkins", JENKINS % 'useTls: "${TLS}"', None),
        ("compose", COMPOSE % "SMTP_SECURITY: starttls", "starttls"),
        ("compose", COMPOSE % "SMTP_SSL: 'true'", "tls"),
    ],
)
def test_the_mode_is_what_the_program_makes_of_it(
    name: str, text: str, security: str | None
) -> None:
    found = imported(name, text)
    expected = "starttls" if security == "opportunistic" else security
    assert found.values.get("server.security") == expected
    told = any("only where the server offers it" in note.text for note in found.notes)
    assert told == (security == "opportunistic")


@pytest.mark.parametrize(
    ("name", "text", "port"),
    [
        ("rails", "config.action_mailer.smtp_settings = { address: 'h' }", 25),
        ("spring", "spring.mail.host=h\n", 25),
        ("spring", "spring.mail.host=h\nspring.mail.ssl.enabled=true\n", 465),
        ("nextcloud", "<?php $CONFIG = array('mail_smtphost' => 'h');", 25),
        ("keycloak", '{"smtpServer": {"host": "h"}}', 25),
        ("discourse", "smtp_address = h\n", 25),
        ("jenkins", JENKINS % "useTls: true", 587),
        ("jenkins", JENKINS % "useSsl: true", 465),
        ("jenkins", JENKINS % "charset: x", 25),
    ],
)
def test_a_port_that_is_not_set_is_that_of_the_program_and_is_told(
    name: str, text: str, port: int
) -> None:
    found = imported(name, text)
    assert found.values["server.port"] == port
    assert any("is not set" in note.text for note in found.notes)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("nextcloud", CLOUD % "587, 'mail_smtpname' => 'u', 'mail_smtppassword' => 'p'"),
        ("keycloak", REALM % '"user": "u", "password": "p", "auth": "false"'),
    ],
)
def test_a_login_that_the_program_leaves_is_left(name: str, text: str) -> None:
    found = imported(name, text)
    assert "auth.username" not in found.values
    assert not found.secrets
    assert any("does not log in" in note.text for note in found.notes)


MANIFEST = """\
apiVersion: v1
kind: Pod
metadata: {{ name: p }}
spec:
  containers:
    - name: c
      env:
        - {{ name: SMTP_HOST, value: h }}
        - {{ name: SMTP_USER, value: u }}
        - name: SMTP_PASSWORD
          {value}
---
apiVersion: v1
kind: Secret
metadata: {{ name: s }}
data: {{ good: cDRzcw==, bad: "%%%", raw: /w==, broken: cDRzcwo= }}
"""


def of_pod(value: str) -> Imported:
    return imported("kubernetes", MANIFEST.format(value=value))


@pytest.mark.parametrize(
    ("value", "secret", "words"),
    [
        ("value: p4ss", True, ""),
        ("valueFrom: { secretKeyRef: { name: s, key: good } }", True, ""),
        ("valueFrom: { secretKeyRef: { name: s, key: broken } }", True, "line break"),
        ("valueFrom: { secretKeyRef: { name: s, key: bad } }", False, "no text in base64"),
        ("valueFrom: { secretKeyRef: { name: s, key: raw } }", False, "no text in base64"),
        ("valueFrom: { secretKeyRef: { name: t, key: k } }", False, "key k of the Secret t"),
        ("valueFrom: { fieldRef: { fieldPath: x } }", False, "the cluster says"),
        ("value: $(SMTP_USER)", True, ""),
    ],
)
def test_the_password_of_a_pod_is_where_the_manifest_says(
    value: str, secret: bool, words: str
) -> None:
    found = of_pod(value)
    assert bool(found.secrets) == secret
    assert words in " ".join(note.text for note in found.notes)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("${PW}", {"env": "PW"}),
        ("$PW", {"env": "PW"}),
        ("${PW:-x}", {"env": "PW"}),
        ("${PW:?missing}", {"env": "PW"}),
        ("a$$b", None),
        ("a${PW}b", None),
    ],
)
def test_compose_fills_in_what_the_file_names(value: str, expected: dict[str, Any] | None) -> None:
    found = imported("compose", COMPOSE % f"SMTP_PASSWORD: '{value}'")
    assert found.values.get("auth.password") == expected
    assert bool(found.secrets) == (value == "a$$b")


def test_a_receiver_with_a_password_of_its_own_has_not_that_of_all() -> None:
    text = (
        "global:\n  smtp_smarthost: a:587\n  smtp_auth_username: u\n  smtp_auth_password: p\n"
        "receivers:\n  - name: r\n    email_configs:\n      - auth_password_file: /p\n"
    )
    found = imported("alertmanager", text, account="r")
    assert found.values["auth.password"] == {"file": "/p"}
    assert not found.secrets


def test_one_line_of_json_is_recognised() -> None:
    text = '{"Smtp": {"Host": "h.example", "Port": 25, "EnableSsl": false}}'
    assert guessed(source(text)).name == "dotnet"


def test_other_servers_of_a_dotnet_file_are_no_mail_servers() -> None:
    text = '{"Redis": {"Host": "r"}, "Mail": {"Host": "m", "Port": 25}, "Db": {"Server": "d"}}'
    assert imported("dotnet", text).values["server.host"] == "m"
