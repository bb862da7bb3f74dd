"""The few facts of each stage that a reader wants at a glance."""

from __future__ import annotations

from collections.abc import Mapping

from smtpcheck.model.jsonvalue import Json
from smtpcheck.model.observation import Observations, StageResult
from smtpcheck.model.stage import Outcome, Stage
from smtpcheck.report.facts import (
    facts_of,
    number_of,
    stage_of,
    step_of,
    tables_of,
    text_of,
    texts_of,
    whole_of,
)
from smtpcheck.report.words import counted, days_left, some_of

_ADDRESSES = 2


def essentials(result: StageResult, seen: Observations) -> list[str]:
    """What is worth saying of a stage that ran, as short phrases; server text is not escaped."""
    return _PHRASES[result.stage](result, seen.settings)


def skip_reason(result: StageResult, seen: Observations, *, has_profile: bool) -> str:
    """Why a stage did not run."""
    if result.blocked_by:
        return f"blocked by {result.blocked_by}"
    if seen.interrupted:
        return "not reached"
    user = "this profile" if has_profile else "this target"
    if result.stage is Stage.DNS and seen.settings.get("server.socket"):
        return f"not used by {user}"
    if result.stage is Stage.TLS and seen.settings.get("server.security") == "none":
        return f"not used by {user}"
    if result.stage is Stage.AUTH and has_no_login(seen.settings):
        return f"not used by {user}"
    return "not asked for"


def has_no_login(settings: Mapping[str, Json]) -> bool:
    """Whether the target names nothing to log in with."""
    method = text_of(settings, "auth.method")
    if method == "none":
        return True
    return method in ("", "auto") and not (
        settings.get("auth.username") or settings.get("auth.password")
    )


def delivered(seen: Observations) -> bool:
    """Whether the server took responsibility for a message."""
    step = step_of(stage_of(seen, Stage.SEND), "send.message")
    return step is not None and step.outcome in (Outcome.PASSED, Outcome.WARNED)


def _dns(result: StageResult, _settings: Mapping[str, Json]) -> list[str]:
    name, system = facts_of(result, "dns.name"), facts_of(result, "dns.system")
    query = facts_of(result, "dns.query")
    if name.get("literal") is True:
        return [f"{text_of(name, 'name')}, an address: nothing to look up"]
    found = texts_of(system, "addresses") or texts_of(query, "addresses")
    alias = texts_of(query, "cname")
    phrases = [some_of(found, _ADDRESSES)] if found else []
    phrases += [f"(alias of {alias[-1]})"] if alias else []
    phrases += ["(from the hosts file)"] if texts_of(system, "hosts_file") else []
    return [" ".join(phrases)] if phrases else []


def _tcp(result: StageResult, _settings: Mapping[str, Json]) -> list[str]:
    connect = facts_of(result, "tcp.connect")
    phrases = [part for part in (text_of(connect, "address"),) if part]
    proxy = facts_of(result, "tcp.proxy")
    if proxy:
        phrases.append(f"through {text_of(proxy, 'host')}")
        phrases += ["which resolved the name"] if proxy.get("resolved_by") == "proxy" else []
    dead = texts_of(connect, "dead_families")
    if dead:
        phrases.append(f"nothing over {' and '.join(dead)}")
    return phrases + _greeting(facts_of(result, "tcp.greeting"), facts_of(result, "tcp.ehlo"))


def _greeting(greeting: Mapping[str, Json], ehlo: Mapping[str, Json]) -> list[str]:
    name = text_of(greeting, "name") or text_of(ehlo, "name")
    return [f"greeted by {name}"] if name else []


def _tls(result: StageResult, _settings: Mapping[str, Json]) -> list[str]:
    handshake = facts_of(result, "tls.handshake")
    phrases = [
        part for part in (text_of(handshake, "version"), text_of(handshake, "cipher")) if part
    ]
    chain = tables_of(handshake, "chain")
    if chain:
        leaf = chain[0]
        names = texts_of(leaf, "names")
        wanted = text_of(handshake, "server_name")
        name = wanted if wanted in names else (names[0] if names else text_of(leaf, "subject"))
        phrases.append(f"certificate {name}")
        days = number_of(leaf, "days_left")
        phrases += [days_left(days)] if days is not None else []
    if handshake.get("verified") is False:
        phrases.append("not verified")
    return phrases + _greeting(facts_of(result, "tls.greeting"), {})


def _auth(result: StageResult, settings: Mapping[str, Json]) -> list[str]:
    login, choose = facts_of(result, "auth.login"), facts_of(result, "auth.choose")
    mechanism = text_of(login, "mechanism") or text_of(choose, "mechanism")
    if not mechanism:
        return []
    user = text_of(settings, "auth.username")
    phrases = [f"{mechanism} as {user}" if user else mechanism]
    before = text_of(login, "fallback_from")
    if before:
        phrases.append(f"after {before} was not known there")
    return phrases


def _send(result: StageResult, _settings: Mapping[str, Json]) -> list[str]:
    prepare, rcpt = facts_of(result, "send.prepare"), facts_of(result, "send.rcpt")
    tried = [each for each in result.steps if each.step == "send.sender"]
    took = sum(1 for each in tried if each.facts.get("accepted") is True)
    asked_alone = not step_of(result, "send.prepare")
    if tried and asked_alone:
        return [f"{took} of {counted(len(tried), 'sender')} accepted", "no message sent"]
    relay = step_of(result, "send.relay")
    if relay:
        return [relay.summary]
    message, step = facts_of(result, "send.message"), step_of(result, "send.message")
    # LMTP says it once more of each recipient, after the message.
    accepted = texts_of(message, "accepted") or texts_of(rcpt, "accepted")
    refused = [*texts_of(rcpt, "refused"), *texts_of(message, "refused")]
    phrases: list[str] = []
    if step and step.outcome in (Outcome.PASSED, Outcome.WARNED):
        count = whole_of(facts_of(result, "send.repeat"), "accepted_messages")
        what = f"{count} messages" if count else "message"
        phrases.append(
            f"{what} accepted for {some_of(accepted, 2)}" if accepted else f"{what} accepted"
        )
        queue = text_of(message, "queue_id")
        size = whole_of(message, "size") or whole_of(prepare, "size")
        phrases += [f"queue id {queue}"] if queue else []
        phrases += [f"{size} bytes"] if size else []
    elif step_of(result, "send.mail"):
        sender = text_of(prepare, "sender")
        takers = f"recipient {some_of(accepted, 2)}" if accepted else ""
        both = " and ".join(part for part in (f"sender {sender}".strip(), takers) if part)
        phrases += [f"{both} accepted", "no message sent"]
    if refused:
        phrases.append(f"refused: {some_of(refused, 2)}")
    if tried:
        phrases.append(f"{took} of {counted(len(tried), 'expected sender')} accepted")
    return phrases


_PHRASES = {Stage.DNS: _dns, Stage.TCP: _tcp, Stage.TLS: _tls, Stage.AUTH: _auth, Stage.SEND: _send}
