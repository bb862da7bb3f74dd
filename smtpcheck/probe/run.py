"""The state of one run against one target, as the steps share it."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from smtpcheck.model.arrival import Looked, NoScore, Sent, SpamScore
from smtpcheck.model.plan import Plan
from smtpcheck.model.profile import Profile
from smtpcheck.model.reply import Heard
from smtpcheck.model.secret import Secret, SecretRef
from smtpcheck.model.token import Token
from smtpcheck.probe.connect import Peer, Race
from smtpcheck.probe.deadline import Deadline
from smtpcheck.probe.link import Link
from smtpcheck.probe.recorder import Recorder
from smtpcheck.probe.refused import Refused
from smtpcheck.probe.session import Session
from smtpcheck.wire.hello import Hello
from smtpcheck.wire.mail import Envelope, Transaction

if TYPE_CHECKING:
    from smtpcheck.wire.tls_context import LocalTlsFault, TlsContext

ReadSecret = Callable[[SecretRef], Secret]
"""Gives the secret behind a reference. Raises SecretUnavailableError."""
ReadToken = Callable[[float], Token]
"""Gives the token of the kept login within so many seconds. Raises TokenUnavailableError."""

Sign = Callable[[bytes], bytes]
"""Puts a DKIM signature before a message. Raises ValueError where it cannot be signed."""


Score = Callable[[bytes, float], SpamScore | NoScore]
"""Asks a spam filter what it makes of the message, within so many seconds."""

Look = Callable[[Sent, Callable[[Secret, str], None], float], Looked]
"""Looks for the message that was sent, for so many seconds. It tells the secret that it uses, and
whose it is, to the function it is given, before the secret leaves."""


class Prepared:
    """The TLS context: one that is there already, or made in a thread while the network is waited
    for, since reading the system's CA certificates takes 40 ms, in which OpenSSL lets go of the
    interpreter."""

    def __init__(self, make: Callable[[], TlsContext | LocalTlsFault] | TlsContext) -> None:
        self._made: TlsContext | LocalTlsFault | BaseException | None = None
        self._thread: threading.Thread | None = None
        if not callable(make):
            self._made = make
            return
        self._thread = threading.Thread(
            target=self._work, args=(make,), name="tls-context", daemon=True
        )
        self._thread.start()

    def _work(self, make: Callable[[], TlsContext | LocalTlsFault]) -> None:
        try:
            self._made = make()
        except BaseException as error:  # noqa: BLE001 - told to whoever asks for the result
            self._made = error

    def get(self, wait: Deadline) -> TlsContext | LocalTlsFault | None:
        """The context, or what is wrong with the local TLS settings; None where the wait ended
        first, because a file of theirs lies on a dead mount or is a pipe that nobody writes to."""
        if self._thread is not None:
            self._thread.join(wait.remaining())
            if self._thread.is_alive():
                return None
        if isinstance(self._made, BaseException) or self._made is None:
            raise self._made or RuntimeError("the TLS context was not made")
        return self._made


@dataclass(slots=True)
class Letterbox:
    """What the send stage prepared."""

    envelope: Envelope
    message: bytes
    deliver: bool
    bdat: bool = False
    """The message goes by BDAT, without DATA."""
    count: int = 1
    """How many messages are to go."""
    again: Callable[[int], bytes] = field(default=lambda _: b"", repr=False)
    """The n-th of them."""
    heard: Transaction | None = None
    parting: Heard | None = None
    """The answer to QUIT, where QUIT went out with the message."""
    pipelining: bool = False


@dataclass(slots=True)
class Run:
    """One run."""

    profile: Profile
    plan: Plan
    recorder: Recorder
    deadline: Deadline
    read_secret: ReadSecret
    refused: Refused = field(default_factory=Refused)
    read_token: ReadToken | None = None
    provider: str = ""
    """Of the preset; empty where there is none."""
    sender_check: str = ""
    """Where the preset says that its provider looks at the sender: `mail`, `data`, `rewrite`."""
    secret: Secret | None = None
    """Once it was read: nobody is asked twice."""
    proxy_secret: Secret | None = None
    """The same of the proxy's password."""
    peer: str = ""
    """The address to connect to first, as an earlier attempt did; empty: any."""
    peers: tuple[Peer, ...] = ()
    race: Race | None = None
    session: Session | None = None
    context: Prepared | None = None
    hello: Hello | None = None
    """The last EHLO's answer: nothing of an earlier one is ever used."""
    hello_in_clear: Hello | None = None
    early_tls: bytes = b""
    """What came behind the 220 to STARTTLS and may be TLS."""
    letterbox: Letterbox | None = None
    notes: list[str] = field(default_factory=list)
    score: Score | None = None
    """Where a spam filter is to be asked."""
    look: Look | None = None
    """Into the mailbox in which the message should arrive, where that was asked for."""
    sender_only: bool = False
    """The run ends after MAIL: no recipient is to be named."""
    sign: Sign | None = None
    """Signs the message, where the profile asks for that."""
    refuse_pipelining: bool = False
    """An earlier connection showed that the server loses pipelined commands."""

    def note(self, text: str) -> None:
        """What the reader must know besides, once."""
        if text not in self.notes:
            self.notes.append(text)

    def begin_session(self, sock: socket.socket, received: bytes = b"") -> None:
        """The conversation begins on this connection, `received` being what came on it already."""
        link = Link(sock, received)
        timeout = self.profile.server.timeout
        self.session = Session(link, self.recorder, self.deadline, timeout=timeout)
        self.session.secrets_allowed = self.profile.auth.allow_insecure

    @property
    def name(self) -> str:
        """The host as dialled and verified."""
        return self.profile.server.host

    @property
    def helo(self) -> str:
        """The name that EHLO gives: as set, else what the local end of the connection shows."""
        return self.profile.server.helo or self._local_name()

    @property
    def talk(self) -> Session:
        """The conversation. Only steps behind `tcp.connect` ask for it."""
        if self.session is None:
            raise RuntimeError("no connection yet")
        return self.session

    @property
    def offered(self) -> Hello:
        """What the server offers at this point of the conversation."""
        if self.hello is None:
            raise RuntimeError("no EHLO yet")
        return self.hello

    def _local_name(self) -> str:
        from smtpcheck.probe.local_name import local_name

        if self.session is None:
            return local_name("")
        name = self.session.own_name or local_name(self.session.link.local_address)
        self.session.own_name = name
        return name
