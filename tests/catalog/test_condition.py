"""What a rule may ask of a fact, operator by operator."""

from __future__ import annotations

import pytest

from smtpcheck.catalog.condition_reader import read_conditions
from smtpcheck.model.jsonvalue import Json


def asked(value: Json, fact: Json) -> bool:
    complaints: list[str] = []
    conditions = read_conditions(value, complaints.append)
    assert not complaints
    return all(condition.holds(fact) for condition in conditions)


@pytest.mark.parametrize(
    ("value", "holding", "failing"),
    [
        (535, [535, 535.0], [534, "535", None, True, [535]]),
        (1, [1], [True, None]),
        (True, [True], [1, "true", False, None]),
        ("Dsn", ["Dsn"], ["dsn", "Dsn ", None, ["Dsn"]]),
        ("", [""], [None, " "]),
        (["a", "b"], [["a", "b"], ("a", "b")], [["b", "a"], ["a"], "a", None]),
        ({"in": [535, "x"]}, [535, "x"], [534, None, [535]]),
        ({"has": "quota EXCEEDED"}, ["Over: Quota\t\r\n exceeded!"], ["quotaexceeded", None, 5]),
        ({"has": "PLAIN"}, ["PLAIN LOGIN", ["LOGIN", "PLAIN"]], [["plain"], ["PLAIN2"], []]),
        ({"has": ["a b", "c"]}, ["C and A  B", ["c", "a b"]], ["a b", ["c"], None]),
        ({"has": 3}, [[1, 3]], [[1], ["3"], 3]),
        ({"any": ["spam", "phish"]}, ["PHISHING", ["spam"]], ["ham", [], None]),
        ({"lt": 5}, [4, 4.9, -1], [5, True, "4", None]),
        ({"le": 5}, [5], [5.1]),
        ({"gt": 5}, [6], [5]),
        ({"ge": 5, "lt": 7}, [5, 6.9], [4.9, 7]),
        ({"not": 535}, [534, None, "535"], [535]),
        ({"not": {"has": "sender"}}, ["recipient", None, ["x"]], ["the Sender", ["sender"]]),
        ({"has": "quota", "not": {"has": "sender"}}, ["quota"], ["sender quota", None]),
        ({"absent": True}, [None], ["", 0, False, []]),
        ({"absent": False}, ["", 0, False, []], [None]),
        ({"re": r"\bAADSTS\d{4,6}\b"}, ["x aadsts53003: y"], ["AADSTS1", None, 53003]),
    ],
)
def test_operator_holds_for_these_facts_and_for_no_others(
    value: Json, holding: list[Json], failing: list[Json]
) -> None:
    assert [asked(value, fact) for fact in holding] == [True] * len(holding)
    assert [asked(value, fact) for fact in failing] == [False] * len(failing)


@pytest.mark.parametrize(
    ("value", "pins"),
    [
        (535, 1),
        ({"in": [1, 2, 3]}, 1),
        ({"has": "a"}, 1),
        ({"has": ["a", "b", "c"]}, 3),
        ({"any": ["a", "b"]}, 1),
        ({"ge": 1, "lt": 3}, 2),
        ({"not": 5}, 0),
        ({"absent": True}, 0),
        ({"absent": False}, 1),
        ({"re": r"\bx"}, 1),
    ],
)
def test_a_guard_counts_nothing_and_every_text_of_has_counts(value: Json, pins: int) -> None:
    assert sum(condition.pins for condition in read_conditions(value, pytest.fail)) == pins


@pytest.mark.parametrize(
    ("value", "complaint"),
    [
        ({"hass": "x"}, "unknown operator 'hass'"),
        ({"code": 535}, "in quotes"),
        ({}, "asks for nothing"),
        ({"in": 5}, "in wants a list"),
        ({"in": []}, "in wants a list"),
        ({"has": ""}, "has wants a text"),
        ({"has": []}, "has wants a text"),
        ({"any": "x"}, "any wants a list"),
        ({"any": [" "]}, "any wants a list"),
        ({"lt": "5"}, "lt wants a number"),
        ({"ge": True}, "ge wants a number"),
        ({"absent": 1}, "absent wants true or false"),
        ({"not": {"has": []}}, "has wants a text"),
        ({"re": 5}, "is no text"),
        ({"re": "x"}, "must begin"),
        ({"in": [{"a": 1}]}, "in wants a list"),
    ],
)
def test_a_malformed_condition_is_complained_of(value: Json, complaint: str) -> None:
    complaints: list[str] = []
    read_conditions(value, complaints.append)
    assert len(complaints) == 1
    assert complaint in complaints[0]


def test_a_pattern_sees_only_the_first_characters_of_a_long_text() -> None:
    assert asked({"re": r"\bend"}, " " * 1990 + "end")
    assert not asked({"re": r"\bend"}, " " * 2100 + "end")


def test_words_are_those_that_were_found() -> None:
    [has] = read_conditions({"any": ["spam", "virus"]}, pytest.fail)
    assert has.words("a VIRUS") == ("virus",)
    assert has.words(["virus"]) == ()
    [pattern] = read_conditions({"re": r"\bAADSTS\d{4,6}"}, pytest.fail)
    assert pattern.words("see AADSTS53003") == ("AADSTS53003",)
    [absent] = read_conditions({"absent": True}, pytest.fail)
    assert absent.words(None) == ()
