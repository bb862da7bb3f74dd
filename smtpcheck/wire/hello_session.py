"""A TLS session that ends when the server has answered a ClientHello; a link drives it like any."""

from __future__ import annotations

from typing import Literal

from smtpcheck.wire.client_hello import Offer, client_hello
from smtpcheck.wire.question import Question
from smtpcheck.wire.server_flight import Choice, MalformedError, ServerFlight
from smtpcheck.wire.tls import Step
from smtpcheck.wire.tls_failure import SHOWN, alert_name, begins_record, not_tls

REFUSALS = ("alert", "closed", "reset")
"""Kinds of answer that refuse an offer; any other tells nothing of what the server takes."""


class HelloSession(Question):
    """Makes an offer and hears what the server makes of it. The state is `failed` in the end, since
    no session comes of it."""

    def __init__(self, offer: Offer, random: bytes) -> None:
        super().__init__()
        self._hello = client_hello(offer, random)
        self._flight = ServerFlight()
        self._first = b""
        self._speaks_tls = False
        self.kind = ""
        """How it ended: `choice`, `alert`, `closed`, `reset`, `timeout`, `plain-text`,
        `corrupted`; empty while it goes on."""
        self.detail = ""
        """The alert's name, or the words of what went wrong."""

    @property
    def choice(self) -> Choice | None:
        """What the server chose; None where it refused."""
        return self._flight.choice

    def start(self) -> bytes:
        """The ClientHello."""
        return self._hello

    def receive(self, data: bytes) -> Step:
        """Takes bytes of the server; `b""` means that it closed the connection."""
        if self.state == "handshaking":
            self._take(data)
        return Step(b"", b"", self.state)

    def failed_by(self, kind: Literal["timeout", "reset", "closed"], detail: str) -> None:
        """Tells why bytes stopped coming."""
        if self.state == "handshaking":
            self._end(kind, detail)

    def _take(self, data: bytes) -> None:
        if not self._speaks_tls and not self._first and data and begins_record(data):
            self._speaks_tls = True
        if self._speaks_tls and data:
            self._read(data)
        elif self._first or (data and not self._speaks_tls):
            # Words are waited for up to the end of their line, so that a 421 is seen whole.
            self._first = (self._first + data)[:SHOWN]
            failure = not_tls(self._first, over=not data)
            if failure is not None:
                self._end(failure.kind, failure.plain_text or failure.message)
        else:
            self._end("closed", "")

    def _read(self, data: bytes) -> None:
        try:
            over = self._flight.feed(data)
        except MalformedError as error:
            self._end("corrupted", str(error))
            return
        if over and self._flight.choice:
            self._end("choice", "")
        elif over:
            self._end("alert", alert_name(self._flight.alert or 0))

    def _end(self, kind: str, detail: str) -> None:
        self.state, self.kind, self.detail = "failed", kind, detail
