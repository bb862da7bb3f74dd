"""The SASL mechanisms, each as a generator of responses that is told the challenges.

They are handed the password as a plain value by `wire/sasl.py`, for one try.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Generator

from smtpcheck.model.jsonvalue import Json
from smtpcheck.model.value import dataclass
from smtpcheck.wire.channel_binding import ChannelBinding
from smtpcheck.wire.sasl_fault import ChallengeFaultError, EncodingFaultError
from smtpcheck.wire.scram import HASHES, PLUS, Scram, server_error


@dataclass(frozen=True, slots=True, kw_only=True)
class Connection:
    """What the connection gives to a login."""

    host: str = ""
    binding: ChannelBinding | None = None
    """For the -PLUS mechanisms, and for NTLM."""
    bindable: bool = False
    """This side could bind the login to the connection, and the server does not offer to."""
    nonce: str = ""
    """The client's part of a nonce; random unless given (tests)."""


class Exchange:
    """One try while it goes on: what goes in, and what the mechanism tells besides."""

    def __init__(
        self, mechanism: str, username: str, password: str, connection: Connection
    ) -> None:
        self.mechanism = mechanism
        self.username = username
        self.password = password
        """Or the token; empty where the mechanism needs neither."""
        self.connection = connection
        self.facts: dict[str, Json] = {}
        self.masks: list[str] = []
        """What the next response makes it necessary to hide."""
        self.verified = False
        """The server has proved that it knows the password."""


# A mechanism is told each challenge, decoded, and yields each response. The first `send(None)`
# gives the initial response, or None where the server has to speak first.
Responses = Generator[bytes | None, bytes, None]


def _plain(talk: Exchange) -> Responses:
    """RFC 4616: authorization identity empty, NUL, user name, NUL, password."""
    username, password = talk.username.encode(), talk.password.encode()
    if b"\0" in username or b"\0" in password:
        raise EncodingFaultError("PLAIN cannot carry a NUL in the user name or the password")
    yield b"\0" + username + b"\0" + password


def _login(talk: Exchange) -> Responses:
    """The mechanism LOGIN (draft-murchison-sasl-login): prompts are told apart by position,
    because servers word them as they like."""
    yield None
    yield talk.username.encode()
    yield talk.password.encode()


def _cram_md5(talk: Exchange) -> Responses:
    """RFC 2195: user name, blank, HMAC-MD5 of the challenge in hex."""
    import hmac

    challenge = yield None
    digest = hmac.new(talk.password.encode(), challenge, "md5").hexdigest()
    talk.masks.append(digest)
    yield f"{talk.username} {digest}".encode()


def _scram(talk: Exchange) -> Responses:
    """RFC 5802. The server's proof comes as one more challenge, which an empty response answers,
    or behind the 235."""
    connection, expected = talk.connection, list[str]()
    scram = Scram(
        talk.mechanism,
        talk.username,
        talk.password,
        connection.binding,
        connection.bindable,
        nonce=connection.nonce,
    )
    messages = scram.messages(talk.facts, expected)
    try:
        opening = next(messages)
    except ValueError as error:
        raise EncodingFaultError(str(error)) from None
    challenge = _text((yield opening.encode()))
    if not told_error(challenge, talk):
        response = messages.send(challenge)
        # With the salt it would let anybody try passwords who reads a transcript.
        signature = base64.b64encode(expected[0].encode()).decode()
        talk.masks += [expected[0][2:], signature, response.rpartition("p=")[2]]
        challenge = _text((yield response.encode()))
        if not told_error(challenge, talk):
            try:
                messages.send(challenge)
            except StopIteration:
                talk.verified = True
    yield b""


def told_error(message: str, talk: Exchange) -> bool:
    """Whether a message of SCRAM is the server's error; it is noted then."""
    told = server_error(message)
    if told:
        talk.facts["server_error"] = told
    return bool(told)


def _ntlm(talk: Exchange) -> Responses:
    """[MS-SMTPNTLM]. A server that takes no initial response says first that it is ready, in
    words or with an empty challenge."""
    from smtpcheck.wire.ntlm import SIGNATURE, ntlm

    connection = talk.connection
    messages = ntlm(talk.username, talk.password, connection.host, connection.binding)
    try:
        opening = next(messages)
    except ValueError as error:
        raise EncodingFaultError(str(error)) from None
    challenge = yield opening
    if not challenge.startswith(SIGNATURE):
        challenge = yield opening
    try:
        yield messages.send(challenge)
    except ValueError:
        raise ChallengeFaultError("challenge-malformed") from None


def _external(talk: Exchange) -> Responses:
    """RFC 4422 appendix A: the authorization identity, or nothing for the identity that the
    client certificate shows."""
    yield talk.username.encode()
    yield talk.username.encode()


def _xoauth2(talk: Exchange) -> Responses:
    """Google's and Microsoft's XOAUTH2; the empty response asks for the final reply."""
    yield f"user={talk.username}\x01auth=Bearer {talk.password}\x01\x01".encode()
    yield b""


def _oauthbearer(talk: Exchange) -> Responses:
    """RFC 7628 section 3.1; the dummy response of section 3.2.3 asks for the final reply."""
    user = talk.username.replace("=", "=3D").replace(",", "=2C")
    yield f"n,a={user},\x01auth=Bearer {talk.password}\x01\x01".encode()
    yield b"\x01"


def _text(challenge: bytes) -> str:
    """A challenge of a mechanism that speaks UTF-8."""
    try:
        return challenge.decode()
    except UnicodeDecodeError:
        raise ChallengeFaultError("challenge-malformed") from None


@dataclass(frozen=True, slots=True)
class Mechanism:
    """A SASL mechanism as this program speaks it."""

    name: str
    responses: Callable[[Exchange], Responses]
    responses_needed: int
    """How many responses the server must have taken before its 235 means anything."""
    free_challenges: bool = False
    """Challenges are prompts for people; what they say, and in which encoding, does not matter."""
    proves_server: bool = False
    """Only a server that proved to know the password has accepted the login."""
    secret: bool = True
    """Whether its responses must not be shown."""
    takes_token: bool = False


MECHANISMS = {
    each.name: each
    for each in (
        Mechanism("PLAIN", _plain, 1),
        Mechanism("LOGIN", _login, 2, free_challenges=True),
        Mechanism("CRAM-MD5", _cram_md5, 1),
        *(
            Mechanism(name + plus, _scram, 2, proves_server=True)
            for name in HASHES
            for plus in ("", PLUS)
        ),
        Mechanism("NTLM", _ntlm, 2, free_challenges=True),
        Mechanism("EXTERNAL", _external, 1, secret=False),
        Mechanism("XOAUTH2", _xoauth2, 1, takes_token=True),
        Mechanism("OAUTHBEARER", _oauthbearer, 1, takes_token=True),
    )
}
