from __future__ import annotations

from typing import Any

import pytest

from smtpcheck.model.errors import Problem, ProfileError
from smtpcheck.store.layers import layer_of_overrides
from smtpcheck.store.profile_reader import (
    profile_from_settings,
    profile_from_text,
)
from tests.profile_reading import PATH, problems


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


@pytest.mark.parametrize(
    ("key", "value", "message", "suggestion"),
    [
        ("tags", "5", "tags is not an array", ""),
        ("tags", '"x"', "tags is not an array", 'did you mean tags = ["..."]?'),
        ("tags", '["x", " "]', "tags is empty in element 2", ""),
        ("tls.ca_file", '"  "', "tls.ca_file is blank", ""),
        ("tls.fingerprint", f'"{"a" * 40}"', "", "this is the length of a SHA-1 fingerprint"),
        ("tls.fingerprint", f'"{"a" * 32}"', "", "this is the length of an MD5 fingerprint"),
        ("tls.fingerprint", '"sha256 Fingerprint=AB"', "", "leave the words before the digits"),
        ("server.port", '" 587"', "server.port is text", "write port = 587 without quotation"),
        ("test.charset", '"base64"', "not a known character set", ""),
        ("test.charset", '"punycode"', "not a known character set", ""),
        ("auth.password", '{ command = ["", "x"] }', "without a program", ""),
        ("auth.password", "{ }", "names no source", ""),
        ("auth.password", "{ envv = 'X' }", "unknown source", "did you mean env?"),
        ("server", "'h.example'", "server is not a table", "write [server] and its keys below"),
        ("server", "[{ host = 'h' }]", "server is not a table", "write [server], not [[server]]"),
        ("schema", "2", "schema is too large", "it was written for a newer smtpcheck"),
    ],
)
def test_a_wrong_value_is_told_with_its_likely_reason(
    key: str, value: str, message: str, suggestion: str
) -> None:
    found = problems(f"{key} = {value}")
    assert any(
        message in each.message and each.suggestion.startswith(suggestion)
        for each in found
        if each.key == key
    )


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


def test_a_key_of_an_unknown_table_is_answered_with_the_tables() -> None:
    found = layer_of_overrides({"foo.bar": "1"}).problems
    assert "tables server, tls, auth" in found[0].allowed


def test_the_error_says_where_its_problems_are() -> None:
    wrong = layer_of_overrides({"foo.bar": "1"}).problems
    assert str(ProfileError(wrong)) == "1 problem in the settings"
    assert str(ProfileError([*problems("a = 1")[:1], *wrong])) == "2 problems in the profile"


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
