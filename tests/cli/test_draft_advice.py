"""Drafts of new profiles stand side by side, know what they were to replace, and are the way to go
on with a change: printed commands are run as they are."""

from __future__ import annotations

import shlex
import tomllib
from collections.abc import Callable, Iterator

import pytest

from smtpcheck.sandbox.server import Sandbox
from tests.cli.command_line import CommandLine, Done
from tests.cli.test_profile_import import env_of
from tests.cli.test_profile_init import against

CANARY = "c4n4ry-Pässword"


@pytest.fixture
def server() -> Iterator[Sandbox]:
    with Sandbox() as running:
        yield running


@pytest.fixture
def password(server: Sandbox, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setenv("BOX_PW", server.password)
    return "BOX_PW"


def draft(smtpcheck: CommandLine, name: str) -> dict[str, object]:
    return tomllib.loads((smtpcheck.folder / "drafts" / f"{name}.toml").read_text())


def drafts(smtpcheck: CommandLine) -> list[str]:
    return sorted(path.stem for path in (smtpcheck.folder / "drafts").glob("*.toml"))


def told(done: Done, before: str) -> list[str]:
    """The words of the command that stands behind `before`."""
    line = next(each for each in (done.out + done.err).splitlines() if before in each)
    return shlex.split(line.partition(before)[2])[1:]


def wrong_port(server: Sandbox, *more: str) -> list[str]:
    """A profile that speaks STARTTLS to the port of implicit TLS."""
    port = {str(server.submission_port): str(server.submissions_port)}
    return [port.get(word, word) for word in against(server, *more)]


@pytest.mark.parametrize(
    "backend", ["keyring.backends.fail.Keyring", "keyring.backends.null.Keyring"]
)
def test_without_a_keyring_a_piped_password_leaves_a_draft_to_go_on_with(
    smtpcheck: CommandLine,
    server: Sandbox,
    keyring_backend: Callable[[str], None],
    password: str,
    backend: str,
) -> None:
    keyring_backend(backend)
    done = smtpcheck(*against(server, "--password-stdin"), stdin=CANARY.encode())
    assert done.code == 1
    assert "smtpcheck profile set" not in done.err
    assert drafts(smtpcheck) == ["box"]
    line = next(each for each in done.err.splitlines() if "from the environment: " in each)
    command = shlex.split(line.partition("environment: ")[2].replace("SMTP_PASSWORD", password))
    assert smtpcheck(*command[1:]).code == 0, line
    assert tomllib.loads(smtpcheck.read("box"))["auth"]["password"] == {"env": password}


def test_an_empty_standard_input_does_not_lose_the_flags(
    smtpcheck: CommandLine, server: Sandbox
) -> None:
    done = smtpcheck(*against(server, "--password-stdin"))
    assert (done.code, drafts(smtpcheck)) == (2, ["box"])


def test_a_draft_that_holds_what_another_lacks_stays(
    smtpcheck: CommandLine, server: Sandbox
) -> None:
    assert smtpcheck(*wrong_port(server)).code == 11
    text = env_of(server, CANARY).replace(b"SMTP_FROM=", b"OTHER=").replace(b"SMTP_CA_FILE", b"X")
    more = ("--name", "box", "--set", "server.port=1")
    assert smtpcheck("profile", "import", "-", *more, stdin=text).code == 11
    assert "tls" in draft(smtpcheck, "box")
    assert draft(smtpcheck, "box-2")["draft"] == {"name": "box"}
    assert smtpcheck(*wrong_port(server, "--from-name", "Me")).code == 11
    assert draft(smtpcheck, "box")["sender"] == {"address": server.username, "name": "Me"}
    assert drafts(smtpcheck) == ["box", "box-2"]


def test_a_numbered_draft_makes_the_profile_that_was_meant(
    smtpcheck: CommandLine, server: Sandbox, password: str
) -> None:
    done = smtpcheck(*against(server, "--password-env", password))
    assert done.code == 0
    assert smtpcheck("profile", "set", "box", "server.port", "1").code == 11
    done = smtpcheck(*wrong_port(server, "--password-env", password, "--force"))
    assert told(done, "go on with: ")[-1] == "box-2"
    more = ("--set", f"server.port={server.submission_port}", "--set", "sender.name=New")
    done = smtpcheck(*told(done, "go on with: "), *more)
    assert done.code == 0, done.out + done.err
    assert 'name = "New"' in smtpcheck.read("box")
    assert drafts(smtpcheck) == ["box"], "the changes that were kept before stay"


def test_a_draft_remembers_that_it_was_to_replace(
    smtpcheck: CommandLine, server: Sandbox, password: str
) -> None:
    flags = against(server, "--password-env", password, "--force")
    assert smtpcheck(*flags).code == 0
    done = smtpcheck(*wrong_port(server, "--password-env", password, "--force"))
    resumed = smtpcheck(*told(done, "go on with: "))
    assert resumed.code == 11, "tried again, and not refused"
    assert draft(smtpcheck, "box")["draft"] == {"force": True}


@pytest.mark.parametrize("how", ["init", "import", "set"])
def test_a_printed_fix_of_unsaved_settings_goes_on_with_them(
    smtpcheck: CommandLine, server: Sandbox, password: str, how: str
) -> None:
    if how == "init":
        done = smtpcheck(*wrong_port(server, "--password-env", password))
    elif how == "import":
        text = env_of(server, CANARY, SMTP_PORT=str(server.submissions_port))
        more = ("--name", "box", "--set", f"auth.password={{env={password!r}}}")
        done = smtpcheck("profile", "import", "-", *more, stdin=text)
    else:
        smtpcheck(*against(server, "--password-env", password))
        done = smtpcheck("profile", "set", "box", "server.port", str(server.submissions_port))
    assert done.code == 11
    assert "smtpcheck profile set box server.security" not in done.out
    assert "--fix" not in done.out
    command = told(done, "made and kept by: ")
    assert command[:4] == ["profile", "drafts", "resume", "box"]
    fixed = smtpcheck(*command)
    assert fixed.code == 0, fixed.out + fixed.err
    server_table = tomllib.loads(smtpcheck.read("box"))["server"]
    assert (server_table["port"], server_table["security"]) == (server.submissions_port, "tls")
    assert drafts(smtpcheck) == []


def test_a_mistyped_host_does_not_name_the_profile(
    smtpcheck: CommandLine, server: Sandbox, password: str
) -> None:
    words = ["profile", "init", "--host", "127.0.0.9", "--port", "1", "--no-input"]
    words += ["--username", server.username, "--set", f"tls.ca_file={server.ca_file}"]
    assert smtpcheck(*words, "--password-env", password).code == 11
    assert drafts(smtpcheck) == ["127.0.0.9"]
    more = ("--set", "server.host=localhost", "--set", f"server.port={server.submission_port}")
    done = smtpcheck("profile", "drafts", "resume", "127.0.0.9", *more)
    assert done.code == 0, done.out + done.err
    assert smtpcheck.read("localhost")
    assert drafts(smtpcheck) == []


def test_a_wrong_region_is_told_with_all_the_rest(smtpcheck: CommandLine) -> None:
    words = ["--preset", "ses", "--region", "eu-west1", "--from", "nobody", "--to", "else"]
    done = smtpcheck("profile", "init", *words)
    assert done.code == 2
    for word in ("did you mean eu-west-1?", "sender.address", "test.to"):
        assert word in done.err
