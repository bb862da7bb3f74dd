from __future__ import annotations

from pathlib import Path

import pytest

from smtpcheck.model.errors import UsageError
from smtpcheck.store import paths


def test_config_dir_variable_wins_over_xdg(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "xdg"))
    monkeypatch.setenv("SMTPCHECK_CONFIG_DIR", str(tmp_path / "own"))
    assert paths.config_dir() == tmp_path / "own"


def test_xdg_is_used_where_the_variable_is_blank(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "xdg"))
    monkeypatch.setenv("SMTPCHECK_CONFIG_DIR", "  ")
    assert paths.config_dir() == tmp_path / "xdg" / "smtpcheck"


def test_home_config_is_used_without_any_variable(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.delenv("XDG_CONFIG_HOME", raising=False)
    monkeypatch.delenv("SMTPCHECK_CONFIG_DIR", raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    assert paths.config_dir() == tmp_path / ".config" / "smtpcheck"


def test_a_relative_config_dir_is_made_absolute_and_a_tilde_is_home(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", "/home/someone")
    monkeypatch.setenv("SMTPCHECK_CONFIG_DIR", "conf")
    assert paths.config_dir() == tmp_path / "conf"
    monkeypatch.setenv("SMTPCHECK_CONFIG_DIR", "~/conf")
    assert paths.config_dir() == Path("/home/someone/conf")


def test_a_profile_lies_in_the_profiles_folder(config_folder: Path) -> None:
    assert paths.profile_path("office365") == config_folder / "profiles" / "office365.toml"


@pytest.mark.parametrize(
    "name", ["", ".", "..", "../x", "a/b", "a\\b", "-x", "a b", "a\n", "ä", "x" * 65, "x.toml"]
)
def test_what_is_no_profile_name_is_refused(name: str, config_folder: Path) -> None:
    with pytest.raises(UsageError):
        paths.profile_path(name)


def test_the_presets_are_found_in_a_checkout() -> None:
    assert (paths.presets_dir() / "office365.toml").is_file()
