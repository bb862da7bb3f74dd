"""TLS as bytes in, bytes out (`ssl.MemoryBIO`): a handshake that tells all it showed."""

from __future__ import annotations

import contextlib
import ssl
from datetime import datetime
from typing import Literal

from smtpcheck.model.certificate import Certificate, CertificateProblem
from smtpcheck.model.certificate import CertificateProblemKind as Kind
from smtpcheck.model.jsonvalue import Json
from smtpcheck.model.value import dataclass
from smtpcheck.wire.certificate_names import reference_name
from smtpcheck.wire.certificate_problems import (
    Examined,
    Findings,
    find_problems,
    find_worries,
    wrong_fingerprint,
)
from smtpcheck.wire.certificates import built_chain, presented_chain
from smtpcheck.wire.channel_binding import ChannelBinding, binding_of
from smtpcheck.wire.session_ticket import early_data_of
from smtpcheck.wire.tls_context import TlsContext
from smtpcheck.wire.tls_failure import (
    SHOWN,
    Progress,
    TlsFailure,
    begins_record,
    classify,
    ended,
    local,
    not_tls,
    untrusted,
)

State = Literal["handshaking", "open", "failed", "closed"]
_CHUNK = 65_536
_SERVER_HELLO, _NEW_SESSION_TICKET, _CERTIFICATE_REQUEST = 2, 4, 13
_VERSIONS = {
    0x0300: "SSLv3",
    0x0301: "TLSv1",
    0x0302: "TLSv1.1",
    0x0303: "TLSv1.2",
    0x0304: "TLSv1.3",
}


@dataclass(frozen=True, slots=True)
class Step:
    """What became of some bytes of the server."""

    outgoing: bytes
    """To be sent, also when the session has failed: the alert that tells the server why."""
    plain: bytes
    """What the server said inside TLS."""
    state: State


class TlsSession:
    """A client's side of one TLS connection. `host` is the name for SNI and verification; an
    address is sent in no SNI and must be a subjectAltName itself. `now` is in UTC. `resume` is a
    session of the same context that is to be taken up again."""

    def __init__(
        self,
        context: TlsContext,
        host: str,
        *,
        now: datetime,
        resume: ssl.SSLSession | None = None,
    ) -> None:
        self._context = context
        self._name = reference_name(host)
        self._now = now
        self._incoming, self._outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self._first = b""
        self._speaks_tls = False
        self._answered = False
        self._chosen = ""
        self._requested = False
        self._version = ""
        self._trusted = False
        self._failure: TlsFailure | None = None
        self._findings = Findings((), ())
        self._waived: tuple[CertificateProblem, ...] = ()
        self._state: State = "handshaking"
        self._tls: ssl.SSLObject | None = None
        self.early_data: int | None = None
        """Octets that a ticket of TLS 1.3 allows before the next handshake is done (RFC 8446
        section 4.2.10); None where no ticket has come."""
        try:
            self._tls = context.open(
                self._incoming, self._outgoing, self._name, self._observe, resume
            )
        except ValueError as error:  # UnicodeError too: no name, or one that no DNS name can be
            words = f"{self._name} cannot be verified in TLS: {error}" if self._name else str(error)
            self._fail(local(words))

    @property
    def state(self) -> State:
        """How the session stands."""
        return self._state

    @property
    def verified(self) -> bool:
        """Whether the handshake is done and the server proved to be the wanted one: by a trusted
        chain and its name, or by the pinned fingerprint."""
        return self._trusted

    @property
    def failure(self) -> str:
        """Why the session failed, in words; empty when it has not."""
        return self._failure.message if self._failure else ""

    @property
    def resumed(self) -> bool:
        """Whether the server took an earlier session up again."""
        return bool(self._tls and self._tls.session_reused)

    @property
    def resumable(self) -> ssl.SSLSession | None:
        """What to take up again by a later connection: with TLS 1.3 only once a ticket has come."""
        session = self._tls.session if self._tls and self._state in ("open", "closed") else None
        return session if session and (session.has_ticket or session.id) else None

    @property
    def leaf(self) -> bytes:
        """The server's own certificate in DER; empty when none has come."""
        chain = presented_chain(self._tls) if self._tls else ()
        return chain[0].der if chain else b""

    def start(self) -> bytes:
        """The ClientHello; empty when nothing can be sent (the state is `failed` then)."""
        if self._state == "handshaking":
            self._handshake()
        sent = self._outgoing.read()
        # OpenSSL answers its own refusal with an alert, to a server that has not heard of TLS yet.
        return sent if self._state == "handshaking" else b""

    def receive(self, data: bytes) -> Step:
        """Takes bytes of the server; `b""` means that it closed the connection."""
        plain = b""
        if self._state in ("handshaking", "open") and self._recognize(data):
            self._feed(data)
            if self._state == "handshaking":
                self._handshake()
            if self._state == "open":
                plain = self._read()
        return Step(self._outgoing.read(), plain, self._state)

    def seal(self, data: bytes) -> bytes:
        """The bytes that carry `data` inside TLS. Raises RuntimeError where there is no session."""
        if self._tls is None or self._state not in ("open", "closed"):
            raise RuntimeError(f"nothing can be encrypted: the TLS session is {self._state}")
        if data:
            self._tls.write(data)
        return self._outgoing.read()

    def close(self) -> bytes:
        """close_notify (RFC 8446 section 6.1); empty where there is no session to close."""
        if self._tls is None or self._state not in ("open", "closed"):
            return b""
        self._state = "closed"
        with contextlib.suppress(ssl.SSLError):  # the server's own close_notify is not waited for
            self._tls.unwrap()
        return self._outgoing.read()

    def binding(self, *, by_certificate: bool = False) -> ChannelBinding | None:
        """What ties a login to this connection; None where it does not stand."""
        if self._tls is None or self._state != "open":
            return None
        return binding_of(self._tls, by_certificate=by_certificate)

    def failed_by(self, kind: Literal["timeout", "reset", "closed"], detail: str) -> None:
        """Tells why bytes stopped coming during the handshake; later it changes nothing."""
        if self._state == "handshaking":
            self._fail(not_tls(self._first, over=True) or ended(kind, detail))

    def handshake_facts(self) -> dict[str, Json]:
        """The facts of step `tls.handshake` (docs/facts.md), as far as they are known by now.
        `waived` lists the kinds of problems that a fitting fingerprint overrules."""
        facts: dict[str, Json] = {
            "server_name": self._name,
            "verified": self._trusted,
            "trust": self._context.trust,
            "client_cert_requested": self._requested,
            "trust_store": {
                "count": self._context.store.count,
                "source": self._context.store.source,
            },
            "chain": [each.facts(self._now) for each in self._findings.chain],
        }
        if self._version:
            facts["version"] = self._version
        cipher = self._cipher()
        if cipher:
            facts["cipher"] = cipher
        if self._failure:
            facts |= self._failure.facts()
        if self._findings.problems:
            facts["problems"] = [each.facts() for each in self._findings.problems]
        if self._waived:
            facts["waived"] = list(dict.fromkeys(each.kind.value for each in self._waived))
        return facts

    def _recognize(self, data: bytes) -> bool:
        """Whether OpenSSL is to see these bytes: once the first one begins a TLS record, or when
        none has come at all. What is no TLS is kept until it can be quoted."""
        if self._speaks_tls or not (self._first or data):
            return True
        if not self._first and begins_record(data):
            self._speaks_tls = True
            return True
        self._first = (self._first + data)[:SHOWN]
        failure = not_tls(self._first, over=not data)
        if failure is not None:
            self._fail(failure)
        return False

    def _feed(self, data: bytes) -> None:
        if data:
            self._incoming.write(data)
        else:
            self._incoming.write_eof()

    def _handshake(self) -> None:
        if self._tls is None:
            return
        try:
            self._tls.do_handshake()
        except ssl.SSLWantReadError:
            return
        except ssl.SSLError as error:
            failure = classify(error, self._progress())
            if failure.kind == "version":
                self._version = self._chosen
            self._fail(failure)
            self._examine_failure(error)
            return
        self._version = self._tls.version() or self._version
        self._state = "open"
        self._examine_success()

    def _read(self) -> bytes:
        """All that can be decrypted now, in order."""
        plain = bytearray()
        empty = 0
        # OpenSSL reads an empty record as nothing and close_notify as nothing again and again. Of
        # what has come it keeps no whole record back, and a read in vain costs an exception.
        while self._tls is not None and empty < 2 and (empty or self._unread()):
            try:
                data = self._tls.read(_CHUNK)
            except ssl.SSLWantReadError:
                break
            except (ssl.SSLZeroReturnError, ssl.SSLEOFError):
                empty = 2
            except ssl.SSLError as error:
                self._fail(classify(error, self._progress()))
                break
            else:
                plain += data
                empty = 0 if data else empty + 1
        if empty >= 2:
            self._state = "closed"
        return bytes(plain)

    def _unread(self) -> bool:
        """Whether bytes, or the end of them, wait to be read."""
        return bool(self._incoming.pending) or self._incoming.eof

    def _examine_success(self) -> None:
        """The handshake is done; what verifies here is the pin, or OpenSSL has verified."""
        if self._context.verifies:
            self._trusted = True
            self._findings = find_worries(self._seen(0), closer=self._context.lenient)
            return
        pin = self._context.fingerprint
        found = find_problems(self._seen(None), closer=not pin)
        self._findings = found
        if pin:
            self._compare(pin, found)

    def _compare(self, pin: str, found: Findings) -> None:
        """Judges by the pin alone: whoever pins a certificate has chosen it as it is."""
        leaf = found.chain[0] if found.chain else Certificate(subject="", issuer="")
        kept: tuple[CertificateProblem, ...]
        if leaf.sha256 == pin:
            self._trusted = True
            kept = tuple(each for each in found.problems if each.kind is Kind.EXPIRES_SOON)
        else:
            inspected = (each for each in found.problems if each.kind is Kind.INSPECTION)
            kept = (*inspected, wrong_fingerprint(leaf, pin))
            self._shut(untrusted("the server's certificate is not the pinned one"))
        self._waived = tuple(each for each in found.problems if each not in kept)
        self._findings = Findings(found.chain, kept)

    def _examine_failure(self, error: ssl.SSLError) -> None:
        if self._failure is None or self._tls is None:
            return
        if self._failure.kind != "verify":
            self._findings = Findings(
                tuple(each.certificate for each in presented_chain(self._tls)), ()
            )
            return
        words = getattr(error, "verify_message", "") or self._failure.message
        seen = self._seen(self._failure.verify_code or -1, words)
        self._findings = find_problems(seen, closer=True)

    def _seen(self, code: int | None, words: str = "") -> Examined:
        presented = presented_chain(self._tls) if self._tls else ()
        path = built_chain(self._tls) if self._tls else ()
        return Examined(
            presented=presented,
            path=path,
            host=self._name,
            now=self._now,
            store=self._context.store,
            code=code,
            words=words,
        )

    def _cipher(self) -> str:
        """Name of the cipher suite; OpenSSL knows it before the handshake ends."""
        chosen = self._tls.cipher() if self._tls else None
        return chosen[0] if chosen else ""

    def _progress(self) -> Progress:
        sent = bool(self._context.policy.client_cert)
        return Progress(self._answered, self._requested, sent, self._chosen)

    def _observe(self, version: int, message: int, data: bytes) -> None:
        if message == _SERVER_HELLO:
            # Four bytes of header, then the version as servers up to TLS 1.2 choose it. OpenSSL
            # does not tell it when it is one that it does not accept.
            self._answered = True
            self._chosen = _VERSIONS.get(int.from_bytes(data[4:6], "big"), "")
        else:
            self._version = _VERSIONS.get(version, self._version)
        if message == _CERTIFICATE_REQUEST:
            self._requested = True
        if message == _NEW_SESSION_TICKET and self._version == "TLSv1.3":
            self.early_data = max(self.early_data or 0, early_data_of(data[4:]))

    def _shut(self, failure: TlsFailure) -> None:
        """Fails an open session, and says goodbye to the server."""
        if self._tls is not None:
            with contextlib.suppress(ssl.SSLError):
                self._tls.unwrap()
        self._fail(failure)

    def _fail(self, failure: TlsFailure) -> None:
        self._state = "failed"
        self._trusted = False
        self._failure = failure
