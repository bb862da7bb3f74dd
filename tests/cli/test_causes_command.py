"""`smtpcheck causes`: the list, and the check of a folder of rules."""

from __future__ import annotations

import json
from pathlib import Path

from tests.cli.command_line import CommandLine

CAUSE = """
[house-rule-broken]
title = "the house rule of this company is broken"
why = "the relay asks for a ticket number in the subject"
help = ["write the ticket number into the subject"]
owner = "you"

[[house-rule-broken.rule]]
when = { "reply.code" = 550, "reply.text" = { has = "no ticket number" } }
confidence = "certain"
source = "the company's relay"
examples = ["550 5.7.1 no ticket number in the subject"]
counterexamples = ["550 5.7.1 Relaying denied"]

[[relay-denied.rule]]
when = { "reply.code" = 550, "reply.text" = { has = "this relay is for the house" } }
confidence = "certain"
source = "the company's relay"
examples = [{ paste = "Error: 550 5.7.1 this relay is for the house" }]
counterexamples = ["550 5.1.1 User unknown"]
"""


def test_the_causes_are_listed(smtpcheck: CommandLine) -> None:
    done = smtpcheck("causes")
    assert done.code == 0
    assert any(line.startswith("relay-denied ") for line in done.out.splitlines())
    data = json.loads(smtpcheck("causes", "--format", "json").out)
    assert data["schema"] == 1
    assert "relay-denied" in [each["cause"] for each in data["causes"]]


def test_rules_that_hold_pass(smtpcheck: CommandLine, tmp_path: Path) -> None:
    (tmp_path / "house.toml").write_text(CAUSE)
    done = smtpcheck("causes", "test", str(tmp_path))
    assert (done.code, done.out) == (0, "2 rules in 1 file: hold\n")


def test_a_rule_that_claims_too_much_or_loses_its_example_is_told(
    smtpcheck: CommandLine, tmp_path: Path
) -> None:
    wrong = CAUSE.replace('{ has = "no ticket number" }', '{ any = ["ticket", "denied"] }')
    (tmp_path / "house.toml").write_text(wrong)
    done = smtpcheck("causes", "test", str(tmp_path))
    assert done.code == 1
    assert "house-rule-broken, rule 1: claims its counterexample" in done.out


def test_a_file_that_is_not_well_formed_is_told(smtpcheck: CommandLine, tmp_path: Path) -> None:
    (tmp_path / "house.toml").write_text(CAUSE.replace('owner = "you"', ""))
    done = smtpcheck("causes", "test", str(tmp_path))
    assert done.code == 1
    assert "house.toml: house-rule-broken: owner: needed" in done.out
    (tmp_path / "house.toml").write_text("[[no-such-cause.rule]]\nwhen = { stage = 'tcp' }")
    assert "has rules only" in smtpcheck("causes", "test", str(tmp_path)).out


def test_a_folder_that_is_none_or_empty_is_a_usage_error(
    smtpcheck: CommandLine, tmp_path: Path
) -> None:
    assert smtpcheck("causes", "test", str(tmp_path / "nothing")).code == 2
    assert smtpcheck("causes", "test", str(tmp_path)).code == 2
