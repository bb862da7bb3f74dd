"""`smtpcheck profile init` in a script: flags alone, proved on a real server, saved or drafted."""

from __future__ import annotations

import shlex
import tomllib
from collections.abc import Callable, Iterator

import pytest

from smtpcheck.sandbox.server import Sandbox
from tests import keyring_fakes
from tests.cli.command_line import CommandLine

CANARY = "c4n4ry-Pässword"
OFFICE = ("profile", "init", "--preset", "office365", "--username", "app@example.com")


@pytest.fixture
def server() -> Iterator[Sandbox]:
    with Sandbox() as running:
        yield running


def against(server: Sandbox, *more: str) -> list[str]:
    """The flags of a profile of the sandbox."""
    return [
        *("profile", "init", "box", "--host", "localhost", "--port", str(server.submission_port)),
        *("--security", "starttls", "--username", server.username, "--from", server.username),
        *("--set", f"tls.ca_file={server.ca_file}", *more),
    ]


def saved(smtpcheck: CommandLine, name: str) -> dict[str, object]:
    return tomllib.loads(smtpcheck.read(name))


def test_flags_make_a_profile(smtpcheck: CommandLine) -> None:
    flags = ["--from-name", "My app", "--to", "self", "--to", "ops@example.com", "--no-probe"]
    done = smtpcheck(*OFFICE, *flags, "--set", "sender.force=true", "--password-env", "SMTP_PW")
    assert done.code == 0
    assert saved(smtpcheck, "office365") == {
        "schema": 1,
        "preset": "office365",
        "auth": {"username": "app@example.com", "password": {"env": "SMTP_PW"}},
        "sender": {"address": "app@example.com", "name": "My app", "force": True},
        "test": {"to": ["self", "ops@example.com"]},
    }


def test_a_name_alone_is_answered_with_the_preset_that_it_names(smtpcheck: CommandLine) -> None:
    done = smtpcheck("profile", "init", "gmail", "--no-input")
    assert done.code == 2
    assert "  help: --preset gmail or --host HOST: provider, or server\n" in done.err


def test_everything_that_is_missing_is_one_error(smtpcheck: CommandLine) -> None:
    done = smtpcheck("profile", "init", "--preset", "ses", "--no-probe")
    assert done.code == 2
    assert done.err.startswith("error: 3 settings are missing\n")
    for flag in ("--region REGION: one of us-east-1", "--username USER", "--from ADDRESS"):
        assert flag in done.err


def test_everything_that_is_wrong_is_one_error(smtpcheck: CommandLine) -> None:
    flags = ["--port", "99999", "--security", "ssl", "--from", "nobody", "--preset", "ofice365"]
    done = smtpcheck("profile", "init", *flags)
    assert done.code == 2
    for word in ("server.port", 'did you mean "tls"?', "sender.address", "did you mean office365?"):
        assert word in done.err


def test_a_region_makes_the_host(smtpcheck: CommandLine) -> None:
    flags = ["--preset", "ses", "--region", "eu-west-1", "--username", "AKIAEXAMPLE"]
    done = smtpcheck("profile", "init", *flags, "--from", "app@example.com", "--no-probe")
    assert done.code == 0
    assert 'host = "email-smtp.eu-west-1.amazonaws.com"' in smtpcheck.read("ses")


def test_a_wrong_region_names_a_near_one(smtpcheck: CommandLine) -> None:
    done = smtpcheck("profile", "init", "--preset", "ses", "--region", "eu-west1")
    assert (done.code, "did you mean eu-west-1?" in done.err) == (2, True)


def test_a_fixed_user_name_comes_from_the_preset(smtpcheck: CommandLine) -> None:
    flags = ["--preset", "sendgrid", "--from", "app@example.com", "--no-probe"]
    assert smtpcheck("profile", "init", *flags).code == 0
    assert 'username = "apikey"' in smtpcheck.read("sendgrid")


def test_without_a_password_source_it_is_the_keyring_and_says_how_to_fill_it(
    smtpcheck: CommandLine,
) -> None:
    done = smtpcheck(*OFFICE, "--no-probe")
    assert done.code == 0
    assert "password = { keyring = true }" in smtpcheck.read("office365")
    assert "smtpcheck secret set office365" in done.err


def test_a_machine_without_a_keyring_gets_its_profile_too(
    smtpcheck: CommandLine, keyring_backend: Callable[[str], None]
) -> None:
    keyring_backend("keyring.backends.fail.Keyring")
    done = smtpcheck(*OFFICE, "--no-probe")
    assert done.code == 0
    assert "no keyring backend" in done.err
    assert "{env=" in done.err


@pytest.mark.parametrize(
    "flow",
    [
        ("auth.oauth.client_id=11-22",),
        (
            "auth.oauth.issuer=google",
            "auth.oauth.flow=service-account",
            "auth.oauth.key_file=k.json",
        ),
    ],
)
def test_a_profile_that_gets_a_token_has_no_password_and_says_how_to_log_in(
    smtpcheck: CommandLine, flow: tuple[str, ...]
) -> None:
    flags = [word for each in flow for word in ("--set", each)]
    done = smtpcheck(*OFFICE, *flags, "--no-probe")
    assert done.code == 0
    auth = saved(smtpcheck, "office365")["auth"]
    assert isinstance(auth, dict)
    assert "password" not in auth
    assert "note: it logs in with a token: smtpcheck login office365\n" in done.err


def test_an_application_beside_a_password_method_leaves_the_keyring(smtpcheck: CommandLine) -> None:
    done = smtpcheck(
        *OFFICE, "--set", "auth.oauth.client_id=1", "--set", "auth.method=login", "--no-probe"
    )
    assert done.code == 0
    auth = saved(smtpcheck, "office365")["auth"]
    assert isinstance(auth, dict)
    assert auth["password"] == {"keyring": True}


def test_an_existing_profile_is_replaced_only_by_force(smtpcheck: CommandLine) -> None:
    smtpcheck(*OFFICE, "--no-probe")
    before = smtpcheck.read("office365")
    again = [*OFFICE[:2], "office365", *OFFICE[2:-1], "other@example.com", "--no-probe"]
    done = smtpcheck(*again)
    assert (done.code, "--force" in done.err) == (2, True)
    assert smtpcheck.read("office365") == before
    assert smtpcheck(*again, "--force").code == 0
    assert "other@example.com" in smtpcheck.read("office365")


def test_a_taken_preset_name_asks_for_another(smtpcheck: CommandLine) -> None:
    smtpcheck(*OFFICE, "--no-probe")
    done = smtpcheck(*OFFICE, "--no-probe")
    assert (done.code, "NAME: what the profile is called" in done.err) == (2, True)


def test_two_password_sources_exclude_each_other(smtpcheck: CommandLine) -> None:
    done = smtpcheck(*OFFICE, "--password-env", "A", "--password-file", "b")
    assert (done.code, "exclude each other" in done.err) == (2, True)


def test_a_password_as_an_argument_is_refused(smtpcheck: CommandLine) -> None:
    done = smtpcheck(*OFFICE, "--password", CANARY)
    assert done.code == 2
    assert CANARY not in done.err
    done = smtpcheck(*OFFICE, "--set", f"auth.password={CANARY}")
    assert done.code == 2
    assert CANARY not in done.err


def test_a_command_for_the_password_is_split_like_a_shell_does(smtpcheck: CommandLine) -> None:
    smtpcheck(*OFFICE, "--password-command", "pass show 'my mail'", "--no-probe")
    assert 'command = ["pass", "show", "my mail"]' in smtpcheck.read("office365")


def test_a_probe_that_passes_saves(
    smtpcheck: CommandLine, server: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BOX_PW", server.password)
    done = smtpcheck(*against(server, "--password-env", "BOX_PW", "--to", "ops@example.com"))
    assert done.code == 0, done.out + done.err
    assert "saved the profile box" in done.out
    assert server.messages == ()  # the envelope alone
    assert smtpcheck("probe", "box", "--until", "auth").code == 0


def test_a_password_on_stdin_goes_into_the_keyring(smtpcheck: CommandLine, server: Sandbox) -> None:
    done = smtpcheck(*against(server, "--password-stdin"), stdin=server.password.encode())
    assert done.code == 0, done.out + done.err
    assert list(keyring_fakes.Memory.values.values()) == [server.password]
    assert "password = { keyring = true }" in smtpcheck.read("box")
    assert server.password not in done.out + done.err


def test_a_missing_password_ends_the_probe_after_ehlo(
    smtpcheck: CommandLine, server: Sandbox
) -> None:
    done = smtpcheck(*against(server))
    assert done.code == 0, done.out + done.err
    assert "the probe ended after EHLO" in done.err
    assert "smtpcheck secret set box" in done.err
    assert saved(smtpcheck, "box")["auth"] == {
        "username": server.username,
        "password": {"keyring": True},
    }


def test_a_probe_that_fails_keeps_a_draft_and_names_the_way(
    smtpcheck: CommandLine, server: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BOX_PW", CANARY)
    done = smtpcheck(*against(server, "--password-env", "BOX_PW", "--from-name", "It's me"))
    assert done.code == 13
    assert not (smtpcheck.folder / "profiles" / "box.toml").exists()
    assert 'name = "It\'s me"' in (smtpcheck.folder / "drafts" / "box.toml").read_text()
    assert CANARY not in done.out + done.err
    told = [line for line in done.err.splitlines() if "to save it as it is: " in line]
    command = shlex.split(told[0].partition(": ")[2].partition(": ")[2])
    assert smtpcheck(*command[1:]).code == 0
    assert 'name = "It\'s me"' in smtpcheck.read("box")
    assert not (smtpcheck.folder / "drafts" / "box.toml").exists()


def test_what_cannot_be_probed_here_is_kept_as_a_draft(
    smtpcheck: CommandLine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("smtpcheck.probe.proxy_aim.find_spec", lambda _name: None)
    flags = ["--set", "proxy.type=http", "--set", "proxy.host=p.example", "--set"]
    done = smtpcheck(*OFFICE, *flags, "proxy.port=3128")
    assert (done.code, "--no-probe" in done.err) == (2, True)
    assert "pip install 'smtpcheck[proxy]'" in done.err
    assert (smtpcheck.folder / "drafts" / "office365.toml").exists()


def test_settings_of_the_environment_are_not_what_is_saved(
    smtpcheck: CommandLine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SMTPCHECK_SERVER_HOST", "other.example.com")
    assert smtpcheck(*OFFICE, "--no-probe").code == 0
    assert "other.example.com" not in smtpcheck.read("office365")
