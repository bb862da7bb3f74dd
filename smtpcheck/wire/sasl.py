"""SASL over SMTP (RFC 4954), and the only place that reads the value of a Secret.

Each mechanism is a dialogue that makes exactly one try. What leaves it has two faces: the wire's,
and one that may be shown.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Generator
from typing import TYPE_CHECKING

from smtpcheck.model.reply import Heard, Reply
from smtpcheck.model.secret import Secret
from smtpcheck.model.value import dataclass
from smtpcheck.wire.command import Dialogue, Say, command, hidden
from smtpcheck.wire.masking import encodings
from smtpcheck.wire.reply_parser import sound

if TYPE_CHECKING:
    from smtpcheck.model.token import Claims, KeptLogin

ROUNDS_LIMIT = 8
"""No mechanism here needs more than three; a server that asks for more plays a game."""
INITIAL_RESPONSE_LIMIT = 510
"""Octets of a command line without CRLF (RFC 4954 section 4)."""


@dataclass(frozen=True, slots=True)
class Login:
    """How one try to log in went."""

    mechanism: str
    heard: Heard
    challenges: int = 0
    fault: str = ""
    """Where the exchange itself broke: `challenge-not-base64`, `challenge-malformed`,
    `too-many-challenges`, `early-reply`; the exchange was cancelled then."""
    broken_by: Heard | None = None
    """The reply at which it broke; `heard` is the answer to the cancelling."""
    last_challenge: bytes = b""
    """The last challenge of a mechanism that takes tokens: why the token was refused."""

    @property
    def accepted(self) -> bool:
        """Whether the server said 235, and said it when it was due."""
        heard = self.heard
        return not self.fault and isinstance(heard, Reply) and heard.code == 235 and sound(heard)

    @property
    def refused(self) -> bool:
        """Whether the server judged the credential and refused it for good."""
        heard = self.heard
        judged = isinstance(heard, Reply) and sound(heard) and heard.permanent
        return judged and not self.unjudged

    @property
    def unjudged(self) -> bool:
        """Whether the server refused the command without looking at a credential: 500 to 504."""
        heard = self.heard
        # After a fault the reply answers the `*` that broke it off, not the credential.
        refused = isinstance(heard, Reply) and sound(heard) and 500 <= heard.code <= 504
        return refused and not self.fault and not self.challenges


class EncodingFaultError(Exception):
    """The user name or the secret cannot be put into this mechanism. Says which, never shows it."""


@dataclass(frozen=True, slots=True)
class Credentials:
    """Who logs in, with what."""

    username: str
    secret: Secret


# A mechanism is told each challenge, decoded, and yields each response. The first `send(None)`
# gives the initial response, or None where the server has to speak first.
Responses = Generator[bytes | None, bytes, None]


def _plain(who: Credentials) -> Responses:
    """RFC 4616: authorization identity empty, NUL, user name, NUL, password."""
    username, password = who.username.encode(), who.secret.reveal().encode()
    if b"\0" in username or b"\0" in password:
        raise EncodingFaultError("PLAIN cannot carry a NUL in the user name or the password")
    yield b"\0" + username + b"\0" + password


def _login(who: Credentials) -> Responses:
    """The mechanism LOGIN (draft-murchison-sasl-login): prompts are told apart by position,
    because servers word them as they like."""
    yield None
    yield who.username.encode()
    yield who.secret.reveal().encode()


def _cram_md5(who: Credentials) -> Responses:
    """RFC 2195: user name, blank, HMAC-MD5 of the challenge in hex."""
    import hmac

    challenge = yield None
    digest = hmac.new(who.secret.reveal().encode(), challenge, "md5").hexdigest()
    yield f"{who.username} {digest}".encode()


def _xoauth2(who: Credentials) -> Responses:
    """Google's and Microsoft's XOAUTH2; the empty response asks for the final reply."""
    yield f"user={who.username}\x01auth=Bearer {who.secret.reveal()}\x01\x01".encode()
    yield b""


def _oauthbearer(who: Credentials) -> Responses:
    """RFC 7628 section 3.1; the dummy response of section 3.2.3 asks for the final reply."""
    user = who.username.replace("=", "=3D").replace(",", "=2C")
    yield f"n,a={user},\x01auth=Bearer {who.secret.reveal()}\x01\x01".encode()
    yield b"\x01"


@dataclass(frozen=True, slots=True)
class Mechanism:
    """A SASL mechanism as this program speaks it."""

    name: str
    responses: Callable[[Credentials], Responses]
    responses_needed: int
    """How many responses the server must have taken before its 235 means anything."""
    takes_token: bool = False
    free_challenges: bool = False
    """Challenges are prompts for people; what they say, and in which encoding, does not matter."""


MECHANISMS = {
    each.name: each
    for each in (
        Mechanism("PLAIN", _plain, 1),
        Mechanism("LOGIN", _login, 2, free_challenges=True),
        Mechanism("CRAM-MD5", _cram_md5, 1),
        Mechanism("XOAUTH2", _xoauth2, 1, takes_token=True),
        Mechanism("OAUTHBEARER", _oauthbearer, 1, takes_token=True),
    )
}
AUTO_VERIFIED = ("PLAIN", "LOGIN", "CRAM-MD5")
"""What `auto` prefers inside verified TLS; a password is never used as a token."""
AUTO_INSECURE = ("CRAM-MD5", "PLAIN", "LOGIN")
"""What `auto` prefers where others may listen: the mechanism that does not show the password."""


def choose(method: str, offered: tuple[str, ...], *, verified: bool) -> str | None:
    """The mechanism to use, in upper case, or None where nothing fits.

    A method that is set is used where it is offered; `auto` takes the first of its order.
    """
    if method != "auto":
        return method.upper() if method.upper() in offered else None
    order = AUTO_VERIFIED if verified else AUTO_INSECURE
    return next((name for name in order if name in offered), None)


def login(mechanism: str, who: Credentials) -> Dialogue[Login]:
    """One try with one mechanism (RFC 4954 section 4). Raises EncodingFaultError."""
    _must_be_text(who)
    spoken = MECHANISMS[mechanism]
    responses = spoken.responses(who)
    first = _next(responses)
    opening, given = _opening(mechanism, first)
    (heard,) = yield (opening,)
    challenges, last = 0, b""
    while isinstance(heard, Reply) and heard.code == 334 and sound(heard):
        challenges += 1
        if challenges > ROUNDS_LIMIT:
            return (yield from _cancel(mechanism, challenges, "too-many-challenges", heard))
        challenge = _decoded(heard, free=spoken.free_challenges)
        if challenge is None:
            return (yield from _cancel(mechanism, challenges, "challenge-not-base64", heard))
        if not given and first is not None:
            response: bytes | None = first
        else:
            response = _next(responses, challenge)
        if response is None:
            return (yield from _cancel(mechanism, challenges, "too-many-challenges", heard))
        given += 1
        last = challenge if spoken.takes_token else b""
        (heard,) = yield (_response(mechanism, response),)
    early = isinstance(heard, Reply) and heard.code == 235 and given < spoken.responses_needed
    if early:
        return Login(mechanism, heard, challenges, "early-reply", heard)
    return Login(mechanism, heard, challenges, last_challenge=last)


def _must_be_text(who: Credentials) -> None:
    """Before anything is said: a login that stops half-way has QUIT taken for its password."""
    for what, value in (("user name", who.username), ("password", who.secret.reveal())):
        try:
            value.encode()
        except UnicodeEncodeError:  # its `object` holds the value
            raise EncodingFaultError(f"the {what} holds bytes that are not UTF-8 text") from None


def _next(responses: Responses, challenge: bytes | None = None) -> bytes | None:
    try:
        return next(responses) if challenge is None else responses.send(challenge)
    except StopIteration:
        return None


def _opening(mechanism: str, first: bytes | None) -> tuple[Say, int]:
    """The AUTH command, with the initial response where there is one and it fits the line."""
    if first is not None:
        line = b"AUTH " + mechanism.encode() + b" " + (base64.b64encode(first) or b"=")
        if len(line) <= INITIAL_RESPONSE_LIMIT:
            return hidden("AUTH", f"AUTH {mechanism} <hidden>", line), 1
    return command("AUTH", mechanism), 0


def _response(mechanism: str, response: bytes) -> Say:
    return hidden("AUTH", f"<{mechanism} response hidden>", base64.b64encode(response))


def _cancel(mechanism: str, challenges: int, fault: str, broken_by: Heard) -> Dialogue[Login]:
    (heard,) = yield (Say("AUTH", "*", b"*\r\n"),)
    return Login(mechanism, heard, challenges, fault, broken_by)


def _decoded(reply: Reply, *, free: bool) -> bytes | None:
    """The challenge of a 334, or None where it is not base64."""
    text = reply.lines[-1].text.strip()
    try:
        return base64.b64decode(text.encode("ascii"), validate=True)
    except (ValueError, binascii.Error):
        return text.encode() if free else None


def key_pass_phrase(secret: Secret) -> Callable[[], bytes]:
    """The pass phrase of a private key, in the form that the TLS library asks for."""
    return lambda: secret.reveal().encode()


def token_claims(token: Secret) -> Claims:
    """What an access token says of itself; no signature is checked."""
    from smtpcheck.wire.token import claims_of

    return claims_of(token.reveal())


def for_issuer(secret: Secret) -> Callable[[], str]:
    """A client secret, a refresh token or a key, in the form that the OAuth library asks for."""
    return secret.reveal


def keyring_record(login: KeptLogin) -> str:
    """A login as the keyring keeps it."""
    from smtpcheck.wire.token import record_of

    refresh = login.refresh.reveal() if login.refresh is not None else ""
    return record_of(login, login.access.reveal(), refresh)


def password_shape(secret: Secret) -> str:
    """What is odd about a secret without saying what it is: `blank-at-end`, `newline-at-end`,
    `non-ascii`, or nothing."""
    value = secret.reveal()
    if value.endswith(("\n", "\r")):
        return "newline-at-end"
    if value != value.strip():
        return "blank-at-end"
    return "" if value.isascii() else "non-ascii"


def forms_of(secret: Secret, username: str = "") -> tuple[str, ...]:
    """Every form by which this secret can be recognised in what a server sends back; with the
    user name, also the payloads that carry both."""
    value = secret.reveal().encode(errors="surrogateescape")
    forms = list(encodings(value))
    for shape in ("\0{0}\0{1}", "{0}\0{0}\0{1}"):
        payload = shape.format(username, secret.reveal()).encode(errors="surrogateescape")
        forms.append(base64.b64encode(payload).decode())
    return tuple(dict.fromkeys(forms))
