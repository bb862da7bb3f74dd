"""From the options of `send-test` to the message it sends."""

from __future__ import annotations

from collections.abc import Sequence

from smtpcheck.cli.message_fields import fields, one_address, one_line, user
from smtpcheck.cli.message_files import attachments_of, content_of, html_of, text_of
from smtpcheck.model.errors import UsageError
from smtpcheck.model.message import MessageSpec
from smtpcheck.model.value import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """The options that say what the message is, as they were typed."""

    from_: str
    as_: str
    reply_to: str
    subject: str
    body: str | None
    body_file: str | None
    empty: bool
    html: str | None
    attach: Sequence[str]
    charset: str
    headers: Sequence[str]
    data: str | None


def message_of(given: Given) -> MessageSpec:
    """The message. Files are read once everything else is known to be right. Raises UsageError."""
    _must_go_together(given)
    author = one_address("--from", given.from_)
    if given.data is not None:
        return MessageSpec(from_address=author, raw=_raw(given.data))
    spec = MessageSpec(
        subject=one_line("--subject", given.subject),
        from_address=author,
        reply_to=one_address("--reply-to", given.reply_to),
        acting=user(given.as_),
        headers=fields(given.headers),
    )
    if spec.subject and any(name.lower() == "subject" for name, _ in spec.headers):
        raise UsageError("--subject and --header Subject exclude each other")
    return _with_files(spec, given)


def _with_files(spec: MessageSpec, given: Given) -> MessageSpec:
    from dataclasses import replace

    return replace(
        spec,
        body=_body(given),
        html=None if given.html is None else html_of(given.html, given.charset),
        attachments=attachments_of(given.attach),
    )


def _body(given: Given) -> str | None:
    if given.empty:
        return ""
    if given.body_file is not None:
        return text_of(given.body_file, given.charset)
    return given.body


def _raw(name: str) -> bytes:
    raw = content_of(name)
    if not raw.strip():
        raise UsageError(f"--data {name} is empty", ["give a whole message, header and body"])
    return raw


def _must_go_together(given: Given) -> None:
    if sum((given.body is not None, given.body_file is not None, given.empty)) > 1:
        raise UsageError("--body, --body-file and --empty exclude each other")
    if given.data is None:
        if given.body_file == given.html == "-":
            raise UsageError("--body-file and --html cannot both read standard input")
        return
    composing = {
        "--as": given.as_,
        "--reply-to": given.reply_to,
        "--subject": given.subject,
        "--body": given.body is not None,
        "--body-file": given.body_file is not None,
        "--empty": given.empty,
        "--html": given.html is not None,
        "--attach": given.attach,
        "--charset": given.charset,
        "--header": given.headers,
    }
    needless = [option for option, value in composing.items() if value]
    if needless:
        raise UsageError(
            f"--data is a whole message, which {' and '.join(needless)} would change",
            [f"leave {' and '.join(needless)} away, or write it into the message"],
        )
