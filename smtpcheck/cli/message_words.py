"""The options of `send-test` once more, for whoever tries again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from smtpcheck.cli.message_input import Given


def words_of(
    given: Given, others: Mapping[str, str | bool | float | None]
) -> tuple[str, ...] | None:
    """What was typed about the message, and the other options by their names; what is not given
    is None, False or, besides `--bounce`, empty. None where standard input was read."""
    if "-" in (given.body_file, given.html, given.data):
        return None
    typed: dict[str, str | bool | float | Sequence[str] | None] = {
        "--from": given.from_ or None,
        "--as": given.as_ or None,
        "--reply-to": given.reply_to or None,
        "--subject": given.subject or None,
        "--body": given.body,
        "--body-file": given.body_file,
        "--empty": given.empty,
        "--html": given.html,
        "--attach": given.attach,
        "--charset": given.charset or None,
        "--header": given.headers,
        "--data": given.data,
        **others,
    }
    words: list[str] = []
    for option, value in typed.items():
        if value is True:
            words.append(option)
        elif isinstance(value, str):
            words += _words(option, value)
        elif isinstance(value, Sequence):
            words += _words(option, *value)
        elif value:
            words += _words(option, f"{value:g}")
    return tuple(words)


def _words(option: str, *values: str) -> list[str]:
    return [word for each in values for word in (option, each)]
