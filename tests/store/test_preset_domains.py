"""Which mail addresses and MX hosts lead to a preset."""

from __future__ import annotations

from fnmatch import fnmatchcase
from itertools import combinations

import pytest

from smtpcheck.model.preset import Preset
from smtpcheck.store.presets import preset_for_domain, preset_for_mx
from tests.shipped import list_presets

PRESETS = list_presets()


@pytest.mark.parametrize(
    ("host", "name"),
    [
        ("aspmx.l.google.com", "gmail"),
        ("ALT2.ASPMX.L.GOOGLE.COM.", "gmail"),
        ("aspmx3.googlemail.com", "gmail"),
        ("smtp.google.com", "gmail"),
        ("contoso-com.mail.protection.outlook.com", "office365"),
        ("contoso-com.x-v1.mx.microsoft", "office365"),
        ("outlook-com.olc.protection.outlook.com", "outlook"),
        ("contoso-us.mail.protection.office365.us", "m365-gcc-high"),
        ("contoso-cn.mail.protection.partner.outlook.cn", "m365-china"),
        ("mail.protonmail.ch", "proton"),
        ("mail.protection.outlook.com.evil.test", None),
        ("mx.example.com", None),
    ],
)
def test_an_mx_host_leads_to_its_provider(host: str, name: str | None) -> None:
    found = preset_for_mx(host)
    assert (found.name if found else None) == name


@pytest.mark.parametrize(
    ("domain", "name"),
    [
        ("gmail.com", "gmail"),
        ("Hotmail.co.uk", "outlook"),
        ("contoso.onmicrosoft.com", "office365"),
        ("contoso.partner.onmschina.cn", "m365-china"),
        ("contoso.onmicrosoft.us", "m365-gcc-high"),
        ("ymail.com", "yahoo"),
        ("gmx.at", "gmx"),
        ("gmx.com", "gmx-com"),
        ("example.com", None),
    ],
)
def test_the_domain_of_an_address_leads_to_its_provider(domain: str, name: str | None) -> None:
    found = preset_for_domain(domain)
    assert (found.name if found else None) == name


@pytest.mark.parametrize("preset", PRESETS, ids=[each.name for each in PRESETS])
def test_patterns_are_names_in_lower_case_with_no_wildcard_but_the_asterisk(preset: Preset) -> None:
    for pattern in (*preset.domains, *preset.mx):
        assert pattern == pattern.lower().strip(".")
        assert not set(pattern) & set("?[] @")
        assert "." in pattern.lstrip("*.")


@pytest.mark.parametrize("preset", [each for each in PRESETS if each.domains or each.mx])
def test_whoever_has_mailboxes_has_a_server_to_name(preset: Preset) -> None:
    server = preset.settings["server"]
    assert isinstance(server, dict)
    assert server.get("host")


def test_no_domain_and_no_mx_host_belongs_to_two_presets() -> None:
    for one, other in combinations(PRESETS, 2):
        for mine, theirs in ((one.domains, other.domains), (one.mx, other.mx)):
            for left in mine:
                for right in theirs:
                    assert not fnmatchcase(left, right), (one.name, other.name, left)
                    assert not fnmatchcase(right, left), (one.name, other.name, left)
