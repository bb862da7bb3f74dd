"""The step tcp.proxy: to the proxy, through its own conversation, to the server."""

from __future__ import annotations

import socket
from collections.abc import Mapping
from contextlib import nullcontext
from functools import partial

from smtpcheck.model.jsonvalue import Json
from smtpcheck.model.profile import Proxy
from smtpcheck.model.reply import Line, Reply
from smtpcheck.model.secret import Secret, SecretUnavailableError
from smtpcheck.model.stage import Outcome
from smtpcheck.model.value import dataclass
from smtpcheck.probe.connect import Peer, connect, is_loopback, where
from smtpcheck.probe.deadline import Deadline
from smtpcheck.probe.proxy_aim import Aim, Lost, aims_of, peers_of
from smtpcheck.probe.proxy_look import look
from smtpcheck.probe.proxy_talk import Look, play
from smtpcheck.probe.recorder import Ended
from smtpcheck.probe.run import Run
from smtpcheck.wire.http_connect import http_connect
from smtpcheck.wire.sasl import basic_login, forms_of, ntlm_login, socks5_login
from smtpcheck.wire.sasl_fault import EncodingFaultError
from smtpcheck.wire.socks import socks4, socks5
from smtpcheck.wire.tunnel import Tunnel, Way

_RESOLVERS = {
    "proxy": "the proxy resolves the name",
    "local": "an address from this machine's resolver",
    "literal": "",
}
_OF_CONNECTING = ("refused", "unreachable", "reset", "denied", "source-address")
"""Failures on the way to the proxy that keep their names; a silent one is unreachable."""


@dataclass(frozen=True, slots=True)
class Passed:
    """How the way through the proxy went."""

    tunnel: Tunnel
    facts: Mapping[str, Json]
    sock: socket.socket | None = None
    """The connection, where it leads to the server now."""


def proxy_step(run: Run) -> Ended:
    """tcp.proxy, in the place of tcp.connect; the proxy's password is read here and not before"""
    proxy = _proxy(run)
    try:
        secret = _secret(run, proxy)
    except SecretUnavailableError as error:
        kind = "credentials-missing" if error.kind == "missing" else "secret-unavailable"
        lost = Passed(Tunnel(kind, error.reason), {"help": list(error.help)})
        return _ended(run, proxy, lost)
    login = (f"{proxy.type} proxy {proxy.host}:{proxy.port}", proxy.username, secret or Secret(""))
    turn = run.refused.turn(login, run.deadline) if secret is not None else nullcontext(None)
    try:
        # Equal logins wait for each other: ten targets with one wrong password are ten tries.
        with turn as before:
            if before is not None:
                said = f"not tried: the proxy refused this login before: {before.text}"
                return _ended(run, proxy, Passed(Tunnel("auth-refused", said), {"held": True}))
            passed = _through(run, proxy, secret)
            if secret is not None and passed.tunnel.judged_login:
                words = passed.tunnel.message.encode("utf-8", "backslashreplace")
                run.refused.remember(login, Reply((Line(words),)))
            elif secret is not None and passed.sock is not None:
                run.refused.accept(login)
    except EncodingFaultError as error:
        return _ended(run, proxy, Passed(Tunnel("encoding", str(error)), {}))
    except TimeoutError as error:
        return _ended(run, proxy, Passed(Tunnel("deadline", f"not tried: {error}"), {}))
    return _ended(run, proxy, passed)


def _through(run: Run, proxy: Proxy, secret: Secret | None) -> Passed:
    """Asks the proxy for the server, for each of its addresses where they were found here."""
    peers = peers_of(proxy.host, proxy.port, _wait(run))
    if isinstance(peers, Lost):
        return Passed(Tunnel("not-found", peers.message), {})
    attempts: list[Json] = []
    passed = Passed(Tunnel("no-address", "there is no address to ask the proxy for"), {})
    for aim in aims_of(run.profile, run.peers, run.plan.resolver):
        passed = _ask(run, proxy, peers, aim, secret)
        attempts.append({"target": aim.host, "outcome": passed.tunnel.kind or "connected"})
        if passed.tunnel.kind != "target-unreachable" or run.deadline.expired:
            break
    return Passed(passed.tunnel, {**passed.facts, "attempts": attempts}, passed.sock)


def _ask(
    run: Run, proxy: Proxy, peers: tuple[Peer, ...], aim: Aim, secret: Secret | None
) -> Passed:
    server = run.profile.server
    facts: dict[str, Json] = {"asked_for": aim.host, "resolved_by": aim.resolved_by}
    race = connect(peers, run.deadline, timeout=server.timeout, source=server.source_address)
    race.settle(Deadline(0.0))
    if race.sock is None or race.winner is None:
        error = race.facts()["error"]
        told = error if isinstance(error, dict) else {}
        kind = told.get("kind")
        kept = str(kind) if kind in _OF_CONNECTING else "unreachable"
        return Passed(Tunnel(kept, f"{where(peers[0])}: {told.get('message')}"), facts)
    facts |= {"address": race.winner.address, "family": race.winner.family}
    run.recorder.note(f"connected to the proxy {where(race.winner)}")
    tunnel = Tunnel("other", "interrupted")
    try:
        way = _way(proxy, aim.host, run.profile.port, secret)
        ask_there = _looking(run, proxy, race.winner) if run.plan.experiments else None
        tunnel = play(race.sock, way, run.recorder, run.deadline, server.timeout, ask_there)
    finally:
        if tunnel.kind:
            race.sock.close()
    _note_login(run, proxy, tunnel, race.winner)
    return Passed(tunnel, {**facts, **tunnel.facts}, None if tunnel.kind else race.sock)


def _looking(run: Run, proxy: Proxy, peer: Peer) -> Look:
    source = run.profile.server.source_address
    return partial(look, proxy.type, peer, run.recorder, run.deadline, source=source)


def _way(proxy: Proxy, host: str, port: int, secret: Secret | None) -> Way:
    if proxy.type in ("socks4", "socks4a"):
        return socks4(host, port, proxy.username)
    if proxy.type == "socks5":
        login = socks5_login(proxy.username, secret) if secret is not None else None
        return socks5(host, port, login)
    if secret is None:
        return http_connect(host, port)
    if proxy.domain:
        ntlm = ntlm_login(proxy.username, proxy.domain, secret, proxy.host)
        return http_connect(host, port, ntlm, "NTLM")
    return http_connect(host, port, basic_login(proxy.username, secret), "Basic")


def _ended(run: Run, proxy: Proxy, passed: Passed) -> Ended:
    tunnel = passed.tunnel
    facts: dict[str, Json] = {
        "type": proxy.type,
        "host": proxy.host,
        "port": proxy.port,
        **passed.facts,
    }
    if passed.sock is None:
        event = run.recorder.note(_told(tunnel))
        facts["error"] = {"kind": tunnel.kind, "message": tunnel.message, "event": event}
        return Ended(Outcome.FAILED, tunnel.message, facts)
    run.begin_session(passed.sock, tunnel.rest)
    facts["local"] = run.talk.link.local_address
    run.recorder.note(_told(tunnel))
    by = _RESOLVERS[str(facts["resolved_by"])]
    said = f"{facts['asked_for']}:{run.profile.port} through {proxy.host}:{proxy.port}"
    return Ended(Outcome.PASSED, ", ".join(filter(None, (said, by))), facts)


def _told(tunnel: Tunnel) -> str:
    words = tunnel.message
    return words if words.startswith(("the proxy", "the connection")) else f"the proxy: {words}"


def _secret(run: Run, proxy: Proxy) -> Secret | None:
    """The proxy's password, read once; None where the proxy is asked without a login."""
    if proxy.password is None:
        return None
    if run.proxy_secret is None:
        run.proxy_secret = run.read_secret(proxy.password)
        run.recorder.masker.add(*forms_of(run.proxy_secret, proxy.username))
    return run.proxy_secret


def _note_login(run: Run, proxy: Proxy, tunnel: Tunnel, peer: Peer) -> None:
    """What others could read, said wherever it left: SOCKS and HTTP proxies know nothing else."""
    sent = tunnel.facts.get("login") in ("password", "basic") or tunnel.judged_login
    sent = sent or tunnel.facts.get("phase") == "login"
    if sent and not proxy.domain and not is_loopback(peer.address):
        run.note(
            f"user name and password of the proxy went to {proxy.host} in clear: "
            f"{'SOCKS' if proxy.type != 'http' else 'HTTP Basic'} knows no other way"
        )


def _wait(run: Run) -> Deadline:
    return run.deadline.within(run.profile.server.timeout)


def _proxy(run: Run) -> Proxy:
    if run.profile.proxy is None:
        raise RuntimeError("the profile has no proxy")
    return run.profile.proxy
