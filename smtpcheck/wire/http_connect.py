"""CONNECT through an HTTP proxy (RFC 9110 section 9.3.6), without a login, with Basic or NTLM."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Generator
from typing import TYPE_CHECKING

from smtpcheck.model.jsonvalue import Json
from smtpcheck.model.value import dataclass
from smtpcheck.wire.tunnel import Tunnel, Turn, Way, glimpse

if TYPE_CHECKING:
    import h11

Login = Generator[bytes, bytes, None]
"""The values of Proxy-Authorization, one after the other; it is sent what the proxy answered."""
_BODY_LIMIT = 65_536
_INTERIM_LIMIT = 8
_FORBIDDEN = (403, 405, 451, 501)
_UNREACHABLE = (500, 502, 503, 504)
_NOT_A_PROXY = (400, 404)
_WANTS_LOGIN = (401, 407)
"""Tinyproxy answers a wrong login with 401, a missing one with 407."""
_STEPS_LIMIT = 3
SPOKEN = frozenset({"Basic", "NTLM"})
"""Schemes of Proxy-Authorization that are spoken here."""
_NAMES = {each.lower(): each for each in (*SPOKEN, "Digest", "Negotiate", "Kerberos", "Bearer")}
_QUOTED = re.compile(r'"(?:[^"\\]|\\.)*"')
_SCHEME = re.compile(r"\s*([\w!#$%&'*+.^`|~-]+)(?:\s+(?!=)|\s*\Z)")
_OFFER_LIMIT = 2_000
_BEGINNING = b"HTTP/"


@dataclass(frozen=True, slots=True)
class _Answer:
    """The head of an answer, and what h11 says instead of one."""

    status: int = 0
    reason: str = ""
    offers: tuple[str, ...] = ()
    fault: str = ""
    rest: bytes = b""


def http_connect(host: str, port: int, login: Login | None = None, scheme: str = "") -> Way:
    """Asks for a connection to host and port. `login` goes with the first request: one round trip
    less, and a proxy asks for it anyway; `scheme` is what it is, `Basic` or `NTLM`."""
    import h11

    connection = h11.Connection(h11.CLIENT)
    where = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
    value = next(login) if login is not None else b""
    for _ in range(_STEPS_LIMIT):
        shown = f"CONNECT {where} HTTP/1.1" + (f", {scheme} <hidden>" if value else "")
        answer = yield from _ask(connection, _request(connection, where, value), shown)
        if answer.fault:
            return Tunnel("not-a-proxy", answer.fault)
        challenge = _challenge(answer, scheme) if answer.status == 407 else None
        if login is None or challenge is None:
            return _judged(answer, with_login=login is not None, scheme=scheme)
        try:
            value = login.send(challenge)
        except StopIteration:
            return _judged(answer, with_login=True, scheme=scheme)
        if not (yield from _drained(connection)):
            return Tunnel("closed", f"the proxy ends the connection in the middle of {scheme}")
        if connection.trailing_data[0]:
            return Tunnel("not-a-proxy", "the proxy answered before it was asked")
        connection.start_next_cycle()
    return Tunnel("auth-refused", "the proxy asks for ever", judged_login=True)


def _request(connection: h11.Connection, where: str, value: bytes) -> bytes:
    import h11

    headers = [("Host", where), ("Proxy-Connection", "keep-alive")]
    if value:
        headers.append(("Proxy-Authorization", value.decode("ascii")))
    request = h11.Request(method="CONNECT", target=where, headers=headers)
    return (connection.send(request) or b"") + (connection.send(h11.EndOfMessage()) or b"")


def _ask(connection: h11.Connection, wire: bytes, shown: str) -> Generator[Turn, bytes, _Answer]:
    """The head of the final answer; interim ones (1yz) are passed over, a few of them."""
    import h11

    turn = Turn(shown, wire, phase="request")
    interim, first = 0, b""
    while True:
        data = yield turn
        first = (first + data)[:64]
        if not first.startswith(_BEGINNING[: len(first)]):
            # What is no HTTP may never send the empty line that h11 would wait for.
            return _Answer(fault=f"no answer of an HTTP proxy: {glimpse(first)}")
        connection.receive_data(data)
        turn = Turn(phase="request")
        try:
            event = connection.next_event()
            while isinstance(event, h11.InformationalResponse) and interim < _INTERIM_LIMIT:
                interim += 1
                event = connection.next_event()
        except h11.RemoteProtocolError as error:
            return _Answer(fault=f"no answer of an HTTP proxy: {glimpse(first)} ({error})")
        if isinstance(event, h11.Response):
            return _answer(event, connection)
        if event is not h11.NEED_DATA:
            return _Answer(fault="no answer of an HTTP proxy: it says too much before it")


def _answer(response: h11.Response, connection: h11.Connection) -> _Answer:
    offers = tuple(
        value.decode("latin-1").strip()
        for name, value in response.headers
        if name == b"proxy-authenticate"
    )
    reason = bytes(response.reason).decode("utf-8", "backslashreplace")
    rest = connection.trailing_data[0] if 200 <= response.status_code < 300 else b""
    return _Answer(response.status_code, reason, offers, rest=rest)


def _challenge(answer: _Answer, scheme: str) -> bytes | None:
    """The octets behind `NTLM` in an answer; None where it holds none."""
    for offer in answer.offers:
        word, _, token = offer.partition(" ")
        if word.lower() == scheme.lower() == "ntlm" and token.strip():
            try:
                return base64.b64decode(token.strip(), validate=True)
            except (ValueError, binascii.Error):
                return None
    return None


def _drained(connection: h11.Connection) -> Generator[Turn, bytes, bool]:
    """Reads the page that comes with a 407 away; whether the connection may be used again."""
    import h11

    size = 0
    while size < _BODY_LIMIT:
        try:
            event = connection.next_event()
        except h11.RemoteProtocolError:
            return False
        if isinstance(event, h11.EndOfMessage):
            return connection.our_state is h11.DONE and connection.their_state is h11.DONE
        if isinstance(event, h11.Data):
            size += len(event.data)
        elif event is h11.NEED_DATA:
            connection.receive_data((yield Turn(phase="login")))
        else:
            return False
    return False


def _schemes(offers: tuple[str, ...]) -> list[str]:
    """The schemes of Proxy-Authenticate, each once; they are the same in whatever case (RFC 9110
    section 11.1). One line may offer several, parted by commas, among parameters."""
    parts = [part for each in offers for part in _QUOTED.sub("", each[:_OFFER_LIMIT]).split(",")]
    found = [word[1] for part in parts if (word := _SCHEME.match(part))]
    return list(dict.fromkeys(_NAMES.get(word.lower(), word) for word in found))


def _judged(answer: _Answer, *, with_login: bool, scheme: str) -> Tunnel:
    status = answer.status
    schemes = _schemes(answer.offers)
    words = f"{status} {answer.reason}".strip()
    login = scheme.lower() if with_login else "none"
    facts: dict[str, Json] = {"status": status, "login": login}
    if 200 <= status < 300:
        return Tunnel("", words, facts, answer.rest)
    if schemes:
        facts["offered"] = [*schemes]
    if status in _WANTS_LOGIN:
        if schemes and not SPOKEN.intersection(schemes):
            said = f"{words}: the proxy offers {', '.join(schemes)} alone"
            return Tunnel("auth-unsupported", said, facts)
        if not with_login:
            return Tunnel("auth-required", words, facts)
        if schemes and scheme not in schemes:
            said = f"{words}: the proxy offers {', '.join(schemes)}, not {scheme}"
            return Tunnel("auth-required", said, {**facts, "scheme": scheme})
        return Tunnel("auth-refused", words, facts, judged_login=True)
    kinds = (
        (_FORBIDDEN, "forbidden"),
        (_UNREACHABLE, "target-unreachable"),
        (_NOT_A_PROXY, "not-a-proxy"),
        (range(300, 400), "not-a-proxy"),
    )
    kind = next((kind for codes, kind in kinds if status in codes), "other")
    return Tunnel(kind, words, facts)
