"""Plays a dialogue with a proxy on a socket: every wait is bounded, every end has a name."""

from __future__ import annotations

import socket

from smtpcheck.probe.deadline import Deadline
from smtpcheck.probe.recorder import Recorder
from smtpcheck.wire.tunnel import Tunnel, Turn, Way

_CHUNK = 16_384
_PHASES = {
    "hello": "before it chose a login",
    "login": "after it got the login",
    "request": "after it was asked for the server",
}


def play(
    sock: socket.socket, way: Way, recorder: Recorder, deadline: Deadline, timeout: float
) -> Tunnel:
    """What the proxy made of the request. Each answer may take `timeout` seconds in all, however
    its octets drip in, and none goes beyond the deadline of the run."""
    wait = deadline.within(timeout)
    turn = Turn()
    try:
        turn = next(way)
        while True:
            if turn.wire:
                wait = deadline.within(timeout)
                recorder.note(f"to the proxy: {turn.shown}")
                _send(sock, turn.wire, wait)
            data = _read(sock, turn.need, wait)
            if data is None:
                said = f"the proxy closed the connection {_PHASES.get(turn.phase, '')}".strip()
                return Tunnel("closed", said, {"phase": turn.phase})
            turn = way.send(data)
    except StopIteration as stop:
        result: Tunnel = stop.value
        return result
    except TimeoutError:
        kind = "deadline" if deadline.expired else "timeout"
        said = f"no answer of the proxy in time {_PHASES.get(turn.phase, '')}".strip()
        return Tunnel(kind, said, {"phase": turn.phase})
    except OSError as error:
        words = error.strerror or str(error)
        said = f"the connection to the proxy broke {_PHASES.get(turn.phase, '')}: {words}"
        return Tunnel("reset", said, {"phase": turn.phase})
    finally:
        way.close()


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
