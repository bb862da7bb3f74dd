"""A new password is proved from memory, and stored only with the profile that it was proved for."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from smtpcheck.cli.profile_answers import Answers, collect
from smtpcheck.cli.profile_init import finish
from smtpcheck.cli.profile_save import Proving
from smtpcheck.model.errors import UsageError
from smtpcheck.sandbox.server import Sandbox
from smtpcheck.store.drafts import read_draft
from smtpcheck.store.keys import flat_values
from tests import keyring_fakes
from tests.cli.command_line import CommandLine
from tests.cli.test_profile_import import env_of
from tests.cli.test_profile_init import against
from tests.cli.test_profile_questions import Scripted

CANARY = "c4n4ry-Pässword"
NOT_KEPT = "note: the password is not kept: it is asked for again when you go on"
RESUME = ("profile", "drafts", "resume", "box")


@pytest.fixture
def server() -> Iterator[Sandbox]:
    with Sandbox() as running:
        yield running


def stored(server: Sandbox) -> dict[tuple[str, str], str]:
    """What the keyring holds once the profile `box` has its password."""
    return {("smtpcheck:box", server.username): server.password}


def failed_import(smtpcheck: CommandLine, server: Sandbox) -> None:
    text = env_of(server, CANARY)
    assert smtpcheck("profile", "import", "-", "--name", "box", stdin=text).code == 13


def test_a_mistyped_password_leaves_profile_and_keyring_as_they_were(
    smtpcheck: CommandLine, server: Sandbox
) -> None:
    flags = against(server, "--password-stdin")
    assert smtpcheck(*flags, stdin=server.password.encode()).code == 0
    before = smtpcheck.read("box")
    done = smtpcheck(*flags, "--force", stdin=CANARY.encode())
    assert done.code == 13
    assert keyring_fakes.Memory.values == stored(server)
    assert smtpcheck.read("box") == before
    assert NOT_KEPT in done.err.splitlines()
    assert smtpcheck("probe", "box", "--until", "auth").code == 0


def test_a_mistyped_answer_leaves_the_keyring_as_it_was(
    smtpcheck: CommandLine, server: Sandbox, capsys: pytest.CaptureFixture[str]
) -> None:
    assert smtpcheck(*against(server, "--password-stdin"), stdin=server.password.encode()).code == 0
    flags = {
        "server.host": "localhost",
        "server.port": str(server.submission_port),
        "server.security": "starttls",
        "auth.username": server.username,
        "tls.ca_file": str(server.ca_file),
    }
    answers = collect("box", "", flags, force=True)
    assert finish(answers, Scripted("keyring", CANARY, CANARY), Proving()) == 13
    assert keyring_fakes.Memory.values == stored(server)
    assert NOT_KEPT in capsys.readouterr().err.splitlines()
    answers = collect("box", "", flags, force=True)
    asker = Scripted("keyring", server.password, server.password)
    assert finish(answers, asker, Proving()) == 0
    assert keyring_fakes.Memory.values == stored(server)


def test_the_password_of_a_failed_import_is_said_to_be_gone(
    smtpcheck: CommandLine, server: Sandbox
) -> None:
    text = env_of(server, CANARY)
    done = smtpcheck("profile", "import", "-", "--name", "box", stdin=text)
    told = done.err.splitlines()
    assert NOT_KEPT in told
    assert "note: to save it as it is: smtpcheck profile drafts resume box --no-probe" in told


def test_what_was_refused_is_not_saved_for_want_of_a_password(
    smtpcheck: CommandLine, server: Sandbox
) -> None:
    failed_import(smtpcheck, server)
    done = smtpcheck(*RESUME)
    assert done.code == 2
    assert f"the password of {server.username} is not known" in done.err
    assert "| smtpcheck profile drafts resume box --password-stdin" in done.err
    assert not (smtpcheck.folder / "profiles" / "box.toml").exists()
    assert smtpcheck(*RESUME, "--no-probe").code == 0


def test_a_draft_is_gone_on_with_by_a_password_that_is_piped(
    smtpcheck: CommandLine, server: Sandbox
) -> None:
    failed_import(smtpcheck, server)
    wrong = smtpcheck(*RESUME, "--password-stdin", stdin=CANARY.encode())
    assert (wrong.code, keyring_fakes.Memory.values) == (13, {})
    done = smtpcheck(*RESUME, "--password-stdin", stdin=server.password.encode())
    assert done.code == 0, done.out + done.err
    assert keyring_fakes.Memory.values == stored(server)
    assert not list((smtpcheck.folder / "drafts").glob("*.toml"))


def test_discarding_a_draft_leaves_nothing_in_the_keyring(
    smtpcheck: CommandLine, server: Sandbox
) -> None:
    assert smtpcheck(*against(server, "--password-stdin"), stdin=CANARY.encode()).code == 13
    assert smtpcheck("profile", "drafts", "discard", "box").code == 0
    assert keyring_fakes.Memory.values == {}


def test_somebody_at_the_terminal_is_asked_for_the_password_again(
    smtpcheck: CommandLine, server: Sandbox
) -> None:
    failed_import(smtpcheck, server)
    values = flat_values(read_draft("box").tables)
    asker = Scripted(server.password, server.password)
    answers = Answers("box", raw=dict(values), draft_name="box")
    assert finish(answers, asker, Proving()) == 0
    assert asker.questions == [f"Password of {server.username}: ", "The same again: "]
    assert keyring_fakes.Memory.values == stored(server)


def test_a_password_that_nobody_gives_saves_nothing(
    smtpcheck: CommandLine, server: Sandbox
) -> None:
    failed_import(smtpcheck, server)
    answers = Answers("box", raw=dict(flat_values(read_draft("box").tables)), draft_name="box")
    with pytest.raises(UsageError, match="is not known"):
        finish(answers, Scripted(""), Proving())
    assert not (smtpcheck.folder / "profiles" / "box.toml").exists()
