"""`--expect KEY=VALUE`: a key of `[expect]` for this run alone."""

from __future__ import annotations

from collections.abc import Sequence

from smtpcheck.model.errors import UsageError

_TABLE = "expect."


def expected(values: Sequence[str]) -> dict[str, str]:
    """The settings that `--expect` names, by full key; of a list each adds to the others. Raises
    UsageError for a key that is none of `[expect]`."""
    from smtpcheck.model.profile import Expect
    from smtpcheck.model.settings import rules_of

    rules = {field.name: rule for field, rule in rules_of(Expect)}
    given: dict[str, str] = {}
    for value in values:
        key, equals, text = value.partition("=")
        name = key.strip().removeprefix(_TABLE)
        if name not in rules:
            raise UsageError(f"--expect {name} is not known", _suggestions(name, list(rules)))
        if not equals or not text.strip():
            raise UsageError(
                f"--expect {name} has no value",
                [f"write --expect {name}=VALUE: {rules[name].doc}"],
            )
        full = f"{_TABLE}{name}"
        if full in given and not rules[name].many:
            raise UsageError(f"--expect {name} is given twice", ["keep the one that is meant"])
        given[full] = f"{given[full]},{text}" if full in given else text
    return given


def _suggestions(name: str, names: Sequence[str]) -> list[str]:
    from smtpcheck.store.keys import nearest

    near = nearest(name, names)
    guess = [f"did you mean {near}?"] if near else []
    return [*guess, f"what may be expected: {', '.join(names)}"]
