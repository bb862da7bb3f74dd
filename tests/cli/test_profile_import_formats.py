"""Formats as commands: what stands in the test texts becomes profiles, and no password is seen
anywhere but in the keyring."""

from __future__ import annotations

import pytest

from smtpcheck.model.errors import UsageError
from smtpcheck.store.foreign.formats import NAMES, format_named
from smtpcheck.wire.sasl import plain_text
from tests import keyring_fakes
from tests.cli.command_line import CommandLine
from tests.store.foreign.reading_back import TEXTS
from tests.store.foreign.test_goldens import CASES, source_of

SERVERS = (
    *("spring", "rails", "dotnet", "grafana", "alertmanager", "gitlab", "nextcloud", "keycloak"),
    *("discourse", "jenkins", "compose", "kubernetes"),
)
HOLDING = [
    (case, each.account)
    for case in CASES
    if case.partition("/")[0] in SERVERS
    for each in format_named(case.partition("/")[0]).read(source_of(TEXTS / case))
    if each.secrets
]


def secrets_of(case: str) -> set[str]:
    found = format_named(case.partition("/")[0]).read(source_of(TEXTS / case))
    return {plain_text(secret) for each in found for secret in each.secrets.values()}


@pytest.mark.parametrize(("case", "account"), HOLDING)
def test_a_password_of_a_file_is_in_the_keyring_alone(
    case: str, account: str, smtpcheck: CommandLine
) -> None:
    more = ("--account", account) if account else ()
    done = smtpcheck("profile", "import", str(TEXTS / case), "--name", "app", "--no-probe", *more)
    assert done.code == 0, done.err
    (kept,) = keyring_fakes.Memory.values.values()
    everything = secrets_of(case)
    assert kept in everything
    seen = done.out + done.err + smtpcheck.read("app")
    assert not [secret for secret in everything if secret in seen]
    assert "not-this-one" not in seen


@pytest.mark.parametrize("name", SERVERS)
@pytest.mark.parametrize("other", ["spring", "grafana", "keycloak", "compose", "jenkins", "rails"])
def test_a_file_of_another_format_is_refused_in_words_without_its_values(
    name: str, other: str
) -> None:
    for case in (each for each in CASES if each.partition("/")[0] == name):
        if name == other:
            continue
        try:
            found = format_named(other).read(source_of(TEXTS / case))
        except UsageError as error:
            told = f"{error.message}{error.help}"
        else:
            told = " ".join(note.text for each in found for note in each.notes)
        assert not [secret for secret in secrets_of(case) if secret in told]


@pytest.mark.parametrize("name", SERVERS)
def test_a_profile_is_exported_and_imported_as_commands(name: str, smtpcheck: CommandLine) -> None:
    assert name in NAMES
    made = smtpcheck(
        *("profile", "init", "first", "--host", "smtp.example.com", "--security", "starttls"),
        *("--username", "me@example.com", "--no-probe", "--no-input"),
    )
    assert made.code == 0, made.err
    written = smtpcheck("profile", "export", "first", "--format", name)
    assert written.code == 0, written.err
    assert "CHANGE_ME" in written.out
    text = written.out.encode()
    done = smtpcheck("profile", "import", "-", "--name", "again", "--no-probe", stdin=text)
    assert done.code == 0, done.err
    assert 'host = "smtp.example.com"' in smtpcheck.read("again")
    assert not keyring_fakes.Memory.values


def test_the_text_of_a_whole_cluster_is_asked_which_part_is_meant(smtpcheck: CommandLine) -> None:
    file = str(TEXTS / "kubernetes" / "all.yaml")
    done = smtpcheck("profile", "import", file, "--name", "app", "--no-probe")
    assert done.code == 2
    assert "--account deployment/app" in done.err
    wrong = ("--account", "deployment/ap")
    done = smtpcheck("profile", "import", file, "--name", "app", "--no-probe", *wrong)
    assert (done.code, "did you mean deployment/app?" in done.err) == (2, True)
