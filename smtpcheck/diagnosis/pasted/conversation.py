"""What a text shows of the conversation: which command a reply answers, what the server offered,
how far it went."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from smtpcheck.diagnosis.pasted.lines import Line
from smtpcheck.diagnosis.pasted.said import Said, without_mark
from smtpcheck.model.jsonvalue import Json

_COMMAND: Final = re.compile(
    r"(?:\d{1,3}: )?(?:Sending:? |CMD:? |command:? )?['\"]?"
    r"(EHLO|HELO|LHLO|STARTTLS|AUTH|MAIL FROM|RCPT TO|DATA|BDAT|QUIT|RSET)"
    r"(?=[\s:<\"'\\]|$)(?!\s(?:command|failed|error|not|END|is|was|rejected)\b)(.{0,200})",
    re.IGNORECASE,
)
VERBS: Final = {
    "MAIL FROM": "MAIL",
    "RCPT TO": "RCPT",
    "LHLO": "EHLO",
    "HELO": "EHLO",
    "BDAT": "DATA",
}
_AUTH_MECHANISM: Final = re.compile(
    (
        r"\bAUTH[ =](PLAIN|LOGIN|CRAM-MD5|DIGEST-MD5|NTLM|XOAUTH2|OAUTHBEARER|"
        r"SCRAM-SHA-\d{1,3}|GSSAPI)\b"
    ),
    re.IGNORECASE,
)
_KEYWORDS: Final = (
    "STARTTLS", "AUTH", "SIZE", "PIPELINING", "8BITMIME", "SMTPUTF8", "CHUNKING", "DSN",
    "ENHANCEDSTATUSCODES",
)  # fmt: skip
# Sentences of clients and servers that name the command a reply answers; the first that fits.
_SENTENCES: Final[tuple[tuple[str, tuple[str, ...]], ...]] = (
    (
        "MESSAGE",
        ("in reply to end of DATA", r"SMTP error from remote (?:mail )?server after end of"),
    ),
    (
        "RCPT",
        (
            "in reply to RCPT TO",
            "after RCPT TO",
            "SMTPRecipientsRefused",
            "reject: RCPT",
            "command 'RCPT'",
            "Error processing RCPT cmd",
        ),
    ),
    (
        "MAIL",
        (
            "in reply to MAIL FROM",
            "after MAIL FROM",
            "SMTPSenderRefused",
            "during MAIL FROM",
            "command 'MAIL'",
            "Error processing MAIL cmd",
        ),
    ),
    ("DATA", ("in reply to DATA", "reject: DATA", "Error processing DATA cmd")),
    (
        "EHLO",
        (
            r"in reply to (?:EHLO|HELO)",
            r"after (?:EHLO|HELO)",
            "SMTPHeloError",
            "EHLO not accepted",
            r"Error processing (?:HELO|EHLO) cmd",
        ),
    ),
    ("STARTTLS", ("in reply to STARTTLS", "STARTTLS failed")),
    (
        "MESSAGE",
        ("reject: END-OF-MESSAGE", "reject: BODY", "DATA END command failed"),
    ),
    (
        "CONNECT",
        (
            "refused to talk to me",
            "SMTPConnectError",
            "initial connection",
            "(?:bad|invalid) greeting",
            r"greeting (?:was )?rejected",
            r"connect to SMTP host: .{1,120}, port: ?\d{1,5}, response: ?\d",
            r"unexpected smtp-server response",
        ),
    ),
    (
        "AUTH",
        (
            r"AUTH (?:PLAIN|LOGIN|CRAM-MD5|XOAUTH2|NTLM)\b.{0,12}(?:failed|rejected)",
            "SMTPAuthenticationError",
            "Invalid login",
            "Password Command Failed",
            "AUTH not accepted",
            "SASL authentication failed",
            "Could not authenticate",
            "AuthenticationFailedException",
            r"auth(?:entication)? failed",
            r"EAUTH\b",
            "Failed to authenticate",
            "Error on Auth",
            "while authenticating",
            "AuthenticateAsync",
        ),
    ),
    (
        "MAIL",
        (
            r"MAIL FROM:? .{0,60}failed",
            "MAIL FROM failed",
            "Mail command failed",
            "from address failed",
        ),
    ),
    (
        "RCPT",
        (
            r"RCPT TO (?:command )?failed",
            r"recipients? (?:failed|were rejected|was rejected)",
            "Failed to add recipient",
            "SMTPAddressFailedException",
        ),
    ),
    (
        "MESSAGE",
        ("DATA command failed", "SMTPDataError", "Data command rejected", "data not accepted"),
    ),
    ("STARTTLS", (r"STARTTLS command failed", "STARTTLS not accepted")),
)
_HINTS: Final = tuple(
    (re.compile("|".join(patterns), re.IGNORECASE), verb) for verb, patterns in _SENTENCES
)
_STEPS: Final = {
    "CONNECT": "tcp.greeting",
    "EHLO": "tcp.ehlo",
    "STARTTLS": "tls.starttls",
    "AUTH": "auth.login",
    "MAIL": "send.mail",
    "RCPT": "send.rcpt",
    "DATA": "send.data",
    "MESSAGE": "send.message",
    "RSET": "send.reset",
    "QUIT": "send.quit",
}


@dataclass(slots=True)
class Conversation:
    """What is known of the conversation as a whole."""

    replies: list[Said]
    commands: list[str] = field(default_factory=list)
    """The verbs that the client is seen to send, in order."""
    mechanism: str = ""
    greeting: str = ""
    keywords: list[str] = field(default_factory=list)
    mechanisms: list[str] = field(default_factory=list)
    finished: bool = False
    """The session was ended in good order: QUIT was answered."""
    accepted: bool = False
    """A message was accepted."""
    astray: bool = False
    """A reply stands where no command was waiting for one."""
    accepted_line: int = 0

    def facts(self) -> dict[str, Json]:
        """The facts of other steps that rules may pin beside the judged one."""
        facts: dict[str, Json] = {}
        if self.greeting:
            facts["tcp.greeting.reply.text"] = self.greeting
        if self.keywords:
            facts["tcp.ehlo.keywords"] = list(self.keywords)
        if self.mechanisms:
            facts["tcp.ehlo.mechanisms"] = list(self.mechanisms)
        if self.mechanism:
            facts["mechanism"] = self.mechanism
        begun = [each.code for each in self.replies if each.command == "STARTTLS" and each.code]
        if begun:
            facts["tls.starttls.reply.code"] = begun[0]
        if any(each.code == 235 for each in self.replies):
            facts["auth.login.reply.code"] = 235
        return facts


def step_of(command: str) -> str:
    """The step in which the probe hears the answer to a command."""
    return _STEPS.get(command, "")


def conversation_of(lines: Sequence[Line], replies: Sequence[Said]) -> Conversation:
    """Gives each reply the command it answers, as far as the text shows it."""
    made = Conversation([])
    by_position = {reply.position - len(reply.lines) + 1: reply for reply in replies}
    waiting: list[str] = []
    current = "CONNECT" if replies and replies[0].code == 220 and replies[0].whole else ""
    for position, line in enumerate(lines):
        verb = _command_in(line, made)
        if verb:
            waiting.append(verb)
            made.commands.append(verb)
        reply = by_position.get(position)
        if reply is None:
            continue
        if reply.whole and waiting:
            current = waiting.pop(0)
        elif reply.whole and not current and made.replies:
            made.astray = True
        command = _hinted(reply.context) or (current if reply.whole else "") or _by_code(reply)
        made.replies.append(replace(reply, command=command))
        _note(made, made.replies[-1])
        current = _after(current, reply)
    whole_text = " ".join(line.text for line in lines[:200])
    made.replies = [_with_hint(each, whole_text) for each in made.replies]
    if not made.mechanism:
        found = _AUTH_MECHANISM.search(whole_text)
        made.mechanism = found[1].upper() if found and not found[0].startswith("AUTH=") else ""
    return made


def _command_in(line: Line, made: Conversation) -> str:
    found = _COMMAND.match(without_mark(line.text))
    if not found:
        return ""
    name = found[1].upper()
    if found[1].islower() and not re.search(r"send:|[<>=-]", line.text):
        return ""
    verb = VERBS.get(name, name)
    if verb == "AUTH":
        named = _AUTH_MECHANISM.search(f"AUTH{found[2].upper()}")
        made.mechanism = named[1].upper() if named else made.mechanism
    return verb


def _after(current: str, reply: Said) -> str:
    """What a next reply would answer when no command is seen in between."""
    if current == "DATA" and reply.code == 354:
        return "MESSAGE"
    return current if current == "AUTH" and reply.code == 334 else ""


def _hinted(text: str) -> str:
    return next((verb for pattern, verb in _HINTS if pattern.search(text)), "")


def _with_hint(reply: Said, whole_text: str) -> Said:
    """What other lines say counts only for a reply that nothing else places, and not in a
    conversation, where many commands are named."""
    if reply.command or reply.whole or not reply.refuses:
        return reply
    return replace(reply, command=_hinted(whole_text))


def _by_code(reply: Said) -> str:
    """Codes that stand for one command only (RFC 4954)."""
    return "AUTH" if reply.code in (534, 535, 538) or reply.enhanced in ("5.7.8", "5.7.139") else ""


def _note(made: Conversation, reply: Said) -> None:
    if reply.code == 220 and not made.greeting and reply.command in ("CONNECT", ""):
        made.greeting = reply.text
    if reply.code == 250:
        upper = f" {reply.text.upper()} "
        for keyword in _KEYWORDS:
            if (
                re.search(rf"(?:[ -]|\[NL\]250[- ]){keyword}[ =\[]", upper)
                and keyword not in made.keywords
            ):
                made.keywords.append(keyword)
        offered = re.search(r"[ -]AUTH[ =]((?:[A-Z0-9-]{4,20}[ =]?){1,12})", upper)
        if offered and not made.mechanisms:
            made.mechanisms = offered[1].split()
        if reply.command == "MESSAGE" or re.search(
            r"queued|accepted for delivery", reply.text, re.IGNORECASE
        ):
            made.accepted = True
            made.accepted_line = reply.number
    if reply.code == 221:
        made.finished = True
