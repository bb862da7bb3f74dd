"""What could not be saved is kept, shown, gone on with and given up."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Iterator

import pytest

from smtpcheck.report.schema_commands import drafts_schema
from smtpcheck.sandbox.server import Sandbox
from tests import keyring_fakes
from tests.cli.command_line import CommandLine
from tests.schema_check import keeps_to

CANARY = "c4n4ry-Pässword"


@pytest.fixture
def server() -> Iterator[Sandbox]:
    with Sandbox() as running:
        yield running


def boxed(smtpcheck: CommandLine, server: Sandbox) -> str:
    """A profile `box` of the sandbox, with its password in the keyring; the file's text."""
    smtpcheck.write(
        "box",
        f'# mine\n[server]\nhost = "localhost"\nport = {server.submission_port}\n'
        f'security = "starttls"\n[tls]\nca_file = "{server.ca_file}"\n'
        f'[auth]\nusername = "{server.username}"\npassword = {{ keyring = true }}\n'
        f'[sender]\naddress = "{server.username}"\n',
    )
    for user, password in ((server.username, server.password), ("other@example.com", "wrong")):
        keyring_fakes.Memory.values["smtpcheck:box", user] = password
    return smtpcheck.read("box")


def count(server: Sandbox) -> int:
    """Messages that the sandbox has."""
    return len(server.messages)


def draft(smtpcheck: CommandLine, name: str = "box") -> dict[str, object]:
    return tomllib.loads((smtpcheck.folder / "drafts" / f"{name}.toml").read_text())


def test_a_change_that_fails_its_probe_is_kept_and_the_profile_stays(
    smtpcheck: CommandLine, server: Sandbox
) -> None:
    before = boxed(smtpcheck, server)
    done = smtpcheck("profile", "set", "box", "auth.username", "other@example.com")
    assert done.code == 13
    assert smtpcheck.read("box") == before
    assert draft(smtpcheck) == {
        "draft": {"of": "box"},
        "auth": {"username": "other@example.com"},
    }
    assert "note: go on with: smtpcheck profile drafts resume box" in done.err.splitlines()


def test_changes_that_fail_one_after_the_other_are_all_kept(
    smtpcheck: CommandLine, server: Sandbox
) -> None:
    boxed(smtpcheck, server)
    smtpcheck("profile", "set", "box", "auth.username", "other@example.com")
    smtpcheck("profile", "set", "box", "server.port", "1", "server.security", "starttls")
    assert draft(smtpcheck)["server"] == {"port": 1, "security": "starttls"}
    assert draft(smtpcheck)["auth"] == {"username": "other@example.com"}


def test_a_draft_of_changes_is_proved_and_saved_with_the_comments(
    smtpcheck: CommandLine, server: Sandbox
) -> None:
    boxed(smtpcheck, server)
    other = server.username.replace("@", "+new@")
    smtpcheck("profile", "set", "box", "sender.address", other, "sender.name", "Me", "--no-probe")
    smtpcheck("profile", "set", "box", "auth.method", "cram-md5", "server.port", "1")
    assert smtpcheck("profile", "drafts", "resume", "box").code == 11
    smtpcheck("profile", "set", "box", "server.port", str(server.submission_port))
    assert draft(smtpcheck) == {
        "draft": {"of": "box"},
        "auth": {"method": "cram-md5"},
    }, "what was typed later counts"
    done = smtpcheck("profile", "drafts", "resume", "box", "--no-probe")
    assert done.code == 0
    assert 'method = "cram-md5"' in smtpcheck.read("box")
    assert smtpcheck.read("box").startswith("# mine\n")
    assert not list((smtpcheck.folder / "drafts").glob("*.toml"))


def test_drafts_are_listed_shown_and_discarded(smtpcheck: CommandLine, server: Sandbox) -> None:
    boxed(smtpcheck, server)
    assert smtpcheck("profile", "drafts").err == "note: there is no draft\n"
    smtpcheck("profile", "set", "box", "auth.username", "other@example.com")
    smtpcheck(
        *("profile", "init", "new", "--host", "127.0.0.1", "--port", "1", "--no-input"),
        *("--from", "a@example.com", "--username", "u"),
    )
    done = smtpcheck("profile", "drafts")
    assert done.code == 0
    rows = [line.split() for line in done.out.splitlines()]
    assert rows[0] == ["NAME", "KEPT", "WHAT", "HOLDS"]
    assert rows[1][0] == "box"
    assert rows[1][3:] == ["changes", "of", "box", "auth.username"]
    assert rows[2][3:6] == ["a", "new", "profile"]
    shown = smtpcheck("profile", "drafts", "show", "box").out
    assert shown.splitlines() == ["# changes of box", 'auth.username = "other@example.com"']
    told = json.loads(smtpcheck("profile", "drafts", "list", "--format", "json").out)
    keeps_to(drafts_schema, told)
    first = told["drafts"][0]
    assert (first["name"], first["of"], first["keys"]) == ("box", "box", ["auth.username"])
    assert smtpcheck("profile", "drafts", "discard", "box").code == 0
    gone = smtpcheck("profile", "drafts", "discard", "box")
    assert gone.code == 2
    assert "there is no draft box" in gone.err


def test_a_new_profile_is_gone_on_with_without_questions(
    smtpcheck: CommandLine, server: Sandbox
) -> None:
    words = ["--host", "localhost", "--port", "1", "--username", server.username]
    words += ["--set", f"tls.ca_file={server.ca_file}", "--password-env", "BOX"]
    assert smtpcheck("profile", "init", "box", *words, "--no-input").code == 11
    path = smtpcheck.folder / "drafts" / "box.toml"
    path.write_text(path.read_text().replace("port = 1\n", f"port = {server.submission_port}\n"))
    done = smtpcheck("profile", "drafts", "resume", "box", "--no-input")
    assert done.code == 0
    assert tomllib.loads(smtpcheck.read("box"))["auth"]["password"] == {"env": "BOX"}
    assert not path.exists()


def test_a_draft_of_a_new_profile_is_not_written_over_by_changes(
    smtpcheck: CommandLine, server: Sandbox
) -> None:
    boxed(smtpcheck, server)
    words = ["--host", "127.0.0.1", "--port", "1", "--from", "a@example.com"]
    smtpcheck("profile", "init", "box", *words, "--no-input", "--force")
    smtpcheck("profile", "set", "box", "auth.username", "other@example.com")
    assert draft(smtpcheck)["sender"] == {"address": "a@example.com"}
    assert draft(smtpcheck, "box-2")["draft"] == {"of": "box"}


def test_the_drafts_of_changes_follow_the_name(smtpcheck: CommandLine, server: Sandbox) -> None:
    boxed(smtpcheck, server)
    smtpcheck("profile", "set", "box", "auth.username", "other@example.com")
    smtpcheck("profile", "rename", "box", "crate")
    assert draft(smtpcheck)["draft"] == {"of": "crate"}
    smtpcheck("profile", "delete", "crate", "--yes")
    done = smtpcheck("profile", "drafts", "resume", "box")
    assert done.code == 2
    assert "changes the profile crate, which is not there any more" in done.err
    assert "smtpcheck profile drafts discard box" in done.err


def test_a_broken_draft_is_listed_and_never_written_over(
    smtpcheck: CommandLine, server: Sandbox
) -> None:
    boxed(smtpcheck, server)
    folder = smtpcheck.folder / "drafts"
    folder.mkdir(parents=True)
    (folder / "box.toml").write_text("no toml")
    smtpcheck("profile", "set", "box", "auth.username", "other@example.com")
    assert (folder / "box.toml").read_text() == "no toml"
    assert "broken: not TOML" in smtpcheck("profile", "drafts").out
    assert draft(smtpcheck, "box-2")["auth"] == {"username": "other@example.com"}


def test_a_password_in_a_change_is_in_no_draft(smtpcheck: CommandLine, server: Sandbox) -> None:
    boxed(smtpcheck, server)
    done = smtpcheck("profile", "set", "box", "auth.password", CANARY, "server.port", "1")
    assert done.code == 2
    assert CANARY not in done.out + done.err
    assert not list((smtpcheck.folder / "drafts").glob("*"))


def test_changes_that_fix_tried_in_vain_are_kept(smtpcheck: CommandLine, server: Sandbox) -> None:
    text = boxed(smtpcheck, server)
    keyring_fakes.Memory.values["smtpcheck:box", server.username] = "wrong"
    smtpcheck.write("box", text.replace('"starttls"', '"tls"'))
    done = smtpcheck("probe", "box", "--fix")
    assert done.code == 12
    assert draft(smtpcheck)["server"] == {"security": "starttls"}
    assert 'security = "tls"' in smtpcheck.read("box")


def test_set_sends_the_message_only_when_told_to(smtpcheck: CommandLine, server: Sandbox) -> None:
    boxed(smtpcheck, server)
    smtpcheck("profile", "set", "box", "test.to", "ops@example.com")
    smtpcheck("profile", "set", "box", "auth.method", "plain")
    assert count(server) == 0
    done = smtpcheck("profile", "set", "box", "auth.method", "login", "--send")
    assert done.code == 0
    assert count(server) == 1
    both = smtpcheck("profile", "set", "box", "auth.method", "plain", "--send", "--no-probe")
    assert both.code == 2


def test_what_is_taken_away_is_proved_when_asked_for(
    smtpcheck: CommandLine, server: Sandbox
) -> None:
    before = boxed(smtpcheck, server)
    done = smtpcheck("profile", "unset", "box", "tls.ca_file", "--probe")
    assert done.code == 12
    assert smtpcheck.read("box") == before
    assert "to save it all the same: smtpcheck profile unset box tls.ca_file\n" in done.err
    unproved = smtpcheck("profile", "unset", "box", "tls.ca_file")
    assert (unproved.code, "not tried: smtpcheck probe box" in unproved.err) == (0, True)
    assert "ca_file" not in smtpcheck.read("box")
