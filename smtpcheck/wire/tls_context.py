"""TLS settings of a profile made into an OpenSSL context; a local fault is a value."""

from __future__ import annotations

import ssl
import sys
import warnings
from collections.abc import Callable
from dataclasses import field
from importlib import import_module
from pathlib import Path
from typing import Any
from weakref import WeakKeyDictionary, WeakMethod

from smtpcheck.model.secret import SecretUnavailableError
from smtpcheck.model.value import dataclass
from smtpcheck.wire.certificates import normal_fingerprint
from smtpcheck.wire.trust_store import NATIVE, TrustStore, system_store

_VERSIONS = {
    "1.0": ssl.TLSVersion.TLSv1,
    "1.1": ssl.TLSVersion.TLSv1_1,
    "1.2": ssl.TLSVersion.TLSv1_2,
    "1.3": ssl.TLSVersion.TLSv1_3,
}
_OLD = ("1.0", "1.1")
_HANDSHAKE = 22
"""Content type of handshake messages."""
_BUILT_IN = {
    "1.0": ssl.HAS_TLSv1,
    "1.1": ssl.HAS_TLSv1_1,
    "1.2": ssl.HAS_TLSv1_2,
    "1.3": ssl.HAS_TLSv1_3,
}
Watch = Callable[[int, int, bytes], None]
"""Called with the protocol version, the message type and the message (RFC 8446 section 4) of each
handshake message of the server."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TlsPolicy:
    """Which TLS is acceptable, as the profile says it."""

    min_version: str = "1.2"
    max_version: str = "1.3"
    verify: bool = True
    ca_file: str = ""
    """PEM file that replaces the system's store; empty: the system's store."""
    client_cert: str = ""
    client_key: str = ""
    """Empty: the key is in the file of the certificate."""
    key_password: Callable[[], bytes] | None = None
    """Called only when the key is encrypted; may raise SecretUnavailableError."""
    fingerprint: str = ""
    """SHA-256 of the server's certificate; when set, it alone decides."""
    ciphers: str = ""
    """OpenSSL's cipher string; empty: Python's own."""


@dataclass(frozen=True, slots=True)
class LocalTlsFault:
    """Why this machine cannot do TLS as asked; the server has no part in it."""

    kind: str
    """`ca-file`, `client-cert`, `client-key`, `key-password`, `version`, `trust-store`."""
    message: str


@dataclass(frozen=True, slots=True)
class TlsContext:
    """A context with what is known about it. Sessions may share it, also between threads."""

    ssl_context: ssl.SSLContext
    policy: TlsPolicy
    store: TrustStore
    # Weak at both ends: whoever watches holds the connection, and would keep it here for ever.
    _watches: WeakKeyDictionary[ssl.SSLObject, WeakMethod[Watch]] = field(
        default_factory=WeakKeyDictionary, repr=False, compare=False
    )

    @property
    def fingerprint(self) -> str:
        """The pin as 64 lower-case hex digits, or empty."""
        return normal_fingerprint(self.policy.fingerprint)

    @property
    def verifies(self) -> bool:
        """Whether the handshake itself verifies the chain and the name."""
        return self.policy.verify and not self.policy.fingerprint

    @property
    def trust(self) -> str:
        """What is to vouch for the server: `fingerprint`, `none`, `ca_file` or `store`."""
        if self.policy.fingerprint:
            return "fingerprint"
        if not self.policy.verify:
            return "none"
        return "ca_file" if self.policy.ca_file else "store"

    @property
    def lenient(self) -> bool:
        """Whether OpenSSL lets weak keys and signatures pass here."""
        return self.ssl_context.security_level < 2

    def open(
        self,
        incoming: ssl.MemoryBIO,
        outgoing: ssl.MemoryBIO,
        name: str,
        watch: Watch,
        resume: ssl.SSLSession | None = None,
    ) -> ssl.SSLObject:
        """A client's side of one connection to `name`. `watch`: a method of whoever keeps the
        connection. `resume`: a session of this context that is offered to the server. Raises
        ValueError for a name that TLS cannot carry, and for none where one must be verified."""
        if not name and self.verifies:  # Python checks this for sockets, not for MemoryBIO
            raise ValueError("there is no name to verify")
        tls = self.ssl_context.wrap_bio(
            incoming, outgoing, server_hostname=_as_sni(name), session=resume
        )
        self._watches[tls] = WeakMethod(watch)
        return tls


def make_context(policy: TlsPolicy, *, platform: str = sys.platform) -> TlsContext | LocalTlsFault:
    """The context for a policy, or what on this machine stands against it. Takes some 20 to 40 ms
    for the system's store, most of it in OpenSSL with the GIL released."""
    fault = _version_fault(policy)
    if fault is not None:
        return fault
    native = _native_context(platform) if _wants_native(policy) else None
    context = native or ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    _harden(context, policy)
    store: TrustStore | LocalTlsFault
    if policy.ca_file:
        store = _load_ca_file(context, policy.ca_file)
    elif native:
        store = TrustStore(0, NATIVE, context)
    else:
        store = _load_system(context)
    if isinstance(store, LocalTlsFault):
        return store
    if policy.client_cert or policy.client_key:
        fault = _load_client_certificate(context, policy)
        if fault is not None:
            return fault
    made = TlsContext(context, policy, store)
    _watch_messages(made)
    return made


def _as_sni(name: str) -> bytes | None:
    """Bytes, since a str would be encoded once more, by the rules of 2003 (IDNA). Raises ValueError
    for what no DNS name can be."""
    if not name:
        return None
    if not all(0 < len(label) < 64 for label in name.removesuffix(".").split(".")):
        raise ValueError("a label of the name is empty or too long")
    return name.encode("ascii")


def _wants_native(policy: TlsPolicy) -> bool:
    return policy.verify and not policy.fingerprint and not policy.ca_file


def _native_context(platform: str) -> ssl.SSLContext | None:
    """One that asks macOS or Windows, where the extra `trust` is installed."""
    if platform not in ("darwin", "win32"):
        return None
    try:
        truststore: Any = import_module("truststore")
    except ImportError:
        return None
    made: ssl.SSLContext = truststore.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    return made


def _version_fault(policy: TlsPolicy) -> LocalTlsFault | None:
    lowest, highest = policy.min_version, policy.max_version
    if lowest > highest:
        return LocalTlsFault(
            "version", f"tls.min_version {lowest} is above tls.max_version {highest}"
        )
    if not any(built and lowest <= name <= highest for name, built in _BUILT_IN.items()):
        asked = lowest if lowest == highest else f"{lowest} to {highest}"
        return LocalTlsFault(
            "version", f"the TLS library here ({ssl.OPENSSL_VERSION}) has no TLS {asked}"
        )
    return None


def _harden(context: ssl.SSLContext, policy: TlsPolicy) -> None:
    """Sets all that differs between versions of Python, so that one profile has one answer."""
    old = policy.min_version in _OLD
    with warnings.catch_warnings():
        if old:  # a setting of the profile asks for it; the warning is for programmers
            warnings.simplefilter("ignore", DeprecationWarning)
        context.minimum_version = _VERSIONS[policy.min_version]
        context.maximum_version = _VERSIONS[policy.max_version]
    if old:
        # TLS 1.0 and 1.1 sign with SHA-1, which OpenSSL 3 allows at level 0 alone: without this
        # the setting would be accepted and do nothing.
        context.set_ciphers("DEFAULT:@SECLEVEL=0")
    elif policy.ciphers:
        context.set_ciphers(policy.ciphers)
    # No strictness beyond RFC 5280's path validation (Python sets it from 3.13 on; what would fail
    # then is told as `strict-only`). Partial chains: whatever a user puts into a CA file is trusted
    # as it stands, as in Python 3.13, curl and Go.
    context.verify_flags = ssl.VERIFY_X509_TRUSTED_FIRST | ssl.VERIFY_X509_PARTIAL_CHAIN
    context.options |= ssl.OP_NO_RENEGOTIATION
    if ssl.HAS_NEVER_CHECK_COMMON_NAME:
        context.hostname_checks_common_name = False
    if not policy.verify or policy.fingerprint:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE


def _load_system(context: ssl.SSLContext) -> TrustStore | LocalTlsFault:
    try:
        return system_store(context)
    except (OSError, ssl.SSLError) as error:
        return LocalTlsFault("trust-store", f"the system's CA store cannot be read: {error}")


def _load_ca_file(context: ssl.SSLContext, path: str) -> TrustStore | LocalTlsFault:
    content = _content(path)
    if isinstance(content, str):
        return LocalTlsFault("ca-file", f"tls.ca_file: {content}")
    if b"-----BEGIN" not in content:
        hint = ""
        if content[:1] == b"\x30":
            hint = "; it looks like DER: openssl x509 -inform der -in FILE -out FILE.pem"
        return LocalTlsFault("ca-file", f"tls.ca_file: {path} is not PEM{hint}")
    try:
        context.load_verify_locations(cafile=path)
    except (OSError, ssl.SSLError, ValueError) as error:
        return LocalTlsFault(
            "ca-file", f"tls.ca_file: {path} holds no readable certificate ({_reason(error)})"
        )
    statistics = context.cert_store_stats()
    if not statistics["x509"]:
        return LocalTlsFault("ca-file", f"tls.ca_file: {path} holds no certificate")
    plain = statistics["x509"] - statistics["x509_ca"]
    listed = frozenset(_certificates(content)) if plain else frozenset()
    return TrustStore(statistics["x509"], path, context, listed)


def _certificates(pem: bytes) -> list[bytes]:
    begin, end = "-----BEGIN CERTIFICATE-----", "-----END CERTIFICATE-----"
    parts = pem.decode("ascii", "replace").split(begin)[1:]
    return [
        ssl.PEM_cert_to_DER_cert(f"{begin}{part.partition(end)[0]}{end}")
        for part in parts
        if end in part
    ]


def _load_client_certificate(context: ssl.SSLContext, policy: TlsPolicy) -> LocalTlsFault | None:
    certificate, key = policy.client_cert, policy.client_key or policy.client_cert
    if not certificate:
        return LocalTlsFault("client-cert", "tls.client_key is set, but tls.client_cert is not")
    for kind, path, mark in (
        ("client-cert", certificate, b"BEGIN CERTIFICATE"),
        ("client-key", key, b"PRIVATE KEY-----"),
    ):
        setting = f"tls.{kind.replace('-', '_')}"
        content = _content(path)
        if isinstance(content, str):
            return LocalTlsFault(kind, f"{setting}: {content}")
        if mark not in content:
            what = "certificate" if kind == "client-cert" else "private key"
            return LocalTlsFault(kind, f"{setting}: {path} holds no PEM {what}")
    return _load_pair(context, certificate, key, policy.key_password)


def _load_pair(
    context: ssl.SSLContext, certificate: str, key: str, password: Callable[[], bytes] | None
) -> LocalTlsFault | None:
    asked = False

    def answer() -> bytes:
        # Always given: without it OpenSSL asks on the terminal and waits there.
        nonlocal asked
        asked = True
        return password() if password else b""

    try:
        context.load_cert_chain(certificate, key, answer)
    except SecretUnavailableError as error:
        return LocalTlsFault("key-password", f"tls.client_key_password: {error.reason}")
    except (OSError, ssl.SSLError, ValueError) as error:
        reason = _reason(error)
        if reason == "KEY_VALUES_MISMATCH":
            message = f"tls.client_key: the key in {key} does not belong to {certificate}"
            return LocalTlsFault("client-key", message)
        if asked and password is None:
            message = f"{key} is encrypted, and tls.client_key_password is not set"
            return LocalTlsFault("key-password", message)
        if asked:
            message = f"tls.client_key_password does not open {key}"
            return LocalTlsFault("key-password", message)
        kind = "client-cert" if _is_too_weak(reason) else "client-key"
        return LocalTlsFault(kind, f"{certificate} with {key} cannot be used ({reason})")
    return None


def _is_too_weak(reason: str) -> bool:
    return reason in ("EE_KEY_TOO_SMALL", "CA_KEY_TOO_SMALL", "CA_MD_TOO_WEAK")


def _content(path: str) -> bytes | str:
    """What a file holds, or why it cannot be read."""
    try:
        return Path(path).read_bytes()
    except FileNotFoundError:
        return f"{path} does not exist"
    except (OSError, ValueError) as error:
        return f"{path} cannot be read: {getattr(error, 'strerror', None) or error}"


def _reason(error: Exception) -> str:
    return str(getattr(error, "reason", None) or getattr(error, "strerror", None) or error)


def _watch_messages(made: TlsContext) -> None:
    """Tells each session the kinds of its handshake messages. Python has no public way to see that
    the server asked for a client certificate; where the private one is gone nothing is seen."""
    inner: Any = getattr(made.ssl_context, "_ctx", made.ssl_context)
    if not hasattr(ssl.SSLContext, "_msg_callback"):
        return
    watches = made._watches  # noqa: SLF001  # its own module

    def tell(tls: Any, way: str, version: int, content: int, message: int, data: bytes) -> None:
        if content == _HANDSHAKE and way == "read":
            kept = watches.get(tls)
            watch = kept() if kept is not None else None
            if watch is not None:
                watch(version, message, data)

    # Past the property of ssl.SSLContext, which makes three enums for each of 40 calls a session.
    base: Any = super(ssl.SSLContext, ssl.SSLContext)
    base._msg_callback.__set__(inner, tell)  # noqa: SLF001  # see above
