"""Rules that one file adds to a cause of another, and facts that a text leaves open."""

from __future__ import annotations

from pathlib import Path

import pytest

from smtpcheck.catalog.cause import Catalog
from smtpcheck.catalog.loader import CatalogError, load_catalog, load_with
from smtpcheck.catalog.matcher import ranking
from smtpcheck.catalog.rule_index import Open
from smtpcheck.diagnosis.proof import prove
from tests.catalog.sample_causes import cause

ADDED = """
[[first.rule]]
when = { "reply.code" = 421, "reply.text" = { has = "come back" } }
confidence = "certain"
source = "made up"
examples = ["421 come back"]
counterexamples = ["421 go away"]
"""


def catalog_of(folder: Path, *texts: str) -> Catalog:
    for number, text in enumerate(texts):
        (folder / f"group{number}.toml").write_text(text, encoding="utf-8")
    return load_catalog(folder)


def test_a_file_adds_a_rule_to_a_cause_of_another(tmp_path: Path) -> None:
    made = catalog_of(tmp_path, ADDED, cause("first")).causes["first"]
    assert len(made.rules) == 2
    assert made.group == "group1"


def test_rules_for_a_cause_that_nobody_knows_are_refused(tmp_path: Path) -> None:
    with pytest.raises(CatalogError, match="first: has rules only"):
        catalog_of(tmp_path, ADDED, cause("second"))


def test_a_folder_of_ones_own_stands_beside_the_shipped_causes(tmp_path: Path) -> None:
    (tmp_path / "own.toml").write_text(ADDED.replace("first", "relay-denied"))
    shipped = load_catalog().causes["relay-denied"]
    assert len(load_with(tmp_path).causes["relay-denied"].rules) == len(shipped.rules) + 1


def test_a_pasted_example_is_read_as_a_text(tmp_path: Path) -> None:
    paste = ADDED.replace('["421 come back"]', '[{ paste = "x\\nError: 421 come back" }]')
    assert prove(catalog_of(tmp_path, paste, cause("first"))) == ()
    lost = ADDED.replace('["421 come back"]', '[{ paste = "status=sent (250 ok)" }]')
    other = tmp_path / "other"
    other.mkdir()
    [failure] = prove(catalog_of(other, lost, cause("first")))
    assert "no rule explains the example" in str(failure)


@pytest.mark.parametrize(
    ("open_", "found"),
    [
        ({}, []),
        ({"reply.code": (421, 450)}, ["first"]),
        ({"reply.code": None}, ["first"]),
        ({"reply.code": (550,)}, []),
    ],
)
def test_an_open_fact_may_have_the_values_that_are_left_to_it(
    tmp_path: Path, open_: Open, found: list[str]
) -> None:
    catalog = catalog_of(tmp_path, ADDED, cause("first", when='{ "tls.version" = "none" }'))
    matches = ranking({"reply.text": "please come back"}, catalog, open_)
    assert [match.cause.id for match in matches] == found
    for match in matches:
        assert match.presumed == ("reply.code",)
        assert match.pinned == 1
        assert "reply.code" not in match.words({"reply.text": "please come back"})
