"""The steps of the tls stage that are not greeting or EHLO."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

from smtpcheck.model.jsonvalue import Json
from smtpcheck.model.profile import Profile
from smtpcheck.model.reply import Reply
from smtpcheck.model.secret import SecretUnavailableError
from smtpcheck.model.stage import Outcome
from smtpcheck.probe.recorder import Ended
from smtpcheck.probe.run import Prepared, ReadSecret, Run
from smtpcheck.probe.session import words
from smtpcheck.wire.command import ask, command
from smtpcheck.wire.reply_parser import sound

_OUTDATED = frozenset({"SSLv3", "TLSv1", "TLSv1.1"})
"""RFC 8996: must not be used."""
_ALARMING = frozenset({"closed", "timeout", "reset", "plain-text", "corrupted"})


def prepare_context(profile: Profile, read_secret: ReadSecret, *, ciphers: str = "") -> Prepared:
    """The TLS context of a profile, or the beginning of its making. `ciphers`: instead of the usual
    ones."""
    from smtpcheck.probe.tls_contexts import CONTEXTS
    from smtpcheck.wire.sasl import key_pass_phrase
    from smtpcheck.wire.tls_context import LocalTlsFault, TlsContext, TlsPolicy

    tls = profile.tls
    policy = TlsPolicy(
        min_version=tls.min_version,
        max_version=tls.max_version,
        verify=tls.verify,
        ca_file=tls.ca_file,
        client_cert=tls.client_cert,
        client_key=tls.client_key,
        fingerprint=tls.fingerprint,
        ciphers=ciphers,
    )
    phrase = tls.client_key_password
    recent = CONTEXTS.recent(policy) if phrase is None else None
    if recent is not None:
        return Prepared(recent)

    def make() -> TlsContext | LocalTlsFault:
        import smtpcheck.wire.tls  # noqa: F401 - so that the handshake does not wait for it

        if phrase is None:
            return CONTEXTS.get(policy)
        try:
            secret = read_secret(phrase)
        except SecretUnavailableError as error:
            return LocalTlsFault("key-password", error.reason)
        return CONTEXTS.get(replace(policy, key_password=key_pass_phrase(secret)))

    return Prepared(make)


def starttls_step(run: Run) -> Ended:
    """tls.starttls: only a 220 starts TLS, and nothing may follow it in clear (RFC 3207)."""
    offered = run.offered.offers("STARTTLS")
    facts: dict[str, Json] = {"offered": offered, "masked": list(run.offered.masked)}
    if not offered:
        return Ended(Outcome.FAILED, "the server does not offer STARTTLS", facts)
    heard = run.talk.run(ask(command("STARTTLS")))
    facts |= run.talk.facts(heard, "STARTTLS")
    if not isinstance(heard, Reply) or heard.code != 220 or not sound(heard):
        return Ended(Outcome.FAILED, words(heard), facts)
    injected = in_clear(run, run.talk.link.leftover())
    if injected:
        text = injected.decode("utf-8", "backslashreplace")
        event = run.recorder.note(f"in clear, behind the 220 to STARTTLS: {text}")
        facts |= {"injected": text, "error": {"kind": "plain-text", "event": event}}
        return Ended(Outcome.FAILED, f"plain text behind the reply to STARTTLS: {text}", facts)
    return Ended(Outcome.PASSED, heard.text or "ready", facts)


def in_clear(run: Run, early: bytes) -> bytes:
    """What of the bytes behind the 220 is text. The rest is for TLS alone to read: an alert of a
    server that cannot go on, or noise, at which the handshake fails and says so."""
    from smtpcheck.wire.tls_failure import begins_record, not_tls

    failure = None if not early or begins_record(early) else not_tls(early, over=True)
    if failure is None or failure.kind != "plain-text":
        run.early_tls = early
        return b""
    return early


def handshake_step(run: Run) -> Ended:
    """tls.handshake"""
    from smtpcheck.wire.tls import TlsSession
    from smtpcheck.wire.tls_context import LocalTlsFault

    prepared = run.context or prepare_context(run.profile, run.read_secret)
    context = prepared.get(run.deadline) or LocalTlsFault(
        "ca-file", "the files that [tls] names could not be read before the run was over"
    )
    if isinstance(context, LocalTlsFault):
        error: dict[str, Json] = {
            "kind": "local",
            "reason": context.kind,
            "message": context.message,
        }
        return Ended(Outcome.FAILED, context.message, {"error": error})
    host = run.profile.tls.server_name or run.name
    session = TlsSession(context, host, now=datetime.now(UTC))
    link = run.talk.link
    link.start_tls(session, run.deadline.within(run.profile.server.timeout), run.early_tls)
    run.early_tls = b""
    facts = dict(session.handshake_facts())
    if session.state != "open":
        return _failed(run, facts)
    version, cipher = facts.get("version"), facts.get("cipher")
    run.recorder.note(f"TLS: {version}, {cipher}, trust {link.trust}")
    summary = f"{version}, {cipher}"
    if not session.verified:
        summary += ", certificate not verified"
    if facts.get("problems") or not session.verified or version in _OUTDATED:
        return Ended(Outcome.WARNED, summary, facts)
    return Ended(Outcome.PASSED, summary, facts)


def _failed(run: Run, facts: dict[str, Json]) -> Ended:
    error = facts.get("error")
    kind = str(error.get("kind", "")) if isinstance(error, dict) else ""
    said = [
        f"TLS handshake failed: {error.get('message') or kind}"
        if isinstance(error, dict)
        else "TLS handshake failed"
    ]
    plain = facts.get("plain_text")
    if plain:
        said.append(f"the server said in clear: {plain}")
    event = run.recorder.note("; ".join(str(each) for each in said))
    if isinstance(error, dict):
        facts["error"] = {**error, "event": event}
    if kind in _ALARMING and run.profile.security == "starttls":
        facts["after_starttls"] = True
    return Ended(Outcome.FAILED, "; ".join(said), facts)
