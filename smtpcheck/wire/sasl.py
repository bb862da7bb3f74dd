"""SASL over SMTP (RFC 4954), and the only place that reads the value of a Secret.

Each mechanism is a dialogue that makes exactly one try. What leaves it has two faces: the wire's,
and one that may be shown.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable, Generator
from dataclasses import field, replace
from typing import TYPE_CHECKING

from smtpcheck.model.jsonvalue import Facts
from smtpcheck.model.reply import Heard, Reply
from smtpcheck.model.secret import Secret, SecretLook
from smtpcheck.model.value import dataclass
from smtpcheck.wire.command import Dialogue, Say, command, hidden
from smtpcheck.wire.masking import encodings
from smtpcheck.wire.mechanisms import (
    MECHANISMS,
    Connection,
    Exchange,
    Mechanism,
    Responses,
    told_error,
)
from smtpcheck.wire.reply_parser import sound
from smtpcheck.wire.sasl_fault import ChallengeFaultError, EncodingFaultError
from smtpcheck.wire.scram import BINDING_ERRORS, final_among

if TYPE_CHECKING:
    from smtpcheck.model.token import Claims, KeptLogin

ROUNDS_LIMIT = 8
"""No mechanism here needs more than three; a server that asks for more plays a game."""
INITIAL_RESPONSE_LIMIT = 510
"""Octets of a command line without CRLF (RFC 4954 section 4)."""
_SHORT = 8


_APP_PASSWORD = re.compile(r"[a-zA-Z]{16}")
_ACCESS_KEY = re.compile(r"[A-Za-z0-9/+]{40}")
_SES_VERSIONS = (2, 3, 4)
"""First octet of an SES SMTP password, before the 32 octets of the signature."""


@dataclass(frozen=True, slots=True)
class Login:
    """How one try to log in went."""

    mechanism: str
    heard: Heard
    challenges: int = 0
    fault: str = ""
    """Where the exchange itself broke: `challenge-not-base64`, `challenge-malformed`,
    `too-many-challenges`, `too-many-iterations`, `early-reply`, `server-signature` (the server
    did not prove that it knows the password); the exchange was cancelled then."""
    broken_by: Heard | None = None
    """The reply at which it broke; `heard` is the answer to the cancelling."""
    facts: Facts = field(default_factory=dict)
    """What the mechanism showed, for `scram.*` (docs/facts.md)."""
    proved: bool = True
    """Whether anything left from which the server could judge the credential."""
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
        """Whether the server refused the command without looking at a credential: 500 to 504, or
        because of the channel binding before any proof had left."""
        heard = self.heard
        # After a fault the reply answers the `*` that broke it off, not the credential.
        if self.fault or not isinstance(heard, Reply) or not sound(heard):
            return False
        unbound = self.facts.get("server_error") in BINDING_ERRORS and not self.proved
        return (500 <= heard.code <= 504 and not self.challenges) or (heard.permanent and unbound)


@dataclass(frozen=True, slots=True)
class Credentials:
    """Who logs in, with what."""

    username: str
    secret: Secret | None = None
    """None for EXTERNAL, which needs none."""


_DIRECT = Connection()


def login(
    mechanism: str,
    who: Credentials,
    connection: Connection = _DIRECT,
    *,
    name_first: bool = False,
) -> Dialogue[Login]:
    """One try with one mechanism (RFC 4954 section 4). With `name_first` the user name of LOGIN
    goes as initial response, as a few servers want it. Raises EncodingFaultError."""
    password = who.secret.reveal() if who.secret is not None else ""
    _must_be_text(who.username, password)
    talk = Exchange(mechanism, who.username, password, connection)
    spoken = MECHANISMS[mechanism]
    responses = spoken.responses(talk)
    first = _next(responses)
    if name_first:
        first = _next(responses, b"")
    opening, given = _opening(spoken, first)
    (heard,) = yield (opening,)
    challenges, told = 0, b""
    while isinstance(heard, Reply) and heard.code == 334 and sound(heard):
        challenges += 1
        told = _decoded(heard, free=False) or b"" if spoken.takes_token else b""
        fault, response = "too-many-challenges", None
        if challenges <= ROUNDS_LIMIT:
            resend = first if not given else None
            fault, response = _answer(spoken, responses, heard, resend)
        if response is None:
            (end,) = yield (Say("AUTH", "*", b"*\r\n"),)
            return _ended(talk, end, challenges, fault, heard, given)
        given += 1
        (heard,) = yield (_response(talk, spoken, response),)
    fault = _final_fault(talk, spoken, responses, heard, given)
    done = _ended(talk, heard, challenges, fault, heard if fault else None, given)
    return replace(done, last_challenge=told)


def _answer(
    spoken: Mechanism, responses: Responses, heard: Reply, resend: bytes | None
) -> tuple[str, bytes | None]:
    """The response to a challenge; or None, and what is wrong with the challenge."""
    challenge = _decoded(heard, free=spoken.free_challenges)
    if challenge is None:
        return "challenge-not-base64", None
    if resend is not None:
        return "", resend
    try:
        return "too-many-challenges", _next(responses, challenge)
    except ChallengeFaultError as error:
        return str(error), None


def _final_fault(
    talk: Exchange, spoken: Mechanism, responses: Responses, heard: Heard, given: int
) -> str:
    """What is wrong with the reply that ended the exchange: a 235 must be due, and of a server
    that has proved itself where the mechanism asks for that."""
    if not isinstance(heard, Reply) or not spoken.proves_server:
        early = isinstance(heard, Reply) and heard.code == 235 and given < spoken.responses_needed
        return "early-reply" if early else ""
    final = final_among(heard.text.split())
    if heard.code != 235:
        told_error(final, talk)
        return ""
    if given < spoken.responses_needed:
        return "early-reply"
    if not talk.verified and final:
        try:
            _next(responses, final.encode())
        except ChallengeFaultError as error:
            return str(error)
    return "" if talk.verified else "server-signature"


def _ended(
    talk: Exchange, heard: Heard, challenges: int, fault: str, broken_by: Heard | None, given: int
) -> Login:
    proved = given >= MECHANISMS[talk.mechanism].responses_needed
    proved = proved and not (challenges == 1 and "server_error" in talk.facts)
    return Login(talk.mechanism, heard, challenges, fault, broken_by, talk.facts, proved)


def _must_be_text(username: str, password: str) -> None:
    """Before anything is said: a login that stops half-way has QUIT taken for its password."""
    for what, value in (("user name", username), ("password", password)):
        try:
            value.encode()
        except UnicodeEncodeError:  # its `object` holds the value
            raise EncodingFaultError(f"the {what} holds bytes that are not UTF-8 text") from None


def _next(responses: Responses, challenge: bytes | None = None) -> bytes | None:
    try:
        return next(responses) if challenge is None else responses.send(challenge)
    except StopIteration:
        return None


def _opening(spoken: Mechanism, first: bytes | None) -> tuple[Say, int]:
    """The AUTH command, with the initial response where there is one and it fits the line."""
    if first is not None:
        encoded = base64.b64encode(first) or b"="
        line = b"AUTH " + spoken.name.encode() + b" " + encoded
        if len(line) <= INITIAL_RESPONSE_LIMIT:
            if not spoken.secret:
                return command("AUTH", spoken.name, encoded.decode()), 1
            return hidden("AUTH", f"AUTH {spoken.name} <hidden>", line, _masks(encoded)), 1
    return command("AUTH", spoken.name), 0


def _response(talk: Exchange, spoken: Mechanism, response: bytes) -> Say:
    encoded = base64.b64encode(response)
    if not spoken.secret:
        return Say("AUTH", encoded.decode(), encoded + b"\r\n")
    masks = (*_masks(encoded), *talk.masks)
    return hidden("AUTH", f"<{spoken.name} response hidden>", encoded, masks)


def _masks(encoded: bytes) -> tuple[str, ...]:
    """What was sent, as a server may send it back; what is short or empty hides nothing."""
    return (encoded.decode(),) if len(encoded) > _SHORT else ()


def _decoded(reply: Reply, *, free: bool) -> bytes | None:
    """The challenge of a 334, or None where it is not base64."""
    text = reply.lines[-1].text.strip()
    try:
        return base64.b64decode(text.encode("ascii"), validate=True)
    except (ValueError, binascii.Error):
        return text.encode() if free else None


def plain_response(username: str, secret: Secret) -> bytes:
    """The message of PLAIN (RFC 4616), for a login by another protocol than SMTP."""
    return b"\0" + username.encode() + b"\0" + secret.reveal().encode()


def key_pass_phrase(secret: Secret) -> Callable[[], bytes]:
    """The pass phrase of a private key, in the form that the TLS library asks for."""
    return lambda: secret.reveal().encode()


def bare_token(given: Secret) -> tuple[Secret, str]:
    """`wire.token.bare_token` for a secret. Raises ValueError."""
    from smtpcheck.wire import token

    bare, off = token.bare_token(given.reveal())
    return Secret(bare), off


def token_claims(token: Secret) -> Claims:
    """What an access token says of itself; no signature is checked."""
    from smtpcheck.wire.token import claims_of

    return claims_of(token.reveal())


def for_issuer(secret: Secret) -> Callable[[], str]:
    """A client secret, a refresh token or a key, in the form that the OAuth library asks for."""
    return secret.reveal


def plain_text(secret: Secret) -> str:
    """A secret on its way to a place that the user named: the keyring, an exported file."""
    return secret.reveal()


def keyring_record(login: KeptLogin) -> str:
    """A login as the keyring keeps it."""
    from smtpcheck.wire.token import record_of

    refresh = login.refresh.reveal() if login.refresh is not None else ""
    return record_of(login, login.access.reveal(), refresh)


def password_shape(secret: Secret) -> str:
    """What is odd about a secret without saying what it is: `nul`, `blank-at-end`,
    `newline-at-end`, `non-ascii`, or nothing."""
    value = secret.reveal()
    if "\0" in value:
        return "nul"
    if value.endswith(("\n", "\r")):
        return "newline-at-end"
    if value != value.strip():
        return "blank-at-end"
    return "" if value.isascii() else "non-ascii"


def password_kind(secret: Secret) -> str:
    """What a secret may be, by its form alone: `app-password` (Google shows its 16 letters in
    groups of four), `sendgrid-key`, `ses-smtp-password` or `secret-access-key` (the AWS key that
    it is made from), or nothing of these."""
    value = secret.reveal().strip()
    if _APP_PASSWORD.fullmatch(value.replace(" ", "").replace("\xa0", "")):
        return "app-password"
    if value.startswith("SG."):
        return "sendgrid-key"
    if len(value) == 44 and _begins_like_ses(value):
        return "ses-smtp-password"
    return "secret-access-key" if _ACCESS_KEY.fullmatch(value) else ""


def _begins_like_ses(value: str) -> bool:
    """AWS, Obtaining SMTP credentials by converting existing AWS credentials: base64 of a version
    and a SHA-256 HMAC."""
    try:
        raw = base64.b64decode(value, validate=True)
    except ValueError:
        return False
    return len(raw) == 33 and raw[0] in _SES_VERSIONS


def look_at(secret: Secret) -> SecretLook:
    """Both words, of a secret that is there."""
    return SecretLook(password_shape(secret), password_kind(secret))


def forms_of(secret: Secret, username: str = "") -> tuple[str, ...]:
    """Every form by which this secret can be recognised in what a server sends back; with the
    user name, also the payloads that carry both."""
    value = secret.reveal().encode(errors="surrogateescape")
    forms = list(encodings(value))
    for shape in ("\0{0}\0{1}", "{0}\0{0}\0{1}"):
        payload = shape.format(username, secret.reveal()).encode(errors="surrogateescape")
        forms.append(base64.b64encode(payload).decode())
    return tuple(dict.fromkeys(forms))


def socks5_login(username: str, secret: Secret) -> bytes:
    """The message of RFC 1929 section 2. Raises EncodingFaultError where it cannot carry them."""
    fields = (("user name", username), ("password", secret.reveal()))
    message = b"\1"
    for what, value in fields:
        raw = _utf8(what, value)
        if not 1 <= len(raw) <= 255:
            raise EncodingFaultError(f"SOCKS 5 wants a {what} of 1 to 255 octets")
        message += bytes([len(raw)]) + raw
    return message


def basic_login(username: str, secret: Secret) -> Generator[bytes, bytes, None]:
    """The value of Proxy-Authorization (RFC 7617 section 2), once. Raises EncodingFaultError."""
    who, word = _utf8("user name", username), _utf8("password", secret.reveal())
    if b":" in who:
        raise EncodingFaultError("Basic cannot carry a colon in the user name")
    return _once(b"Basic " + base64.b64encode(who + b":" + word))


def _once(value: bytes) -> Generator[bytes, bytes, None]:
    yield value


def ntlm_login(
    username: str, domain: str, secret: Secret, host: str
) -> Generator[bytes, bytes, None]:
    """The two values of Proxy-Authorization for NTLM ([MS-NLMP], RFC 4559): the password itself
    does not leave. Needs pyspnego. Ends where the challenge is none."""
    from smtpcheck.wire.ntlm import ntlm

    who = f"{domain}\\{username}" if domain else username
    messages = ntlm(who, secret.reveal(), host, None, service="HTTP")
    challenge = yield b"NTLM " + base64.b64encode(next(messages))
    try:
        response = messages.send(challenge)
    except ValueError:
        return
    yield b"NTLM " + base64.b64encode(response)


def _utf8(what: str, value: str) -> bytes:
    try:
        return value.encode()
    except UnicodeEncodeError:  # its `object` holds the value
        raise EncodingFaultError(f"the {what} holds bytes that are not UTF-8 text") from None
