"""SOCKS 4, 4a and 5 as a client speaks them (RFC 1928, RFC 1929, and the SOCKS 4 protocol memo)."""

from __future__ import annotations

import ipaddress
from collections.abc import Generator

from smtpcheck.model.jsonvalue import Json
from smtpcheck.wire.tunnel import Tunnel, Turn, Way, glimpse

_REPLIES = {
    1: ("target-unreachable", "general failure"),
    2: ("forbidden", "connection not allowed by the ruleset"),
    3: ("target-unreachable", "network unreachable"),
    4: ("target-unreachable", "host unreachable"),
    5: ("target-unreachable", "connection refused by the server"),
    6: ("target-unreachable", "TTL expired"),
    7: ("forbidden", "command not supported"),
    8: ("target-unreachable", "address type not supported"),
}
"""RFC 1928 section 6."""
_REPLIES_4 = {
    91: ("target-unreachable", "request rejected or failed"),
    92: ("auth-required", "the proxy cannot ask this machine's identd who the user is"),
    93: ("auth-refused", "identd on this machine names another user"),
}
_NO_LOGIN, _PASSWORD, _NONE_OF_THEM = 0, 2, 255


def socks4(host: str, port: int, user: str = "") -> Way:
    """CONNECT to an IPv4 address, or, as SOCKS 4a has it, to a name that the proxy resolves.

    Raises ValueError for an IPv6 address, and for a user or a name with a NUL in it.
    """
    name, address = b"", b"\0\0\0\1"
    try:
        address = ipaddress.IPv4Address(host).packed
    except ValueError:
        if ":" in host:
            raise ValueError("SOCKS 4 carries no IPv6 address") from None
        name = host.encode("ascii") + b"\0"
    who = user.encode()
    if b"\0" in who or b"\0" in name[:-1]:
        raise ValueError("SOCKS 4 cannot carry a NUL")
    request = b"\4\1" + port.to_bytes(2, "big") + address + who + b"\0" + name
    as_user = f" as {user}" if user else ""
    said = f"SOCKS{'4a' if name else '4'} CONNECT {host}:{port}{as_user}"
    # Two octets tell whether this is a proxy at all: what is none may send no more of them.
    answer = yield Turn(said, request, 2, "request")
    if answer[0] != 0:
        return Tunnel("not-a-proxy", f"no answer of SOCKS 4: {glimpse(answer)}")
    code = answer[1]
    yield Turn(need=6, phase="request")
    if code == 90:
        return Tunnel(message="request granted", facts={"code": code})
    kind, words = _REPLIES_4.get(code, ("other", "an answer that SOCKS 4 does not know"))
    return Tunnel(kind, f"{words} ({code})", {"code": code}, judged_login=kind == "auth-refused")


def socks5(host: str, port: int, login: bytes | None = None) -> Way:
    """CONNECT to an address, or to a name that the proxy resolves. `login` is the message of
    RFC 1929 as `sasl.socks5_login` makes it; it leaves only where the proxy asks for it.

    Raises ValueError for a name that is no host name.
    """
    where = _address(host)
    agreed = yield from _agree(login)
    if isinstance(agreed, Tunnel):
        return agreed
    request = b"\5\1\0" + where + port.to_bytes(2, "big")
    answer = yield Turn(f"SOCKS5 CONNECT {host}:{port}", request, 2, "request")
    if answer[0] != 5:
        return Tunnel("not-a-proxy", f"no answer of SOCKS 5: {glimpse(answer)}")
    code = answer[1]
    facts: dict[str, Json] = {"code": code, "login": agreed}
    if code != 0:
        kind, words = _REPLIES.get(code, ("other", "an answer that SOCKS 5 does not know"))
        return Tunnel(kind, f"{words} ({code})", facts)
    return (yield from _bound(facts))


def _agree(login: bytes | None) -> Generator[Turn, bytes, Tunnel | str]:
    """The login that both sides agree on, `none` or `password`, or why there is no way."""
    methods = bytes([_NO_LOGIN, _PASSWORD] if login is not None else [_NO_LOGIN])
    offer = "no login, or user name and password" if login is not None else "no login"
    answer = yield Turn(f"SOCKS5 with {offer}", bytes([5, len(methods)]) + methods, 2, "hello")
    if answer[0] != 5:
        return Tunnel("not-a-proxy", f"no answer of SOCKS 5: {glimpse(answer)}")
    chosen = answer[1]
    if chosen == _NONE_OF_THEM:
        if login is not None:
            return Tunnel("auth-unsupported", f"the proxy takes neither of: {offer}")
        return Tunnel("auth-required", f"the proxy wants a login: it takes none of: {offer}")
    if chosen == _NO_LOGIN:
        return "none"
    if chosen != _PASSWORD:
        return Tunnel("not-a-proxy", f"the proxy chose the login {chosen}, which was not offered")
    if login is None:
        return Tunnel("auth-required", "the proxy wants user name and password")
    return (yield from _log_in(login))


def _log_in(login: bytes) -> Generator[Turn, bytes, Tunnel | str]:
    answer = yield Turn("<user name and password hidden>", login, 2, "login")
    if answer[0] != 1:
        return Tunnel("not-a-proxy", f"no answer of RFC 1929: {glimpse(answer)}")
    if answer[1] != 0:
        said = "the proxy refuses user name and password"
        return Tunnel("auth-refused", said, {"login": "password"}, judged_login=True)
    return "password"


def _bound(facts: dict[str, Json]) -> Way:
    """The address of the proxy's own end, which follows success and has to be read away."""
    kind = (yield Turn(need=2, phase="request"))[1]
    length = {1: 4, 4: 16}.get(kind)
    if kind == 3:
        length = (yield Turn(need=1, phase="request"))[0]
    if length is None:
        return Tunnel("not-a-proxy", f"an address of the kind {kind}, which SOCKS 5 does not know")
    yield Turn(need=length + 2, phase="request")
    return Tunnel(message="request granted", facts=facts)


def _address(host: str) -> bytes:
    try:
        packed = ipaddress.ip_address(host).packed
    except ValueError:
        name = host.encode("ascii")
        if not 1 <= len(name) <= 255:
            raise ValueError("a host name has 1 to 255 characters") from None
        return bytes([3, len(name)]) + name
    return (b"\1" if len(packed) == 4 else b"\4") + packed
