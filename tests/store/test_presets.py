from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from smtpcheck.model.errors import ProfileError, UsageError
from smtpcheck.model.preset import Preset
from smtpcheck.model.settings import Kind
from smtpcheck.store.keys import KEYS
from smtpcheck.store.layers import Layer, layer_of_tables
from smtpcheck.store.origin import Source
from smtpcheck.store.presets import (
    list_presets,
    load_preset,
    preset_for_host,
    preset_settings,
    read_preset,
    settings_below,
)
from smtpcheck.store.profile_reader import profile_from_settings

PRESETS = list_presets()
NAMES = [preset.name for preset in PRESETS]


def test_the_seven_presets_are_shipped_in_their_order() -> None:
    assert NAMES == ["office365", "gmail", "ses", "relay", "exchange", "outlook", "sendgrid"]


def test_each_preset_names_its_provider_as_the_catalogue_does() -> None:
    assert {preset.name: preset.provider for preset in PRESETS} == {
        "office365": "m365",
        "gmail": "gmail",
        "ses": "ses",
        "relay": "postfix-relay",
        "exchange": "exchange-onprem",
        "outlook": "outlook-com",
        "sendgrid": "sendgrid",
    }


@pytest.mark.parametrize("preset", PRESETS, ids=NAMES)
def test_every_preset_tells_its_sources_and_their_date(preset: Preset) -> None:
    assert preset.title
    assert preset.sources
    assert any(character.isdigit() for character in preset.as_of)
    assert preset.username_form
    assert preset.password_kind
    assert preset.account_password


@pytest.mark.parametrize("preset", PRESETS, ids=NAMES)
def test_no_preset_holds_what_belongs_to_a_user(preset: Preset) -> None:
    layer = layer_of_tables(preset.settings, Layer(Source.PRESET, "", Path()))
    personal = {Kind.SECRET, Kind.ADDRESS, Kind.RECIPIENT, Kind.PATH}
    assert not [key for key in layer.raw if KEYS[key].rule.kind in personal]
    assert layer.raw.get("auth.username", preset.username_literal) == preset.username_literal


@pytest.mark.parametrize("preset", PRESETS, ids=NAMES)
def test_every_preset_makes_a_valid_profile_with_a_host_and_a_user(preset: Preset) -> None:
    region = preset.regions[0] if preset.regions else ""
    tables = preset_settings(preset, region=region)
    tables["server"] = {"host": "mail.example.com", **tables["server"]}
    login = tables.get("auth", {}).get("method") != "none"
    if login:
        tables["auth"] = {"username": "u@example.com", **tables.get("auth", {})}
    profile = profile_from_settings(tables, environment={}).profile
    assert profile.wants_login is login
    assert profile.port in (25, 465, 587)


@pytest.mark.parametrize("preset", PRESETS, ids=NAMES)
def test_the_host_of_a_preset_leads_back_to_it(preset: Preset) -> None:
    region = preset.regions[0] if preset.regions else ""
    host = preset_settings(preset, region=region)["server"].get("host", "")
    if host:
        assert preset_for_host(host.upper() + ".") == preset
    else:
        assert preset.hosts == ()


def test_a_host_of_nobody_has_no_preset() -> None:
    assert preset_for_host("smtp.example.com") is None
    assert preset_for_host("smtp.office365.com.example.net") is None


def test_an_unknown_preset_is_a_usage_error_with_a_suggestion() -> None:
    with pytest.raises(UsageError) as caught:
        load_preset("sendgird")
    assert caught.value.help == ("did you mean sendgrid?",)
    with pytest.raises(UsageError, match="no preset"):
        load_preset("../profiles/gmail")


def test_the_region_makes_the_host_of_ses() -> None:
    settings = preset_settings(load_preset("ses"), region="eu-west-1")
    assert settings["server"] == {
        "host": "email-smtp.eu-west-1.amazonaws.com",
        "port": 587,
        "security": "starttls",
    }


@pytest.mark.parametrize(
    ("name", "region", "words", "hint"),
    [
        ("ses", "", "needs a region", "us-east-1"),
        ("ses", "eu-wset-1", "not a region", "did you mean eu-west-1?"),
        ("gmail", "eu-west-1", "has no regions", ""),
    ],
)
def test_a_wrong_region_is_a_usage_error(name: str, region: str, words: str, hint: str) -> None:
    with pytest.raises(UsageError, match=words) as caught:
        preset_settings(load_preset(name), region=region)
    assert hint in caught.value.help[0]


def test_settings_of_a_preset_are_a_copy() -> None:
    preset_settings(load_preset("gmail"))["server"]["host"] = "changed"
    settings_below(load_preset("gmail"), {"server.port": 587})["server"]["host"] = "changed"
    assert load_preset("gmail").settings["server"] == {
        "host": "smtp.gmail.com",
        "port": 465,
        "security": "tls",
    }


def test_security_without_a_way_of_the_preset_takes_its_usual_port() -> None:
    preset = replace(load_preset("office365"), alternatives=())
    assert "port" not in settings_below(preset, {"server.security": "tls"})["server"]


def test_all_mistakes_of_a_preset_are_told_with_their_lines() -> None:
    content = b"""
[preset]
titel = "X"
provider = "x"
hosts = "x.example"
max_recipients = -1
account_password = "maybe"
alternatives = [{ port = "465" }]
sources = ["somewhere"]

[server]
prot = 25
"""
    with pytest.raises(ProfileError) as caught:
        read_preset("x", content, "x.toml")
    told = {(each.line, each.message) for each in caught.value.problems}
    assert told == {
        (3, "unknown key preset.titel"),
        (5, "preset.hosts is not an array"),
        (6, "preset.max_recipients is too small"),
        (7, "preset.account_password is not one of the words it may be"),
        (8, "preset.alternatives has a wrong element 1"),
        (12, "unknown key server.prot"),
        (2, "preset.title is missing"),
        (2, "preset.as_of is missing"),
    }


def test_a_preset_may_not_build_on_another_preset() -> None:
    with pytest.raises(ProfileError):
        read_preset("x", b'preset = "gmail"\n[server]\nport = 25\n', "x.toml")
