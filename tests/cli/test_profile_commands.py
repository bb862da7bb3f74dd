"""The life of a profile after its birth: list, show, set, unset, rename, copy, delete."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Iterator

import pytest

from smtpcheck.sandbox.server import Sandbox
from tests import keyring_fakes
from tests.cli.command_line import CommandLine

CANARY = "c4n4ry-Pässword"
OFFICE = """\
# ours
preset = "office365"
tags = ["approvals", "night"]

[auth]
username = "app@example.com"  # the service
password = { keyring = true }

[sender]
address = "app@example.com"
"""
RELAY = '[server]\nhost = "relay.example.com"\nport = 25\n'


@pytest.fixture
def server() -> Iterator[Sandbox]:
    with Sandbox() as running:
        yield running


def boxed(smtpcheck: CommandLine, server: Sandbox) -> None:
    """A profile `box` of the sandbox, with its password in the keyring."""
    smtpcheck.write(
        "box",
        f'[server]\nhost = "localhost"\nport = {server.submission_port}\nsecurity = "starttls"\n'
        f'[tls]\nca_file = "{server.ca_file}"\n'
        f'[auth]\nusername = "{server.username}"\npassword = {{ keyring = true }}\n'
        f'[sender]\naddress = "{server.username}"\n',
    )
    keyring_fakes.Memory.values["smtpcheck:box", server.username] = server.password


def test_the_list_shows_good_and_broken_profiles(smtpcheck: CommandLine) -> None:
    smtpcheck.write("office", OFFICE)
    smtpcheck.write("relay", RELAY + "enabeld = false\n")
    done = smtpcheck("profile", "list")
    assert done.code == 0
    lines = done.out.splitlines()
    assert lines[1].split() == [
        *("office", "yes", "smtp.office365.com:587", "starttls"),
        *("app@example.com", "approvals,night"),
    ]
    assert lines[2].startswith("relay   broken: line 4: unknown key")


def test_broken_profiles_stand_in_the_same_column(smtpcheck: CommandLine) -> None:
    smtpcheck.write("long-office-name", OFFICE)
    smtpcheck.write("x", "a = 1")
    lines = smtpcheck("profile", "list").out.splitlines()
    assert lines[2].index("broken:") == lines[0].index("ENABLED")


def test_the_list_as_json(smtpcheck: CommandLine) -> None:
    smtpcheck.write("office", OFFICE)
    smtpcheck.write("relay", "x = 1\n")
    found = json.loads(smtpcheck("profile", "list", "--format", "json").out)
    assert found["schema"] == 1
    assert [each["broken"] for each in found["profiles"]] == [False, True]
    assert found["profiles"][0]["port"] == 587


def test_the_list_by_tag(smtpcheck: CommandLine) -> None:
    smtpcheck.write("office", OFFICE)
    smtpcheck.write("relay", RELAY)
    done = smtpcheck("profile", "list", "--tag", "night")
    assert ("office" in done.out, "relay" in done.out) == (True, False)
    assert smtpcheck("profile", "list", "--tag", "day").out == ""


def test_no_profile_is_said_on_stderr(smtpcheck: CommandLine) -> None:
    done = smtpcheck("profile", "list")
    assert (done.code, done.out, "profile init" in done.err) == (0, "", True)


def test_show_has_the_settings_in_use(smtpcheck: CommandLine) -> None:
    smtpcheck.write("office", OFFICE)
    done = smtpcheck("profile", "show", "office")
    for line in ('host = "smtp.office365.com"', "port = 587", "password = <system keyring>"):
        assert line in done.out.splitlines()


def test_show_names_the_origin_of_each(
    smtpcheck: CommandLine, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = smtpcheck.write("office", OFFICE)
    monkeypatch.setenv("SMTPCHECK_SERVER_TIMEOUT", "7")
    done = smtpcheck("profile", "show", "office", "--origin")
    rows = {line.split(" = ")[0]: line.partition("# ")[2] for line in done.out.splitlines()}
    assert rows["host"] == "preset office365"
    assert rows["timeout"] == "environment variable SMTPCHECK_SERVER_TIMEOUT"
    assert rows["username"] == f"{path}:6"
    assert rows["min_version"] == "default"


def test_show_says_what_follows(smtpcheck: CommandLine) -> None:
    smtpcheck.write("a", '[server]\nhost = "h.example"\nport = 465\n')
    smtpcheck.write("b", '[server]\nhost = "h.example"\nsecurity = "tls"\n')
    first = smtpcheck("profile", "show", "a", "--origin").out
    assert "follows from port 465" in first
    assert 'security = "tls"' in first
    assert "follows from security tls" in smtpcheck("profile", "show", "b", "--origin").out


@pytest.mark.parametrize("more", [[], ["--origin"], ["--format", "json"]])
def test_show_never_has_a_secret(
    smtpcheck: CommandLine, monkeypatch: pytest.MonkeyPatch, more: list[str]
) -> None:
    monkeypatch.setenv("SMTPCHECK_PASSWORD", CANARY)
    keyring_fakes.Memory.values["smtpcheck:office", "app@example.com"] = CANARY
    smtpcheck.write("office", OFFICE)
    done = smtpcheck("profile", "show", "office", *more)
    assert "environment variable SMTPCHECK_PASSWORD" in done.out
    assert CANARY not in done.out + done.err


def test_show_as_json_nests_the_settings(smtpcheck: CommandLine) -> None:
    smtpcheck.write("office", OFFICE)
    done = smtpcheck("profile", "show", "office", "--origin", "--format", "json")
    found = json.loads(done.out)
    assert found["schema"] == 1
    assert found["settings"]["server"]["port"] == 587
    assert found["settings"]["auth"]["password"]["source"] == "keyring"
    assert found["origins"]["server.host"] == "preset office365"


def test_set_keeps_comments_and_says_what_changed(smtpcheck: CommandLine) -> None:
    smtpcheck.write("office", OFFICE)
    done = smtpcheck("profile", "set", "office", "sender.name", "My app", "--no-probe")
    assert (done.code, done.out) == (0, 'sender.name: (not set) -> "My app"\n')
    text = smtpcheck.read("office")
    assert text.startswith("# ours\n")
    assert "# the service" in text
    assert tomllib.loads(text)["sender"]["name"] == "My app"
    again = smtpcheck("profile", "set", "office", "sender.name", "My app")
    assert again.out == 'sender.name was "My app" already\n'


def test_set_refuses_what_is_wrong(smtpcheck: CommandLine) -> None:
    smtpcheck.write("office", OFFICE)
    done = smtpcheck("profile", "set", "office", "server.prot", "25")
    assert (done.code, "did you mean server.port?" in done.err) == (2, True)
    assert smtpcheck.read("office") == OFFICE


def test_set_refuses_a_password_and_does_not_repeat_it(smtpcheck: CommandLine) -> None:
    smtpcheck.write("office", OFFICE)
    done = smtpcheck("profile", "set", "office", "auth.password", CANARY)
    assert done.code == 2
    assert CANARY not in done.out + done.err
    assert smtpcheck.read("office") == OFFICE


def test_set_to_a_place_that_is_empty_says_so(smtpcheck: CommandLine) -> None:
    smtpcheck.write("office", OFFICE)
    place = '{env="NOT_SET_ANYWHERE"}'
    done = smtpcheck("profile", "set", "office", "auth.password", place, "--no-probe")
    assert done.code == 0
    assert "environment variable NOT_SET_ANYWHERE is not set" in done.err
    assert tomllib.loads(smtpcheck.read("office"))["auth"]["password"] == {
        "env": "NOT_SET_ANYWHERE"
    }


def test_set_probes_a_server_before_it_is_saved(smtpcheck: CommandLine, server: Sandbox) -> None:
    boxed(smtpcheck, server)
    text = smtpcheck.read("box")
    done = smtpcheck("profile", "set", "box", "server.port", "1")
    assert done.code == 11
    assert "nothing was changed" in done.err
    assert "smtpcheck profile set box server.port 1 --no-probe" in done.err
    assert "try: smtpcheck probe box --set server.port=1 --until tcp" in done.out
    assert smtpcheck.read("box") == text
    good = smtpcheck("profile", "set", "box", "server.host", "127.0.0.1")
    assert good.code == 0, good.out + good.err
    assert '"localhost" -> "127.0.0.1"' in good.out
    assert server.messages == ()


def test_set_keeps_a_change_that_works_though_an_expectation_is_not_met(
    smtpcheck: CommandLine, server: Sandbox
) -> None:
    boxed(smtpcheck, server)
    assert smtpcheck("profile", "set", "box", "expect.certificate_days", "3650").code == 0
    done = smtpcheck("profile", "set", "box", "server.host", "127.0.0.1")
    assert done.code == 0
    assert "expectation-certificate-ends-soon" in done.out
    assert 'host = "127.0.0.1"' in smtpcheck.read("box")


def test_set_does_not_probe_what_cannot_break_the_way(smtpcheck: CommandLine) -> None:
    smtpcheck.write("office", OFFICE)
    for key, value in (("description", "x"), ("test.to", "self"), ("expect.total_ms", "900")):
        assert smtpcheck("profile", "set", "office", key, value).code == 0


def test_set_does_not_probe_a_disabled_profile(smtpcheck: CommandLine) -> None:
    smtpcheck.write("office", "enabled = false\n" + OFFICE)
    done = smtpcheck("profile", "set", "office", "server.port", "25")
    assert (done.code, "is disabled" in done.err) == (0, True)


def test_set_mends_a_broken_file_step_by_step(smtpcheck: CommandLine) -> None:
    smtpcheck.write("relay", '[server]\nhost = "h.example"\nport = "x"\nsecurity = "y"\n')
    done = smtpcheck("profile", "set", "relay", "server.port", "25")
    assert done.code == 0, done.err
    assert "still wrong: line 4" in done.err


CLIENT = ("tls.client_cert", "/etc/app.pem", "tls.client_key", "/etc/app.key")


def test_set_changes_what_belongs_together_at_once(smtpcheck: CommandLine) -> None:
    smtpcheck.write("relay", RELAY)
    alone = smtpcheck("profile", "set", "relay", *CLIENT[:2], "--no-probe")
    assert (alone.code, smtpcheck.read("relay")) == (2, RELAY)
    done = smtpcheck("profile", "set", "relay", *CLIENT, "--no-probe")
    assert done.code == 0, done.err
    assert done.out == (
        'tls.client_cert: (not set) -> "/etc/app.pem"\n'
        'tls.client_key: (not set) -> "/etc/app.key"\n'
    )
    gone = smtpcheck("profile", "unset", "relay", *CLIENT[::2])
    assert gone.code == 0, gone.err
    assert "client" not in smtpcheck.read("relay")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("server.port", "587", "server.security"), "server.security has no value"),
        (("server.port=587",), "write it behind the key: server.port 587"),
        (("server.port", "1", "server.port", "2"), "server.port is given twice"),
    ],
)
def test_set_wants_a_value_for_each_key(
    words: tuple[str, ...], said: str, smtpcheck: CommandLine
) -> None:
    smtpcheck.write("relay", RELAY)
    done = smtpcheck("profile", "set", "relay", *words)
    assert (done.code, said in done.err) == (2, True)
    assert smtpcheck.read("relay") == RELAY


def test_a_password_with_an_equals_sign_is_not_repeated_either(smtpcheck: CommandLine) -> None:
    smtpcheck.write("relay", RELAY)
    done = smtpcheck("profile", "set", "relay", f"auth.password={CANARY}")
    assert (done.code, CANARY in done.out + done.err) == (2, False)


def test_a_word_too_many_is_not_repeated_as_it_may_be_a_password(smtpcheck: CommandLine) -> None:
    smtpcheck.write("relay", RELAY)
    done = smtpcheck("profile", "set", "relay", "auth.username", "app", CANARY)
    assert done.code == 2
    assert CANARY not in done.out + done.err


def test_several_changes_are_probed_together(smtpcheck: CommandLine, server: Sandbox) -> None:
    boxed(smtpcheck, server)
    pairs = ("server.port", str(server.submissions_port), "server.security", "tls")
    done = smtpcheck("profile", "set", "box", *pairs)
    assert done.code == 0, done.out + done.err
    assert tomllib.loads(smtpcheck.read("box"))["server"]["security"] == "tls"


def test_unset_takes_a_key_away(smtpcheck: CommandLine) -> None:
    smtpcheck.write("relay", RELAY)
    assert smtpcheck("profile", "unset", "relay", "server.port").out == (
        "server.port: 25 -> (not set)\n"
    )
    assert smtpcheck("profile", "unset", "relay", "server.port").code == 2


def test_rename_takes_the_secret_along(smtpcheck: CommandLine) -> None:
    smtpcheck.write("office", OFFICE)
    keyring_fakes.Memory.values["smtpcheck:office", "app@example.com"] = CANARY
    done = smtpcheck("profile", "rename", "office", "work")
    assert done.code == 0
    assert smtpcheck.read("work") == OFFICE
    assert keyring_fakes.Memory.values == {("smtpcheck:work", "app@example.com"): CANARY}
    assert CANARY not in done.out + done.err


def test_rename_to_a_taken_name_changes_nothing(smtpcheck: CommandLine) -> None:
    smtpcheck.write("office", OFFICE)
    smtpcheck.write("relay", RELAY)
    keyring_fakes.Memory.values["smtpcheck:office", "app@example.com"] = CANARY
    assert smtpcheck("profile", "rename", "office", "relay").code == 2
    assert smtpcheck.read("relay") == RELAY
    assert list(keyring_fakes.Memory.values) == [("smtpcheck:office", "app@example.com")]


def test_a_copy_says_that_it_has_no_secret_yet(smtpcheck: CommandLine) -> None:
    smtpcheck.write("office", OFFICE)
    done = smtpcheck("profile", "copy", "office", "second")
    assert (done.code, smtpcheck.read("second")) == (0, OFFICE)
    assert "smtpcheck secret set second" in done.err


def test_delete_takes_the_secret_too(smtpcheck: CommandLine) -> None:
    path = smtpcheck.write("office", OFFICE)
    keyring_fakes.Memory.values["smtpcheck:office", "app@example.com"] = CANARY
    refused = smtpcheck("profile", "delete", "office")
    assert (refused.code, path.exists()) == (2, True)
    done = smtpcheck("profile", "delete", "office", "--yes")
    assert (done.code, path.exists()) == (0, False)
    assert "from the keyring" in done.out
    assert not keyring_fakes.Memory.values


def test_a_broken_profile_can_be_deleted(smtpcheck: CommandLine) -> None:
    path = smtpcheck.write("office", "not toml")
    assert smtpcheck("profile", "delete", "office", "--yes").code == 0
    assert not path.exists()


def test_path_is_for_scripts(smtpcheck: CommandLine) -> None:
    path = smtpcheck.write("office", OFFICE)
    assert smtpcheck("profile", "path", "office").out == f"{path}\n"
    assert smtpcheck("profile", "path").out == f"{path.parent}\n"
    assert smtpcheck("profile", "path", "ofice").code == 2
