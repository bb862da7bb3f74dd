"""Plays a dialogue with a proxy against octets: no socket, every turn exact."""

from __future__ import annotations

from smtpcheck.wire.tunnel import Tunnel, Way


def through(way: Way, *answers: bytes, chunk: int = 65_536) -> tuple[list[bytes], Tunnel | None]:
    """What was said, and the result; None where the answers ended before the dialogue did. An
    answer comes when something was said, the last one lasts. What a turn asks for exactly it gets
    exactly; else it gets a chunk."""
    said: list[bytes] = []
    waiting, answer = list(answers), b""
    try:
        turn = next(way)
        while True:
            if turn.wire:
                said.append(turn.wire)
                answer += waiting.pop(0) if waiting else b""
            size = turn.need or chunk
            data, answer = answer[:size], answer[size:]
            if len(data) < max(turn.need, 1):
                return said, None
            turn = way.send(data)
    except StopIteration as stop:
        result: Tunnel = stop.value
        return said, result
