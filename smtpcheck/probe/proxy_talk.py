"""Plays a dialogue with a proxy on a socket: every wait is bounded, every end has a name."""

from __future__ import annotations

import socket
from collections.abc import Callable
from dataclasses import dataclass

from smtpcheck.probe.deadline import Deadline
from smtpcheck.probe.proxy_look import PATIENCE
from smtpcheck.probe.recorder import Recorder
from smtpcheck.wire.tunnel import PROTOCOLS, Tunnel, Turn, Way, speaks

_CHUNK = 16_384
_PHASES = {
    "hello": "before it chose a login",
    "login": "after it got the login",
    "request": "after it was asked for the server",
}


_NOT_UNDERSTOOD = ("closed", "reset", "not-a-proxy")
Look = Callable[[], str]
"""Finds out what else is spoken at the proxy's address (`proxy_look.look`)."""


def play(
    sock: socket.socket,
    way: Way,
    recorder: Recorder,
    deadline: Deadline,
    timeout: float,
    look: Look | None = None,
) -> Tunnel:
    """What the proxy made of the request. Each answer may take `timeout` seconds in all, however
    its octets drip in, and none goes beyond the deadline of the run. `look` is asked once, where
    the first answer is slow to come or is none of a proxy."""
    talk = _Talk(sock, recorder, deadline, timeout, look)
    tunnel = talk.hold(way)
    agreed = talk.first and tunnel.kind != "not-a-proxy"
    if tunnel.kind not in _NOT_UNDERSTOOD or agreed:
        return tunnel
    said, found = tunnel.message, speaks(talk.first)
    if not found and (found := talk.look_once()):
        said = f"{said}; it speaks {PROTOCOLS[found]}"
    return Tunnel("not-a-proxy", said, {**tunnel.facts, "speaks": found}) if found else tunnel


@dataclass(slots=True)
class _Talk:
    """One conversation with a proxy."""

    sock: socket.socket
    recorder: Recorder
    deadline: Deadline
    timeout: float
    look: Look | None
    first: bytes = b""
    """The first octets that came."""

    def hold(self, way: Way) -> Tunnel:
        """The dialogue to its end, however that comes."""
        wait = self.deadline.within(self.timeout)
        turn = Turn()
        try:
            turn = next(way)
            while True:
                if turn.wire:
                    wait = self.deadline.within(self.timeout)
                    self.recorder.note(f"to the proxy: {turn.shown}")
                    _send(self.sock, turn.wire, wait)
                if not self.first and (found := self._spoken_instead()):
                    said = f"no answer of the proxy in {PATIENCE:g} s; it speaks {PROTOCOLS[found]}"
                    return Tunnel("not-a-proxy", said, {"phase": turn.phase, "speaks": found})
                data = _read(self.sock, turn.need, wait)
                if data is None:
                    said = f"the proxy closed the connection {_PHASES.get(turn.phase, '')}".strip()
                    return Tunnel("closed", said, {"phase": turn.phase})
                self.first = self.first or data
                turn = way.send(data)
        except StopIteration as stop:
            result: Tunnel = stop.value
            return result
        except TimeoutError:
            kind = "deadline" if self.deadline.expired else "timeout"
            said = f"no answer of the proxy in time {_PHASES.get(turn.phase, '')}".strip()
            return Tunnel(kind, said, {"phase": turn.phase})
        except OSError as error:
            words = error.strerror or str(error)
            said = f"the connection to the proxy broke {_PHASES.get(turn.phase, '')}: {words}"
            return Tunnel("reset", said, {"phase": turn.phase})
        finally:
            way.close()

    def look_once(self) -> str:
        """What is spoken there; empty where that was asked before, or is not to be asked."""
        look, self.look = self.look, None
        return look() if look is not None else ""

    def _spoken_instead(self) -> str:
        """What is spoken there, where nothing stirs on this connection; the wait goes on after."""
        if self.look is None:
            return ""
        try:
            _may_wait(self.sock, self.deadline.within(min(PATIENCE, self.timeout)))
            self.sock.recv(1, socket.MSG_PEEK)
        except TimeoutError:
            return "" if self.deadline.expired else self.look_once()
        return ""


def _send(sock: socket.socket, data: bytes, wait: Deadline) -> None:
    sent = 0
    while sent < len(data):
        _may_wait(sock, wait)
        sent += sock.send(data[sent:])


def _read(sock: socket.socket, need: int, wait: Deadline) -> bytes | None:
    """Exactly `need` octets, or what comes first where it is 0; None when the proxy has closed."""
    data = b""
    while len(data) < max(need, 1):
        _may_wait(sock, wait)
        piece = sock.recv(need - len(data) if need else _CHUNK)
        if not piece:
            return None
        data += piece
    return data


def _may_wait(sock: socket.socket, wait: Deadline) -> None:
    if wait.expired:
        raise TimeoutError("timed out")
    sock.settimeout(wait.remaining())
