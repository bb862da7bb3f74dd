"""Which profiles can be served, and which cannot."""

from __future__ import annotations

from pathlib import Path

import pytest

from smtpcheck.model.errors import ProfileError, UsageError
from smtpcheck.model.plan import Plan
from smtpcheck.serve.profiles import Profiles

PROFILE = """\
schema = 1
[server]
host = "mail.example.test"
[auth]
username = "alice"
password = {password}
"""


def profiles(*targets: object) -> Profiles:
    return Profiles(
        [str(each) for each in targets], Plan(deliver=False), lambda _name, _fault: None
    )


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("SMTPCHECK_CONFIG_DIR", str(tmp_path))
    (tmp_path / "profiles").mkdir()
    return tmp_path / "profiles"


def write(folder: Path, name: str, kept: str = '{ env = "HERE" }') -> Path:
    path = folder / f"{name}.toml"
    path.write_text(PROFILE.format(password=kept))
    return path


def test_profiles_are_served_by_name_and_by_file(folder: Path) -> None:
    path = write(folder, "one")
    served = profiles("one", path, "one")
    assert served.names == ("one", str(path))
    assert served.job("two") is None
    one = served.job("one")
    assert one is not None
    assert one is served.job("one")


@pytest.mark.parametrize(
    "target",
    [
        "mail.example.test",
        "mail.example.test:587",
        "smtp://mail.example.test",
        "[::1]:25",
        "nothing",
    ],
)
def test_a_host_is_no_profile(folder: Path, target: str) -> None:
    write(folder, "one")
    with pytest.raises(UsageError):
        profiles("one", target)


def test_a_password_that_somebody_would_type_is_refused(folder: Path) -> None:
    write(folder, "one", "{ prompt = true }")
    with pytest.raises(UsageError, match=r"auth\.password is to be typed") as caught:
        profiles("one")
    assert any("smtpcheck profile set one" in line for line in caught.value.help)


def test_a_disabled_profile_may_wait_for_its_password(folder: Path) -> None:
    path = write(folder, "one", "{ prompt = true }")
    path.write_text(path.read_text().replace("schema = 1", "schema = 1\nenabled = false"))
    assert profiles("one").names == ("one",)


def test_the_problems_of_all_files_are_told_at_once(folder: Path) -> None:
    for name in ("one", "two"):
        path = write(folder, name)
        path.write_text(path.read_text().replace("host", "hots"))
    with pytest.raises(ProfileError) as caught:
        profiles("one", "two")
    assert {Path(problem.file).stem for problem in caught.value.problems} == {"one", "two"}


def test_a_profile_that_begins_to_ask_keeps_its_last_good_settings(folder: Path) -> None:
    write(folder, "one")
    served = profiles("one")
    before = served.job("one")
    write(folder, "one", "{ prompt = true }")
    assert served.job("one") is before
    assert "is to be typed" in served.faults["one"]
    assert not served.reload()
    write(folder, "one", "{ keyring = true }")
    assert served.reload()
    assert served.job("one") is not before
