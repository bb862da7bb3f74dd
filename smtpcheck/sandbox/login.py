"""AUTH as the server conducts it (RFC 4954): challenges, responses, a judgement."""

from __future__ import annotations

import base64
import binascii

from smtpcheck.model.transcript import Who
from smtpcheck.sandbox.channel import Channel
from smtpcheck.sandbox.envelope import RefusedError
from smtpcheck.sandbox.exchange import Login, MalformedResponseError
from smtpcheck.sandbox.house import House
from smtpcheck.sandbox.mechanisms import MECHANISMS
from smtpcheck.sandbox.voice import Voice

_HIDDEN = "<hidden>"
_TRIES = 3


class LoginDesk:
    """Takes the logins of one conversation."""

    def __init__(self, channel: Channel, house: House, voice: Voice) -> None:
        self._channel = channel
        self._house = house
        self._voice = voice
        self._refused = 0

    def log_in(self, rest: str) -> str:
        """Plays what `AUTH rest` asks for and returns the user, or an empty string for a login
        that was refused. Raises RefusedError when no credential was judged."""
        name, _, initial = rest.partition(" ")
        name = name.upper()
        if name not in MECHANISMS or name not in self._house.mechanisms:
            raise RefusedError("504 5.5.4 mechanism not available")
        if initial and not MECHANISMS[name].client_first:
            raise RefusedError("501 5.5.4 this mechanism begins with the server")
        self._voice.act("AUTH-COMMAND")
        refusal = self._house.override("AUTH-COMMAND", "")
        if refusal:
            raise RefusedError(refusal)
        try:
            return self._judge(self._exchange(name, initial))
        except MalformedResponseError as error:
            raise RefusedError(f"501 5.5.2 cannot read the response: {error}") from None

    def _exchange(self, name: str, initial: str) -> Login:
        channel = self._channel
        caller = self._house.caller(channel.certificate_user, channel.tls_unique)
        exchange = MECHANISMS[name].start(caller)
        try:
            challenge = next(exchange)
            if initial:
                challenge = exchange.send(b"" if initial == "=" else _decoded(initial))
            while True:
                challenge = exchange.send(self._ask(challenge))
        except StopIteration as ended:
            login: Login = ended.value
            return login

    def _ask(self, challenge: bytes) -> bytes:
        self._voice.reply(f"334 {base64.b64encode(challenge).decode()}")
        line = self._channel.read_line(self._house.limits.auth_line)
        self._voice.tell(Who.CLIENT, "*" if line == b"*" else _HIDDEN)
        if line == b"*":
            raise RefusedError("501 5.7.0 the login is cancelled")
        return _decoded(line.decode("ascii", "replace"))

    def _judge(self, login: Login) -> str:
        good = "235 2.7.0 Authentication successful"
        if not login.accepted:
            good = f"535 5.7.8 authentication failed: {login.why}"
        if self._voice.answer("AUTH", good, login.user):
            return login.user
        self._refused += 1
        if self._refused >= _TRIES:
            self._voice.reply(f"421 4.7.0 {self._house.name} too many refused logins")
            self._voice.leaving = True
        return ""


def masked(verb: str, line: str) -> str:
    """A command as it may be shown: without an initial response."""
    words = line.split(" ", 2)
    if verb == "AUTH" and len(words) == 3:
        return f"{words[0]} {words[1]} {_HIDDEN}"
    return line


def _decoded(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise MalformedResponseError("it is not base64") from None
