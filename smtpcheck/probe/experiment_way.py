"""An experiment on a connection of its own: the steps of a run, in another way, never a login."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import NoReturn

from smtpcheck.diagnosis.experiment import Changes, TryWay
from smtpcheck.model.jsonvalue import Json
from smtpcheck.model.observation import ExperimentResult
from smtpcheck.model.profile import Profile
from smtpcheck.model.secret import SecretRef
from smtpcheck.model.stage import Outcome, Stage
from smtpcheck.probe.auth_choice import choose_step
from smtpcheck.probe.connect import Peer
from smtpcheck.probe.deadline import Deadline
from smtpcheck.probe.experiment_mail import try_sender_step
from smtpcheck.probe.recorder import Ended, Recorder
from smtpcheck.probe.run import Prepared, Run
from smtpcheck.probe.runner import TakeStep, steps_of
from smtpcheck.probe.tls_steps import prepare_context

PATIENCE = 4.0
"""Seconds that any one wait of an experiment may take."""
_VERSIONS = {"TLSv1": "1.0", "TLSv1.0": "1.0", "TLSv1.1": "1.1"}
_MODES = {"none": "in plain text", "starttls": "with STARTTLS", "tls": "with TLS at once"}


@dataclass(slots=True)
class Walk:
    """The steps that were taken, each with how it ended."""

    run: Run
    taken: list[tuple[str, Ended]] = field(default_factory=list)
    begun: float = 0.0

    def go(self, steps: Mapping[str, TakeStep], stop: threading.Event) -> None:
        """Takes the steps in order until one fails or somebody calls a halt."""
        for name, take in steps.items():
            if stop.is_set() or self.run.deadline.expired:
                self.taken.append((name, Ended.skipped("not taken: the time is over")))
                return
            ended = take(self.run)
            self.taken.append((name, ended))
            if said_421(ended):
                stop.set()
            if ended.outcome is Outcome.FAILED:
                return

    @property
    def arrived(self) -> bool:
        """Whether every step passed."""
        good = (Outcome.PASSED, Outcome.WARNED)
        return bool(self.taken) and all(ended.outcome in good for _, ended in self.taken)

    @property
    def last(self) -> tuple[str, Ended]:
        """The step at which it ended."""
        return self.taken[-1]

    def facts_of(self, *names: str) -> Mapping[str, Json]:
        """The facts of the first of these steps that was taken."""
        return next((ended.facts for name, ended in self.taken if name in names), {})


def try_way(run: Run, way: TryWay, deadline: Deadline, stop: threading.Event) -> ExperimentResult:
    """Connects anew and goes as far as the way's goal. Nothing is sent that a login would need,
    and no message."""
    recorder = Recorder(way.name)
    recorder.masker = run.recorder.masker
    sub = Run(
        _profile(run.profile, way),
        replace(run.plan, deliver=False, until="", experiments=False),
        recorder,
        deadline,
        no_secret,
    )
    walk = Walk(sub, begun=recorder.now_ms)
    try:
        through_proxy = run.profile.proxy is not None
        sub.peers = run.peers if through_proxy else _peers(run, way, deadline)
        if not sub.peers and not through_proxy:
            said = f"{way.host or 'the host'} has no such address that leads to the same machine"
            return _result(way, walk, Ended.failed(said))
        sub.context = _context(run, sub.profile, way)
        walk.go(steps_for(sub.profile, way.goal), stop)
    finally:
        leave(sub)
    return _result(way, walk, None)


def steps_for(profile: Profile, goal: str, *, connected: bool = False) -> dict[str, TakeStep]:
    """The steps up to the goal; `connected` leaves out the connection itself."""
    steps: dict[str, TakeStep] = {}
    for stage in (Stage.TCP, Stage.TLS):
        for name, take in steps_of(stage, profile).items():
            if not (connected and name in ("tcp.connect", "tcp.proxy")):
                steps[name] = take
            if name == goal:
                return steps
    if goal == "auth.choose":
        steps["auth.choose"] = choose_step
    if goal == "send.mail":
        steps["send.mail"] = try_sender_step
    return steps


def findings(walk: Walk) -> dict[str, Json]:
    """What a walk showed, under the names of docs/facts.md."""
    connect = walk.facts_of("tcp.connect", "tcp.proxy")
    greeting = walk.facts_of("tcp.greeting", "tls.greeting")
    hello = walk.facts_of("tls.ehlo") or walk.facts_of("tcp.ehlo")
    clear = walk.facts_of("tcp.ehlo")
    shake = walk.facts_of("tls.handshake")
    reply = greeting.get("reply")
    facts: dict[str, Json] = {
        "connected": walk.run.session is not None,
        "address": connect.get("address", ""),
        "speaks": _speaks(walk),
        "reached": _reached(walk),
    }
    if isinstance(reply, Mapping):
        facts |= {"greeting": reply.get("text", ""), "greeting_code": reply.get("code", 0)}
    if hello:
        facts |= {"ehlo": hello.get("name", ""), "mechanisms": hello.get("mechanisms", [])}
    if clear:
        keywords = clear.get("keywords")
        listed = keywords if isinstance(keywords, Sequence) else ()
        facts["starttls"] = "STARTTLS" in listed
    for name in ("version", "cipher", "verified"):
        if name in shake:
            facts[name] = shake[name]
    chain = shake.get("chain")
    if isinstance(chain, Sequence) and chain and isinstance(chain[0], Mapping):
        facts["names"] = chain[0].get("names", [])
    if walk.taken and not walk.arrived:
        name, ended = walk.last
        facts["failed"] = name
        kept = ("reply", "silence", "error", "plain_text", "problems", "protocol")
        facts |= {key: ended.facts[key] for key in kept if key in ended.facts}
    return facts


def no_secret(_ref: SecretRef) -> NoReturn:
    """What an experiment is given instead of a way to the secrets."""
    raise RuntimeError("an experiment asked for a secret")


def said_421(ended: Ended) -> bool:
    """Whether the server asked to be left alone (RFC 5321 section 3.8)."""
    return facts_say_421(ended.facts)


def facts_say_421(facts: Mapping[str, Json]) -> bool:
    """The same of the facts of a step or an experiment."""
    reply = facts.get("reply")
    plain, injected = facts.get("plain_text"), facts.get("injected")
    silence = facts.get("silence")
    partial = silence.get("partial") if isinstance(silence, Mapping) else ""
    spoken = any(
        isinstance(each, str) and each.startswith("421") for each in (plain, partial, injected)
    )
    return spoken or (isinstance(reply, Mapping) and reply.get("code") == 421)


def told_changes(changes: Changes) -> list[Json]:
    """Changes as a fact."""
    return [{"key": key, "value": value} for key, value in changes]


def _profile(profile: Profile, way: TryWay) -> Profile:
    server = replace(
        profile.server,
        host=(way.host or profile.server.host) if way.sni else "",
        port=way.port,
        security=way.security,
        address_family=profile.server.address_family if profile.proxy else "any",
        timeout=min(profile.server.timeout, PATIENCE),
    )
    server_name = way.server_name or profile.tls.server_name
    tls = replace(
        profile.tls,
        server_name=server_name if way.sni else "",
        min_version=way.min_version or profile.tls.min_version,
        max_version=way.max_version or profile.tls.max_version,
        verify=profile.tls.verify if way.verify is None else way.verify,
    )
    if not way.sni:
        tls = replace(tls, verify=False, fingerprint="")
    auth = replace(profile.auth, method=way.method or profile.auth.method)
    return replace(profile, server=server, tls=tls, auth=auth)


def _context(run: Run, profile: Profile, way: TryWay) -> Prepared | None:
    """The run's own TLS settings where nothing about them is changed, else new ones."""
    if way.security == "none":
        return None
    same = profile.tls == replace(run.profile.tls, server_name=profile.tls.server_name)
    if same and run.context is not None and not way.ciphers:
        return run.context
    return prepare_context(without_locked_key(profile), no_secret, ciphers=way.ciphers)


def without_locked_key(profile: Profile) -> Profile:
    """The profile without a client certificate whose key needs a pass phrase: that is a secret."""
    if profile.tls.client_key_password is None:
        return profile
    tls = replace(profile.tls, client_cert="", client_key="", client_key_password=None)
    return replace(profile, tls=tls)


def _peers(run: Run, way: TryWay, deadline: Deadline) -> tuple[Peer, ...]:
    """The address that the run used, or one of each family; of another name those that it has in
    common with the host."""
    known = [each for each in run.peers if each.family != "unix"]
    if way.host:
        here = {each.address for each in known}
        found = _resolved(run, way.host, "any", deadline)
        return tuple(replace(each, port=way.port) for each in found if each.address in here)[:1]
    if way.family:
        of_family = [each for each in known if each.family == way.family]
        found = of_family or _resolved(run, run.profile.server.host, way.family, deadline)
        return tuple(replace(each, port=way.port) for each in found[:1])
    if run.race is not None and run.race.winner is not None:
        return (replace(run.race.winner, port=way.port),)
    families: dict[str, Peer] = {}
    for each in known:
        families.setdefault(each.family, each)
    return tuple(replace(each, port=way.port) for each in families.values())


def _resolved(run: Run, host: str, family: str, deadline: Deadline) -> list[Peer]:
    from smtpcheck.probe.dns_stage import run_dns

    def ignore(_step: object) -> None:
        pass

    ran = run_dns(
        host,
        run.profile.port,
        family=family,
        resolver=run.plan.resolver,
        deadline=deadline,
        timeout=PATIENCE,
        started=ignore,
        ended=ignore,
    )
    return [Peer(each.family, each.address, 0, each.scope) for each in ran.addresses]


def leave(sub: Run) -> None:
    """Ends a connection, with QUIT where somebody is there to hear it."""
    if sub.race is not None:
        sub.race.settle(Deadline(0.0))
    if sub.session is not None:
        sub.session.part()


def _speaks(walk: Walk) -> str:
    """How the port begins: `smtp`, `tls`, another protocol, or nothing that shows it."""
    greeting, shake = walk.facts_of("tcp.greeting"), walk.facts_of("tls.handshake")
    reply, error = greeting.get("reply"), shake.get("error")
    if greeting.get("protocol"):
        return str(greeting["protocol"])
    if isinstance(reply, Mapping) and reply.get("code"):
        return "smtp"
    if str(shake.get("plain_text", ""))[:1] in ("2", "4", "5"):
        return "smtp"
    alerted = isinstance(error, Mapping) and bool(error.get("alert"))
    return "tls" if "version" in shake or shake.get("chain") or alerted else ""


def _connections(run: Run) -> int:
    """Through a proxy it is one, to the proxy."""
    direct = len(run.race.attempts) if run.race else 0
    return direct if run.profile.proxy is None else 1


def _reached(walk: Walk) -> str:
    good = [name for name, ended in walk.taken if ended.outcome in (Outcome.PASSED, Outcome.WARNED)]
    return good[-1] if good else ""


def _result(way: TryWay, walk: Walk, instead: Ended | None) -> ExperimentResult:
    ended = instead or walk.last[1]
    arrived = walk.arrived and instead is None
    outcome = Outcome.PASSED if arrived else Outcome.FAILED
    if ended.outcome is Outcome.SKIPPED:
        outcome = Outcome.SKIPPED
    facts: dict[str, Json] = {
        "port": way.port,
        "security": way.security,
        "goal": way.goal,
        "connections": _connections(walk.run),
        **findings(walk),
    }
    changes = _changes(way, facts) if arrived else ()
    if changes:
        facts["changes"] = told_changes(changes)
    recorder = walk.run.recorder
    return ExperimentResult(
        way.name,
        outcome,
        recorder.masker.text(_words(way, walk, ended, facts)),
        round(recorder.now_ms - walk.begun, 3),
        recorder.masker.facts(facts),
    )


def _changes(way: TryWay, facts: Mapping[str, Json]) -> Changes:
    """What the profile needs; of lower versions the one that was agreed."""
    if way.min_version:
        agreed = _VERSIONS.get(str(facts.get("version", "")))
        return (("tls.min_version", agreed),) if agreed else ()
    return way.changes


def _words(way: TryWay, walk: Walk, ended: Ended, facts: Mapping[str, Json]) -> str:
    where = f"port {way.port} {_MODES[way.security]}"
    if walk.arrived:
        told = [where]
        if facts.get("version"):
            told.append(f"{facts['version']}, {facts.get('cipher', 'cipher unknown')}")
        mechanisms = facts.get("mechanisms")
        if isinstance(mechanisms, Sequence) and mechanisms:
            told.append(f"AUTH {' '.join(str(each) for each in mechanisms)}")
        return ": ".join((told[0], ", ".join(told[1:]))) if told[1:] else f"{where}: answers"
    step = walk.last[0] if walk.taken else ""
    at = f" at {step}" if step not in ("", "tcp.connect", "tcp.proxy") else ""
    return f"{where}{at}: {ended.summary}"
