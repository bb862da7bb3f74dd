"""Why a TLS handshake failed, from OpenSSL's errors and from the bytes that came."""

from __future__ import annotations

import re
import ssl
from typing import NamedTuple

from smtpcheck.model.jsonvalue import Json
from smtpcheck.model.value import dataclass

SHOWN = 512
"""Bytes of a plain-text answer that are kept."""
_RECORD_TYPES = range(20, 24)
"""First byte of a TLS record: change_cipher_spec, alert, handshake, application_data."""
_START = 3
"""Bytes that tell text from noise: a reply code, `* O`, `HTT`."""
# Patterns stay text until a handshake fails: compiling them would cost every run.
_ALERT_REASON = r"(?:SSLV3|TLSV1|TLSV13)_(?:ALERT_)?([A-Z_]+)\Z"
_ALERT_NUMBER = r"reason\(1(\d{3})\)"

# RFC 8446 section 6 and RFC 5246 section 7.2: number, then what the sender means by it.
_ALERTS: dict[str, tuple[int, str]] = {
    "close_notify": (0, "it closed the session"),
    "unexpected_message": (10, "it did not expect the message it got"),
    "bad_record_mac": (20, "what it got had been altered on the way"),
    "decryption_failed": (21, "it could not decrypt what it got"),
    "record_overflow": (22, "it got a record that is too long"),
    "decompression_failure": (30, "it could not decompress what it got"),
    "handshake_failure": (40, "it found no settings that both sides accept"),
    "no_certificate": (41, "it wants a client certificate"),
    "bad_certificate": (42, "it finds the client certificate broken"),
    "unsupported_certificate": (43, "it cannot use a client certificate of this type"),
    "certificate_revoked": (44, "the client certificate has been revoked"),
    "certificate_expired": (45, "the client certificate has expired"),
    "certificate_unknown": (46, "it does not accept the client certificate"),
    "illegal_parameter": (47, "it got a value that makes no sense to it"),
    "unknown_ca": (48, "it does not know the CA of the client certificate"),
    "access_denied": (49, "the client certificate is valid, but has no access"),
    "decode_error": (50, "it could not read a message"),
    "decrypt_error": (51, "a signature or key exchange did not check out"),
    "export_restriction": (60, "export rules forbid these settings"),
    "protocol_version": (70, "it does not accept the TLS versions offered"),
    "insufficient_security": (71, "it wants stronger cipher suites than those offered"),
    "internal_error": (80, "something went wrong inside the server"),
    "inappropriate_fallback": (86, "it refuses a needlessly low TLS version"),
    "user_canceled": (90, "it gave up the handshake"),
    "no_renegotiation": (100, "it does not renegotiate"),
    "missing_extension": (109, "it misses an extension that it requires"),
    "unsupported_extension": (110, "it got an extension that it did not ask for"),
    "certificate_unobtainable": (111, "it could not fetch the client certificate"),
    "unrecognized_name": (112, "it does not know the server name asked for"),
    "bad_certificate_status_response": (113, "the certificate status was not valid"),
    "bad_certificate_hash_value": (114, "the client certificate is not the announced one"),
    "unknown_psk_identity": (115, "it does not know the pre-shared key"),
    "certificate_required": (116, "it requires a client certificate"),
    "no_application_protocol": (120, "it shares no application protocol"),
}
_ALERT_NAMES = {number: name for name, (number, _) in _ALERTS.items()}
_SPELLINGS = {"user_cancelled": "user_canceled"}
_KINDS_BY_ALERT = {
    "protocol_version": "version",
    "inappropriate_fallback": "version",
    "insufficient_security": "cipher",
    "certificate_required": "client-cert-required",
    "no_certificate": "client-cert-required",
}
# Alerts that mean "no client certificate" from a server that has asked for one and got none.
_MISSING_CERTIFICATE = {
    "handshake_failure",
    "bad_certificate",
    "certificate_unknown",
    "unknown_ca",
    "access_denied",
}
_VERSION = {
    "UNSUPPORTED_PROTOCOL",
    "UNKNOWN_PROTOCOL",
    "VERSION_TOO_LOW",
    "VERSION_TOO_HIGH",
    "WRONG_SSL_VERSION",
    "UNSUPPORTED_SSL_VERSION",
}
_CIPHER = {
    "NO_SHARED_CIPHER",
    "WRONG_CIPHER_RETURNED",
    "UNKNOWN_CIPHER_RETURNED",
    "WRONG_CURVE",
    "NO_SUITABLE_KEY_SHARE",
    "NO_SUITABLE_GROUPS",
    "NO_SUITABLE_SIGNATURE_ALGORITHM",
    "WRONG_SIGNATURE_TYPE",
    "UNSUPPORTED_ELLIPTIC_CURVE",
}
_LOCAL = {
    "NO_CIPHERS_AVAILABLE": "the TLS library here has no cipher suite for the versions allowed",
    "NO_PROTOCOLS_AVAILABLE": "the TLS library here has none of the versions allowed",
    "LIBRARY_HAS_NO_CIPHERS": "the TLS library here has no cipher suites",
    "NO_CIPHER_MATCH": "the TLS library here has no cipher suite for the versions allowed",
}
_WEAK = {
    "EE_KEY_TOO_SMALL": 66,
    "CA_KEY_TOO_SMALL": 67,
    "CA_MD_TOO_WEAK": 68,
}
_CORRUPTED = (
    r"WRONG_VERSION_NUMBER|HTTPS?_(?:PROXY_)?REQUEST|UNEXPECTED_(?:MESSAGE|RECORD)|BAD_|DECODE|"
    r"DECRYPTION_FAILED|.*LENGTH|INVALID_|DIGEST_CHECK_FAILED|.*_MISMATCH|RECORD_|"
    r"APP_DATA_IN_HANDSHAKE|EXCESSIVE_MESSAGE_SIZE|CCS_RECEIVED_EARLY"
)
_OTHER = {
    "UNSAFE_LEGACY_RENEGOTIATION_DISABLED": (
        "the server does not know secure renegotiation (RFC 5746), which is required here"
    ),
}


@dataclass(frozen=True, slots=True)
class TlsFailure:
    """How a session failed: the values of `error.*` of step `tls.handshake`."""

    kind: str
    message: str
    reason: str = ""
    """OpenSSL's name for it; for rules, not for people: it calls a TLS alert "SSLv3"."""
    alert: str = ""
    """Name of the server's alert (RFC 8446 section 6)."""
    verify_code: int = 0
    """X509_V_ERR_*, or the number of the operating system's verifier."""
    plain_text: str = ""

    def facts(self) -> dict[str, Json]:
        """The facts, without those that do not apply."""
        told = (
            ("kind", self.kind),
            ("message", self.message),
            ("reason", self.reason),
            ("alert", self.alert),
            ("verify_code", self.verify_code),
        )
        facts: dict[str, Json] = {"error": {name: value for name, value in told if value}}
        if self.plain_text:
            facts["plain_text"] = self.plain_text
        return facts


class Progress(NamedTuple):
    """How far the handshake had come."""

    answered: bool
    """The server has chosen version and cipher suite (ServerHello)."""
    certificate_requested: bool
    certificate_sent: bool
    """A client certificate is set."""
    chosen: str = ""
    """The version of the ServerHello, as servers up to TLS 1.2 write it."""


def classify(error: ssl.SSLError, progress: Progress) -> TlsFailure:
    """The failure that an error of OpenSSL stands for."""
    # Errors that no OpenSSL call made have neither attribute.
    reason = str(getattr(error, "reason", None) or "")
    if isinstance(error, ssl.SSLCertVerificationError):
        words = getattr(error, "verify_message", "") or _words(error)
        code = int(getattr(error, "verify_code", 0) or 0)
        message = f"the certificate is not accepted: {words.rstrip('.')}"
        return TlsFailure("verify", message, reason, verify_code=code)
    if isinstance(error, ssl.SSLEOFError) or reason == "UNEXPECTED_EOF_WHILE_READING":
        return ended("closed", "")
    alert = _alert(reason, str(error))
    if alert:
        return _by_alert(alert, reason, progress)
    if reason in _WEAK:
        message = "the certificate is not accepted: its key or signature is too weak"
        return TlsFailure("verify", message, reason, verify_code=_WEAK[reason])
    kind, message = _by_reason(reason, error, progress)
    return TlsFailure(kind, message, reason)


def ended(kind: str, detail: str) -> TlsFailure:
    """The bytes stopped coming: `timeout`, `reset` or `closed`."""
    words = {
        "timeout": "the server did not finish the TLS handshake in time",
        "reset": "the connection was reset during the TLS handshake",
        "closed": "the server closed the connection during the TLS handshake",
    }[kind]
    return TlsFailure(kind, f"{words}: {detail}" if detail else words)


def local(message: str, reason: str = "") -> TlsFailure:
    """A fault of this machine; nothing was sent."""
    return TlsFailure("local", message, reason)


def untrusted(message: str) -> TlsFailure:
    """Refused after the handshake, by a rule of the profile."""
    return TlsFailure("verify", message)


def begins_record(data: bytes) -> bool:
    """Whether bytes can be the beginning of a TLS record (RFC 8446 section 5.1)."""
    return data[0] in _RECORD_TYPES


def not_tls(data: bytes, *, over: bool) -> TlsFailure | None:
    """What the first bytes of a server say when they do not begin a TLS record; None when more
    must come before that can be said. `over`: no more will come.

    Words are waited for up to the end of their line, so that they can be quoted; how they were
    cut into packets makes no difference to the kind.
    """
    if not data:
        return None
    start = data[:_START]
    if any(_control(byte) or byte >= 0x80 for byte in start):
        return _noise(data)
    if b"\n" not in data and len(data) < SHOWN and not over:
        return None
    line = data.partition(b"\n")[0]
    if sum(map(_control, line)) > len(line) // 4:
        return _noise(data)
    return TlsFailure(
        "plain-text",
        "the server answered in plain text instead of TLS",
        plain_text=data[:SHOWN].decode("utf-8", "backslashreplace"),
    )


def _control(byte: int) -> bool:
    return (byte < 0x20 and byte not in b"\t\r\n") or byte == 0x7F


def _noise(data: bytes) -> TlsFailure:
    shown = data[:16].hex(" ")
    return TlsFailure("corrupted", f"what the server sent is neither TLS nor text: {shown}")


def alert_name(number: int) -> str:
    """The name of an alert (RFC 8446 section 6)."""
    return _ALERT_NAMES.get(number, f"alert {number}")


def _alert(reason: str, text: str) -> str:
    found = re.match(_ALERT_REASON, reason)
    if found:
        name = found[1].lower()
        return _SPELLINGS.get(name, name)
    number = re.search(_ALERT_NUMBER, text)  # an alert that this Python has no name for
    if number and not reason:
        return alert_name(int(number[1]))
    return ""


def _by_alert(alert: str, reason: str, progress: Progress) -> TlsFailure:
    words = _ALERTS.get(alert, (0, "it gave no reason that is known"))[1]
    unanswered = progress.certificate_requested and not progress.certificate_sent
    kind = _KINDS_BY_ALERT.get(alert, "alert")
    if unanswered and alert in _MISSING_CERTIFICATE:
        kind = "client-cert-required"
    elif alert == "handshake_failure" and not progress.answered:
        kind = "cipher"
    if kind == "client-cert-required":
        words = "it requires a client certificate"
        if progress.certificate_sent:
            words = "it does not take the client certificate for the one it requires"
    return TlsFailure(kind, f"the server refused TLS: {words} (alert {alert})", reason, alert)


def _by_reason(reason: str, error: ssl.SSLError, progress: Progress) -> tuple[str, str]:
    if reason in _VERSION:
        chosen = progress.chosen or "a TLS version"
        return "version", f"the server chose {chosen}, which is not allowed here"
    if reason in _CIPHER:
        return "cipher", "the server chose a cipher suite or parameters that are not allowed here"
    if reason == "DH_KEY_TOO_SMALL":
        return "dh-key", "the server's Diffie-Hellman group is too small to be safe"
    if reason in _LOCAL:
        return "local", _LOCAL[reason]
    if reason in _OTHER:
        return "other", _OTHER[reason]
    # "ASN1 lib": a part of OpenSSL below TLS could not read a message, and gave no reason.
    if re.match(_CORRUPTED, reason) or (not reason and _words(error).endswith(" lib")):
        return "corrupted", "what the server sent is not a valid TLS message"
    words = reason.replace("_", " ").lower() if reason else _words(error)
    return "other", f"TLS failed: {words}"


def _words(error: ssl.SSLError) -> str:
    """What OpenSSL says, without the places in its source and in Python's."""
    return re.sub(r"^\[[^]]*\] | \(_ssl\.c:\d+\)$", "", error.strerror or str(error))
