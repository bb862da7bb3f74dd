"""How the sandbox speaks: good replies, and what a scenario puts in their place."""

from __future__ import annotations

from smtpcheck.model.transcript import Who
from smtpcheck.sandbox.channel import Channel, GoneError
from smtpcheck.sandbox.house import House
from smtpcheck.sandbox.received import Talk


class Voice:
    """The server's words in one conversation."""

    def __init__(self, channel: Channel, house: House, number: int) -> None:
        self.leaving = False
        """Whether the connection ends behind the last reply."""
        self._channel = channel
        self._house = house
        self._number = number
        self._mistakes = 0

    def reply(self, text: str) -> None:
        """Says this; several lines are separated by line feeds."""
        for line in text.split("\n"):
            self.tell(Who.SERVER, line)
            self._channel.reply(line.encode() + b"\r\n")

    def refuse(self, text: str) -> None:
        """Says no to a command that is wrong, and leaves when that was once too often."""
        self._mistakes += 1
        if self._mistakes > self._house.limits.mistakes:
            text, self.leaving = f"421 4.7.0 {self._house.name} too many errors", True
        self.reply(text)

    def act(self, point: str) -> None:
        """Plays what the scenario does here instead of an answer. Raises GoneError."""
        scenario = self._house.scenario
        if point in scenario.delay:
            self._channel.flush()
            self._house.stopping.wait(scenario.delay[point])
        if point in scenario.resets:
            self._channel.flush()
            self._channel.reset()
            raise GoneError(f"the scenario resets the connection at {point}")
        if point in scenario.closes:
            raise GoneError(f"the scenario closes the connection at {point}")
        if point in scenario.silent:
            self._channel.flush()
            self.tell(Who.NOTE, f"the scenario is silent at {point}")
            self._channel.wait_until_gone()

    def answer(self, point: str, good: str, key: str = "") -> bool:
        """Gives the good reply or what the scenario puts in its place; whether it says yes.
        `key` is the envelope that `Scenario.times` counts. Raises GoneError."""
        self.act(point)
        text = self._house.override(point, key) or good
        self.reply(text)
        if point in self._house.scenario.closes_after or text.startswith("421"):
            self.leaving = True
        return text[:1] in ("2", "3")

    def tell(self, who: Who, text: str) -> None:
        """Shows a line to whoever watches."""
        self._house.tell(Talk(self._number, who, text))
