"""What holds for every file of the folder `profiles/`."""

from __future__ import annotations

import datetime as dt
import re
import tomllib
from collections import Counter
from collections.abc import Iterator
from fnmatch import fnmatchcase
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest

from smtpcheck.diagnosis.provider import provider_by_host
from smtpcheck.diagnosis.similar_hosts import similar_hosts
from smtpcheck.model.preset import Preset
from smtpcheck.model.profile import AUTH_METHODS
from smtpcheck.model.settings import Kind
from smtpcheck.model.target import PROFILE_NAME
from smtpcheck.store import paths
from smtpcheck.store.host_names import host
from smtpcheck.store.keys import KEYS
from smtpcheck.store.layers import Layer, layer_of_tables
from smtpcheck.store.origin import Source
from smtpcheck.store.presets import (
    COMMON,
    load_preset,
    outlines,
    preset_for_host,
    preset_names,
    preset_settings,
)
from smtpcheck.store.profile_reader import profile_from_settings
from tests.shipped import list_presets

PRESETS = list_presets()
NAMES = [preset.name for preset in PRESETS]
SAME_SERVER = {"google-workspace": "gmail", "verizon": "aol"}
"""Second presets of a server, and the one that its host leads to."""
ANY_PRESET = pytest.mark.parametrize("preset", PRESETS, ids=NAMES)
TODAY = dt.datetime.now(tz=dt.UTC).date()


def test_each_preset_is_named_as_it_is_typed_and_once() -> None:
    assert sorted(NAMES) == sorted(path.stem for path in paths.presets_dir().iterdir())
    for name in NAMES:
        assert re.fullmatch(r"[a-z][a-z0-9-]*", name)
        assert PROFILE_NAME.match(name)
    assert tuple(NAMES[: len(COMMON)]) == COMMON
    assert NAMES[len(COMMON) :] == sorted(NAMES[len(COMMON) :])


def test_every_provider_of_the_catalogue_has_a_preset() -> None:
    told = {preset.provider for preset in PRESETS}
    asked = set(_providers(_catalogue()))
    assert {"m365", "ses", "google-workspace", "exim"} <= asked
    assert asked - told == set()


@ANY_PRESET
def test_a_preset_tells_all_that_a_user_asks(preset: Preset) -> None:
    assert preset.title
    assert preset.category
    assert preset.username_form
    assert preset.password_kind
    assert preset.account_password
    assert preset.sender_rule
    assert preset.sources
    if preset.username_form in ("key", "any"):
        assert preset.username_kind
    assert bool(preset.username_literal) == (preset.username_form == "literal")
    assert (preset.username_form == "none") == (_raw(preset).get("auth.method") == "none") or (
        preset.username_form == "any"
    )


@ANY_PRESET
def test_its_sentences_are_sentences_and_its_fragments_none(preset: Preset) -> None:
    for note in preset.notes:
        assert note[0].isupper() or note[0].isdigit() or "." in note.split()[0]
        assert note.endswith((".", "..."))
    fragments = (preset.username_kind, preset.password_kind, preset.sender_rule, preset.dkim)
    for text in (*fragments, *preset.limits, *preset.sources):
        assert not text.endswith(".") or text.endswith("...")
        assert text == " ".join(text.split())
        assert "\u2013" not in text
        assert "\u2014" not in text


@ANY_PRESET
def test_its_dates_are_dates_and_past(preset: Preset) -> None:
    dates = re.findall(r"\b(\d{4})(?:-(\d\d))?(?:-(\d\d))?\b", preset.as_of)
    assert dates
    for year, month, day in dates:
        assert int(year) >= 2019
        assert dt.date(int(year), int(month or 1), int(day or 1)) <= TODAY


@ANY_PRESET
def test_its_rules_for_passwords_agree_with_the_rest(preset: Preset) -> None:
    states = {
        "accepted": {"accepted"},
        "refused": {"app", "refused"},
        "conditional": {"accepted", "admin"},
        "n/a": {"app"},
        "unknown": set(),
    }
    for rule in preset.password_rules:
        assert rule["password"] in states[preset.account_password]
        assert not str(rule["note"]).endswith(".")
    assert set(preset.sasl) <= {name.upper() for name in AUTH_METHODS} | {"DIGEST-MD5"}


@ANY_PRESET
def test_no_preset_holds_what_belongs_to_a_user(preset: Preset) -> None:
    personal = {Kind.SECRET, Kind.ADDRESS, Kind.RECIPIENT, Kind.PATH}
    raw = _raw(preset)
    assert not [key for key in raw if KEYS[key].rule.kind in personal]
    assert raw.get("auth.username", preset.username_literal) == preset.username_literal


@ANY_PRESET
def test_its_ports_fit_their_security(preset: Preset) -> None:
    server = preset.settings["server"]
    assert isinstance(server, dict)
    implicit, explicit = {443, 465, 994, 2465, 8465}, {25, 587, 588, 2525, 2587, 8025}
    ways = [(server["port"], server["security"])]
    ways += [(way["port"], way["security"]) for way in preset.alternatives]
    assert len(set(ways)) == len(ways)
    for port, security in ways:
        if port == 1025:  # Proton Mail Bridge
            continue
        if security == "tls":
            assert port in implicit
        elif security == "starttls":
            assert port in explicit
        else:
            assert (preset.name, port) == ("relay", 25)
    assert all(way.get("note") for way in preset.alternatives)


@ANY_PRESET
def test_its_names_of_hosts_and_domains_are_well_formed(preset: Preset) -> None:
    names = [*preset.hosts, *preset.domains, *preset.mx, *_servers(preset)]
    for name in names:
        assert name == name.lower()
        assert host(name.replace("*", "x1")) == name.replace("*", "x1")
    assert len(set(preset.hosts)) == len(preset.hosts)
    assert bool(preset.host_template) == bool(preset.regions)
    assert len(set(preset.regions)) == len(preset.regions)
    assert "{region}" in preset.host_template or not preset.host_template
    if preset.domains or preset.mx:
        assert _server(preset)["host"]


@ANY_PRESET
def test_its_records_are_well_formed(preset: Preset) -> None:
    assert re.fullmatch(r"(include:[a-z0-9_.-]+\.[a-z]+)?", preset.spf_include)
    for selector in preset.dkim_selectors:
        assert re.fullmatch(r"[a-z0-9-]+", selector)
    for key in preset.unconfirmed:
        assert getattr(preset, key)


@ANY_PRESET
def test_every_preset_makes_a_valid_profile_with_a_host_and_a_user(preset: Preset) -> None:
    for region in preset.regions or ("",):
        tables = preset_settings(preset, region=region)
        tables["server"] = {"host": "mail.example.com", **tables["server"]}
        login = tables.get("auth", {}).get("method") != "none"
        if login:
            tables["auth"] = {"username": "u@example.com", **tables.get("auth", {})}
        profile = profile_from_settings(tables, environment={}).profile
        assert profile.wants_login is login
        assert profile.port == preset.settings["server"]["port"]  # type: ignore[index, call-overload]


@ANY_PRESET
def test_the_host_of_a_preset_leads_back_to_it_and_its_provider(preset: Preset) -> None:
    expected = SAME_SERVER.get(preset.name, preset.name)
    for name in _servers(preset):
        if name == "127.0.0.1":
            continue
        found = preset_for_host(name.upper() + ".")
        assert found
        assert found.name == expected
        assert provider_by_host(name) == found.provider


@ANY_PRESET
def test_the_recogniser_knows_its_hosts(preset: Preset) -> None:
    for pattern in preset.hosts:
        assert provider_by_host(pattern.replace("*", "x1")) == preset.provider
    if preset.name in SAME_SERVER or not _servers(preset):
        return
    assert preset.hosts or preset.name == "proton-bridge"


def test_no_name_of_a_host_or_domain_belongs_to_two_presets() -> None:
    for one, other in combinations(PRESETS, 2):
        for field in ("hosts", "domains", "mx"):
            ours, theirs = getattr(one, field), getattr(other, field)
            clashes = [(a, b) for a in ours for b in theirs if _overlap(a, b)]
            assert not clashes, (one.name, other.name, field)


def test_no_alias_is_a_name_and_none_belongs_to_many() -> None:
    aliases = Counter(alias for preset in PRESETS for alias in preset.aliases)
    assert not aliases.keys() & set(NAMES)
    assert {alias for alias, count in aliases.items() if count > 1} == {
        "proton.me",
        "protonmail.com",
    }


def test_a_preset_named_in_another_one_exists() -> None:
    named = set()
    for preset in PRESETS:
        for text in (*preset.notes, *preset.limits):
            named.update(re.findall(r"\(?preset ([a-z0-9-]+)", text))
    assert "office365" in named
    assert named - set(NAMES) == set()


@pytest.mark.parametrize(
    "name",
    [
        *(
            "smtp.abc.com",
            "smtp.axl.com",
            "smtp.gm.de",
            "mail.gmc.net",
            "smtp.qx.com",
            "smtp.wob.de",
        ),
        *("smtp.123.com", "smtp.tree.fr", "mail.candy.net", "smtp.example.com"),
    ],
)
def test_a_server_of_somebody_else_is_near_to_no_preset(name: str) -> None:
    assert similar_hosts(name, PRESETS, None) == ()


@pytest.mark.parametrize(
    ("name", "known"),
    [
        ("smtp.gmial.com", "smtp.gmail.com"),
        ("smtp.icolud.com", ""),
        ("smpt.aol.com", "smtp.aol.com"),
        ("smtp.office356.com", "smtp.office365.com"),
        ("smtp.fastmial.com", "smtp.fastmail.com"),
        ("stmp.web.de", "smtp.web.de"),
        ("mail.gmx.nte", "mail.gmx.net"),
        ("in-v3.mailjet.co", "in-v3.mailjet.com"),
        ("smtp.sendgird.net", "smtp.sendgrid.net"),
        ("smtpmailgun.org", "smtp.mailgun.org"),
        ("poste.de", "posteo.de"),
    ],
)
def test_a_slip_of_the_finger_is_near_to_its_preset(name: str, known: str) -> None:
    assert (similar_hosts(name, PRESETS, None) or ("",))[0] == known


def test_outlines_say_what_the_files_say() -> None:
    assert preset_names() == tuple(NAMES)
    for outline in outlines():
        whole = load_preset(outline.name)
        for field in ("title", "provider", "category", "aliases", "hosts", "domains", "mx"):
            assert getattr(outline, field) == getattr(whole, field), (outline.name, field)
        assert (outline.host_template, outline.regions) == (whole.host_template, whole.regions)
        assert _server(outline).get("host") == _server(whole).get("host")


def _server(preset: Preset) -> dict[str, Any]:
    server = preset.settings.get("server", {})
    assert isinstance(server, dict)
    return server


def _servers(preset: Preset) -> list[str]:
    """The hosts that profiles of this preset get."""
    found = [_server(preset).get("host", "")]
    found += [preset.host_template.replace("{region}", each) for each in preset.regions]
    return [name for name in found if name]


def _raw(preset: Preset) -> dict[str, Any]:
    return dict(layer_of_tables(preset.settings, Layer(Source.PRESET, "", Path())).raw)


def _overlap(one: str, other: str) -> bool:
    """Whether a name fits both patterns, as far as a sample shows it."""
    return fnmatchcase(one.replace("*", "x1"), other) or fnmatchcase(other.replace("*", "x1"), one)


def _catalogue() -> list[dict[str, Any]]:
    import smtpcheck.catalog

    folder = Path(smtpcheck.catalog.__file__).parent / "causes"
    return [tomllib.loads(path.read_text(encoding="utf-8")) for path in folder.glob("*.toml")]


def _providers(value: object, *, inside: bool = False) -> Iterator[str]:
    """Every id under a key `provider`, however deep."""
    if isinstance(value, str) and inside:
        yield value
    elif isinstance(value, list):
        for each in value:
            yield from _providers(each, inside=inside)
    elif isinstance(value, dict):
        for key, each in value.items():
            yield from _providers(each, inside=inside or key == "provider")
