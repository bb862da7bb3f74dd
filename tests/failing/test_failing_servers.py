"""Each failing server is named by the one true cause, with its fix, and nothing else is claimed."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import pytest

from tests.diagnosis.manual_entries import ENTRIES
from tests.failing.case import Case, cases
from tests.failing.checking import assert_names, assert_nothing_is_wrong, probed
from tests.pki import TestPki

FILES = ("greeting", "tls", "auth", "session", "envelope", "message", "settings", "manuals")
FAILING = [each for name in FILES for each in cases(name)]
FOUND_OUT = cases("experiments")
HEALTHY = cases("healthy")


@pytest.mark.parametrize("case", FAILING, ids=lambda each: each.name)
def test_the_one_true_cause_is_named(case: Case, pki: TestPki) -> None:
    assert case.expected is not None
    assert_names(probed(case, pki), case.expected)


@pytest.mark.parametrize("case", FAILING, ids=lambda each: each.name)
def test_experiments_do_not_blur_the_cause(case: Case, pki: TestPki) -> None:
    assert case.expected is not None
    report = probed(case, pki, experiments=True)
    # What an experiment finds out may change the fix, so that only the cause is compared.
    wanted = replace(case.expected, help=(), why=(), changes=None)
    if case.sharpened:
        wanted = replace(wanted, cause=case.sharpened, retryable=False)
    assert_names(report, wanted)


@pytest.mark.parametrize("case", FOUND_OUT, ids=lambda each: each.name)
def test_what_an_experiment_proves_becomes_a_change(case: Case, pki: TestPki) -> None:
    assert case.expected is not None
    assert_names(probed(case, pki, experiments=True), case.expected)


@pytest.mark.parametrize("case", HEALTHY, ids=lambda each: each.name)
def test_of_an_odd_server_nothing_wrong_is_said(case: Case, pki: TestPki) -> None:
    assert_nothing_is_wrong(probed(case, pki, experiments=True), case.warnings)


def test_the_probe_names_what_the_text_of_a_manual_names() -> None:
    shown = {each.name.removeprefix("manual-"): each.expected for each in cases("manuals")}
    assert {"send-as", "from-header", "non-verified", "login", "no-method", "gmail"} <= set(shown)
    for name, expected in shown.items():
        assert expected is not None
        assert expected.cause == ENTRIES[name.removesuffix("-at-all")].cause


def test_there_are_enough_of_them_and_each_has_its_own_name() -> None:
    names = Counter(case.name for case in (*FAILING, *FOUND_OUT))
    assert not [name for name, count in names.items() if count > 1]
    assert len(names) >= 250
    assert len(HEALTHY) >= 40
    assert all(case.expected is None for case in HEALTHY)
    causes = {case.expected.cause for case in FAILING if case.expected}
    assert len(causes) >= 60
