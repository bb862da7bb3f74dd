"""`smtpcheck profile import`: what another program uses, proved on a real server, then saved."""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from smtpcheck.sandbox.server import Sandbox
from tests import keyring_fakes
from tests.cli.command_line import CommandLine

CANARY = "c4n4ry-Pässword"
ENV = """\
APP_NAME=Shop
DB_PASSWORD=not-this-one
MAIL_MAILER=smtp
MAIL_HOST=smtp.example.com
MAIL_PORT=587
MAIL_USERNAME=app@example.com
MAIL_PASSWORD={password}
MAIL_ENCRYPTION=tls
MAIL_FROM_ADDRESS=noreply@example.com
MAIL_FROM_NAME="${{APP_NAME}}"
"""


@pytest.fixture
def server() -> Iterator[Sandbox]:
    with Sandbox() as running:
        yield running


def env_file(folder: Path, password: str = CANARY) -> str:
    path = folder / ".env"
    path.write_text(ENV.format(password=password))
    return str(path)


def env_of(server: Sandbox, password: str, **changes: str) -> bytes:
    """A .env file of an application that sends through the sandbox."""
    settings = {
        "SMTP_HOST": "localhost",
        "SMTP_PORT": str(server.submission_port),
        "SMTP_SECURITY": "starttls",
        "SMTP_USERNAME": server.username,
        "SMTP_PASSWORD": password,
        "SMTP_FROM": server.username,
        "SMTP_CA_FILE": str(server.ca_file),
    }
    return "".join(f"{name}='{value}'\n" for name, value in (settings | changes).items()).encode()


def saved(smtpcheck: CommandLine, name: str) -> dict[str, object]:
    return tomllib.loads(smtpcheck.read(name))


def no_secret_in(smtpcheck: CommandLine, *texts: str) -> None:
    for path in smtpcheck.folder.rglob("*"):
        if path.is_file():
            assert CANARY not in path.read_text(encoding="utf-8")
    assert not any(CANARY in text for text in texts)


def test_a_file_becomes_a_profile_and_its_password_goes_into_the_keyring(
    smtpcheck: CommandLine, tmp_path: Path
) -> None:
    done = smtpcheck("profile", "import", env_file(tmp_path), "--name", "app", "--no-probe")
    assert done.code == 0
    assert saved(smtpcheck, "app") == {
        "schema": 1,
        "server": {"host": "smtp.example.com", "port": 587, "security": "starttls"},
        "auth": {"username": "app@example.com", "password": {"keyring": True}},
        "sender": {"address": "noreply@example.com", "name": "Shop"},
    }
    assert keyring_fakes.Memory.values == {("smtpcheck:app", "app@example.com"): CANARY}
    assert "stored the password of app@example.com" in done.out
    assert ".env:8: Laravel takes TLS only where the server offers it" in done.err
    no_secret_in(smtpcheck, done.out, done.err)


def test_without_a_name_it_is_called_like_its_host(smtpcheck: CommandLine, tmp_path: Path) -> None:
    assert smtpcheck("profile", "import", env_file(tmp_path), "--no-probe").code == 0
    assert saved(smtpcheck, "smtp.example.com")["schema"] == 1


def test_without_a_keyring_the_profile_is_made_all_the_same(
    smtpcheck: CommandLine, tmp_path: Path, keyring_backend: Callable[[str], None]
) -> None:
    keyring_backend("keyring.backends.fail.Keyring")
    done = smtpcheck("profile", "import", env_file(tmp_path), "--name", "app", "--no-probe")
    assert done.code == 0
    assert "password = { keyring = true }" in smtpcheck.read("app")
    assert "no keyring backend" in done.err
    assert "{env=" in done.err
    no_secret_in(smtpcheck, done.out, done.err)


def test_a_placeholder_is_no_secret(smtpcheck: CommandLine, tmp_path: Path) -> None:
    file = env_file(tmp_path, "<your-password>")
    done = smtpcheck("profile", "import", file, "--name", "app", "--no-probe")
    assert done.code == 0
    assert keyring_fakes.Memory.values == {}
    assert "MAIL_PASSWORD holds a placeholder" in done.err
    assert "smtpcheck secret set app" in done.err


def test_standard_input_is_proved_with_its_password_and_saved(
    smtpcheck: CommandLine, server: Sandbox
) -> None:
    text = env_of(server, server.password)
    done = smtpcheck("profile", "import", "-", "--name", "box", stdin=text)
    assert done.code == 0, done.err
    assert "login accepted" in done.out or "passed" in done.out
    assert keyring_fakes.Memory.values == {("smtpcheck:box", server.username): server.password}
    assert server.password not in done.out + done.err + smtpcheck.read("box")
    assert smtpcheck("probe", "box", "--until", "auth").code == 0


def test_no_message_is_sent_unless_asked_for(smtpcheck: CommandLine, server: Sandbox) -> None:
    text = env_of(server, server.password)
    arguments = ("profile", "import", "-", "--name", "box", "--to", "ops@example.com")
    assert smtpcheck(*arguments, stdin=text).code == 0
    assert not server.messages
    assert smtpcheck(*arguments, "--force", "--send", stdin=text).code == 0
    assert len(server.messages) == 1


def test_a_failed_probe_saves_a_draft_without_the_password(
    smtpcheck: CommandLine, server: Sandbox
) -> None:
    done = smtpcheck("profile", "import", "-", "--name", "box", stdin=env_of(server, CANARY))
    assert done.code == 13
    assert not (smtpcheck.folder / "profiles" / "box.toml").exists()
    assert (smtpcheck.folder / "drafts" / "box.toml").exists()
    assert "--no-probe" in done.err
    assert keyring_fakes.Memory.values == {}
    no_secret_in(smtpcheck, done.out, done.err)


def test_what_the_file_has_wrong_is_mended_by_a_flag(
    smtpcheck: CommandLine, server: Sandbox
) -> None:
    text = env_of(server, server.password, SMTP_PORT=str(server.submissions_port))
    done = smtpcheck("profile", "import", "-", "--name", "box", stdin=text)
    assert done.code == 11
    assert "add --set KEY=VALUE" in done.err
    again = ("profile", "import", "-", "--name", "box", "--set", "server.security=tls")
    assert smtpcheck(*again, stdin=text).code == 0
    assert not (smtpcheck.folder / "drafts" / "box.toml").exists()


def test_a_wrong_value_names_the_file_the_line_and_what_the_file_calls_it(
    smtpcheck: CommandLine,
) -> None:
    text = (
        b"# mail\nSMTP_HOST=smtp.example.com\nSMTP_PORT=58 7\nSMTP_FROM=nobody\nSMTP_PASSWORD=x\n"
    )
    done = smtpcheck("profile", "import", "-", "--name", "app", stdin=text)
    assert done.code == 2
    assert "standard input:3: SMTP_PORT: server.port is text, not a whole number" in done.err
    assert "standard input:4: SMTP_FROM: sender.address" in done.err
    assert "2 problems in standard input" in done.err
    assert "add --set server.port=VALUE" in done.err


def test_a_mistyped_name_is_told_with_the_one_that_was_meant(smtpcheck: CommandLine) -> None:
    text = b"SMTP_HOST=smtp.example.com\nSMTP_PROT=465\nSMTP_USER=a\n"
    done = smtpcheck("profile", "import", "-", "--name", "app", "--no-probe", stdin=text)
    assert done.code == 0
    assert "standard input:2: SMTP_PROT is not carried over; did you mean SMTP_PORT?" in done.err


def test_an_existing_profile_is_replaced_only_by_force(
    smtpcheck: CommandLine, tmp_path: Path
) -> None:
    arguments = ("profile", "import", env_file(tmp_path), "--name", "app", "--no-probe")
    smtpcheck.write("app", 'schema = 1\n[server]\nhost = "old.example.com"\n')
    done = smtpcheck(*arguments)
    assert (done.code, "--force" in done.err) == (2, True)
    assert "old.example.com" in smtpcheck.read("app")
    assert keyring_fakes.Memory.values == {}
    assert smtpcheck(*arguments, "--force").code == 0
    assert "smtp.example.com" in smtpcheck.read("app")


def test_several_accounts_are_listed_until_one_is_named(
    smtpcheck: CommandLine, tmp_path: Path
) -> None:
    path = tmp_path / "msmtprc"
    path.write_text(
        "account one\nhost one.example\nfrom a@one.example\n"
        "account two\nhost two.example\nfrom a@two.example\n"
    )
    done = smtpcheck("profile", "import", str(path), "--no-probe")
    assert done.code == 2
    assert "--account one" in done.err
    assert "--account two" in done.err
    near = smtpcheck("profile", "import", str(path), "--account", "tow", "--no-probe")
    assert (near.code, "did you mean two?" in near.err) == (2, True)
    assert smtpcheck("profile", "import", str(path), "--account", "two", "--no-probe").code == 0
    assert "two.example" in smtpcheck.read("two.example")


def test_a_command_in_the_file_is_not_run(
    smtpcheck: CommandLine, server: Sandbox, tmp_path: Path
) -> None:
    mark = tmp_path / "ran"
    path = tmp_path / "msmtprc"
    path.write_text(
        f"account a\nhost localhost\nport {server.submission_port}\nauth on\nuser u\n"
        f"from a@example.com\ntls on\ntls_trust_file {server.ca_file}\n"
        f"eval touch {mark}\npasswordeval touch {mark}\n"
    )
    done = smtpcheck("profile", "import", str(path), "--name", "app")
    assert done.code == 0, done.err
    assert not mark.exists()
    assert "was not run" in done.err
    assert 'password = { command = ["touch"' in smtpcheck.read("app")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (b"", "is empty"),
        (b"SMTP_HOST=a\0b\n", "NUL characters"),
        (b"hello world\n", "in no format that is recognised"),
        (b"SMTP_HOST=a\n" * 60_000, "longer than 256 kB"),
        (b"SMTP_USER=someone\nSMTP_PORT=25\n", "in no format that is recognised"),
    ],
)
def test_what_is_no_settings_is_refused(smtpcheck: CommandLine, text: bytes, words: str) -> None:
    done = smtpcheck("profile", "import", "-", "--name", "app", "--no-probe", stdin=text)
    assert (done.code, words in done.err) == (2, True), done.err


def test_an_unknown_format_names_the_one_that_was_meant(smtpcheck: CommandLine) -> None:
    done = smtpcheck("profile", "import", "-", "--format", "djnago", stdin=b"x")
    assert (done.code, "did you mean django?" in done.err) == (2, True)


def test_what_the_file_says_can_be_overruled(smtpcheck: CommandLine, tmp_path: Path) -> None:
    more = ("--set", "server.port=465", "--set", 'auth.password={env="PW"}', "--to", "self")
    done = smtpcheck("profile", "import", env_file(tmp_path), "--name", "app", "--no-probe", *more)
    assert done.code == 0
    assert saved(smtpcheck, "app")["test"] == {"to": ["self"]}
    assert 'password = { env = "PW" }' in smtpcheck.read("app")
    assert keyring_fakes.Memory.values == {}
    no_secret_in(smtpcheck, done.out, done.err)


def test_hidden_characters_of_the_file_do_not_reach_the_terminal(smtpcheck: CommandLine) -> None:
    text = "SMTP_HOST=smtp.example.com\nSMTP_\u202e\x1b[31m=1\nSMTP_FROM='a\x1b@x'\n".encode()
    done = smtpcheck("profile", "import", "-", "--name", "app", "--no-probe", stdin=text)
    assert done.code == 2
    assert "\x1b" not in done.err + done.out
    assert "\u202e" not in done.err + done.out


def test_a_message_is_not_sent_to_nobody(smtpcheck: CommandLine, tmp_path: Path) -> None:
    done = smtpcheck("profile", "import", env_file(tmp_path), "--name", "app", "--send")
    assert (done.code, "add --to ADDRESS" in done.err) == (2, True)


def test_a_password_without_a_user_that_is_known_is_told(smtpcheck: CommandLine) -> None:
    text = f"SMTP_HOST=smtp.example.com\nSMTP_USER=${{WHO}}\nSMTP_PASSWORD={CANARY}\n".encode()
    done = smtpcheck("profile", "import", "-", "--name", "app", "--no-probe", stdin=text)
    assert done.code == 2
    assert "SMTP_USER is not carried over: it comes from environment variable WHO" in done.err
    assert "auth.username" in done.err
    no_secret_in(smtpcheck, done.out, done.err)
    more = ("--set", "auth.username=someone")
    done = smtpcheck("profile", "import", "-", "--name", "app", "--no-probe", *more, stdin=text)
    assert done.code == 0
    assert keyring_fakes.Memory.values == {("smtpcheck:app", "someone"): CANARY}


def test_a_profile_of_smtpcheck_needs_no_import(smtpcheck: CommandLine, tmp_path: Path) -> None:
    path = tmp_path / "app.toml"
    path.write_text('schema = 1\n[server]\nhost = "smtp.example.com"\n')
    done = smtpcheck("profile", "import", str(path))
    assert (done.code, "smtpcheck probe" in done.err) == (2, True)


@pytest.mark.parametrize("own", [False, True])
def test_a_secret_that_the_file_names_is_not_sent_to_its_server(
    smtpcheck: CommandLine,
    server: Sandbox,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    own: bool,
) -> None:
    """A hostile file could name any secret of this machine beside a server of its own."""
    monkeypatch.setenv("AWS_SECRET", CANARY)
    if own:  # the user's own word for this run counts
        monkeypatch.setenv("SMTPCHECK_PASSWORD", server.password)
    file = tmp_path / "hostile.env"
    file.write_bytes(env_of(server, "SECRET").replace(b"'SECRET'", b"${AWS_SECRET}"))
    ca = f"tls.ca_file={server.ca_file}"
    done = smtpcheck("profile", "import", str(file), "--name", "box", "--set", ca)
    assert done.code == 0, done.out + done.err
    assert "the file names the environment variable" in done.err
    assert 'password = { env = "AWS_SECRET" }' in smtpcheck.read("box")
    assert ("ended after EHLO, without a login" in done.err) is not own
    assert CANARY not in done.out + done.err
