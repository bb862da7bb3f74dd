from __future__ import annotations

from dataclasses import replace

import pytest

from smtpcheck.model.errors import ProfileError, UsageError
from smtpcheck.store.presets import (
    load_preset,
    preset_for_domain,
    preset_for_host,
    preset_settings,
    read_preset,
    settings_below,
)


def test_a_host_of_nobody_has_no_preset() -> None:
    assert preset_for_host("smtp.example.com") is None
    assert preset_for_host("smtp.office365.com.example.net") is None


def test_an_unknown_preset_is_a_usage_error_with_a_suggestion() -> None:
    with pytest.raises(UsageError) as caught:
        load_preset("sendgird")
    assert caught.value.help[0] == "did you mean sendgrid?"
    with pytest.raises(UsageError, match="no preset"):
        load_preset("../profiles/gmail")


def test_other_words_for_a_preset_are_suggestions() -> None:
    with pytest.raises(UsageError) as caught:
        load_preset("postfix")
    assert caught.value.help[0] == "did you mean relay?"
    with pytest.raises(UsageError) as caught:
        load_preset("proton.me")
    assert caught.value.help[0] == "did you mean proton or proton-bridge?"


def test_a_mail_domain_leads_to_the_preset_of_its_mailboxes() -> None:
    found = {domain: preset_for_domain(domain) for domain in ("icloud.com", "Mac.Com.", "gmx.com")}
    assert {domain: each and each.name for domain, each in found.items()} == {
        "icloud.com": "icloud",
        "Mac.Com.": "icloud",
        "gmx.com": "gmx-com",
    }
    assert preset_for_domain("example.com") is None


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
