"""tls.sessions: whether a server takes an earlier session up again, whether it would read what a
client says before the handshake is done (RFC 8446 sections 2.2 and 2.3, RFC 5077), and whether a
client may begin another handshake within a session (RFC 5746).

Whole handshakes, without a look at the certificate: nothing but EHLO and QUIT is said in them.
"""

from __future__ import annotations

import os
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from smtpcheck.probe.run import Prepared, Run
from smtpcheck.probe.session import words
from smtpcheck.probe.tls_ask import Asker, AskingEndedError, hear, without_secret
from smtpcheck.probe.tls_look import Look, Seen
from smtpcheck.probe.tls_steps import prepare_context
from smtpcheck.wire.command import ask, command, listen

if TYPE_CHECKING:
    import ssl

    from smtpcheck.wire.tls import TlsSession

_PATIENCE: Final = 3.0
"""Seconds for a server to answer a second handshake; one that refuses may also say nothing."""


def look_at_sessions(asker: Asker, seen: Seen, look: Look) -> None:
    """tls.sessions"""
    if not seen.choices:
        raise AskingEndedError("nothing came out about its TLS")
    trusting = asker.trusting
    context = prepare_context(trusting, without_secret, ciphers="DEFAULT")
    first = _shake(asker, seen, context, None)
    seen.leaf = first.leaf
    version = str(first.handshake_facts().get("version", ""))
    look.facts |= {"version": version, "early_data": first.early_data or 0}
    again = first.resumable
    resumed = again is not None and _shake(asker, seen, context, again).resumed
    look.facts["resumed"] = resumed
    if again is not None:
        look.facts["lifetime_s"] = again.ticket_lifetime_hint
    look.said.append(f"{version} session resumed" if resumed else f"{version} session not resumed")
    if first.early_data:
        look.said.append(f"early data of up to {first.early_data} octets")
        detail = f"tickets allow {first.early_data} octets of early data"
        look.problem("early-data", detail, octets=first.early_data)
    elif version == "TLSv1.3":
        look.said.append("no early data (0-RTT)")
    _ask_renegotiation(asker, seen, look)


def _ask_renegotiation(asker: Asker, seen: Seen, look: Look) -> None:
    """TLS 1.3 has none, and below 1.2 no session is made by hand."""
    if "1.2" not in seen.versions:
        look.facts["renegotiation"] = (
            "not-tested" if seen.classic or not seen.whole else "impossible"
        )
        return
    from smtpcheck.wire.question import NO_TLS
    from smtpcheck.wire.renegotiation import RenegotiationSession

    session = RenegotiationSession(asker.server_name, os.urandom(32))
    asker.put(session, patience=_PATIENCE)
    asker.heed(session.detail.removeprefix(NO_TLS))
    told = "not-tested" if session.told == "no-session" else session.told
    look.facts |= {"renegotiation": told, "renegotiation_detail": session.detail}
    if told == "accepted":
        look.said.append("clients may renegotiate")
        look.problem("client-renegotiation", "a client's second handshake in a session is answered")
    elif told != "not-tested":
        look.said.append("no renegotiation by clients")


def _shake(
    asker: Asker, seen: Seen, context: Prepared, resume: ssl.SSLSession | None
) -> TlsSession:
    """A handshake and one reply inside it: tickets of TLS 1.3 come with the first answer."""
    from smtpcheck.wire.tls import TlsSession
    from smtpcheck.wire.tls_context import TlsContext

    with asker.open(until_tls=True) as sub:
        wait = sub.deadline.within(sub.profile.server.timeout)
        made = context.get(wait)
        if not isinstance(made, TlsContext):
            raise AskingEndedError(made.message if made else "no time left")
        host = sub.profile.tls.server_name or sub.name
        session = TlsSession(made, host, now=datetime.now(UTC), resume=resume)
        sub.talk.link.start_tls(session, wait, sub.early_tls)
        if session.state != "open":
            asker.heed(str(session.handshake_facts().get("plain_text", "")))
            raise AskingEndedError(f"no session: {session.failure}")
        _first_reply(sub, seen)
        return session


def _first_reply(sub: Run, seen: Seen) -> None:
    greets = sub.profile.security == "tls"
    heard = hear(sub, ask(listen("CONNECT") if greets else command("EHLO", sub.helo)), seen.stop)
    sub.recorder.note(f"inside TLS: {words(heard)}")
