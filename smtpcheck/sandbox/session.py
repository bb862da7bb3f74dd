"""One conversation of the sandbox: ESMTP as a submission server speaks it (RFC 5321, RFC 6409)."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from datetime import UTC, datetime

from smtpcheck.model.transcript import Who
from smtpcheck.sandbox.channel import Channel, GoneError, IdleError, LineTooLongError
from smtpcheck.sandbox.envelope import (
    Envelope,
    RefusedError,
    find_bare_line_end,
    read_recipient,
    read_sender,
)
from smtpcheck.sandbox.house import Door, House
from smtpcheck.sandbox.login import LoginDesk, masked
from smtpcheck.sandbox.received import Received
from smtpcheck.sandbox.voice import Voice


class Session:
    """Talks with one client until one of them leaves."""

    def __init__(
        self, channel: Channel, house: House, door: Door, peer: str = "", number: int = 0
    ) -> None:
        self._channel = channel
        self._house = house
        self._door = door
        self._peer = peer
        self._hello = ""
        self._tls = ""
        self._user = ""
        self._envelope: Envelope | None = None
        self._voice = Voice(channel, house, number)
        self._desk = LoginDesk(channel, house, self._voice)
        self._verbs: dict[str, Callable[[str], None]] = {
            "EHLO": lambda rest: self._greet("EHLO", rest),
            "HELO": lambda rest: self._greet("HELO", rest),
            "STARTTLS": self._starttls,
            "AUTH": self._auth,
            "MAIL": self._mail,
            "RCPT": self._rcpt,
            "DATA": self._data,
            "BDAT": self._bdat,
            "RSET": self._rset,
            "NOOP": lambda _: self._voice.reply("250 2.0.0 Ok"),
            "VRFY": lambda _: self._voice.reply("252 2.0.0 Cannot verify; send the mail and see"),
            "HELP": lambda _: self._voice.reply(f"214 2.0.0 {' '.join(self._verbs)}"),
            "QUIT": self._quit,
        }

    def run(self) -> None:
        """The whole conversation; returns when it is over, and has closed the connection."""
        try:
            if self._door is Door.SUBMISSIONS:
                self._secure()
            if not self._voice.answer("CONNECT", f"220 {self._house.name} ESMTP smtpcheck sandbox"):
                self._verbs = {"QUIT": self._quit}  # RFC 5321 section 3.1: 554, then only QUIT
            while not self._voice.leaving:
                self._turn()
        except IdleError:
            self._voice.reply(f"421 4.4.2 {self._house.name} idle for too long")
        except GoneError as gone:
            if str(gone):
                self._voice.tell(Who.NOTE, str(gone))
        finally:
            self._channel.close()

    def turn_away(self) -> None:
        """Says that there are too many connections, and closes."""
        if self._door is not Door.SUBMISSIONS:
            self._voice.reply(f"421 4.3.2 {self._house.name} too many connections")
        self._channel.close()

    def _turn(self) -> None:
        try:
            verb, rest = self._command()
            self._verbs.get(verb, self._unknown)(rest)
        except LineTooLongError:
            self._voice.refuse("500 5.5.6 line too long")
        except UnicodeDecodeError:
            self._voice.refuse("500 5.5.2 a command is ASCII or UTF-8")
        except RefusedError as refused:
            self._voice.refuse(refused.reply)

    def _command(self) -> tuple[str, str]:
        raw = self._channel.read_line(self._house.limits.auth_line)
        line = raw.decode("utf-8")
        verb, _, rest = line.partition(" ")
        if len(raw) > self._house.limits.line and verb.upper() != "AUTH":
            raise LineTooLongError
        self._voice.tell(Who.CLIENT, masked(verb.upper(), line))
        return verb.upper(), rest.strip(" ")

    def _unknown(self, _rest: str) -> None:
        if len(self._verbs) == 1:
            raise RefusedError("503 5.5.1 no service here; QUIT is all that is left")
        raise RefusedError("500 5.5.2 command not recognised")

    def _greet(self, verb: str, name: str) -> None:
        if not name or " " in name or not name.isprintable():
            raise RefusedError(f"501 5.5.4 syntax: {verb} name")
        keywords = []
        if verb == "EHLO":
            keywords = self._house.keywords(self._door, secured=bool(self._tls))
        lines = [f"{self._house.name} greets {name}", *keywords]
        marks = ["-"] * (len(lines) - 1) + [" "]
        good = "\n".join(f"250{mark}{line}" for mark, line in zip(marks, lines, strict=True))
        self._envelope = None
        if self._voice.answer(verb, good):
            self._hello = name

    def _starttls(self, rest: str) -> None:
        if self._tls:
            raise RefusedError("503 5.5.1 TLS is active already")
        if "STARTTLS" not in self._house.keywords(self._door, secured=False):
            raise RefusedError("502 5.5.1 STARTTLS is not available here")
        if rest:
            raise RefusedError("501 5.5.4 STARTTLS takes no parameters")
        if self._voice.answer("STARTTLS", "220 2.0.0 Ready to start TLS"):
            self._channel.flush()
            self._secure()

    def _secure(self) -> None:
        self._voice.act("HANDSHAKE")
        self._tls = self._channel.start_tls(self._house.tls)
        self._hello, self._user, self._envelope = "", "", None
        self._voice.tell(Who.NOTE, f"{self._tls} established")

    def _auth(self, rest: str) -> None:
        if self._door is Door.RELAY or "AUTH" in self._house.scenario.hidden:
            raise RefusedError("502 5.5.1 AUTH is not available here")
        if not self._tls:
            raise RefusedError("538 5.7.11 a login needs encryption: STARTTLS first")
        self._require_hello()
        if self._user or self._envelope:
            raise RefusedError("503 5.5.1 AUTH is not possible now")
        self._user = self._desk.log_in(rest)

    def _mail(self, rest: str) -> None:
        self._require_hello()
        if self._door is Door.SUBMISSION and not self._tls:
            raise RefusedError("530 5.7.0 must issue a STARTTLS command first")
        if self._door is not Door.RELAY and not self._user:
            raise RefusedError("530 5.7.0 authentication required")
        if self._envelope:
            raise RefusedError("503 5.5.1 a mail transaction is open already")
        envelope = read_sender(rest, self._house.size_limit)
        if self._house.scenario.check_sender and envelope.sender.lower() != self._user.lower():
            raise RefusedError(
                f"553 5.7.1 <{envelope.sender}>: Sender address rejected: not owned by user "
                f"{self._user}"
            )
        if self._voice.answer("MAIL", "250 2.1.0 Sender ok", envelope.sender):
            self._envelope = envelope

    def _rcpt(self, rest: str) -> None:
        if not self._envelope:
            raise RefusedError("503 5.5.1 MAIL first")
        address = read_recipient(rest, self._envelope, self._house.limits.recipients)
        if self._voice.answer(
            "RCPT", "250 2.1.5 Recipient ok", f"{self._envelope.sender} {address}"
        ):
            self._envelope.recipients.append(address)

    def _data(self, rest: str) -> None:
        if not self._envelope:
            raise RefusedError("503 5.5.1 MAIL first")
        if rest:
            raise RefusedError("501 5.5.4 DATA takes no parameters")
        if not self._envelope.recipients:
            raise RefusedError("554 5.5.1 no valid recipients")
        if not self._voice.answer("DATA", "354 End data with <CR><LF>.<CR><LF>"):
            return
        envelope, self._envelope = self._envelope, None
        data, too_large = self._channel.read_message(self._house.size_limit)
        self._voice.tell(Who.CLIENT, f"<message of {len(data)} octets>" if data else "<message>")
        self._take(envelope, data, too_large=too_large)

    def _bdat(self, rest: str) -> None:
        count, _, last = rest.partition(" ")
        if not (count.isascii() and count.isdigit() and len(count) < 13) or last.upper() not in (
            "",
            "LAST",
        ):
            raise RefusedError("501 5.5.4 syntax: BDAT size [LAST]")
        limit = self._house.size_limit
        chunk = self._channel.read_octets(int(count), limit)
        self._voice.tell(Who.CLIENT, f"<chunk of {count} octets>")
        if not self._envelope or not self._envelope.recipients:
            raise RefusedError("503 5.5.1 MAIL and RCPT first")
        envelope = self._envelope
        too_large = len(envelope.chunks) + int(count) > limit
        if not too_large and not last:
            envelope.chunks += chunk
            self._voice.reply(f"250 2.0.0 {count} octets received")
            return
        self._envelope = None
        self._take(envelope, bytes(envelope.chunks + chunk), too_large=too_large)

    def _take(self, envelope: Envelope, data: bytes, *, too_large: bool) -> None:
        if too_large:
            raise RefusedError(
                f"552 5.3.4 message size exceeds fixed limit of {self._house.size_limit}"
            )
        if find_bare_line_end(data):
            raise RefusedError("550 5.6.0 a line of the message does not end in CR LF")
        queue_id = secrets.token_hex(5).upper()
        if self._voice.answer("MESSAGE", f"250 2.0.0 Ok: queued as {queue_id}", envelope.sender):
            self._house.deliver(self._received(envelope, data, queue_id))

    def _received(self, envelope: Envelope, data: bytes, queue_id: str) -> Received:
        return Received(
            envelope_sender=envelope.sender,
            recipients=tuple(envelope.recipients),
            data=data,
            peer=self._peer,
            tls_version=self._tls,
            username=self._user,
            queue_id=queue_id,
            at=datetime.now(UTC),
        )

    def _rset(self, rest: str) -> None:
        if rest:
            raise RefusedError("501 5.5.4 RSET takes no parameters")
        self._envelope = None
        self._voice.answer("RSET", "250 2.0.0 Ok")

    def _quit(self, _rest: str) -> None:
        self._voice.leaving = True
        self._voice.answer("QUIT", f"221 2.0.0 {self._house.name} bye")

    def _require_hello(self) -> None:
        if not self._hello:
            raise RefusedError("503 5.5.1 EHLO first")
