"""Envelope and message of a run, made for what a server offers. Nothing here speaks to one."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import field, replace
from datetime import datetime

from smtpcheck.model.jsonvalue import Json
from smtpcheck.model.message import Mailbox
from smtpcheck.model.plan import Plan
from smtpcheck.model.profile import Profile
from smtpcheck.model.value import dataclass
from smtpcheck.probe.identity import Identity, identity_of
from smtpcheck.probe.run import Sign
from smtpcheck.wire.address import envelope_address, needs_smtputf8
from smtpcheck.wire.charset import CharsetError
from smtpcheck.wire.compose import Letter, compose
from smtpcheck.wire.dsn import mail_parameters
from smtpcheck.wire.hello import Hello
from smtpcheck.wire.lines import canonical, changes
from smtpcheck.wire.mail import Envelope
from smtpcheck.wire.raw_message import changed_notes, look_at


class CannotPrepareError(Exception):
    """There is no message to send; `kind` as docs/facts.md lists it for send.prepare."""

    def __init__(self, kind: str, message: str, facts: dict[str, Json]) -> None:
        super().__init__(message)
        self.kind = kind
        self.facts = facts


@dataclass(frozen=True, slots=True)
class Outgoing:
    """What is to leave."""

    envelope: Envelope
    message: bytes = field(repr=False)
    """With CR LF line ends; empty where none is to be sent."""
    facts: dict[str, Json]
    notes: tuple[str, ...]
    again: Callable[[int], bytes] = field(repr=False)
    """The message once more, as the n-th of several: with a date and a Message-ID of its own."""


def outgoing(profile: Profile, plan: Plan, offered: Hello, sign: Sign | None = None) -> Outgoing:
    """Envelope and message for a server that offers this. Raises CannotPrepareError."""
    identity = identity_of(profile, plan)
    asked = plan.recipients or profile.test.to
    sender = identity.author.address
    # Whoever is named twice gets the message once.
    recipients = tuple(dict.fromkeys(sender if each == "self" else each for each in asked))
    deliver = plan.deliver and bool(recipients)
    facts: dict[str, Json] = {
        "sender": sender,
        "deliver": deliver,
        "reason": "" if deliver else _why_nothing(has_recipients=bool(recipients)),
    }
    if not sender:
        raise CannotPrepareError("no-sender", "no sender address: set sender.address", facts)
    made = _Maker(profile, plan, offered, sign, identity, recipients or (sender,), facts)
    return made.outgoing(deliver=deliver)


class _Maker:
    """Makes one message after the other for the same envelope."""

    def __init__(
        self,
        profile: Profile,
        plan: Plan,
        offered: Hello,
        sign: Sign | None,
        identity: Identity,
        recipients: tuple[str, ...],
        facts: dict[str, Json],
    ) -> None:
        self._profile, self._plan, self._offered = profile, plan, offered
        self._sign = sign
        self._facts = facts
        try:
            self._identity = _in_ascii(identity)
            self._recipients = tuple(dict.fromkeys(envelope_address(each) for each in recipients))
        except ValueError as error:
            raise self._fault("address", f"an address cannot be used: {error}") from None

    def outgoing(self, *, deliver: bool) -> Outgoing:
        """Everything for the first message."""
        identity = self._identity
        self._facts |= {
            "envelope_sender": identity.envelope_sender,
            "recipients": list(self._recipients),
            "reply_to": identity.reply_to.address,
            "handed_in_by": identity.handed_in_by,
        }
        addresses = (identity.envelope_sender, *self._recipients)
        composed = deliver and self._plan.message.raw is None
        self._must_take(*addresses, *(self._in_header() if composed else ()))
        message, notes = self._first() if deliver else (b"", ())
        parameters = self._parameters(message, addresses)
        missing = self._missing() if deliver else []
        self._facts |= {"size": len(message), "missing": list(missing)}
        limit = self._offered.size
        if limit and len(message) > limit:
            said = f"the message has {len(message)} bytes, the server takes {limit}"
            raise self._fault("too-large", said)
        dsn = self._plan.dsn if deliver and self._offered.offers("DSN") else None
        envelope = Envelope(identity.envelope_sender, self._recipients, parameters, dsn)
        return Outgoing(envelope, message, self._facts, (*identity.notes, *notes), self._message)

    def _in_header(self) -> tuple[str, ...]:
        identity = self._identity
        return (identity.author.address, identity.reply_to.address, identity.handed_in_by)

    def _first(self) -> tuple[bytes, tuple[str, ...]]:
        raw = self._plan.message.raw
        if raw is not None:
            return self._first_raw(raw)
        message = self._message(1)
        if not _head(message).isascii() and not self._offered.offers("SMTPUTF8"):
            said = "an address of the header is not ASCII, and the server does not offer SMTPUTF8"
            raise self._fault("smtputf8-missing", said)
        return message, ()

    def _first_raw(self, raw: bytes) -> tuple[bytes, tuple[str, ...]]:
        look = look_at(canonical(raw))
        self._facts |= {
            "message_id": look.message_id,
            "raw": True,
            "lacks": list(look.missing),
            "changed": {**changes(raw)},
        }
        if not raw.isascii() and not self._offered.offers("8BITMIME"):
            said = "the raw message is not ASCII, and the server does not offer 8BITMIME"
            raise self._fault("eightbit-missing", said)
        return self._message(1), (*look.notes, *changed_notes(raw))

    def _message(self, number: int) -> bytes:
        spec = self._plan.message
        if spec.raw is not None:
            raw = canonical(spec.raw)
            return raw if look_at(raw).signed else self._signed(raw)
        letter = self._letter(number)
        try:
            made = compose(replace(spec, from_address="", reply_to="", acting=None), letter)
        except (ValueError, LookupError) as error:
            kind = "charset" if isinstance(error, CharsetError | LookupError) else "message"
            raise self._fault(kind, f"the message cannot be composed: {error}") from None
        if number == 1:
            files = spec.attachments
            given = {name.lower(): text for name, text in spec.headers}
            self._facts |= {
                "message_id": given.get("message-id", letter.message_id),
                "charset": letter.charset,
                "encodings": list(made.encodings),
                "attachments": [
                    {"name": each.name, "type": each.type, "size": len(each.content)}
                    for each in files
                ],
            }
        return self._signed(made.message)

    def _letter(self, number: int) -> Letter:
        profile, plan, identity = self._profile, self._plan, self._identity
        domain = identity.author.address.rpartition("@")[2]
        return Letter(
            sender=identity.author.address,
            sender_name=identity.author.name,
            recipients=self._recipients,
            reply_to=identity.reply_to.address,
            reply_to_name=identity.reply_to.name,
            handed_in_by=identity.handed_in_by,
            message_id=f"<{os.urandom(12).hex()}.smtpcheck@{domain}>",
            at=datetime.now().astimezone(),
            server=f"{profile.server.host or profile.server.socket}:{profile.port}",
            charset=profile.test.charset,
            # On its way a message may be put into 7 bits, which breaks a signature of 8-bit text
            # (RFC 6376 section 5.3).
            eight_bit=self._sign is None and self._offered.offers("8BITMIME"),
            turn=f"{number} of {plan.count}" if plan.count > 1 else "",
        )

    def _signed(self, message: bytes) -> bytes:
        dkim = self._profile.dkim
        if self._sign is None or dkim is None:
            return message
        try:
            signed = self._sign(message)
        except ValueError as error:
            raise self._fault("message", f"the message cannot be signed: {error}") from None
        self._facts["signature"] = {"domain": dkim.domain, "selector": dkim.selector}
        return signed

    def _must_take(self, *addresses: str) -> None:
        foreign = next((each for each in addresses if needs_smtputf8(each)), None)
        if foreign is not None and not self._offered.offers("SMTPUTF8"):
            said = f"{foreign} is not ASCII, and the server does not offer SMTPUTF8"
            raise self._fault("smtputf8-missing", said)

    def _parameters(self, message: bytes, addresses: tuple[str, ...]) -> tuple[str, ...]:
        """Of MAIL; each only where the server offers its extension."""
        offers = self._offered.offers
        eight_bit = not message.isascii() and offers("8BITMIME")
        utf8 = any(map(needs_smtputf8, addresses)) or _is_utf8(_head(message))
        dsn = mail_parameters(self._plan.dsn) if message and offers("DSN") else ()
        return (
            *((f"SIZE={len(message)}",) if message and offers("SIZE") else ()),
            *(("BODY=8BITMIME",) if eight_bit else ()),
            *(("SMTPUTF8",) if utf8 and offers("SMTPUTF8") else ()),
            *dsn,
        )

    def _missing(self) -> list[str]:
        """The extensions that were asked for and are not offered."""
        asked = {"DSN": self._plan.dsn.wanted, "CHUNKING": self._plan.bdat}
        return [name for name, on in asked.items() if on and not self._offered.offers(name)]

    def _fault(self, kind: str, said: str) -> CannotPrepareError:
        return CannotPrepareError(kind, said, self._facts)


def _in_ascii(identity: Identity) -> Identity:
    """With domains in ASCII form, which every server and every header can carry."""
    author, reply_to = identity.author, identity.reply_to
    return Identity(
        Mailbox(envelope_address(author.address), author.name),
        envelope_address(identity.handed_in_by),
        Mailbox(envelope_address(reply_to.address), reply_to.name),
        envelope_address(identity.envelope_sender),
        identity.notes,
    )


def _head(message: bytes) -> bytes:
    return message.partition(b"\r\n\r\n")[0]


def _is_utf8(head: bytes) -> bool:
    """Whether a header is what SMTPUTF8 is for; octets of another charset are not (RFC 6532)."""
    try:
        head.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return not head.isascii()


def _why_nothing(*, has_recipients: bool) -> str:
    if has_recipients:
        return "only the envelope was to be tried"
    return "no recipient is set (test.to, --to), so the envelope was tried to the sender and reset"
