"""Connections that ask a server about its TLS, one after the other and within bounds.

Each goes the way of the run (same address, same mode) as far as TLS. None is given a way to the
login's secret, and none says more than greeting, EHLO and STARTTLS of its own accord.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Final

from smtpcheck.model.jsonvalue import Facts, Json
from smtpcheck.model.profile import Profile
from smtpcheck.model.reply import Heard
from smtpcheck.model.secret import Secret, SecretRef
from smtpcheck.model.stage import Outcome
from smtpcheck.probe.connect import Peer
from smtpcheck.probe.deadline import Deadline
from smtpcheck.probe.experiment_way import Walk, leave, steps_for, without_locked_key
from smtpcheck.probe.recorder import Recorder
from smtpcheck.probe.run import Run
from smtpcheck.probe.runner import TakeStep
from smtpcheck.probe.tls_steps import prepare_context
from smtpcheck.wire.certificate_names import as_address, reference_name
from smtpcheck.wire.client_hello import Offer
from smtpcheck.wire.command import Dialogue
from smtpcheck.wire.hello_session import REFUSALS, HelloSession
from smtpcheck.wire.question import Question
from smtpcheck.wire.server_flight import Choice

LONGEST_WAIT: Final = 10.0
"""Seconds that any one wait may take: some servers greet late on purpose."""


class AskingEndedError(Exception):
    """No more may be asked, or nothing is answered any more; the words say why."""


class Asker:
    """Asks one server, at most `most` times. `stop` is set once it said 421. `patience` in seconds
    bounds any one wait."""

    def __init__(
        self,
        run: Run,
        deadline: Deadline,
        stop: threading.Event,
        *,
        most: int,
        patience: float = LONGEST_WAIT,
    ) -> None:
        self.run = run
        self.connections = 0
        self._given_up = ""
        self.deadline = deadline
        self._stop = stop
        self._most = most
        self._patience = patience

    @property
    def server_name(self) -> str:
        """The name for SNI; empty for an address."""
        name = reference_name(self.run.profile.tls.server_name or self.run.name)
        return "" if as_address(name) else name

    @property
    def trusting(self) -> Profile:
        """The run's profile, whatever certificate or version comes: to see, never to log in."""
        tls = replace(
            self.run.profile.tls, verify=False, fingerprint="", min_version="1.0", max_version="1.3"
        )
        return replace(self.run.profile, tls=tls)

    def offer(self, offer: Offer) -> Choice | None:
        """What the server chooses from an offer; None where it refuses all of it. Raises
        AskingEndedError where the answer says nothing about TLS."""
        session = HelloSession(offer, os.urandom(32))
        self.put(session)
        if session.choice is not None:
            return session.choice
        if session.kind in REFUSALS:
            return None
        self.heed(session.detail)
        raise AskingEndedError(
            f"no answer about TLS ({session.kind}): {session.detail}".rstrip(": ")
        )

    def put(self, question: Question, *, patience: float = LONGEST_WAIT) -> None:
        """Puts a question in the place of a handshake; it knows the answer then. `patience`:
        seconds."""
        with self.open(until_tls=True) as sub:
            wait = self.deadline.within(min(sub.profile.server.timeout, patience))
            sub.talk.link.start_tls(question, wait, sub.early_tls)

    def heed(self, words: str) -> None:
        """Asks nothing more where these words, said instead of TLS, are a 421."""
        if words.startswith("421"):
            self._stop.set()

    def open(self, *, until_tls: bool, profile: Profile | None = None) -> Open:
        """A connection up to where TLS begins, or up to the EHLO before STARTTLS."""
        own = self.run.profile
        goal = "tls.starttls" if until_tls else "tcp.ehlo"
        if own.security == "tls":
            goal = "tcp.proxy" if own.proxy is not None else "tcp.connect"
        return self.walk(profile or own, goal)

    def walk(
        self, profile: Profile, goal: str, *, peer: Peer | None = None, ciphers: str = ""
    ) -> Open:
        """A connection whose steps are taken up to a goal. Raises AskingEndedError where the
        bounds are reached; entering it raises the same where a step before `tls.handshake` fails.
        """
        if self._stop.is_set():
            raise AskingEndedError("the server asked to be left alone")
        if self._given_up:
            raise AskingEndedError(self._given_up)
        if self.connections >= self._most:
            raise AskingEndedError(f"the limit of {self._most} connections is reached")
        if self.deadline.expired:
            raise AskingEndedError("no time left")
        self.connections += 1
        server = replace(profile.server, timeout=min(profile.server.timeout, self._patience))
        profile = without_locked_key(replace(profile, server=server))
        recorder = Recorder("tls")
        recorder.masker = self.run.recorder.masker
        plan = replace(self.run.plan, deliver=False, until="", experiments=False)
        sub = Run(profile, plan, recorder, self.deadline, _proxy_secret_alone(self.run))
        sub.peers = (peer,) if peer else _same_peer(self.run)
        if goal == "tls.handshake":
            same = profile.tls == self.run.profile.tls and not ciphers
            sub.context = self.run.context if same else None
            sub.context = sub.context or prepare_context(profile, without_secret, ciphers=ciphers)
        # What another address does says nothing of this one.
        lost = _ignore if peer else self.give_up
        return Open(sub, steps_for(profile, goal), self._stop, lost)

    def give_up(self, reason: str) -> None:
        """Asks nothing more."""
        self._given_up = self._given_up or reason


class Open:
    """A connection that is open while the block runs, and is left with QUIT where that may be."""

    def __init__(
        self,
        sub: Run,
        steps: Mapping[str, TakeStep],
        stop: threading.Event,
        lost: Callable[[str], None],
    ) -> None:
        self.sub = sub
        self.walk = Walk(sub)
        self._steps = steps
        self._stop = stop
        self._lost = lost

    def __enter__(self) -> Run:
        try:
            self.walk.go(self._steps, self._stop)
        except BaseException:
            leave(self.sub)
            raise
        name, ended = self.walk.last
        if name != "tls.handshake" and ended.outcome in (Outcome.FAILED, Outcome.SKIPPED):
            leave(self.sub)
            reason = f"{name}: {ended.summary}"
            if name.startswith("tcp."):
                self._lost(reason)  # a server that connects no more has had enough
            raise AskingEndedError(reason)
        return self.sub

    def __exit__(self, *_: object) -> None:
        leave(self.sub)


def hear(sub: Run, dialogue: Dialogue[Heard], stop: threading.Event) -> Heard:
    """Plays a dialogue, and heeds a 421."""
    heard = sub.talk.run(dialogue)
    if getattr(heard, "code", 0) == 421:
        stop.set()
    return heard


def facts_of_run(run: Run, step: str) -> Facts:
    """The facts of a step of the run itself; none where it was not taken."""
    steps = [each for stage in run.recorder.stages for each in stage.steps]
    return next((each.facts for each in steps if each.step == step), {})


def mechanisms_of(run: Run, step: str) -> list[Json]:
    """The mechanisms that the answer to an EHLO of the run offered."""
    listed = facts_of_run(run, step).get("mechanisms")
    return list(listed) if isinstance(listed, Sequence) and not isinstance(listed, str) else []


def without_secret(_ref: SecretRef) -> Secret:
    """What a question about TLS is given instead of a way to the secrets."""
    raise RuntimeError("a question about TLS asked for a secret")


def _same_peer(run: Run) -> tuple[Peer, ...]:
    if run.profile.proxy is not None:
        return run.peers  # the proxy was connected to, and it is told the server again
    winner = run.race.winner if run.race else None
    return (winner,) if winner else run.peers[:1]


def _proxy_secret_alone(run: Run) -> Callable[[SecretRef], Secret]:
    """A way to the proxy's password, where there is one, and to no other secret."""

    def read(ref: SecretRef) -> Secret:
        if run.profile.proxy is not None and ref is run.profile.proxy.password:
            return run.read_secret(ref)
        return without_secret(ref)

    return read


def _ignore(_reason: str) -> None:
    pass
