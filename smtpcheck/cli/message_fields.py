"""What `send-test` is told about header fields and notices, checked before anything is sent."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

from smtpcheck.cli import options
from smtpcheck.model.errors import UsageError
from smtpcheck.model.message import Dsn, Mailbox

_CONTROL = re.compile("[\\x00-\\x1f\\x7f-\\x9f\u2028\u2029]")
_ONCE = frozenset(
    ("date", "sender", "to", "cc", "message-id", "in-reply-to", "references", "subject")
)
"""Fields that a message has once (RFC 5322 section 3.6), of those that may be given."""
_BY_OPTION = {
    "from": "use --from ADDRESS, and --set sender.name=NAME",
    "reply-to": "use --reply-to ADDRESS",
    "bcc": "use --to ADDRESS: a recipient needs no field, and Bcc would show who is hidden",
    "return-path": "use --bounce ADDRESS: the last server writes this field from the envelope",
    "dkim-signature": "use the table [dkim] of the profile",
    "x-smtpcheck": "a test message is found again by it",
}
_WORDS = {"never": "NEVER", "success": "SUCCESS", "failure": "FAILURE", "delay": "DELAY"}
_RETURNS = {"full": "FULL", "headers": "HDRS", "hdrs": "HDRS"}
_LONGEST_ID = 100


def one_line(option: str, text: str) -> str:
    """The text as it is. Raises UsageError for a control character."""
    if _CONTROL.search(text):
        raise UsageError(f"{option} holds a line break or another control character")
    return text


def one_address(option: str, value: str) -> str:
    """The address, or the empty string. Raises UsageError."""
    if value == "self":
        raise UsageError(f"{option} self names nobody", ["self is the sender: only --to takes it"])
    return options.addresses_given(option, [value])[0] if value else ""


def envelope_sender(value: str | None) -> str | None:
    """`--bounce`: an address, or the null sender as `''` or `<>`. Raises UsageError."""
    if value is None:
        return None
    return "" if value.strip() in ("", "<>") else one_address("--bounce", value)


def user(value: str) -> Mailbox | None:
    """`--as`: `ada@x.example` or `Ada Lovelace <ada@x.example>`. Raises UsageError."""
    text = one_line("--as", value).strip()
    if not text:
        return None
    name, bracket, rest = text.rpartition("<")
    if not bracket or not rest.endswith(">"):
        return Mailbox(one_address("--as", text))
    return Mailbox(one_address("--as", rest[:-1]) or _nobody(value), name.strip().strip('"'))


def fields(values: Sequence[str]) -> tuple[tuple[str, str], ...]:
    """`--header`: names and values. Raises UsageError for what is no field, what has an option of
    its own, and what a message has once and is given twice."""
    found = tuple(_field(value) for value in values)
    seen = Counter(name.lower() for name, _ in found)
    for name, _ in found:
        if name.lower() in _ONCE and seen[name.lower()] > 1:
            raise UsageError(
                f"--header {name} is given {seen[name.lower()]} times, and a message has it once",
                ["leave all but one away (RFC 5322 section 3.6)"],
            )
    return found


def notices(notify: str, returned: str, envelope_id: str) -> Dsn:
    """`--dsn-notify`, `--dsn-return`, `--dsn-envid`. Raises UsageError."""
    words = [word.strip().lower() for word in notify.split(",")] if notify else []
    unknown = [word for word in words if word not in _WORDS]
    if unknown or ("never" in words and len(words) > 1):
        raise UsageError(
            f"--dsn-notify {notify} is not never, nor a list of success, failure, delay",
            ["for example --dsn-notify success,failure"],
        )
    if returned and returned.lower() not in _RETURNS:
        raise UsageError(f"--dsn-return {returned} is neither full nor headers")
    printable = envelope_id.isascii() and envelope_id.isprintable()
    if not printable or len(envelope_id) > _LONGEST_ID:
        raise UsageError(
            f"--dsn-envid takes at most {_LONGEST_ID} printable ASCII characters (RFC 3461)"
        )
    return Dsn(
        notify=tuple(dict.fromkeys(_WORDS[word] for word in words)),
        returned=_RETURNS.get(returned.lower(), ""),
        envelope_id=envelope_id,
    )


def _field(given: str) -> tuple[str, str]:
    from smtpcheck.wire.compose import FIELD_NAME

    one_line("--header", given)
    name, colon, value = given.partition(":")
    if not colon or not FIELD_NAME.match(name):
        raise UsageError(f"--header {given!r} is no header field", ["write --header 'Name: value'"])
    known = name.lower()
    if known in _BY_OPTION:
        raise UsageError(f"--header cannot set {name}", [_BY_OPTION[known]])
    if known == "mime-version" or known.startswith("content-"):
        raise UsageError(
            f"--header cannot set {name}, which says how this message is made",
            ["use --charset, --html or --attach, or send a whole message: --data FILE"],
        )
    return name, value.strip()


def _nobody(value: str) -> str:
    raise UsageError(f"--as {value} names nobody", ["write --as 'NAME <ADDRESS>'"])
