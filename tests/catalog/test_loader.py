"""What the loader takes and what it refuses."""

from __future__ import annotations

from pathlib import Path

import pytest

from smtpcheck.catalog.loader import CatalogError, load_catalog
from smtpcheck.model.diagnosis import Confidence, Owner, Severity
from tests.catalog.sample_causes import SAMPLES, cause


def refusal(folder: Path, *texts: str) -> list[str]:
    """What is said of a folder that holds these files."""
    for number, text in enumerate(texts):
        (folder / f"group{number}.toml").write_text(text, encoding="utf-8")
    with pytest.raises(CatalogError) as caught:
        load_catalog(folder)
    return [str(problem) for problem in caught.value.problems]


def test_causes_come_in_the_order_of_the_alphabet_with_their_groups() -> None:
    causes = load_catalog(SAMPLES).causes
    assert list(causes) == sorted(causes)
    assert causes["auth-smtp-disabled"].group == "auth"


def test_a_cause_and_its_rules_are_read_whole() -> None:
    made = load_catalog(SAMPLES).causes["auth-smtp-disabled"]
    assert made.owner is Owner.PROVIDER
    assert made.retryable is False
    assert made.severity is None
    assert made.references == ("RFC 4954 section 4",)
    assert [(change.key, change.value) for change in made.changes] == [("auth.method", "xoauth2")]
    [rule] = made.rules
    assert rule.confidence is Confidence.CERTAIN
    assert rule.help == ("enable authenticated SMTP for {auth.username|the mailbox}",)
    assert rule.why is None
    assert rule.pinned == 5
    assert len(rule.examples) == len(rule.counterexamples) == 1
    assert load_catalog(SAMPLES).causes["cert-expires-soon"].severity is Severity.WARNING


def test_a_catalogue_is_read_once() -> None:
    assert load_catalog(SAMPLES) is load_catalog(SAMPLES)


def test_all_problems_of_all_files_are_told_at_once(tmp_path: Path) -> None:
    said = refusal(
        tmp_path,
        cause("first").replace('owner = "you"', 'owner = "nobody"').replace("wrong", "wrong."),
        cause("second").replace('"likely"', '"sure"'),
        "[third",
    )
    assert len(said) == 4
    assert said[0].startswith("group0.toml: first: title: no full stop")
    assert said[1].startswith("group0.toml: first: owner: 'nobody' is not one of you, mail-admin")
    assert said[2].startswith("group1.toml: second, rule 1: confidence: 'sure' is not one of")
    assert said[3].startswith("group2.toml: ")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (cause("x", more="hint = 1"), "x: unknown key hint; allowed: changes, guard, help, owner"),
        (cause("x").replace("source =", "sauce ="), "x, rule 1: unknown key sauce"),
        (cause("x").replace('source = "made up"', ""), "x, rule 1: source: needed"),
        (cause("Bad_Id"), "Bad_Id: the id must be"),
        (cause("x").replace('why = "because"', ""), "x: why: needed"),
        (cause("x").replace('help = ["mend it"]', "help = []"), "x: help: wants a list of texts"),
        (cause("x").replace('help = ["mend it"]', 'help = "y"'), "x: help: wants a list of texts"),
        (cause("x", more='retryable = "no"'), "x: retryable: wants true or false"),
        (cause("x", more='severity = "error"'), "x: severity: only `warning`"),
        (cause("x", more="changes = [{ key = 1 }]"), "x: changes: each is"),
        (cause("x", when="{}"), "x, rule 1: when: needed"),
        (cause("x", when='{ a = { not = "b" } }'), "x, rule 1: when: only guards"),
        (cause("x", when='{ a = { re = "b+" } }'), "when, a: pattern 'b+' must begin"),
        (cause("x", when='{ a = { hash = "b" } }'), "when, a: unknown operator 'hash'"),
        (cause("x").replace("examples = [", "examples = [] # "), "x, rule 1: has no example"),
        (
            cause("x", when='{ "reply.text" = { has = "b" } }'),
            "x, rule 1: pins reply.text and has no counterexample",
        ),
        (cause("x").replace("facts = {", "fact = {"), "either a text"),
        (cause("x", when='{ provider = "m365" }').replace("made up", ""), "as_of: needed"),
        ("[x]\ntitle='a'\nwhy='b'\nhelp=['c']\nowner='you'\n", "x: has no rule"),
        ("x = 1", "x: is no table"),
    ],
)
def test_a_faulty_cause_is_refused_with_its_place(tmp_path: Path, text: str, message: str) -> None:
    assert any(message in said for said in refusal(tmp_path, text))


def test_an_id_stands_in_one_file_only(tmp_path: Path) -> None:
    said = refusal(tmp_path, cause("x"), cause("x"))
    assert said == ["group1.toml: x: is in group0.toml already"]


def test_a_file_that_is_no_text_is_a_problem_not_a_crash(tmp_path: Path) -> None:
    (tmp_path / "bytes.toml").write_bytes(b"\xff\xfe")
    assert refusal(tmp_path, cause("x"))[0].startswith("bytes.toml: ")


def test_the_error_shows_every_problem(tmp_path: Path) -> None:
    (tmp_path / "x.toml").write_text("x = 1\ny = 2\n")
    with pytest.raises(CatalogError) as caught:
        load_catalog(tmp_path)
    assert str(caught.value).startswith("2 problems in the catalogue:\n  x.toml: x: is no table")
