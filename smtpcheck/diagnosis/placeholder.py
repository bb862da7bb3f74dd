"""Puts facts into the words of a cause: `{server.host}`, `{server.host|your server}`.

A step of a fix with `{other_method!}` is one only where the fact is there;
`{...!|plain}` gives other words where it is not known, and the step is none where it is known to
be empty.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

from smtpcheck.model.jsonvalue import Facts, Json

LONGEST: Final = 200
"""Characters of one fact in a sentence: it may come from a hostile server."""
_MEMBERS: Final = 6
_PLACEHOLDER: Final = re.compile(r"\{([a-z][A-Za-z0-9_-]*(?:\.[A-Za-z0-9_-]+)*)!?(?:\|([^{}]*))?\}")
_REQUIRED: Final = re.compile(r"\{([a-z][A-Za-z0-9_.-]*)!((?:\|[^{}]*)?)\}")
_NEUTRAL: Final = {
    "server.host": "the server",
    "server.port": "the port",
    "auth.username": "the user",
    "auth.method": "the mechanism",
    "mechanism": "the mechanism",
    "sender.address": "the sender",
    "proxy.host": "the proxy",
    "recipient": "the recipient",
    "provider": "the provider",
    "other_method": "METHOD",
    "fitting": "VALUE",
    "none_fits": "expect.KEY",
}
"""What stands for an absent fact; else `unknown`."""
_NAMED_PORT: Final = re.compile(r"\bport \{server\.port(?:\|the port)?\}")
_NEVER_CUT: Final = (
    *("profile", "draft", "target", "anonymous", "direct", "any_resolver", "publish"),
)
"""Words of our own command line, and records to publish: one that lacks its end is worse than
none."""
_PAIRS: Final = r"""((?: [a-z_]+\.[a-z_]+ (?:'[^']*'|"[^"]*"|[^\s,;)]+))+)"""
_SET: Final = re.compile(rf"(?:\brun )?smtpcheck profile set NAME{_PAIRS}")
_PAIR: Final = re.compile(r""" ([a-z_]+\.[a-z_]+) ('[^']*'|"[^"]*"|\S+)""")
_UNSET: Final = re.compile(r"(?:\brun )?smtpcheck profile unset NAME ([a-z_]+(?:\.[a-z_]+)*)")
_OF_PROFILE: Final = re.compile(r"\bsmtpcheck (?:login|secret [a-z]+|profile [a-z]+) NAME\b")
_ENTER: Final = re.compile(r"(enter\b.*?): smtpcheck secret set NAME")


def fill(text: str, facts: Facts) -> str:
    """The text with every placeholder replaced; each fact is cut at `LONGEST` characters."""

    def replace(found: re.Match[str]) -> str:
        name, otherwise = found[1], found[2]
        whole = facts.get(name) if name in _NEVER_CUT else None
        shown = whole if isinstance(whole, str) else _shown(facts.get(name))
        if shown:
            return shown
        return _NEUTRAL.get(name, "unknown") if otherwise is None else otherwise

    if not facts.get("server.port"):
        text = _NAMED_PORT.sub("the port", text)  # a pasted text seldom names it
    return _PLACEHOLDER.sub(replace, text)


def steps(texts: Iterable[str], facts: Facts) -> tuple[str, ...]:
    """The steps of a fix that can be taken here, filled."""
    return tuple(
        fill(text, facts)
        for text in texts
        if all(_holds(facts, name, otherwise) for name, otherwise in _REQUIRED.findall(text))
    )


def _holds(facts: Facts, name: str, otherwise: str) -> bool:
    return bool(facts.get(name)) or (bool(otherwise) and facts.get(name) is None)


def for_target(step: str, facts: Facts) -> str:
    """A step of a fix in the words of the run: where there is no profile that could be changed, a
    setting is added to the command line instead, and where that is stronger than the profile, it is
    changed there; where the settings are not saved yet, the way leads through their draft."""
    draft, profile = facts.get("draft"), facts.get("profile")
    if isinstance(draft, str) and draft:
        name = profile if isinstance(profile, str) and profile else "NAME"
        return through_draft(step, draft, name, new=not profile)
    if not facts.get("target"):
        return step
    words = str(facts["target"])
    if isinstance(profile, str) and profile:
        return _of_this_run(step, profile, words)

    def again(found: re.Match[str]) -> str:
        held = any(_is_given(key, words) for key, _ in _PAIR.findall(found[1]))
        return f"{'write' if held else 'add'}{_PAIR.sub(_as_option, found[1])}"

    typed = r"\1: type it when it is asked for, or set SMTPCHECK_PASSWORD"
    told = _UNSET.sub(r"leave out --set \1", _SET.sub(again, _ENTER.sub(typed, step)))
    if _OF_PROFILE.search(told):
        return f"{told} (NAME is a profile of this server; make one: smtpcheck profile init)"
    return told


def _of_this_run(step: str, profile: str, words: str) -> str:
    """Settings that flags of this run gave, `--expect` or `--set`: what the profile has means
    nothing beside them."""
    if "--set " not in words:
        return step
    name = re.escape(profile)

    def written(found: re.Match[str]) -> str:
        given = all(_is_given(key, words) for key, _ in _PAIR.findall(found[1]))
        return f"write{_PAIR.sub(_as_option, found[1])}" if given else found[0]

    def left_out(found: re.Match[str]) -> str:
        return f"leave out --set {found[1]}" if _is_given(found[1], words) else found[0]

    step = re.sub(rf"(?:\brun )?smtpcheck profile set {name}{_PAIRS}", written, step)
    key = r"([a-z_]+(?:\.[a-z_]+)+)"
    return re.sub(rf"(?:\brun )?smtpcheck profile unset {name} {key}", left_out, step)


def _is_given(key: str, words: str) -> bool:
    """Whether an option of the command line sets the key."""
    return f"--set {key}=" in words or f"--set '{key}=" in words


def through_draft(text: str, draft: str, name: str, *, new: bool) -> str:
    """Commands that change the profile `name` as those that go on with a draft of it, with the
    change. `new`: there is no such profile yet, so its password, too, is given to the draft."""
    resume = f"smtpcheck profile drafts resume {draft}"
    command = re.compile(rf"smtpcheck profile set {re.escape(name)}{_PAIRS}")
    text = command.sub(lambda found: f"{resume}{_PAIR.sub(_as_option, found[1])}", text)
    if not new:
        return text
    secret = re.compile(rf"smtpcheck secret set {re.escape(name)}(?![\w.-]| --key)")
    return secret.sub(lambda _found: resume, text)


def _as_option(pair: re.Match[str]) -> str:
    key, value = pair[1], pair[2]
    quote = value[0] if value[0] in "'\"" else ""
    return f" --set {quote}{key}={value[len(quote) : len(value) - len(quote)]}{quote}"


def fill_value(value: Json, facts: Facts) -> Json:
    """A value for a setting. A text that is one placeholder gives the fact with its own type, or
    None where the fact is absent."""
    if not isinstance(value, str):
        return value
    whole = _PLACEHOLDER.fullmatch(value)
    if whole is None:
        return fill(value, facts)
    fact = facts.get(whole[1])
    if fact is None or fact == "":
        return whole[2]
    return fact[:LONGEST] if isinstance(fact, str) else fact


def _shown(fact: Json) -> str:
    if isinstance(fact, bool):
        return "yes" if fact else "no"
    if isinstance(fact, (int, float)):
        return f"{fact:g}" if isinstance(fact, float) else str(fact)
    if isinstance(fact, (list, tuple)):
        listed = [text for text in map(_shown, fact[:_MEMBERS]) if text]
        more = len(fact) - _MEMBERS
        return _cut(", ".join(listed) + (f" and {more} more" if more > 0 else ""))
    return _cut(fact) if isinstance(fact, str) else ""


def _cut(text: str) -> str:
    return text if len(text) <= LONGEST else text[: LONGEST - 3].rstrip() + "..."
