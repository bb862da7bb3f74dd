from __future__ import annotations

from typing import Any

import pytest

from smtpcheck.model.errors import ProfileError
from smtpcheck.model.secret import SecretRef, SecretSource
from smtpcheck.store.origin import Source
from tests.profile_reading import problems, read


def test_flags_win_over_environment_over_file_over_preset_over_default() -> None:
    loaded = read(
        'preset = "gmail"\n[server]\nport = 587\nhelo = "file.example"\ntimeout = 3',
        overrides={"server.helo": "flag.example"},
        environment={
            "SMTPCHECK_SERVER_HELO": "environment.example",
            "SMTPCHECK_SERVER_TIMEOUT": "4.5",
            "SMTPCHECK_AUTH_OAUTH_TENANT": "",
            "SMTPCHECK_ENABLED": "off",
            "SMTPCHECK_TEST_TO": "a@example.com, b@example.com",
        },
    )
    profile, origins = loaded.profile, loaded.origins
    assert profile.server.helo == "flag.example"
    assert profile.server.timeout == 4.5
    assert profile.server.port == 587
    assert profile.server.host == "smtp.gmail.com"
    assert profile.server.protocol == "smtp"
    assert profile.enabled is False
    assert profile.test.to == ("a@example.com", "b@example.com")
    told = {key: origins[key].describe() for key in origins}
    assert told["server.helo"] == "command line"
    assert told["server.timeout"] == "environment variable SMTPCHECK_SERVER_TIMEOUT"
    assert told["server.port"] == "/somewhere/app.toml:3"
    assert told["server.host"] == "preset gmail"
    assert told["server.protocol"] == "default"
    assert loaded.preset is not None
    assert loaded.preset.provider == "gmail"


def test_a_wrong_flag_and_a_wrong_variable_are_named_as_such() -> None:
    found = problems(
        '[server]\nhost = "h.example"',
        overrides={"server.prot": "1", "server.port": "x"},
        environment={"SMTPCHECK_TLS_VERIFY": "perhaps"},
    )
    assert [(each.file, each.line, each.key) for each in found] == [
        ("command line", 0, "server.prot"),
        ("command line", 0, "server.port"),
        ("environment variable SMTPCHECK_TLS_VERIFY", 0, "tls.verify"),
    ]


@pytest.mark.parametrize(
    ("key", "text", "value"),
    [
        ("server.port", "465", 465),
        ("server.timeout", "2", 2.0),
        ("tls.min_version", "1.3", "1.3"),
        ("tls.verify", "false", False),
        ("tls.verify", "NO", False),
        ("description", "123", "123"),
        ("description", '"quoted"', "quoted"),
        ("description", '"half', '"half'),
        ("auth.username", "DOMAIN\\user", "DOMAIN\\user"),
        ("tags", '["a", "b"]', ("a", "b")),
        ("tags", "a, b", ("a", "b")),
        ("tags", "", ()),
        ("test.to", '"a,b"@example.com', ('"a,b"@example.com',)),
        ("auth.password", '{ env = "X" }', SecretRef(SecretSource.ENV, name="X")),
    ],
)
def test_the_text_of_a_flag_is_read_as_the_key_wants_it(key: str, text: str, value: Any) -> None:
    overrides = {"server.host": "h.example", "auth.username": "u", key: text}
    profile = read("", overrides=overrides).profile
    section, _, name = key.rpartition(".")
    assert getattr(getattr(profile, section) if section else profile, name) == value


def test_a_password_as_the_text_of_a_flag_is_refused_unseen() -> None:
    (found,) = problems('server.host = "h.example"', overrides={"auth.password": "hunter2"})
    assert found.file == "command line"
    assert "hunter2" not in str(found)


def test_smtpcheck_password_is_the_password_of_a_profile_that_logs_in() -> None:
    variables = {"SMTPCHECK_PASSWORD": "hunter2"}
    text = '[server]\nhost = "h.example"\n[auth]\nusername = "u"\npassword = { keyring = true }'
    loaded = read(text, environment=variables)
    assert loaded.profile.auth.password == SecretRef(SecretSource.ENV, name="SMTPCHECK_PASSWORD")
    assert loaded.origins["auth.password"].describe() == "environment variable SMTPCHECK_PASSWORD"
    stronger = read(text, environment=variables, overrides={"auth.password": "{ prompt = true }"})
    assert stronger.profile.auth.password == SecretRef(SecretSource.PROMPT)
    assert stronger.origins["auth.password"].source is Source.FLAG


@pytest.mark.parametrize("auth", ["", '[auth]\nmethod = "none"'])
def test_smtpcheck_password_makes_no_login_where_the_profile_has_none(auth: str) -> None:
    loaded = read(
        f'[server]\nhost = "h.example"\n{auth}', environment={"SMTPCHECK_PASSWORD": "hunter2"}
    )
    assert not loaded.profile.wants_login
    assert "SMTPCHECK_PASSWORD is set and not used" in loaded.notes[0]


def test_smtpcheck_password_is_not_said_to_have_no_login_beside_a_certificate() -> None:
    text = '[server]\nhost = "h.example"\n[auth]\nmethod = "external"\n'
    text += '[tls]\nclient_cert = "/c.pem"\nclient_key = "/c.key"'
    notes = read(text, environment={"SMTPCHECK_PASSWORD": "hunter2"}).notes
    assert notes == ("SMTPCHECK_PASSWORD is set and not used: the certificate is the login",)


def test_the_variable_of_a_secret_is_its_place() -> None:
    profile = read(
        '[server]\nhost = "h.example"\n[auth]\nusername = "u"',
        environment={"SMTPCHECK_AUTH_PASSWORD": "hunter2"},
    ).profile
    assert profile.auth.password == SecretRef(SecretSource.ENV, name="SMTPCHECK_AUTH_PASSWORD")


def test_unknown_variables_are_no_error_and_a_near_miss_is_noted() -> None:
    loaded = read(
        '[server]\nhost = "h.example"',
        environment={
            "SMTPCHECK_CONFIG_DIR": "/x",
            "SMTPCHECK_WHATEVER": "1",
            "SMTPCHECK_SERVER_PROT": "25",
        },
    )
    assert loaded.notes == (
        "SMTPCHECK_SERVER_PROT is not a setting; did you mean SMTPCHECK_SERVER_PORT?",
    )


def test_a_stronger_socket_replaces_a_weaker_host_and_the_other_way_round() -> None:
    text = '[server]\nhost = "h.example"'
    profile = read(text, environment={"SMTPCHECK_SERVER_SOCKET": "/run/smtp"}).profile
    assert (profile.server.host, profile.server.socket) == ("", "/run/smtp")
    profile = read("server.socket = '/x'", overrides={"server.host": "h.example"}).profile
    assert (profile.server.host, profile.server.socket) == ("h.example", "")


def test_an_unknown_preset_is_named_with_the_nearest() -> None:
    (found,) = problems('preset = "offce365"')
    assert (found.line, found.key) == (1, "preset")
    assert found.suggestion == "did you mean office365?"


@pytest.mark.parametrize(
    ("settings", "port", "security"),
    [
        ("", 587, "starttls"),
        ("server.port = 465", 465, "tls"),
        ('server.security = "tls"', 465, "tls"),
        ("server.port = 2525", 2525, "starttls"),
        ('server.port = 465\nserver.security = "starttls"', 465, "starttls"),
        ("server.port = 10587", 10587, "starttls"),
    ],
)
def test_port_and_security_of_a_preset_go_together(settings: str, port: int, security: str) -> None:
    profile = read(f'preset = "sendgrid"\n{settings}').profile
    assert (profile.port, profile.security) == (port, security)


def test_a_preset_without_login_yields_to_a_user() -> None:
    text = 'preset = "relay"\nserver.host = "relay.example"\n'
    assert not read(text).profile.wants_login
    assert read(text + 'auth.username = "app"').profile.auth.method == "auto"
    with pytest.raises(ProfileError):
        read(text + 'auth.username = "app"\nauth.method = "none"')


def test_a_preset_with_regions_asks_for_the_host_of_one() -> None:
    (found,) = problems('preset = "ses"')
    assert "email-smtp.us-east-1.amazonaws.com" in found.suggestion
