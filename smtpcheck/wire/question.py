"""What all sessions share that only ask a server about its TLS: a link drives them like any, and in
the end nothing can be said over them."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from typing import TYPE_CHECKING, Literal

from smtpcheck.model.jsonvalue import Json
from smtpcheck.wire.server_flight import LIMIT
from smtpcheck.wire.tls import State, Step

if TYPE_CHECKING:
    from smtpcheck.wire.channel_binding import ChannelBinding

CHANGE, ALERT, HANDSHAKE, DATA = 20, 21, 22, 23
"""Types of records (RFC 8446 section 5.1)."""
NO_TLS = "no TLS: "
"""How the words begin where the server spoke in clear; its own follow."""
_SHOWN = 80


class Question(ABC):
    """The state is `failed` in the end, since no session comes of it."""

    verified = False

    def __init__(self) -> None:
        self.state: State = "handshaking"

    @abstractmethod
    def start(self) -> bytes:
        """The ClientHello."""

    @abstractmethod
    def receive(self, data: bytes) -> Step:
        """Takes bytes of the server; `b""` means that it closed the connection."""

    @abstractmethod
    def failed_by(self, kind: Literal["timeout", "reset", "closed"], detail: str) -> None:
        """Tells why bytes stopped coming."""

    @property
    def failure(self) -> str:
        """For the link: why nothing may be said any more."""
        return "only the server's answer about its TLS was wanted"

    def seal(self, data: bytes) -> bytes:  # noqa: ARG002 - as of any session
        """Raises RuntimeError: nothing is to be said."""
        raise RuntimeError("nothing can be said in a session that only asks about TLS")

    def close(self) -> bytes:
        """Nothing: there is no session to say goodbye in."""
        return b""

    def handshake_facts(self) -> dict[str, Json]:
        """None."""
        return {}

    def binding(self, *, by_certificate: bool = False) -> ChannelBinding | None:  # noqa: ARG002
        """None: there is no session to tie a login to."""
        return None


class Records:
    """Cuts what a server sends into records, and their content into messages of the handshake."""

    def __init__(self) -> None:
        self._records, self._messages = bytearray(), bytearray()
        self._taken = 0

    def cut(self, data: bytes) -> Iterator[tuple[int, bytes]]:
        """Type and content of each record that is whole by now. Raises ValueError for what is no
        TLS, and for too much of it."""
        self._taken += len(data)
        if self._taken > LIMIT:
            raise ValueError("too much data in the server's part of the handshake")
        self._records += data
        while len(self._records) >= 5:
            kind, length = self._records[0], int.from_bytes(self._records[3:5], "big")
            if kind not in range(CHANGE, DATA + 1) or self._records[1] != 3:
                words = bytes(self._records[:_SHOWN]).decode("ascii", "backslashreplace")
                raise ValueError(f"{NO_TLS}{words}")
            if len(self._records) < 5 + length:
                return
            content = bytes(self._records[5 : 5 + length])
            del self._records[: 5 + length]
            yield kind, content

    def messages(self, content: bytes) -> Iterator[bytes]:
        """Each message that is whole by now, with its header."""
        self._messages += content
        while len(self._messages) >= 4:
            length = 4 + int.from_bytes(self._messages[1:4], "big")
            if len(self._messages) < length:
                return
            message = bytes(self._messages[:length])
            del self._messages[:length]
            yield message
