"""Drives a dialogue over a link: says, listens, writes down, and lets no secret out unguarded."""

from __future__ import annotations

from dataclasses import replace
from typing import TypeVar

from smtpcheck.model.jsonvalue import Json
from smtpcheck.model.reply import Defect, Heard, Reply, Silence, SilenceKind
from smtpcheck.probe.deadline import Deadline
from smtpcheck.probe.link import Link, Trust
from smtpcheck.probe.recorder import Recorder
from smtpcheck.wire.command import Dialogue, Say
from smtpcheck.wire.reply_parser import sound

T = TypeVar("T")


class Session:
    """An SMTP conversation over one link."""

    def __init__(
        self, link: Link, recorder: Recorder, deadline: Deadline, *, timeout: float
    ) -> None:
        self.link = link
        self.secrets_allowed = False
        """The user said in so many words that a login may leave without verified TLS."""
        self.own_name = ""
        """What this end is called by itself, once it was found out."""
        self._recorder = recorder
        self._deadline = deadline
        self._timeout = timeout
        self._heard: list[tuple[Heard, int]] = []

    def run(
        self, dialogue: Dialogue[T], *, timeout: float | None = None, following: float | None = None
    ) -> T:
        """Plays the dialogue to its end and returns its result. Each reply may take `timeout`
        seconds, those behind the first of a pipelined group `following` where that is less; all
        within the deadline of the run."""
        limit = self._timeout if timeout is None else timeout
        after = limit if following is None else min(limit, following)
        try:
            says = next(dialogue)
            while True:
                says = dialogue.send(self._exchange(says, limit, after))
        except StopIteration as stop:
            result: T = stop.value
            return result

    def event_of(self, heard: Heard) -> int:
        """The number of the transcript event at which this was heard."""
        return next((number for each, number in self._heard if each is heard), 0)

    def facts(self, heard: Heard, verb: str) -> dict[str, Json]:
        """`reply.*` or `silence.*`, as docs/facts.md names them."""
        facts = heard_facts(heard, verb, self.event_of(heard))
        if isinstance(heard, Silence) and heard.kind is SilenceKind.TLS:
            facts["error"] = self.link.tls_error()
        return facts

    def part(self) -> None:
        """Says QUIT without waiting for the answer, where somebody is still there to hear it."""
        if self.link.lost is None:
            self._recorder.client("QUIT")
            self.link.close(b"QUIT\r\n")
        self.link.close()

    def _exchange(self, says: tuple[Say, ...], limit: float, after: float) -> tuple[Heard, ...]:
        spoken = [say for say in says if say.wire]
        left = len(says)
        if spoken:
            early = self.link.early()
            if early is not None:
                unasked = Reply(early.lines, early.defects | {Defect.UNSOLICITED})
                self._write(unasked)
                return (unasked,) * len(says)
            left = self._say(spoken, limit)
        answers: list[Heard] = []
        for n in range(len(says)):
            begun = self._recorder.now_ms
            heard = self.link.hear(self._wait(after if n else limit))
            if isinstance(heard, Silence):
                ran_out = heard.kind is SilenceKind.TIMEOUT and self._deadline.expired
                heard = replace(
                    heard,
                    kind=SilenceKind.DEADLINE if ran_out else heard.kind,
                    waited_ms=round(self._recorder.now_ms - begun, 3),
                    # What is only listened for belongs to what was said before it.
                    unsent=sum(bool(say.wire) for say in says[: n + 1]) > left,
                )
            self._write(heard)
            answers.append(heard)
            if isinstance(heard, Silence):
                answers += [heard] * (len(says) - len(answers))
                break
        return tuple(answers)

    def _say(self, says: list[Say], limit: float) -> int:
        """How many of them left whole."""
        guarded = self.link.trust is Trust.VERIFIED or self.secrets_allowed
        if any(say.secret for say in says) and not guarded:
            raise RuntimeError("a secret was about to leave without verified TLS")
        if self.link.lost is not None:
            return 0
        for say in says:
            self._recorder.masker.add(*say.masks)
            # What hides a secret is made of a verb, a mechanism and the word that stands for it.
            self._recorder.client(say.shown, say.shown if say.secret else say.verb)
        first = says[0]

        def told(gone: int, total: int) -> None:
            self._recorder.sending(first.before + gone, first.total or total)

        return self.link.send([say.wire for say in says], lambda: self._wait(limit), told)

    def _write(self, heard: Heard) -> None:
        self._heard.append((heard, self._recorder.server(heard)))

    def _wait(self, limit: float) -> Deadline:
        return self._deadline.within(limit)


def heard_facts(heard: Heard, verb: str, event: int) -> dict[str, Json]:
    """What was heard, as facts of a step."""
    if isinstance(heard, Reply):
        return {
            "reply": {
                "code": heard.code,
                "enhanced": heard.enhanced,
                "text": heard.text,
                "lines": [line.shown for line in heard.lines],
                "command": verb,
                "defects": sorted(heard.defects),
                "event": event,
            }
        }
    return {
        "silence": {
            "kind": heard.kind,
            "command": verb,
            "partial": heard.partial.decode("utf-8", "backslashreplace"),
            "waited_ms": heard.waited_ms,
            "detail": heard.detail,
            "event": event,
        }
    }


def words(heard: Heard) -> str:
    """What was heard, in a few words for a summary."""
    if isinstance(heard, Reply):
        said = " ".join(part for part in (str(heard.code), heard.enhanced, heard.text) if part)
        if sound(heard):
            return said
        if Defect.UNSOLICITED in heard.defects:
            return f"a reply that nothing was asked for: {said}"
        return f"not an SMTP reply: {heard.text}" if not heard.code else f"a broken reply: {said}"
    took = f" after {heard.waited_ms / 1000:.1f} s" if heard.waited_ms else ""
    return {
        SilenceKind.TIMEOUT: f"no reply{took}",
        SilenceKind.DEADLINE: f"no reply{took}, and the time of the whole run is over",
        SilenceKind.CLOSED: "the server closed the connection",
        SilenceKind.RESET: "the connection was reset",
        SilenceKind.TLS: f"TLS broke off: {heard.detail}",
    }[heard.kind]
