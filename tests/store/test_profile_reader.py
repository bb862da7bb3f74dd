from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from smtpcheck.model.errors import Problem, ProfileError, UsageError
from smtpcheck.model.secret import SecretRef, SecretSource
from smtpcheck.store.origin import LoadedProfile, Source
from smtpcheck.store.profile_reader import (
    list_profiles,
    profile_from_settings,
    profile_from_text,
    read_profile,
)

PATH = Path("/somewhere/app.toml")


def read(text: str, **more: Any) -> LoadedProfile:
    more.setdefault("environment", {})
    return profile_from_text(text.encode(), path=PATH, **more)


def problems(text: str, **more: Any) -> tuple[Problem, ...]:
    with pytest.raises(ProfileError) as caught:
        read(text, **more)
    return caught.value.problems


def keep(folder: Path, name: str, text: str) -> Path:
    path = folder / "profiles" / f"{name}.toml"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def test_a_whole_file_becomes_typed_values() -> None:
    profile = read(
        """
        schema = 1
        enabled = false
        tags = ["approvals"]
        [server]
        host = "mail.bücher.example."
        port = 2525
        security = "tls"
        timeout = 5
        helo = "[192.0.2.7]"
        [tls]
        ca_file = "ca.pem"
        fingerprint = "FINGERPRINT"
        [auth]
        username = "u@example.com"
        password = { command = ["pass", "show", "smtp"] }
        [auth.oauth]
        issuer = "microsoft"
        [sender]
        address = "u@example.com"
        [test]
        to = ["self", "ops@example.com"]
        [expect]
        mechanisms = ["XOAUTH2"]
        """.replace("FINGERPRINT", ":".join(["AB"] * 32))
    ).profile
    assert profile.enabled is False
    assert profile.server.host == "mail.xn--bcher-kva.example"
    assert profile.server.timeout == 5.0
    assert profile.tls.ca_file == "/somewhere/ca.pem"
    assert profile.tls.fingerprint == "ab" * 32
    assert profile.auth.password == SecretRef(SecretSource.COMMAND, argv=("pass", "show", "smtp"))
    assert profile.auth.oauth is not None
    assert profile.auth.oauth.flow == "device"
    assert profile.test.to == ("self", "ops@example.com")
    assert profile.expect is not None
    assert profile.expect.mechanisms == ("XOAUTH2",)
    assert profile.proxy is None


def test_the_profile_of_the_documentation_is_valid_apart_from_its_placeholders() -> None:
    sections = '[server]\nhost = "h.example"\nsource_address = ""\n[tls]\nca_file = ""\n'
    sections += 'client_cert = ""\nclient_key = ""\nfingerprint = ""\nserver_name = ""\n'
    sections += '[sender]\nreply_to = ""\nbounce = ""\n[proxy]\nusername = ""\n[dkim]\n'
    sections += 'domain = ""\nselector = ""\nkey_file = ""\n[debug]\nfile = ""\n'
    profile = read(sections).profile
    assert profile.proxy is None
    assert profile.dkim is None
    assert profile.debug.file == ""


def test_all_problems_of_a_file_are_reported_at_once_with_their_lines() -> None:
    found = problems(
        """schema = 1
enabled = "yes"
colour = "red"

[server]
host = "http://smtp.example.com"
port = 99999
security = "ssl"
prot = 25
timeout = true

[tls]
min_version = 1.2
fingerprint = "abc"

[auth]
method = "xoauth"
password = "hunter2"

[sender]
address = "Alerts <alerts@example.com>"

[test]
to = [
  "ops@example.com",
  "ops",
]
charset = "utf-9"

[serve]
x = 1
"""
    )
    told = {(each.line, each.key, each.message, each.suggestion) for each in found}
    assert told == {
        (2, "enabled", "enabled is not true or false", "did you mean true?"),
        (3, "colour", "unknown key colour", ""),
        (6, "server.host", "server.host holds a URL", 'did you mean host = "smtp.example.com"?'),
        (7, "server.port", "server.port is too large", ""),
        (
            8,
            "server.security",
            "server.security is not one of the words it may be",
            'did you mean "tls"?',
        ),
        (9, "server.prot", "unknown key server.prot", "did you mean server.port?"),
        (10, "server.timeout", "server.timeout is not a number", ""),
        (
            13,
            "tls.min_version",
            "tls.min_version is not text",
            'write it in quotation marks: "1.2"',
        ),
        (14, "tls.fingerprint", "tls.fingerprint is not a SHA-256 fingerprint", ""),
        (
            17,
            "auth.method",
            "auth.method is not one of the words it may be",
            'did you mean "xoauth2"?',
        ),
        (
            18,
            "auth.password",
            "auth.password holds text: the password itself must not be in a profile",
            (
                "write auth.password = { keyring = true } and run `smtpcheck secret set PROFILE`, "
                'or auth.password = { env = "NAME" }'
            ),
        ),
        (
            21,
            "sender.address",
            "sender.address has angle brackets in it",
            'write the address alone: "alerts@example.com"',
        ),
        (26, "test.to", "test.to is not a mail address: it has no @ in element 2", ""),
        (
            28,
            "test.charset",
            "test.charset is not a known character set",
            'did you mean "utf-8"?',
        ),
        (30, "serve", "unknown table serve", "did you mean server?"),
    }
    assert all(each.file == str(PATH) for each in found)
    assert all(each.allowed for each in found)


def test_a_problem_stands_in_the_order_of_the_file() -> None:
    lines = [each.line for each in problems('[server]\nhost = "a b"\nx = 1\nport = 0\ny = 1')]
    assert lines == sorted(lines)


@pytest.mark.parametrize(
    "text",
    [
        '[auth]\npassword = "hunter2"',
        '[auth]\npassword = { value = "hunter2" }',
        '[auth]\npassword = { env = "hunter2!" }',
        '[auth]\npassword = { keyring = "hunter2" }',
        '[auth]\npassword = { file = "hunter2\\n" }',
        '[auth]\npassword = { command = "hunter2" }',
        '[auth]\npassword = { command = ["x\\u0000hunter2"] }',
        '[auth]\npassword = ["hunter2"]',
        '[auth]\npasword = "hunter2"',
        '[auth]\npass = "hunter2"',
        'auth = "hunter2"',
        '[server]\nhost = "smtp://me:hunter2@smtp.example.com"',
        '[server]\nhost = "me:hunter2@smtp.example.com"',
        '[server]\nhost = "smtp://me:x@hunter2@smtp.example.com"',
        '[server]\nhost = "me:x hunter2@smtp.example.com"',
        '[proxy]\nhost = "http://me:hunter2@proxy.example.com:3128"',
        '[auth]\npassword = "hunter2',
        "[auth]\npassword = hunter2",
        '[tls]\nclient_key_password = "hunter2"',
        '[auth]\npassword = { prompt = true, env = "hunter2" }',
    ],
)
def test_no_problem_tells_what_may_be_a_secret(text: str) -> None:
    told = " ".join(str(each) for each in problems(text))
    assert "hunter2" not in told


@pytest.mark.parametrize("bad", ["\r", "\n", "\0", "\u2028", "\u2029", ">", "\x1b", "\x85"])
@pytest.mark.parametrize(
    "key",
    [
        "server.host",
        "server.helo",
        "server.source_address",
        "sender.address",
        "sender.name",
        "sender.reply_to",
        "sender.bounce",
        "test.to",
        "auth.username",
        "tls.server_name",
        "proxy.host",
        "proxy.username",
        "test.charset",
    ],
)
def test_command_injection_is_refused_with_the_key_named(key: str, bad: str) -> None:
    for text in (f"a{bad}b@example.com", f"a{bad}b", f"example.com{bad}", f"{bad}"):
        for problem_list in (
            _problems_of_settings(key, text),
            _problems_of_environment(key, text),
        ):
            assert key in [each.key for each in problem_list]
            assert not any(bad in each.found for each in problem_list if bad != ">")


def _problems_of_settings(key: str, text: str) -> tuple[Problem, ...]:
    section, _, name = key.rpartition(".")
    value: Any = [text] if key == "test.to" else text
    with pytest.raises(ProfileError) as caught:
        profile_from_settings({section: {name: value}}, environment={})
    return caught.value.problems


def _problems_of_environment(key: str, text: str) -> tuple[Problem, ...]:
    variable = "SMTPCHECK_" + key.replace(".", "_").upper()
    with pytest.raises(ProfileError) as caught:
        profile_from_settings({}, environment={variable: text})
    return caught.value.problems


@pytest.mark.parametrize("bad", ["\r", "\n", "\0", "\u2028", "\u2029", "\x7f"])
@pytest.mark.parametrize(
    "key", ["description", "tags", "auth.oauth.tenant", "dkim.selector", "tls.ca_file", "preset"]
)
def test_control_characters_are_refused_in_any_text(key: str, bad: str) -> None:
    assert key in [each.key for each in _problems_of_environment(key, f"a{bad}b")]


CONTRADICTIONS = [
    ('server.socket = "/run/lmtp"', "server.host and server.socket are both set"),
    ('tls.min_version = "1.3"\ntls.max_version = "1.2"', "above tls.max_version"),
    ('expect.min_tls = "1.3"\ntls.max_version = "1.2"', "never hold"),
    ('tls.client_cert = "a.pem"', "tls.client_key is not"),
    ('tls.client_key = "a.pem"', "tls.client_cert is not"),
    ("tls.client_key_password = { prompt = true }", "tls.client_key is not"),
    ('auth.method = "none"\nauth.username = "u"', "auth.username is set"),
    ('auth.method = "none"\nauth.password = { keyring = true }', "auth.password is set"),
    ('auth.method = "external"', "tls.client_cert is not set"),
    ('auth.method = "plain"', "auth.username is not set"),
    ('auth.method = "xoauth2"', "auth.username is not set"),
    ("auth.password = { keyring = true }", "auth.username is not"),
    ('auth.oauth.issuer = "gogle"', "no known issuer"),
    ('auth.oauth.issuer = "http://login.example.com/x"', "no known issuer"),
    ('auth.oauth.client_id = "x"', "auth.oauth.issuer is missing"),
    ('auth.oauth.issuer = "google"\nauth.oauth.tenant = "x"', "auth.oauth.tenant is set"),
    ("sender.force = true", "sender.address is not"),
    ('test.to = ["self"]', "sender.address is not set"),
    ('proxy.host = "p.example"\nproxy.port = 1080', "proxy.type is missing"),
    ('proxy.type = "http"\nproxy.port = 1080', "proxy.host is missing"),
    ('proxy.type = "http"\nproxy.host = "p.example"', "proxy.port is missing"),
    ('confirm.username = "u"', "confirm.host is missing"),
    ('dkim.domain = "example.com"\ndkim.selector = "s"', "dkim.key_file is missing"),
    ('server.source_address = "::1"\nserver.address_family = "ipv4"', "IPv6 address"),
]


@pytest.mark.parametrize(("text", "words"), CONTRADICTIONS)
def test_settings_that_cannot_hold_together_are_one_problem(text: str, words: str) -> None:
    (found,) = problems(f'server.host = "h.example"\n{text}')
    assert words in found.message
    assert found.line >= 1


@pytest.mark.parametrize(
    "text",
    [
        'server.security = "none"\ntls.verify = false',
        'server.security = "none"\nauth.username = "u"',
        'auth.method = "oauthbearer"',
        'auth.username = "u"',
        'auth.oauth.issuer = "https://login.example.com/realms/x"',
        'tls.client_cert = "a.pem"\ntls.client_key = "a.pem"\nauth.method = "external"',
        'auth.method = "none"',
        "[proxy]",
        'tls.min_version = "1.2"\ntls.max_version = "1.2"',
    ],
)
def test_unusual_settings_that_can_hold_are_no_problem(text: str) -> None:
    assert read(f'server.host = "h.example"\n{text}').profile.server.host == "h.example"


def test_a_unix_socket_needs_no_host_and_may_use_tls() -> None:
    profile = read('server.socket = "run/lmtp"\nserver.security = "tls"').profile
    assert profile.server.socket == "/somewhere/run/lmtp"


def test_a_file_without_a_server_is_told_so_once() -> None:
    (found,) = problems("schema = 1")
    assert (found.key, found.message) == ("server.host", "server.host is missing")


def test_a_key_with_a_problem_makes_no_contradiction() -> None:
    (found,) = problems('[server]\nhots = "smtp.example.com"')
    assert found.suggestion == "did you mean server.host?"
    (found,) = problems('[server]\nhost = "a b"')
    assert found.message == "server.host has a blank in it"


@pytest.mark.parametrize(
    ("text", "guess"),
    [
        ("[server]\nusername = 1", "auth.username"),
        ("[server]\nuser = 1", "auth.username"),
        ("[sender]\nfrom = 1", "sender.address"),
        ("[smtp]\nhost = 1", "server"),
        ("[oauth]\nissuer = 1", "auth.oauth"),
        ("[auth]\nmechanism = 1", "auth.method"),
        ("[tls]\nminversion = 1", "tls.min_version"),
        ("hostname = 1", "server.host"),
        ("[auth.oauht]\nissuer = 1", "auth.oauth"),
    ],
)
def test_a_mistyped_key_is_recognised(text: str, guess: str) -> None:
    assert f"did you mean {guess}?" in [each.suggestion for each in problems(text)]


def test_an_unknown_key_without_likeness_gets_no_guess() -> None:
    found = problems("[server]\nhost = 'h.example'\nxyzzy = 1")
    assert [each.suggestion for each in found] == [""]
    assert "host, socket, port" in found[0].allowed


def test_a_key_of_two_words_in_quotation_marks_is_not_taken_for_a_table() -> None:
    found = problems('"server.host" = "h.example"')
    assert found[0].suggestion == "write the key without quotation marks"


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("schema = 1\nhost = smtp", 2, "line 2, column 8"),
        ("[server\n", 1, "line 1"),
        ("a = 1\na = 2", 2, "line 2"),
        ('a = "x', 1, "line 1"),
    ],
)
def test_a_syntax_error_names_line_and_column(text: str, line: int, words: str) -> None:
    (found,) = problems(text)
    assert found.line == line
    assert "not valid TOML" in found.message
    assert words in found.message


def test_bytes_that_are_no_text_are_one_clear_problem() -> None:
    for content, words in (
        (b"a = 1\nb = '\xff'", "not UTF-8"),
        ("a = 1".encode("utf-16"), "UTF-16"),
        (b"a = " + b"[" * 50_000, "nested too deeply"),
    ):
        with pytest.raises(ProfileError) as caught:
            profile_from_text(content, path=PATH, environment={})
        assert words in caught.value.problems[0].message


@pytest.mark.parametrize("number", ["9" * 5000, "0x" + "f" * 5000, "-1", "1e400", "nan", "0"])
def test_no_number_is_too_strange_to_be_refused(number: str) -> None:
    assert problems(f'[server]\nhost = "h.example"\nport = {number}')
    assert problems(f'[server]\nhost = "h.example"\ntimeout = {number}')
    assert problems(f'server.host = "h.example"\nenabled = {number}\ndescription = {number}')
    assert problems('server.host = "h.example"', overrides={"server.port": number})


def test_a_byte_order_mark_and_windows_line_ends_are_no_problem() -> None:
    content = b'\xef\xbb\xbf[server]\r\nhost = "h.example"\r\n'
    loaded = profile_from_text(content, path=PATH, environment={})
    assert loaded.profile.server.host == "h.example"
    assert loaded.origins["server.host"].line == 2


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


def test_relative_paths_lie_in_the_folder_of_the_profile(
    config_folder: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    keep(
        config_folder,
        "app",
        '[server]\nhost = "h.example"\n[tls]\nca_file = "ca.pem"\n'
        '[auth]\nusername = "u"\npassword = { file = "secret" }\n[debug]\nfile = "~/debug.log"',
    )
    monkeypatch.setenv("HOME", "/home/someone")
    monkeypatch.chdir(tmp_path)
    profile = read_profile("app").profile
    assert profile.tls.ca_file == str(config_folder / "profiles" / "ca.pem")
    assert profile.auth.password is not None
    assert profile.auth.password.name == str(config_folder / "profiles" / "secret")
    assert profile.debug.file == "/home/someone/debug.log"


def test_a_profile_is_found_by_name_and_by_path(config_folder: Path, tmp_path: Path) -> None:
    path = keep(config_folder, "app", '[server]\nhost = "h.example"')
    other = tmp_path / "other.toml"
    other.write_text('[server]\nhost = "other.example"', encoding="utf-8")
    assert read_profile("app").name == "app"
    assert read_profile(path).name == "app"
    loaded = read_profile(str(other))
    assert (loaded.name, loaded.path) == (None, other)
    assert loaded.data == {"server": {"host": "other.example"}}


def test_a_missing_profile_is_a_usage_error_with_the_nearest_name(config_folder: Path) -> None:
    keep(config_folder, "office365", '[server]\nhost = "h.example"')
    with pytest.raises(UsageError) as caught:
        read_profile("ofice365")
    assert caught.value.help == ("did you mean office365?",)
    with pytest.raises(UsageError, match="no file"):
        read_profile("./nowhere.toml")


def test_a_folder_in_place_of_a_file_is_a_problem_not_a_crash(tmp_path: Path) -> None:
    with pytest.raises(ProfileError) as caught:
        read_profile(tmp_path)
    assert "cannot be read" in caught.value.problems[0].message


def test_one_broken_file_does_not_hide_the_others(config_folder: Path) -> None:
    keep(config_folder, "b-good", '[server]\nhost = "h.example"')
    keep(config_folder, "a-broken", "[server\n")
    keep(config_folder, "c-wrong", "schema = 1")
    keep(config_folder, "not a name", '[server]\nhost = "h.example"')
    keep(config_folder, ".hidden", "x")
    (config_folder / "profiles" / "gone.toml").symlink_to(config_folder / "nowhere")
    entries = {each.name: each for each in list_profiles()}
    assert list(entries) == ["a-broken", "b-good", "c-wrong", "gone", "not a name"]
    assert entries["b-good"].loaded is not None
    assert all(each.error for name, each in entries.items() if name != "b-good")


def test_there_are_no_profiles_before_the_folder_exists(config_folder: Path) -> None:
    assert list_profiles() == []


def test_reading_a_profile_imports_nothing_heavy(config_folder: Path) -> None:
    keep(config_folder, "app", 'preset = "office365"\n[auth]\nusername = "u@example.com"')
    program = (
        "import sys\n"
        "from smtpcheck.store.profile_reader import read_profile\n"
        "read_profile('app')\n"
        "heavy = {'tomlkit', 'tomli_w', 'email', 'idna', 'platformdirs', 'difflib', 'ssl',"
        " 'socket', 'typer', 'rich', 'keyring', 'dns', 'subprocess', 'threading'}\n"
        "print(sorted(heavy & set(sys.modules)))"
    )
    made = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert made.stdout.strip() == "[]"


def test_tables_in_memory_are_checked_like_a_file() -> None:
    loaded = profile_from_settings(
        {"server": {"host": "h.example", "port": 465, "security": "tls"}},
        name="app",
        environment={},
    )
    assert loaded.path is None
    assert loaded.origins["server.port"].source is Source.GIVEN
    with pytest.raises(ProfileError) as caught:
        profile_from_settings({"server": {"hots": "x"}}, name="app", environment={})
    assert caught.value.problems[0].file == "profile app"
