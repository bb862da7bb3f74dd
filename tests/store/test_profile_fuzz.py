"""Whatever stands in a file, reading it gives a profile or problems, and nothing else."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import tomli_w
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from smtpcheck.model.errors import Problem, ProfileError
from smtpcheck.store.keys import KEYS, VARIABLES
from smtpcheck.store.origin import LoadedProfile
from smtpcheck.store.profile_reader import profile_from_text

PATH = Path("/somewhere/app.toml")
TEXT = st.text(st.characters(codec="utf-8"), max_size=12)
PIECES = st.sampled_from(
    [
        "h.example", "http://", ":587", "@", "self", "tls", "starttls", "1.2", "none", "plain",
        "office365", "ses", "utf-8", "a@b.example", "[::1]", "::1", "~", "~nobody/x", "\\", '"',
        "xn--", "ü", "\u202e", "%", "ab" * 32, ".", "..", "<x>", "\0", "microsoft", "/", "x" * 70,
    ]
)  # fmt: skip
WORDS = st.lists(PIECES | TEXT, max_size=3).map("".join)
VALUES: st.SearchStrategy[Any] = st.recursive(
    st.booleans() | st.integers(-(2**70), 2**70) | st.floats() | st.dates() | WORDS,
    lambda inner: (
        st.lists(inner, max_size=2)
        | st.dictionaries(
            st.sampled_from(["keyring", "env", "file", "command", "prompt", "x", "oauth"]),
            inner,
            max_size=2,
        )
    ),
    max_leaves=4,
)
NAMES = st.sampled_from(sorted(KEYS)) | st.sampled_from(["server", "auth.oauth", "x", "server.x"])


def nested(flat: dict[str, Any]) -> dict[str, Any]:
    tables: dict[str, Any] = {}
    for name, value in flat.items():
        *parents, last = name.split(".")
        table = tables
        for word in parents:
            inner = table.setdefault(word, {})
            if not isinstance(inner, dict):
                break
            table = inner
        else:
            table[last] = value
    return tables


def outcome(content: bytes, environment: dict[str, str]) -> LoadedProfile | tuple[Problem, ...]:
    try:
        return profile_from_text(content, path=PATH, environment=environment)
    except ProfileError as error:
        return error.problems


@given(st.dictionaries(NAMES, VALUES, max_size=8), st.booleans())
@example({"auth.password": {"file": "~no-such-user/x"}, "tls.ca_file": "~no-such-user"}, True)
@example({"auth.password": {"env": "X"}, "test.to": ["self"]}, True)
@settings(max_examples=500, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_any_values_give_a_profile_or_problems_that_name_a_line(
    flat: dict[str, Any], with_host: bool
) -> None:
    if with_host:
        flat = {**flat, "server.host": "h.example"}
    text = tomli_w.dumps(nested(flat))
    found = outcome(text.encode(), {})
    if isinstance(found, LoadedProfile):
        assert set(found.origins) == set(KEYS)
        return
    assert found
    for each in found:
        assert each.message
        assert 0 <= each.line <= text.count("\n") + 1
        assert each.found.isprintable()
        assert each.message.isprintable()


@given(st.dictionaries(st.sampled_from(sorted(VARIABLES)), WORDS, max_size=6))
@settings(max_examples=300, deadline=None)
def test_any_environment_gives_a_profile_or_problems_that_name_the_variable(
    environment: dict[str, str],
) -> None:
    found = outcome(b'server.host = "h.example"', environment)
    for each in () if isinstance(found, LoadedProfile) else found:
        variable = each.file.removeprefix("environment variable ")
        assert variable in environment or each.file == str(PATH)


@given(st.binary(max_size=60) | TEXT.map(str.encode))
@settings(max_examples=300, deadline=None)
def test_any_bytes_give_a_profile_or_problems(content: bytes) -> None:
    found = outcome(content, {})
    assert isinstance(found, LoadedProfile) or all(each.message.isprintable() for each in found)
