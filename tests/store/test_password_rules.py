"""The table of passwords in a preset."""

from __future__ import annotations

import pytest

from smtpcheck.model.errors import ProfileError
from smtpcheck.store.presets import read_preset

_HEAD = '[preset]\ntitle = "X"\nprovider = "x"\nas_of = "2026"\nsources = ["s"]\n'


def _read(rules: str) -> tuple[object, ...]:
    return read_preset(
        "x", f"{_HEAD}password_rules = [{rules}]\n".encode(), "x.toml"
    ).password_rules


def test_rules_are_read_in_their_order() -> None:
    first = '{ from = "", password = "app", note = "a" }'
    second = '{ from = "2024-09-16", password = "refused", note = "b" }'
    assert len(_read(f"{first}, {second}")) == 2


@pytest.mark.parametrize(
    "rule",
    [
        '{ from = "", password = "sometimes", note = "a" }',
        '{ from = "16 Sept 2024", password = "app", note = "a" }',
        '{ from = "", password = "app" }',
        '{ from = "", password = "app", note = "" }',
        '{ from = "", password = "app", note = "a", extra = "b" }',
        '{ from = 2024, password = "app", note = "a" }',
        '"app"',
    ],
)
def test_a_wrong_rule_is_refused(rule: str) -> None:
    with pytest.raises(ProfileError) as caught:
        _read(rule)
    assert "preset.password_rules has a wrong element 1" in str(caught.value.problems)


def test_rules_out_of_order_are_refused() -> None:
    later = '{ from = "2025-01-01", password = "app", note = "a" }'
    sooner = '{ from = "2024-01-01", password = "app", note = "a" }'
    with pytest.raises(ProfileError) as caught:
        _read(f"{later}, {sooner}")
    assert "wrong element 2" in str(caught.value.problems)
