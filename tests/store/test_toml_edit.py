from __future__ import annotations

import tomllib
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from smtpcheck.store.toml_edit import REMOVED, CannotEditError, edited

FILE = """\
# mine, do not touch
schema = 1   # always

[server]        # the server
host = "a.example" # old one
# port follows
port   =   587

[auth]
# the user
username = "u"
password = { keyring = true }  # in the keyring

# about people
[test]
to = [
  "a@example.com", # first
]
"""


def change(text: str, key: str, value: Any) -> str:
    return edited(text, {tuple(key.split(".")): value})


def test_a_changed_value_leaves_every_other_character_alone() -> None:
    assert change(FILE, "server.port", 465) == FILE.replace("port   =   587", "port   =   465")
    assert change(FILE, "server.host", "b.example") == FILE.replace("a.example", "b.example")
    assert change(FILE, "auth.password", {"env": "X"}) == FILE.replace(
        "{ keyring = true }", '{ env = "X" }'
    )


def test_a_removed_key_takes_only_its_own_line() -> None:
    assert change(FILE, "server.port", REMOVED) == FILE.replace("port   =   587\n", "")
    assert change(FILE, "auth.password", REMOVED) == FILE.replace(
        "password = { keyring = true }  # in the keyring\n", ""
    )


def test_a_new_key_goes_to_its_table_and_a_new_table_to_the_end() -> None:
    made = change(FILE, "server.timeout", 5.0)
    assert made == FILE.replace("port   =   587\n", "port   =   587\ntimeout = 5.0\n")
    made = change(FILE, "sender.address", "a@example.com")
    assert made == FILE + '\n[sender]\naddress = "a@example.com"\n'
    made = change(FILE, "enabled", False)
    assert made == FILE.replace("# always\n", "# always\nenabled = false\n")


def test_a_removed_table_goes_with_its_keys() -> None:
    assert tomllib.loads(change(FILE, "test", REMOVED)) == {
        "schema": 1,
        "server": {"host": "a.example", "port": 587},
        "auth": {"username": "u", "password": {"keyring": True}},
    }


def test_the_comment_above_the_next_table_outlives_a_removed_table() -> None:
    made = change(FILE, "auth", REMOVED)
    assert "# about people" in made
    assert "username" not in made
    assert "[server]" in change("[server]\n# keep\nhost = 'x'\n", "server", REMOVED)


def test_windows_line_ends_stay() -> None:
    made = change(FILE.replace("\n", "\r\n"), "server.port", 465)
    assert made == FILE.replace("587", "465").replace("\n", "\r\n")


LAYOUTS = [
    "",
    "# only a comment",
    'server.host = "x"\nserver.port = 1 # here\nauth.username = "u"\n',
    'server = { host = "x" } # inline\n',
    '[auth.oauth]\ntenant = "t"\n[server]\nhost = "x"\n[auth]\nusername = "u"\n',
    '[auth.password]\nenv = "X"\n[server]\nhost = "x"',
    '[auth]\nusername = "u"\n[auth.oauth]\nissuer = "microsoft"\n\n\n# end\n',
    '"server".host = "x"\n[ tls ]\nverify = true # y\n',
    "[server]\n# nothing yet\n\n# about tls\n[tls]\n",
    '[auth]\npassword.env = "X"\nusername = """\nlong"""\n',
]
CHANGES = [
    ("server.port", 465),
    ("server.host", "h.example"),
    ("enabled", True),
    ("auth.password", {"command": ["a", "b"]}),
    ("auth.oauth.tenant", "x"),
    ("auth.username", 'long "text"\\ with \' all'),
    ("tags", ["a", "b"]),
    ("server.host", REMOVED),
    ("auth.password", REMOVED),
    ("auth", REMOVED),
    ("tls.verify", False),
    ("proxy.password", {"env": "P"}),
]


@pytest.mark.parametrize("text", LAYOUTS)
@pytest.mark.parametrize(("key", "value"), CHANGES)
def test_in_any_layout_exactly_the_wanted_key_changes(text: str, key: str, value: Any) -> None:
    made = change(text, key, value)
    assert without_empty(tomllib.loads(made)) == without_empty(expected(text, key, value))
    assert comments(made) >= comments(text) - {"# here", "# inline", "# y"}


def expected(text: str, key: str, value: Any) -> dict[str, Any]:
    wanted = tomllib.loads(text)
    *parents, last = key.split(".")
    table = wanted
    for word in parents:
        if word not in table and value is REMOVED:
            return wanted
        table = table.setdefault(word, {})
    if value is REMOVED:
        table.pop(last, None)
    else:
        table[last] = value
    return wanted


def without_empty(value: Any) -> Any:
    """Empty tables say nothing: one may appear, and one may vanish."""
    if not isinstance(value, dict):
        return value
    inner = {name: without_empty(each) for name, each in value.items()}
    return {name: each for name, each in inner.items() if each != {}}


def comments(text: str) -> set[str]:
    return {line[line.index("#") :] for line in text.splitlines() if "#" in line}


@given(
    st.sampled_from(LAYOUTS),
    st.lists(st.sampled_from(CHANGES), min_size=2, max_size=6),
)
@settings(max_examples=300, deadline=None)
def test_changes_one_after_the_other_never_spoil_a_file(
    text: str, changes: list[tuple[str, Any]]
) -> None:
    for key, value in changes:
        try:
            made = change(text, key, value)
        except CannotEditError:
            continue
        assert without_empty(tomllib.loads(made)) == without_empty(expected(text, key, value))
        text = made


def test_a_change_that_the_layout_forbids_is_refused() -> None:
    with pytest.raises(CannotEditError):
        change("server = 5", "server.port", 465)
