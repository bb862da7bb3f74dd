"""Proxies that break off, talk nonsense or never stop: each has a cause, and none is a crash."""

from __future__ import annotations

import time

import pytest

from tests.pki import TestPki
from tests.scripted.probing import cause, failed_step, run, shown
from tests.scripted.proxies import Client, Play, ScriptedProxy, after_hello, silent


def said(data: bytes, *, reads: int = 3) -> Play:
    """Hears a first turn, says this, and goes on listening."""

    def play(client: Client) -> None:
        client.read(reads)
        client.say(data)
        client.hang()

    return play


def closing(client: Client) -> None:
    client.read(3)


def resetting(client: Client) -> None:
    client.read(3)
    client.reset()


def dripping(client: Client) -> None:
    client.read(3)
    for each in b"HTTP/1.1 200 OK, as soon as it is all there":
        client.say(bytes([each]))
        time.sleep(0.1)


def endless(client: Client) -> None:
    client.head()
    client.say(b"HTTP/1.1 200 OK\r\n")
    for _ in range(20_000):
        client.say(b"X-Header: and more of it, and more of it, and more of it\r\n")


HOSTILE = [
    ("socks5", silent, "proxy-timeout"),
    ("socks5", closing, "proxy-unreachable"),
    ("socks5", resetting, "proxy-unreachable"),
    ("socks5", said(b"\5"), "proxy-timeout"),
    ("socks5", said(b"HTTP/1.1 400 Bad\r\n\r\n"), "proxy-unreachable"),
    ("socks5", said(b"\5\7"), "proxy-unreachable"),
    ("socks5", said(b"\5\xff"), "proxy-auth-required"),
    ("socks5", after_hello(lambda client: client.say(b"\5\2\0\1")), "proxy-forbidden"),
    ("socks5", after_hello(lambda client: client.say(b"\5\4")), "proxy-target-unreachable"),
    ("socks5", after_hello(lambda client: client.say(b"\5\1")), "proxy-target-unreachable"),
    ("socks5", after_hello(lambda client: client.say(b"\4\0")), "proxy-unreachable"),
    ("socks5", after_hello(lambda client: None), "proxy-target-unreachable"),
    ("socks5", after_hello(silent), "proxy-timeout"),
    ("socks5", after_hello(lambda client: client.say(b"\5\0\0\3\xff")), "proxy-target-unreachable"),
    ("socks5", after_hello(lambda client: client.say(b"\5\0\0\x63")), "proxy-unreachable"),
    ("socks4", said(b"\5\xff"), "proxy-unreachable"),
    ("socks4", said(b"\0\x5b" + bytes(6)), "proxy-target-unreachable"),
    ("socks4a", said(b"\0\x5d" + bytes(6)), "proxy-auth-required"),
    ("socks4", closing, "proxy-unreachable"),
    ("http", silent, "proxy-timeout"),
    ("http", closing, "proxy-unreachable"),
    ("http", resetting, "proxy-unreachable"),
    ("http", dripping, "proxy-timeout"),
    ("http", endless, "proxy-unreachable"),
    ("http", said(b"\5\xff\r\n\r\n"), "proxy-unreachable"),
    ("http", said(b"220 mail.example.test ESMTP\r\n"), "proxy-unreachable"),
    ("http", said(b"HTTP/1.1 407 x\r\n\r\n"), "proxy-auth-required"),
    ("http", said(b"HTTP/1.1 403 x\r\n\r\n"), "proxy-forbidden"),
    ("http", said(b"HTTP/1.0 503 x\r\n\r\n"), "proxy-target-unreachable"),
]


@pytest.mark.parametrize(("kind", "play", "wanted"), HOSTILE)
def test_every_failure_of_a_proxy_has_a_cause_and_counts_as_tcp(
    pki: TestPki, kind: str, play: Play, wanted: str
) -> None:
    with ScriptedProxy(play) as met:
        table = {"type": kind, "host": "127.0.0.1", "port": met.port}
        report = run(587, pki, settings={"proxy": table, "server": {"timeout": 0.4}})
    assert (report.exit_code, failed_step(report)) == (11, "tcp.proxy"), shown(report)
    assert cause(report) == wanted, shown(report)
    assert [stage.blocked_by for stage in report.observations.stages[2:]] == ["tcp"] * 3
