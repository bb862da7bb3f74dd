"""MAIL and RCPT as the server reads them (RFC 5321 section 4.1.2), and what it refuses in them."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

_PATH = re.compile(
    r"""(?P<word>FROM|TO):[ ]*
        <(?P<path>(?:"(?:\\.|[^"\\])*"|[^<>"\s])*)>
        (?P<parameters>(?:[ ]+[^\s]+)*)[ ]*\Z""",
    re.IGNORECASE | re.VERBOSE,
)
_XTEXT = re.compile(r"(?:[!-*,-<>-~]|\+[0-9A-F]{2}){1,500}\Z")
_ROUTE = re.compile(r"@[^:]*:")
_MAILBOX = re.compile(r'(?:"(?:\\.|[^"\\])*"|[^"@\s]+)@(?:\[[^\[\]\s]+\]|[^@\s\[\]]+)\Z')


class RefusedError(Exception):
    """A command that is answered with the words of this error."""

    def __init__(self, reply: str) -> None:
        super().__init__(reply)
        self.reply = reply


@dataclass(slots=True)
class Envelope:
    """One mail transaction as far as it has come."""

    sender: str
    utf8: bool = False
    recipients: list[str] = field(default_factory=list)
    chunks: bytearray = field(default_factory=bytearray)
    """What has come of the message by BDAT."""


def read_sender(rest: str, size_limit: int) -> Envelope:
    """The envelope that `MAIL` opens. Raises RefusedError."""
    address, parameters = _read(rest, "FROM", "5.1.7")
    for name, value in parameters.items():
        if name == "SIZE":
            _check_size(value, size_limit)
        elif name == "BODY":
            if value.upper() not in ("7BIT", "8BITMIME"):
                raise RefusedError("501 5.5.4 BODY is 7BIT or 8BITMIME")
        elif name == "RET":
            if value.upper() not in ("FULL", "HDRS"):
                raise RefusedError("501 5.5.4 RET is FULL or HDRS")
        elif name == "ENVID":
            _check_xtext(name, value)
        elif name not in ("SMTPUTF8", "AUTH"):
            raise RefusedError(f"555 5.5.4 unsupported parameter {name}")
    envelope = Envelope(address, utf8="SMTPUTF8" in parameters)
    if address:
        _check_mailbox(address, "501 5.1.7 bad sender address syntax", utf8=envelope.utf8)
    return envelope


def read_recipient(rest: str, envelope: Envelope, limit: int) -> str:
    """The address that `RCPT` names. Raises RefusedError."""
    address, parameters = _read(rest, "TO", "5.1.3")
    for name, value in parameters.items():
        if name == "NOTIFY":
            _check_notify(value)
        elif name == "ORCPT":
            _check_xtext(name, value.partition(";")[2])
        else:
            raise RefusedError(f"555 5.5.4 unsupported parameter {name}")
    if address.lower() != "postmaster":
        _check_mailbox(address, "501 5.1.3 bad recipient address syntax", utf8=envelope.utf8)
    if len(envelope.recipients) >= limit:
        raise RefusedError("452 4.5.3 too many recipients")
    return address


def find_bare_line_end(message: bytes) -> bool:
    """Whether a CR or an LF stands alone in the message."""
    pairs = message.count(b"\r\n")  # a search takes ten times as long
    return pairs != message.count(b"\n") or pairs != message.count(b"\r")


def _read(rest: str, word: str, enhanced: str) -> tuple[str, dict[str, str]]:
    found = _PATH.match(rest)
    if not found or found["word"].upper() != word:
        verb = "MAIL" if word == "FROM" else "RCPT"
        raise RefusedError(f"501 {enhanced} syntax: {verb} {word}:<address>")
    parameters: dict[str, str] = {}
    for each in found["parameters"].split():
        name, _, value = each.partition("=")
        if name.upper() in parameters:
            raise RefusedError(f"501 5.5.4 parameter {name.upper()} is there twice")
        parameters[name.upper()] = value
    path = found["path"]
    if path.startswith("@"):  # a source route is read over (RFC 5321 appendix C)
        path = _ROUTE.sub("", path, count=1)
    return path, parameters


def _check_size(value: str, limit: int) -> None:
    if not value.isascii() or not value.isdigit() or len(value) > 20:
        raise RefusedError("501 5.5.4 SIZE is a number")
    if int(value) > limit:
        raise RefusedError(f"552 5.3.4 message size exceeds fixed limit of {limit}")


def _check_notify(value: str) -> None:
    words = set(value.upper().split(","))
    if words != {"NEVER"} and not words <= {"SUCCESS", "FAILURE", "DELAY"}:
        raise RefusedError("501 5.5.4 NOTIFY is NEVER, or of SUCCESS,FAILURE,DELAY")


def _check_xtext(name: str, value: str) -> None:
    if not _XTEXT.match(value):
        raise RefusedError(f"501 5.5.4 {name} is not xtext")


def _check_mailbox(address: str, refusal: str, *, utf8: bool) -> None:
    if not _MAILBOX.match(address) or len(address.encode()) > 254 or not address.isprintable():
        raise RefusedError(refusal)
    if not address.isascii() and not utf8:
        raise RefusedError("553 5.6.7 the address needs SMTPUTF8, which the client did not ask for")
