from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from smtpcheck.model.errors import ProfileError, UsageError
from smtpcheck.model.secret import SecretRef, SecretSource
from smtpcheck.store.origin import Source
from smtpcheck.store.profile_reader import (
    list_profiles,
    profile_from_settings,
    profile_from_text,
    read_profile,
)
from tests.profile_reading import PATH, keep, read


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


def test_a_byte_order_mark_and_windows_line_ends_are_no_problem() -> None:
    content = b'\xef\xbb\xbf[server]\r\nhost = "h.example"\r\n'
    loaded = profile_from_text(content, path=PATH, environment={})
    assert loaded.profile.server.host == "h.example"
    assert loaded.origins["server.host"].line == 2


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
    with pytest.raises(UsageError) as caught:
        read_profile("zzz")
    assert caught.value.help == ("there are: office365",)
    with pytest.raises(UsageError, match="no file"):
        read_profile("./nowhere.toml")


def test_a_home_folder_that_is_not_there_is_a_usage_error(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with pytest.raises(UsageError, match="home folder"):
        read_profile("~no-such-user/app.toml")
    monkeypatch.setenv("SMTPCHECK_CONFIG_DIR", "~no-such-user/x")
    with pytest.raises(UsageError, match="home folder"):
        read_profile("app")


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
    with pytest.raises(UsageError) as caught:
        read_profile("app")
    assert caught.value.help == ("make one: smtpcheck profile init",)


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
