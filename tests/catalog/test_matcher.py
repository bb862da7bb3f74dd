"""Which rule wins."""

from __future__ import annotations

from pathlib import Path

from smtpcheck.catalog.cause import Catalog
from smtpcheck.catalog.loader import load_catalog
from smtpcheck.catalog.matcher import best, ranking
from smtpcheck.model.jsonvalue import Facts
from tests.catalog.sample_causes import SAMPLES, cause


def catalog_of(folder: Path, *texts: str) -> Catalog:
    for number, text in enumerate(texts):
        (folder / f"{number}.toml").write_text(text, encoding="utf-8")
    return load_catalog(folder)


def test_more_pinned_facts_beat_higher_confidence(tmp_path: Path) -> None:
    catalog = catalog_of(
        tmp_path,
        cause("a", '{ "reply.code" = 550 }', "certain"),
        cause("b", '{ "reply.code" = 550, stage = "send" }', "possible"),
    )
    facts: Facts = {"reply.code": 550, "stage": "send"}
    assert [match.cause.id for match in ranking(facts, catalog)] == ["b", "a"]


def test_confidence_decides_between_equally_many_and_the_id_after_it(tmp_path: Path) -> None:
    catalog = catalog_of(
        tmp_path, cause("c", confidence="likely"), cause("b", confidence="certain"), cause("a")
    )
    assert [match.cause.id for match in ranking({"reply.code": 550}, catalog)] == ["b", "a", "c"]


def test_a_guard_does_not_count(tmp_path: Path) -> None:
    catalog = catalog_of(
        tmp_path,
        cause("a", '{ "reply.code" = 550 }', "certain"),
        cause("b", '{ "reply.code" = 550, x = { not = 1 }, y = { absent = true } }'),
    )
    match = best({"reply.code": 550}, catalog)
    assert match is not None
    assert match.cause.id == "a"


def test_the_order_of_rules_within_a_cause_does_not_decide(tmp_path: Path) -> None:
    one, two = '{ "reply.code" = 550, a = 1 }', '{ "reply.code" = 550, b = 1 }'
    winners = []
    for name, (first, second) in {"ab": (one, two), "ba": (two, one)}.items():
        folder = tmp_path / name
        folder.mkdir()
        rule = cause("x", second).partition("[[")
        catalog = catalog_of(folder, cause("x", first) + "[[" + rule[2])
        match = best({"reply.code": 550, "a": 1, "b": 1}, catalog)
        assert match is not None
        winners.append(sorted(match.rule.when))
    assert winners[0] == winners[1]


def test_no_rule_that_holds_is_no_match() -> None:
    catalog = load_catalog(SAMPLES)
    assert best({"reply.code": 250}, catalog) is None
    assert ranking({}, catalog) == []


def test_a_match_tells_the_words_that_decided() -> None:
    facts: Facts = {
        "provider": "m365",
        "stage": "auth",
        "reply.code": 535,
        "reply.enhanced": "5.7.139",
        "reply.text": "no, SmtpClientAuthentication  is disabled here",
    }
    match = best(facts, load_catalog(SAMPLES))
    assert match is not None
    assert match.cause.id == "auth-smtp-disabled"
    assert match.words(facts) == {
        "provider": ("m365",),
        "stage": ("auth",),
        "reply.code": (),
        "reply.enhanced": ("5.7.139",),
        "reply.text": ("SmtpClientAuthentication is disabled",),
    }
