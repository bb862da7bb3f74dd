"""A secret fails closed."""

from __future__ import annotations

import copy
import dataclasses
import json
import pickle
from typing import Any

import pytest

from smtpcheck.model.secret import Secret, SecretRef, SecretSource

CANARY = "hunter2-canary"


@pytest.mark.parametrize("show", [str, repr, "{}".format, "{!r}".format, lambda s: f"{s:>30}"])
def test_no_way_of_showing_a_secret_shows_it(show: Any) -> None:
    try:
        shown = show(Secret(CANARY))
    except TypeError:
        return
    assert CANARY not in shown


@pytest.mark.parametrize("move", [copy.copy, copy.deepcopy, pickle.dumps, json.dumps])
def test_a_secret_cannot_be_copied_or_turned_into_data(move: Any) -> None:
    with pytest.raises(TypeError):
        move(Secret(CANARY))


def test_asdict_fails_on_a_stray_secret() -> None:
    with pytest.raises(TypeError):
        dataclasses.asdict(SecretRef(SecretSource.GIVEN, given=Secret(CANARY)))


def test_the_description_of_a_reference_names_the_place_alone() -> None:
    ref = SecretRef(SecretSource.COMMAND, argv=("pass", "show", CANARY), given=Secret(CANARY))
    assert ref.describe() == "command pass"
