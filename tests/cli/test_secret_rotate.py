"""A secret is replaced only by one that has been proved."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from smtpcheck.sandbox.server import Sandbox
from tests import keyring_fakes
from tests.cli.command_line import CommandLine

CANARY = "c4n4ry-Pässword"


@pytest.fixture
def server() -> Iterator[Sandbox]:
    with Sandbox() as running:
        yield running


def boxed(smtpcheck: CommandLine, server: Sandbox, kept: str = "old", more: str = "") -> None:
    smtpcheck.write(
        "box",
        f'{more}[server]\nhost = "localhost"\nport = {server.submission_port}\n'
        f'security = "starttls"\n[tls]\nca_file = "{server.ca_file}"\n'
        f'[auth]\nusername = "{server.username}"\npassword = {{ keyring = true }}\n'
        f'[sender]\naddress = "{server.username}"\n',
    )
    keyring_fakes.Memory.values["smtpcheck:box", server.username] = kept


def kept(server: Sandbox) -> str:
    return keyring_fakes.Memory.values["smtpcheck:box", server.username]


def test_a_proved_secret_takes_the_place_of_the_old_one(
    smtpcheck: CommandLine, server: Sandbox
) -> None:
    boxed(smtpcheck, server)
    done = smtpcheck("secret", "rotate", "box", "--stdin", stdin=server.password.encode())
    assert done.code == 0
    assert kept(server) == server.password
    assert "has taken the place of the old one" in done.out
    assert server.password not in done.out + done.err


def test_a_refused_secret_leaves_the_old_one(smtpcheck: CommandLine, server: Sandbox) -> None:
    boxed(smtpcheck, server)
    done = smtpcheck("secret", "rotate", "--stdin", stdin=CANARY.encode())
    assert done.code == 13
    assert kept(server) == "old"
    assert "was not proved, so the old one stays" in done.err
    assert CANARY not in done.out + done.err


def test_without_an_old_secret_none_is_said_to_stay(
    smtpcheck: CommandLine, server: Sandbox
) -> None:
    boxed(smtpcheck, server)
    keyring_fakes.Memory.values.clear()
    done = smtpcheck("secret", "rotate", "--stdin", stdin=CANARY.encode())
    assert done.code == 13
    assert "was not proved, so it was not stored" in done.err
    assert keyring_fakes.Memory.values == {}


@pytest.mark.parametrize("name", ["fail", "null"])
def test_without_a_keyring_nothing_is_tried(
    smtpcheck: CommandLine,
    server: Sandbox,
    keyring_backend: Callable[[str], None],
    name: str,
) -> None:
    boxed(smtpcheck, server)
    keyring_backend(f"keyring.backends.{name}.Keyring")
    done = smtpcheck("secret", "rotate", "--stdin", stdin=server.password.encode())
    assert (done.code, done.out) == (1, "")
    assert done.err.startswith("error: ")
    assert "login" not in done.err


def test_a_server_out_of_reach_proves_nothing(smtpcheck: CommandLine, server: Sandbox) -> None:
    boxed(smtpcheck, server)
    text = smtpcheck.read("box").replace(f"port = {server.submission_port}", "port = 1")
    smtpcheck.write("box", text)
    assert smtpcheck("secret", "rotate", "box", "--stdin", stdin=b"new").code == 11
    assert kept(server) == "old"


def test_a_login_that_was_taken_is_proof_whatever_comes_behind_it(
    smtpcheck: CommandLine, server: Sandbox
) -> None:
    boxed(smtpcheck, server)
    smtpcheck.write("box", smtpcheck.read("box") + '[test]\nto = ["nobody@invalid.example"]\n')
    done = smtpcheck("secret", "rotate", "box", "--stdin", stdin=server.password.encode())
    assert kept(server) == server.password
    assert done.code in (0, 14)


def test_no_message_leaves_unless_send_is_given(smtpcheck: CommandLine, server: Sandbox) -> None:
    boxed(smtpcheck, server)
    smtpcheck.write("box", smtpcheck.read("box") + '[test]\nto = ["ops@example.com"]\n')
    smtpcheck("secret", "rotate", "box", "--stdin", stdin=server.password.encode())
    assert len(server.messages) == 0
    smtpcheck("secret", "rotate", "box", "--stdin", "--send", stdin=server.password.encode())
    assert len(server.messages) == 1


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (("{ keyring = true }", '{ env = "X" }'), "does not keep auth.password in the keyring"),
        (("[server]", "enabled = false\n[server]"), "is disabled, so nothing is proved"),
    ],
)
def test_what_no_probe_can_prove_is_refused_before_anything_is_asked(
    smtpcheck: CommandLine, server: Sandbox, change: tuple[str, str], words: str
) -> None:
    boxed(smtpcheck, server)
    smtpcheck.write("box", smtpcheck.read("box").replace(*change))
    done = smtpcheck("secret", "rotate", "box", "--stdin", stdin=b"new")
    assert done.code == 2
    assert words in done.err
    assert kept(server) == "old"


def test_a_secret_that_no_probe_uses_is_set_and_not_rotated(
    smtpcheck: CommandLine, server: Sandbox
) -> None:
    boxed(smtpcheck, server, more='[confirm]\nhost = "x.example"\nusername = "u"\n')
    done = smtpcheck("secret", "rotate", "box", "--key", "confirm.password", "--stdin", stdin=b"n")
    assert done.code == 2
    assert "smtpcheck secret set box --key confirm.password" in done.err


def test_a_password_on_the_command_line_is_refused(smtpcheck: CommandLine, server: Sandbox) -> None:
    boxed(smtpcheck, server)
    done = smtpcheck("secret", "rotate", "box", CANARY)
    assert done.code == 2
    assert CANARY not in done.err
