"""tls.commands: what a server makes of commands around STARTTLS (RFC 3207 section 4.2).

What is said is harmless: NOOP, MAIL with the null sender and no recipient, RSET, QUIT.
"""

from __future__ import annotations

from smtpcheck.model.jsonvalue import Json
from smtpcheck.model.reply import Defect, Heard, Reply
from smtpcheck.probe.run import Run
from smtpcheck.probe.session import words
from smtpcheck.probe.tls_ask import Asker, AskingEndedError, hear, mechanisms_of
from smtpcheck.probe.tls_look import Look, Seen
from smtpcheck.probe.tls_steps import handshake_step, in_clear
from smtpcheck.wire.command import Say, ask, command

_TWO_IN_ONE = Say("STARTTLS", "STARTTLS | NOOP", b"STARTTLS\r\nNOOP\r\n")
"""A server that takes NOOP for said inside TLS answers it there (CVE-2011-0411)."""


def look_at_commands(asker: Asker, seen: Seen, look: Look) -> None:
    """tls.commands"""
    if asker.run.profile.security != "starttls":
        look.said.append("no STARTTLS here: TLS from the first byte")
        return
    _tell_offers(asker, look)
    _inject(asker, seen, look)
    _mail_before_tls(asker, seen, look)


def _tell_offers(asker: Asker, look: Look) -> None:
    """AUTH in the answer to the EHLO in clear, from the run itself."""
    mechanisms = mechanisms_of(asker.run, "tcp.ehlo")
    look.facts["auth_in_clear"] = mechanisms
    if mechanisms:
        look.said.append("AUTH offered in clear")
        detail = f"AUTH {' '.join(map(str, mechanisms))} before STARTTLS"
        look.problem("auth-in-clear", detail, mechanisms=mechanisms)
    else:
        look.said.append("no AUTH before TLS")


def _inject(asker: Asker, seen: Seen, look: Look) -> None:
    with asker.open(until_tls=False, profile=asker.trusting) as sub:
        if not sub.offered.offers("STARTTLS"):
            raise AskingEndedError("STARTTLS is not offered")
        heard = hear(sub, ask(_TWO_IN_ONE), seen.stop)
        if not isinstance(heard, Reply) or heard.code != 220:
            look.facts["injection"] = "refused"
            look.said.append("pipelined STARTTLS refused")
            return
        said = in_clear(sub, sub.talk.link.leftover()).decode("utf-8", "backslashreplace")
        shaken = None if said else handshake_step(sub)
        said = said or str(shaken.facts.get("plain_text", "") if shaken else "")
        if said.startswith("421"):
            seen.stop.set()
            raise AskingEndedError(f"the server said: {said.strip()}")
        if said:
            # It answers NOOP in clear, and never takes it for said inside TLS.
            look.facts["injection"] = "answered-in-clear"
            look.said.append("what follows STARTTLS is answered in clear")
            return
        if shaken is not None and "error" in shaken.facts:
            raise AskingEndedError(f"tls.handshake: {shaken.summary}")
        _compare(sub, seen, look)


def _compare(sub: Run, seen: Seen, look: Look) -> None:
    """Two commands, two answers: one more is that to the injected one."""
    first = hear(sub, ask(command("EHLO", sub.helo)), seen.stop)
    second = hear(sub, ask(command("QUIT")), seen.stop)
    carried = _unasked(first) or (_code(first) == 250 and _code(second) == 250)
    told: str = "carried-into-tls" if carried else "discarded"
    look.facts["injection"] = told
    if carried:
        look.said.append("a command sent before TLS is answered inside it")
        detail = f"NOOP, sent in clear behind STARTTLS, was answered inside TLS: {words(first)}"
        look.problem("command-injection", detail)
    else:
        look.said.append("commands behind STARTTLS discarded")


def _mail_before_tls(asker: Asker, seen: Seen, look: Look) -> None:
    with asker.open(until_tls=False) as sub:
        heard = hear(sub, ask(command("MAIL", "FROM:<>")), seen.stop)
        facts: dict[str, Json] = {"code": _code(heard), "text": words(heard)}
        look.facts["mail_in_clear"] = facts
        if _code(heard) == 250:
            hear(sub, ask(command("RSET")), seen.stop)
            look.said.append("MAIL taken without TLS")
        elif isinstance(heard, Reply):
            look.said.append(f"MAIL without TLS refused with {heard.code}")
        else:
            look.said.append(f"MAIL without TLS: {words(heard)}")


def _unasked(heard: Heard) -> bool:
    return isinstance(heard, Reply) and Defect.UNSOLICITED in heard.defects


def _code(heard: Heard) -> int:
    return heard.code if isinstance(heard, Reply) else 0
