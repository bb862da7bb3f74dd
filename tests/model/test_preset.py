"""Names and the patterns that stand for them."""

from __future__ import annotations

from fnmatch import fnmatchcase

from hypothesis import given, settings
from hypothesis import strategies as st

from smtpcheck.model.preset import is_one_of

NAMES = st.text("ab.*?[1-3]", max_size=8)


@settings(deadline=None)
@given(name=NAMES, patterns=st.lists(NAMES, max_size=4))
def test_the_quick_look_at_the_end_changes_nothing(name: str, patterns: list[str]) -> None:
    assert is_one_of(name, patterns) == any(fnmatchcase(name, each) for each in patterns)


def test_a_pattern_may_be_written_in_capitals() -> None:
    assert is_one_of("smtp.example.com", ("*.Example.COM",))
    assert not is_one_of("smtp.example.com.evil.test", ("*.example.com",))
    assert not is_one_of("smtp.example.com", ())
