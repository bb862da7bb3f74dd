"""Whether rules that break their word are caught."""

from __future__ import annotations

from pathlib import Path

from smtpcheck.catalog.cause import Catalog
from smtpcheck.catalog.loader import load_catalog
from smtpcheck.diagnosis.proof import facts_of_example, prove
from tests.diagnosis.observed import sample_catalog

RULES = """
[{id}]
title = "a"
why = "b"
help = ["c"]
owner = "you"
[[{id}.rule]]
when = {when}
confidence = "certain"
source = "made up"
examples = [{example}]
counterexamples = [{counterexample}]
"""


def catalog_of(folder: Path, **rules: tuple[str, str, str]) -> Catalog:
    for cause_id, (when, example, counterexample) in rules.items():
        text = RULES.format(id=cause_id, when=when, example=example, counterexample=counterexample)
        (folder / f"{cause_id}.toml").write_text(text)
    return load_catalog(folder)


def test_a_catalogue_that_keeps_its_word_has_no_failures() -> None:
    assert prove(sample_catalog()) == ()


def test_an_example_that_its_own_rule_does_not_hold_for_is_told(tmp_path: Path) -> None:
    catalog = catalog_of(tmp_path, x=('{ "reply.code" = 535 }', '"534 no"', '"250 ok"'))
    assert [str(each) for each in prove(catalog)] == [
        "x, rule 1: does not hold for its own example: 534 no"
    ]


def test_an_example_that_another_cause_wins_is_told(tmp_path: Path) -> None:
    catalog = catalog_of(
        tmp_path,
        x=('{ "reply.code" = 535 }', '"535 bad password"', '"250 ok"'),
        y=('{ "reply.code" = 535, "reply.text" = { has = "bad" } }', '"535 bad"', '"535 good"'),
    )
    [failure] = prove(catalog)
    assert "the example is won by y (2 facts pinned)" in str(failure)


def test_a_counterexample_that_is_claimed_is_told(tmp_path: Path) -> None:
    catalog = catalog_of(tmp_path, x=('{ "reply.code" = 535 }', '"535 a"', '"535 b"'))
    assert [each.message for each in prove(catalog)] == ["claims its counterexample"]


def test_what_a_text_cannot_show_is_taken_from_the_rule(tmp_path: Path) -> None:
    when = (
        '{ step = { in = ["tcp.greeting", "tls.greeting"] }, "reply.code" = 554, '
        '"auth.method" = "plain", "server.port" = { gt = 5 } }'
    )
    catalog = catalog_of(tmp_path, x=(when, '{ text = "554 no", "server.port" = 25 }', '"250 ok"'))
    [rule] = catalog.causes["x"].rules
    [example] = rule.examples
    facts = facts_of_example(example, rule)
    assert facts["step"] == "tcp.greeting"
    assert facts["stage"] == "tcp"
    assert facts["reply.command"] == "CONNECT"
    assert facts["auth.method"] == "plain"
    assert facts["server.port"] == 25
    [other] = rule.counterexamples
    assert facts_of_example(other, rule)["reply.code"] == 250


def test_a_stage_that_an_example_gives_is_not_contradicted_by_the_rule(tmp_path: Path) -> None:
    when = '{ step = "send.mail", "reply.code" = 550 }'
    catalog = catalog_of(tmp_path, x=(when, '"550 no"', '{ text = "550 no", stage = "auth" }'))
    assert prove(catalog) == ()
