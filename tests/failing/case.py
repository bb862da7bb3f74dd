"""A failing or odd server as a value: how it talks, and what the probe must say about it."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.failing.conversation import conversation

FOLDER = Path(__file__).parent


@dataclass(frozen=True, slots=True, kw_only=True)
class Expected:
    """What a report must say."""

    exit: int
    cause: str
    stage: str
    retryable: bool = False
    owner: str = ""
    confidence: str = ""
    """Empty: any."""
    why: tuple[str, ...] = ()
    help: tuple[str, ...] = ()
    """Words that the steps of the fix must hold, in any case of letters."""
    changes: Mapping[str, object] | None = field(default_factory=dict)
    """None: any."""
    verified: bool = False
    """Whether an experiment has to have proved the changes."""
    evidence: str = ""
    """Words of the line that decided."""
    also: tuple[str, ...] = ()
    """Further errors that are true at the same time: problems of one certificate."""
    warnings: tuple[str, ...] = ()
    """Causes that may stand beside the error; no other may."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A server that a test plays."""

    name: str
    script: str
    security: str = "starttls"
    settings: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    """Tables of the profile that win over the usual ones."""
    login: bool = True
    logins: int = 1
    """How many AUTH commands the server may see."""
    confined: bool = True
    """Whether the password must stay within TLS; not where the profile says otherwise."""
    to: tuple[str, ...] = ("ops@example.test",)
    password: str = "canary-P4ssw0rd"
    connections: int = 1
    sharpened: str = ""
    """The cause that is named when experiments may be made, where that is another one."""
    warnings: tuple[str, ...] = ()
    """What a server with which nothing is wrong is warned of."""
    expected: Expected | None = None
    """None: nothing may be wrong."""


_OF_EXPECTED = frozenset(Expected.__dataclass_fields__)
_OF_CASE = frozenset(Case.__dataclass_fields__) - {"name", "expected"}
_OF_TALK = frozenset({"at", "say", "do", "greeting", "offers", "mechanisms"})


def cases(name: str) -> list[Case]:
    """The cases of a file of this folder, in its order."""
    text = (FOLDER / f"{name}.toml").read_text(encoding="utf-8")
    return [_case(key, table) for key, table in tomllib.loads(text).items()]


def expectations(name: str) -> dict[str, dict[str, Any]]:
    """By name, the words of `Expected` that a file of this folder holds."""
    text = (FOLDER / f"{name}.toml").read_text(encoding="utf-8")
    return {
        key: {word: _tuple(value) for word, value in table.items()}
        for key, table in tomllib.loads(text).items()
    }


def _case(name: str, table: Mapping[str, Any]) -> Case:
    unknown = set(table) - _OF_EXPECTED - _OF_CASE - _OF_TALK
    assert not unknown, f"{name}: unknown {unknown}"
    made = {key: _tuple(value) for key, value in table.items() if key in _OF_CASE}
    if "script" not in table:
        talk = {key: value for key, value in table.items() if key in _OF_TALK}
        made["script"] = conversation(security=table.get("security", "starttls"), **talk)
    wanted = {key: value for key, value in table.items() if key in _OF_EXPECTED}
    if "say" in table and "cause" in table:
        wanted.setdefault("evidence", table["say"].strip().splitlines()[0][:40])
    expected = None
    if "cause" in table:
        expected = Expected(**{key: _tuple(value) for key, value in wanted.items()})
    else:
        assert not wanted.keys() - {"warnings"}, f"{name}: no cause"
    return Case(name=name, expected=expected, **made)


def _tuple(value: object) -> Any:
    return tuple(value) if isinstance(value, list) else value
