"""The question of `profile init` for the provider: a few by number, all others by what is typed of
them, a mail address among it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from smtpcheck.cli.ask import Asker, WrongAnswerError, ask

if TYPE_CHECKING:
    from smtpcheck.model.preset import Preset

OTHER = "other"
_MOST = 12
"""Found presets that are shown at once: with the question they fit a small terminal."""


def choose_preset(asker: Asker, default: str) -> tuple[str, str]:
    """The name of a preset or `other`, and the mail address by which it was found, if any."""
    from smtpcheck.store.preset_search import search
    from smtpcheck.store.presets import COMMON, outlines

    known = {each.name: each for each in outlines()}
    asker.say("Which provider? The most usual:")
    shown = [known[name] for name in COMMON]
    _show(asker, shown, other=True)
    asker.say(
        f"Or type a part of a name, or your mail address: {len(known)} are known (? lists them)."
    )
    choices = [*COMMON, OTHER]

    def check(answer: str) -> tuple[str, str]:
        if answer.isdigit() and 1 <= int(answer) <= len(choices):
            return choices[int(answer) - 1], ""
        if answer.lower() == OTHER:
            return OTHER, ""
        if answer == "?":
            raise WrongAnswerError(", ".join(sorted(known)))
        found = search(answer.split())
        if len(found) == 1:
            asker.say(f"  taking the preset {found[0].name}: {found[0].title}")
            return found[0].name, answer if "@" in answer else ""
        if not found:
            raise WrongAnswerError(_about_nothing(answer))
        choices[:] = [each.name for each in found[:_MOST]]
        _show(asker, found[:_MOST])
        raise WrongAnswerError(_about_many(len(found)))

    return ask(asker, "Provider", default, check)


def _show(asker: Asker, found: Sequence[Preset], *, other: bool = False) -> None:
    rows = [(each.name, each.title) for each in found]
    rows += [(OTHER, "another server")] if other else []
    wide = max(len(name) for name, _title in rows)
    for number, (name, title) in enumerate(rows, 1):
        asker.say(f"  {number:>2}  {name:<{wide}}  {title}")


def _about_nothing(answer: str) -> str:
    from smtpcheck.store.preset_search import close_names

    near = close_names(answer.split())
    if near:
        return f"nothing is known of {answer}; did you mean {' or '.join(near)}?"
    return f"nothing is known of {answer}; type {OTHER} for a server of your own choice"


def _about_many(count: int) -> str:
    if count > _MOST:
        return f"{count - _MOST} more fit: type more of it, or a number"
    return "type the number, or more of it"
