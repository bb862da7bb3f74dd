"""The calls of `createTransport` in a text, each by itself: the options of one are never those of
another."""

from __future__ import annotations

import re
from collections.abc import Sequence

from smtpcheck.model.value import dataclass
from smtpcheck.store.foreign.code_text import Token, tokens_of
from smtpcheck.store.foreign.entry import Source
from smtpcheck.store.foreign.several import account_names

_NAME = "createTransport"


@dataclass(frozen=True, slots=True)
class Call:
    """One call, as a text in which it is the only one."""

    account: str
    """What tells it from the others; empty for the only one."""
    variable: str
    """What the transport is kept in; empty where that is not seen, or not for it alone."""
    source: Source
    alone: Source
    """The call without anything around it, as it may stand within an object."""
    line: int


def calls_of(source: Source) -> list[Call]:
    """Every call of the text, in its order. Raises UsageError for too many."""
    tokens = tokens_of(source.text)
    starts = [
        at
        for at, token in enumerate(tokens[:-1])
        if re.fullmatch(rf"(?:.*\.)?{_NAME}", token.text) and tokens[at + 1].text == "("
    ]
    variables = [_variable(tokens, at) for at in starts]
    if not starts:
        return []
    names = account_names(variables, source.file)
    spans = [_arguments(tokens, at + 1, source.text) for at in starts]
    return [
        Call(
            name,
            variable if variables.count(variable) == 1 else "",
            Source(_without(source.text, spans, at), source.file, source.folder),
            Source(_alone(source.text, *spans[at]), source.file, source.folder),
            tokens[starts[at]].line,
        )
        for at, (name, variable) in enumerate(zip(names, variables, strict=True))
    ]


def _variable(tokens: Sequence[Token], at: int) -> str:
    """`x` of `x = createTransport(`, `const x: Transporter = await ...` and `{ x: ... }`."""
    before = [token.text for token in tokens[max(0, at - 5) : at]]
    if before and before[-1] == "await":
        before.pop()
    if len(before) > 3 and before[-1] == "=" and before[-3] == ":":
        del before[-3:-1]
    if len(before) < 2 or before[-1] not in ("=", ":"):
        return ""
    name = before[-2].rpartition(".")[2]
    return name if re.fullmatch(r"[\w$]+", name) else ""


def _arguments(tokens: Sequence[Token], opened: int, text: str) -> tuple[int, int]:
    """From behind the parenthesis to the one that closes it."""
    depth = 0
    for token in tokens[opened:]:
        depth += (token.text in ("(", "[", "{")) - (token.text in (")", "]", "}"))
        if depth == 0:
            return tokens[opened].start + 1, token.start
    return tokens[opened].start + 1, len(text)


def _alone(text: str, start: int, end: int) -> str:
    return "\n" * text.count("\n", 0, start) + f"{_NAME}({text[start:end]})"


def _without(text: str, spans: Sequence[tuple[int, int]], kept: int) -> str:
    """The text with blanks for the arguments of all other calls; its lines stay where they are."""
    for at, (start, end) in enumerate(spans):
        if at != kept:
            text = text[:start] + re.sub(r"[^\n]", " ", text[start:end]) + text[end:]
    return text
