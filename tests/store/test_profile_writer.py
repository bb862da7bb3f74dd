from __future__ import annotations

import signal
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from smtpcheck.model.errors import ProfileError, UsageError
from smtpcheck.store.atomic import Disk
from smtpcheck.store.drafts import Wanted, delete_draft, list_drafts, read_draft, save_draft
from smtpcheck.store.profile_reader import list_profiles, read_profile
from smtpcheck.store.profile_writer import (
    change_values,
    copy_profile,
    create_profile,
    delete_profile,
    rename_profile,
    set_value,
    unset_value,
)

MINE = """\
# my own words
[server]
host = "h.example" # the host
port = 587

# last words
"""


@pytest.fixture
def mine(config_folder: Path) -> Path:
    path = config_folder / "profiles" / "mine.toml"
    path.parent.mkdir(parents=True)
    path.write_text(MINE, encoding="utf-8")
    return path


def names(folder: Path) -> list[str]:
    return sorted(each.name for each in folder.iterdir())


def test_a_new_profile_is_complete_private_and_readable(config_folder: Path) -> None:
    path = create_profile(
        "app",
        {
            "preset": "office365",
            "auth": {"username": "u@example.com", "password": {"keyring": True}},
            "server": {"helo": None, "timeout": 5},
        },
        comments={"auth": "how to log in"},
    )
    assert path == config_folder / "profiles" / "app.toml"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert path.read_text(encoding="utf-8") == (
        "# A profile of smtpcheck. Change it here, or: smtpcheck profile set app KEY VALUE\n"
        'schema = 1\npreset = "office365"\n\n[server]\ntimeout = 5\n\n# how to log in\n[auth]\n'
        'username = "u@example.com"\npassword = { keyring = true }\n'
    )
    assert read_profile("app").profile.auth.username == "u@example.com"
    assert names(path.parent) == ["app.toml"]


def test_wrong_tables_are_not_written_and_all_problems_are_told(config_folder: Path) -> None:
    with pytest.raises(ProfileError) as caught:
        create_profile(
            "app", {"server": {"host": "a b", "prot": 1}, "auth": {"password": "hunter2"}}
        )
    assert {each.key for each in caught.value.problems} == {
        "server.host",
        "server.prot",
        "auth.password",
    }
    assert not config_folder.exists()


def test_an_existing_profile_is_replaced_only_when_asked_for(mine: Path) -> None:
    tables = {"server": {"host": "other.example"}}
    with pytest.raises(UsageError, match="already"):
        create_profile("mine", tables)
    assert mine.read_text(encoding="utf-8") == MINE
    create_profile("mine", tables, replace=True)
    assert read_profile("mine").profile.server.host == "other.example"


def test_the_environment_does_not_help_a_wrong_profile_to_be_written(
    mine: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SMTPCHECK_SERVER_HOST", "h.example")
    with pytest.raises(ProfileError):
        create_profile("app", {"enabled": True})
    with pytest.raises(ProfileError):
        unset_value("mine", "server.host")


def test_relative_paths_are_meant_from_the_current_folder(
    config_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    create_profile(
        "app",
        {
            "server": {"host": "h.example"},
            "tls": {"ca_file": "ca.pem"},
            "auth": {"username": "u", "password": {"file": "config/profiles/secret"}},
        },
    )
    data = read_profile("app").data
    assert data["tls"]["ca_file"] == str(tmp_path / "ca.pem")
    assert data["auth"]["password"] == {"file": "secret"}
    assert set_value("app", "tls.ca_file", "~/ca.pem").new == "~/ca.pem"
    assert set_value("app", "debug.file", "x/../y.log").new == str(tmp_path / "y.log")


def test_set_keeps_comments_and_order_and_tells_old_and_new(mine: Path) -> None:
    result = set_value("mine", "server.port", "2525")
    assert (result.old, result.new, result.changed) == (587, 2525, True)
    assert mine.read_text(encoding="utf-8") == MINE.replace("587", "2525")
    result = set_value(mine, "sender.name", "Ops & Co")
    assert (result.old, result.new) == (None, "Ops & Co")
    assert MINE.splitlines()[-1] in mine.read_text(encoding="utf-8")


def test_a_value_that_is_there_already_changes_nothing(mine: Path) -> None:
    before = mine.stat().st_mtime_ns, mine.stat().st_ino
    assert not set_value("mine", "server.port", "587").changed
    assert (mine.stat().st_mtime_ns, mine.stat().st_ino) == before


@pytest.mark.parametrize(
    ("key", "value", "words"),
    [
        ("server.port", "99999", "too large"),
        ("server.port", "", "text"),
        ("server.host", "http://h.example", "URL"),
        ("server.hots", "h.example", "unknown key"),
        ("auth.password", "hunter2", "must not be in a profile"),
        ("auth.method", "plain", "auth.username is not set"),
        ("sender.force", "true", "sender.address is not"),
        ("preset", "offce365", "no shipped preset"),
        ("sender.name", "a\nb", "control character"),
        ("description", "\udcff", "control character"),
        ("server", "x", "not a key but a table"),
    ],
)
def test_a_wrong_value_leaves_the_file_untouched(
    mine: Path, key: str, value: str, words: str
) -> None:
    with pytest.raises(ProfileError) as caught:
        set_value("mine", key, value)
    told = " ".join(str(each) for each in caught.value.problems)
    assert words in told
    assert "hunter2" not in told
    assert mine.read_text(encoding="utf-8") == MINE
    assert names(mine.parent) == ["mine.toml"]


def test_unset_takes_a_key_or_a_table_away(mine: Path) -> None:
    assert unset_value("mine", "server.port").old == 587
    assert mine.read_text(encoding="utf-8") == MINE.replace("port = 587\n", "")
    change_values("mine", {"proxy.type": "http", "proxy.host": "p.example", "proxy.port": "3128"})
    result = unset_value("mine", "proxy")
    assert result.old == {"type": "http", "host": "p.example", "port": 3128}
    assert read_profile("mine").profile.proxy is None


def test_what_is_not_set_cannot_be_unset(mine: Path) -> None:
    with pytest.raises(UsageError) as caught:
        unset_value("mine", "server.prt")
    assert caught.value.help == ("did you mean server.port?",)


def test_what_belongs_together_is_set_together_or_not_at_all(mine: Path) -> None:
    with pytest.raises(ProfileError):
        set_value("mine", "tls.client_cert", "/etc/cert.pem")
    results = change_values(
        "mine", {"tls.client_cert": "/etc/cert.pem", "tls.client_key": "/etc/key.pem"}
    )
    assert [each.new for each in results] == ["/etc/cert.pem", "/etc/key.pem"]


def test_a_file_with_problems_is_mended_step_by_step(mine: Path) -> None:
    mine.write_text('[server]\nhost = "a b"\nport = "x"\nprot = 1\n', encoding="utf-8")
    with pytest.raises(ProfileError):
        set_value("mine", "server.port", "0")
    with pytest.raises(ProfileError):
        set_value("mine", "auth.method", "plain")
    result = set_value("mine", "server.port", "25")
    assert {each.key for each in result.remaining} == {"server.host", "server.prot"}
    unset_value("mine", "server.prot")
    assert set_value("mine", "server.host", "h.example").remaining == ()


def test_a_plain_password_in_an_old_file_is_replaced_and_never_shown(mine: Path) -> None:
    mine.write_text(
        '[server]\nhost = "h.example"\n[auth]\nusername = "u"\npassword = "hunter2"\n',
        encoding="utf-8",
    )
    result = set_value("mine", "auth.password", "{ keyring = true }")
    assert result.old == "(not shown)"
    assert result.new == {"keyring": True}
    assert "hunter2" not in mine.read_text(encoding="utf-8")


def test_a_file_that_is_no_toml_is_not_changed(mine: Path) -> None:
    mine.write_text("[server\n", encoding="utf-8")
    with pytest.raises(ProfileError, match="1 problem"):
        set_value("mine", "server.port", "25")


def test_a_layout_that_cannot_be_changed_is_said_so_and_stays(mine: Path) -> None:
    mine.write_text('server = "h.example"\n', encoding="utf-8")
    with pytest.raises(UsageError, match="server is not a table"):
        set_value("mine", "server.port", "25")
    assert mine.read_text(encoding="utf-8") == 'server = "h.example"\n'


def test_a_byte_order_mark_stays(mine: Path) -> None:
    mine.write_bytes(b"\xef\xbb\xbf" + MINE.replace("\n", "\r\n").encode())
    set_value("mine", "server.port", "25")
    assert (
        mine.read_bytes()
        == b"\xef\xbb\xbf" + MINE.replace("\n", "\r\n").replace("587", "25").encode()
    )


def test_an_error_of_the_disk_leaves_the_old_file(mine: Path) -> None:
    class FullDisk(Disk):
        def sync(self, descriptor: int) -> None:
            raise OSError(28, "No space left on device")

    with pytest.raises(UsageError, match="cannot be written: No space"):
        set_value("mine", "server.port", "25", disk=FullDisk())
    assert mine.read_text(encoding="utf-8") == MINE
    assert names(mine.parent) == ["mine.toml"]


def test_a_place_where_nothing_can_be_written_is_a_usage_error(
    config_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config_folder.write_text("a file, not a folder", encoding="utf-8")
    with pytest.raises(UsageError, match="cannot be written"):
        create_profile("app", {"server": {"host": "h.example"}})
    with pytest.raises(UsageError, match="cannot be written"):
        save_draft("app", Wanted(tables={"server": {"host": "h.example"}}, name="app"))


def test_rename_copy_and_delete(mine: Path) -> None:
    assert copy_profile("mine", "copy").read_text(encoding="utf-8") == MINE
    assert rename_profile("copy", "renamed") == mine.with_name("renamed.toml")
    assert [each.name for each in list_profiles()] == ["mine", "renamed"]
    delete_profile("renamed")
    assert names(mine.parent) == ["mine.toml"]


def test_no_name_that_is_taken_is_overwritten(mine: Path) -> None:
    other = copy_profile("mine", "other")
    other.write_text("# other", encoding="utf-8")
    for make in (copy_profile, rename_profile):
        with pytest.raises(UsageError, match="already"):
            make("mine", "other")
    assert other.read_text(encoding="utf-8") == "# other"
    assert rename_profile("mine", "mine") == mine
    assert mine.exists()


def test_what_is_not_there_is_neither_renamed_nor_copied_nor_deleted(mine: Path) -> None:
    for change in (
        lambda: rename_profile("mien", "x"),
        lambda: copy_profile("mien", "x"),
        lambda: delete_profile("mien"),
        lambda: set_value("mien", "server.port", "25"),
    ):
        with pytest.raises(UsageError) as caught:
            change()
        assert caught.value.help == ("did you mean mine?",)


def test_deleting_a_link_leaves_what_it_points_to(mine: Path, tmp_path: Path) -> None:
    real = tmp_path / "real.toml"
    real.write_text(MINE, encoding="utf-8")
    link = mine.with_name("link.toml")
    link.symlink_to(real)
    set_value("link", "server.port", "25")
    assert link.is_symlink()
    delete_profile("link")
    assert "port = 25" in real.read_text(encoding="utf-8")


SETTER = """
import sys
from smtpcheck.store.profile_writer import set_value
for number in range(8):
    set_value("mine", sys.argv[1], sys.argv[2] + str(number))
"""


def test_writers_side_by_side_lose_nothing(mine: Path) -> None:
    keys = ["description", "sender.name", "auth.username"]
    children = [
        subprocess.Popen([sys.executable, "-c", SETTER, key, key.replace(".", "-")]) for key in keys
    ]
    assert [each.wait() for each in children] == [0, 0, 0]
    profile = read_profile("mine").profile
    assert profile.description == "description7"
    assert profile.sender.name == "sender-name7"
    assert profile.auth.username == "auth-username7"
    assert names(mine.parent) == ["mine.toml"]


@pytest.mark.skipif(sys.platform == "win32", reason="SIGKILL is of POSIX")
def test_a_killed_set_leaves_a_whole_profile(mine: Path) -> None:
    for attempt in range(5):
        with subprocess.Popen(
            [sys.executable, "-c", SETTER, "description", "x" * 100], stderr=subprocess.DEVNULL
        ) as child:
            try:
                child.wait(0.15 + 0.06 * attempt)
            except subprocess.TimeoutExpired:
                child.send_signal(signal.SIGKILL)
        loaded = read_profile("mine")
        assert loaded.profile.server.port == 587
        assert "# last words" in mine.read_text(encoding="utf-8")


def test_a_draft_keeps_what_was_typed_and_no_secret(config_folder: Path) -> None:
    tables = {
        "server": {"host": "a b", "port": "x"},
        "auth": {"username": "u", "password": "hunter2"},
        "proxy": {"password": {"value": "hunter2"}},
        "tls": {"client_key_password": {"env": "KEY"}},
    }
    path = save_draft("app", Wanted(tables=tables, name="app"))
    assert "hunter2" not in path.read_text(encoding="utf-8")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert read_draft("app").tables == {
        "server": {"host": "a b", "port": "x"},
        "auth": {"username": "u"},
        "tls": {"client_key_password": {"env": "KEY"}},
    }
    assert [each.name for each in list_drafts()] == ["app"]
    assert list_profiles() == []
    delete_draft("app")
    assert list_drafts() == ()
    with pytest.raises(UsageError, match="no draft"):
        read_draft("app")
