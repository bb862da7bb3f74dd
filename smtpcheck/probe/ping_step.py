"""The step tcp.ping: an ICMP echo, as far as the system lets an ordinary user send one."""

from __future__ import annotations

from importlib.util import find_spec

from smtpcheck.model.jsonvalue import Json
from smtpcheck.model.stage import Outcome
from smtpcheck.probe.recorder import Ended
from smtpcheck.probe.run import Run

COUNT = 2
_WAIT = 1.0
"""Seconds for one answer: who answers later is slow enough to be told so."""
_INTERVAL = 0.1
_NOT_ALLOWED = (
    "this system does not allow it to ordinary users (on Linux: net.ipv4.ping_group_range)"
)


def ping_step(run: Run) -> Ended:
    """tcp.ping: a hint that never fails a run, because many mail servers answer no ping"""
    if run.profile.proxy is not None or run.profile.server.socket or not run.peers:
        return Ended.skipped(f"not sent: {_nowhere_to_send(run)}")
    peer = run.peers[0]
    facts: dict[str, Json] = {"address": peer.address, "family": peer.family}
    if find_spec("icmplib") is None:
        said = "not sent: install the package for it: pip install 'smtpcheck[ping]'"
        return Ended(Outcome.SKIPPED, said, facts)
    from icmplib import (  # type: ignore[import-untyped]  # it has no types
        ICMPLibError,
        SocketPermissionError,
        ping,
    )

    source = run.profile.server.source_address
    scope = f"%{peer.scope}" if peer.scope else ""
    try:
        host = ping(
            peer.address + scope,
            count=COUNT,
            interval=_INTERVAL,
            timeout=run.deadline.within(_WAIT).remaining(),
            source=source if source and (":" in source) == (":" in peer.address) else None,
            privileged=False,
        )
    except SocketPermissionError:
        return Ended(Outcome.SKIPPED, f"not sent: {_NOT_ALLOWED}", facts)
    except (ICMPLibError, OSError) as error:
        why = getattr(error, "strerror", None) or str(error)
        return Ended(Outcome.SKIPPED, f"not sent: {why}", facts)
    if not host.packets_sent:
        return Ended(Outcome.SKIPPED, f"not sent: there is no way to {peer.address}", facts)
    facts |= {"sent": host.packets_sent, "received": host.packets_received}
    if not host.is_alive:
        said = f"{peer.address} does not answer; that says little, many mail servers do not"
        return Ended(Outcome.PASSED, said, facts)
    facts["rtt_ms"] = round(host.avg_rtt, 3)
    said = f"{peer.address} answers in {host.avg_rtt:.1f} ms, which says nothing of its mail server"
    return Ended(Outcome.PASSED, said, facts)


def _nowhere_to_send(run: Run) -> str:
    if run.profile.proxy is not None:
        return "it would go around the proxy"
    if run.profile.server.socket:
        return "a Unix socket is on this machine"
    return "there is no address to send it to"
