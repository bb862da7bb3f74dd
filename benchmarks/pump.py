"""Joins two network namespaces by a cable whose length can be set, and counts the waits on it.

A TUN device in each namespace; this process carries the packets over, each after the delay. Not
every kernel has `netem`; every one has TUN. Orders come on standard input, a line each:
`delay SECONDS`, `forget`, `waits`; every order is answered with a line of JSON.
"""

from __future__ import annotations

import ctypes
import fcntl
import heapq
import json
import os
import select
import struct
import sys
import time
from contextlib import suppress
from pathlib import Path

_SET_INTERFACE = 0x400454CA
_TUN_WITHOUT_HEADER = 0x1001
_NEW_NETWORK = 0x40000000
_UDP, _TCP = 17, 6
_SYN = 0x02


class Waits:
    """How often the client had to wait for the server: it said something, then the server did.

    A SYN is something said; so is the ACK that completes the connection, which is what a greeting
    waits for; so is every DNS question and all that carries data. Other ACKs are not.
    """

    def __init__(self) -> None:
        self.count = 0
        self._asked = False
        self._opening = False

    def sent(self, packet: bytes, *, by_client: bool) -> None:
        """Takes note of a packet as it leaves."""
        if packet[0] >> 4 != 4:
            return
        head = (packet[0] & 15) * 4
        (total,) = struct.unpack_from("!H", packet, 2)
        opens = packet[9] == _TCP and bool(packet[head + 13] & _SYN)
        says = opens or packet[9] == _UDP
        if packet[9] == _TCP and total > head + (packet[head + 12] >> 4) * 4:
            says = True
        if by_client and (says or self._opening):
            self._asked = True
            self._opening = False
        elif not by_client and says and self._asked:
            self._asked = False
            self._opening = opens
            self.count += 1


class Pump:
    """The cable."""

    def __init__(self, client: str, server: str) -> None:
        self._client, self._server = _tun_in(client), _tun_in(server)
        self._delay = 0.0
        self._way: list[tuple[float, int, int, bytes]] = []
        self._number = 0
        self._waits = Waits()

    def run(self) -> None:
        """Until standard input ends."""
        ends = [self._client, self._server]
        while True:
            left = self._way[0][0] - time.monotonic() if self._way else 60.0
            ready, _, _ = select.select([*ends, 0], [], [], max(0.0, left))
            for end in ready:
                if end:
                    self._take(end)
                elif not self._obey():
                    return
            while self._way and self._way[0][0] <= time.monotonic():
                _, _, end, packet = heapq.heappop(self._way)
                with suppress(OSError):  # a packet for an interface that is not up is lost
                    os.write(end, packet)

    def _take(self, end: int) -> None:
        packet = os.read(end, 65536)
        by_client = end == self._client
        self._waits.sent(packet, by_client=by_client)
        self._number += 1
        other = self._server if by_client else self._client
        heapq.heappush(self._way, (time.monotonic() + self._delay, self._number, other, packet))

    def _obey(self) -> bool:
        orders = os.read(0, 4096).decode().splitlines()
        for order in orders:
            match order.split():
                case ["delay", seconds]:
                    self._delay = float(seconds)
                case ["forget"]:
                    self._waits = Waits()
            os.write(1, json.dumps(self._waits.count).encode() + b"\n")
        return bool(orders)


def _tun_in(namespace: str) -> int:
    with Path("/run/netns", namespace).open("rb") as place:
        if ctypes.CDLL(None, use_errno=True).setns(place.fileno(), _NEW_NETWORK):
            raise OSError(ctypes.get_errno(), "setns")
    end = os.open("/dev/net/tun", os.O_RDWR)
    fcntl.ioctl(end, _SET_INTERFACE, struct.pack("16sH", b"cable", _TUN_WITHOUT_HEADER))
    return end


if __name__ == "__main__":
    pump = Pump(*sys.argv[1:3])
    os.write(1, b'"ready"\n')
    pump.run()
