"""A profile: everything about one way to send mail, as typed values.

An empty string, 0 or an empty tuple means: not set. Values here are already checked and
normalised (`store/profile_reader.py`); `host` is in its ASCII form (RFC 5890).
"""

from __future__ import annotations

from dataclasses import field

from smtpcheck.model.drift import COMPARED
from smtpcheck.model.secret import SecretRef
from smtpcheck.model.settings import Kind, setting
from smtpcheck.model.value import dataclass

SECURITY = ("none", "starttls", "tls")
TLS_VERSIONS = ("1.0", "1.1", "1.2", "1.3")
AUTH_METHODS = (
    "auto",
    "none",
    "plain",
    "login",
    "cram-md5",
    "scram-sha-1",
    "scram-sha-256",
    "ntlm",
    "external",
    "xoauth2",
    "oauthbearer",
)
TOKEN_METHODS = ("xoauth2", "oauthbearer")
"""Methods whose password is an access token."""
DEFAULT_PORTS = {"starttls": 587, "tls": 465, "none": 25}


def security_for_port(port: int) -> str:
    """The security mode that a port means when nobody says otherwise (RFC 8314 section 3.3)."""
    return {465: "tls", 25: "none"}.get(port, "starttls")


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """Where the server is and how to talk to it."""

    host: str = setting("", Kind.HOST, "name or address of the server")
    socket: str = setting("", Kind.PATH, "path of a Unix socket, instead of a host")
    port: int = setting(0, Kind.INTEGER, "port; follows from security", low=1, high=65535)
    security: str = setting(
        "", Kind.CHOICE, "none, starttls, or tls from the first byte", choices=SECURITY
    )
    timeout: float = setting(
        20.0, Kind.NUMBER, "seconds that any one wait may take", low=0.1, high=600
    )
    address_family: str = setting(
        "any", Kind.CHOICE, "which addresses to use", choices=("any", "ipv4", "ipv6")
    )
    helo: str = setting("", Kind.DOMAIN, "name that EHLO gives")
    source_address: str = setting("", Kind.IP, "local address to connect from")
    protocol: str = setting("smtp", Kind.CHOICE, "smtp or lmtp", choices=("smtp", "lmtp"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Tls:
    """Which TLS is acceptable."""

    min_version: str = setting("1.2", Kind.CHOICE, "lowest version", choices=TLS_VERSIONS)
    max_version: str = setting("1.3", Kind.CHOICE, "highest version", choices=TLS_VERSIONS)
    verify: bool = setting(True, Kind.FLAG, "check the server's certificate")  # noqa: FBT003
    ca_file: str = setting("", Kind.PATH, "CA certificates to trust, PEM")
    client_cert: str = setting("", Kind.PATH, "client certificate, PEM")
    client_key: str = setting("", Kind.PATH, "private key of the client certificate, PEM")
    client_key_password: SecretRef | None = setting(None, Kind.SECRET, "pass phrase of the key")
    fingerprint: str = setting("", Kind.FINGERPRINT, "SHA-256 of the server's certificate")
    server_name: str = setting("", Kind.HOST, "SNI and the name to verify, if not server.host")


@dataclass(frozen=True, slots=True, kw_only=True)
class OAuth:
    """Where `smtpcheck login` gets a token."""

    issuer: str = setting("", Kind.TEXT, "microsoft, google, or a metadata URL")
    tenant: str = setting("", Kind.TEXT, "Microsoft tenant id or domain")
    client_id: str = setting("", Kind.TEXT, "id of the registered application")
    flow: str = setting(
        "device",
        Kind.CHOICE,
        "how the token is got",
        choices=("device", "browser", "client-credentials", "service-account"),
    )
    cloud: str = setting(
        "public", Kind.CHOICE, "which cloud of Microsoft", choices=("public", "us-gov", "china")
    )
    scope: str = setting("", Kind.TEXT, "scopes to ask for, if not the usual ones")
    client_secret: SecretRef | None = setting(
        None, Kind.SECRET, "where the secret of the application is kept"
    )
    key_file: str = setting("", Kind.PATH, "key of the service account, JSON")


@dataclass(frozen=True, slots=True, kw_only=True)
class Auth:
    """How to log in."""

    method: str = setting("auto", Kind.CHOICE, "SASL mechanism", choices=AUTH_METHODS)
    username: str = setting("", Kind.TEXT, "user name", forbid="<>")
    password: SecretRef | None = setting(None, Kind.SECRET, "where the password or token is kept")
    allow_insecure: bool = setting(False, Kind.FLAG, "log in without verified TLS")  # noqa: FBT003
    oauth: OAuth | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Sender:
    """Whose mail it is."""

    address: str = setting("", Kind.ADDRESS, "address in From, and envelope sender")
    name: str = setting("", Kind.TEXT, "name in From", forbid="<>")
    force: bool = setting(False, Kind.FLAG, "every mail leaves with this From")  # noqa: FBT003
    reply_to: str = setting("", Kind.ADDRESS, "address in Reply-To")
    bounce: str = setting("", Kind.ADDRESS, "envelope sender, where bounces go")


@dataclass(frozen=True, slots=True, kw_only=True)
class Test:
    """What a test message is and where it goes."""

    __test__ = False  # not a test case, whatever pytest thinks of the name

    to: tuple[str, ...] = setting((), Kind.RECIPIENT, "recipients of a test message", many=True)
    charset: str = setting("utf-8", Kind.CHARSET, "character set of the test message")


@dataclass(frozen=True, slots=True, kw_only=True)
class Proxy:
    """A proxy on the way to the server."""

    type: str = setting(
        "", Kind.CHOICE, "kind of proxy", choices=("socks4", "socks4a", "socks5", "http")
    )
    host: str = setting("", Kind.HOST, "name or address of the proxy")
    port: int = setting(0, Kind.INTEGER, "port of the proxy", low=1, high=65535)
    username: str = setting("", Kind.TEXT, "user name at the proxy", forbid="<>")
    domain: str = setting("", Kind.TEXT, "domain, for NTLM")
    password: SecretRef | None = setting(None, Kind.SECRET, "where the password is kept")


def _longest(doc: str) -> int:
    return setting(0, Kind.INTEGER, doc, low=1, high=3_600_000)


@dataclass(frozen=True, slots=True, kw_only=True)
class Expect:
    """What a health check holds the server to."""

    min_tls: str = setting("", Kind.CHOICE, "lowest TLS version", choices=TLS_VERSIONS)
    certificate_days: int = setting(
        0, Kind.INTEGER, "days the certificate must still run", low=1, high=3650
    )
    total_ms: int = _longest("longest whole run, in milliseconds")
    dns_ms: int = _longest("longest stage dns")
    tcp_ms: int = _longest("longest stage tcp")
    tls_ms: int = _longest("longest stage tls")
    auth_ms: int = _longest("longest stage auth")
    send_ms: int = _longest("longest stage send")
    mechanisms: tuple[str, ...] = setting((), Kind.TEXT, "SASL mechanisms offered", many=True)
    extensions: tuple[str, ...] = setting((), Kind.TEXT, "EHLO keywords offered", many=True)
    min_size: int = setting(
        0, Kind.INTEGER, "octets that a message may have at least (SIZE)", low=1, high=1 << 40
    )
    families: tuple[str, ...] = setting(
        (), Kind.CHOICE, "address families that answer", choices=("ipv4", "ipv6"), many=True
    )
    senders: tuple[str, ...] = setting(
        (), Kind.ADDRESS, "addresses that this login may send with", many=True
    )
    banner: str = setting("", Kind.TEXT, "text within the greeting")
    unchanged: tuple[str, ...] = setting(
        (), Kind.CHOICE, "what is as in the --baseline", choices=COMPARED, many=True
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Confirm:
    """The IMAP mailbox in which a test message is looked for."""

    host: str = setting("", Kind.HOST, "name of the IMAP server")
    port: int = setting(993, Kind.INTEGER, "port of the IMAP server", low=1, high=65535)
    username: str = setting("", Kind.TEXT, "user name there", forbid="<>")
    password: SecretRef | None = setting(None, Kind.SECRET, "where the password is kept")


@dataclass(frozen=True, slots=True, kw_only=True)
class Dkim:
    """Signs the test message."""

    domain: str = setting("", Kind.DOMAIN, "signing domain")
    selector: str = setting("", Kind.TEXT, "selector")
    key_file: str = setting("", Kind.PATH, "private key, PEM")


@dataclass(frozen=True, slots=True, kw_only=True)
class Debug:
    """Where the conversation is written."""

    file: str = setting("", Kind.PATH, "file for the whole redacted conversation")


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """One way to send mail. Top-level keys first, then one section per table of the file."""

    schema: int = setting(1, Kind.INTEGER, "version of the format", low=1, high=1)
    preset: str = setting("", Kind.TEXT, "shipped settings to start from")
    enabled: bool = setting(True, Kind.FLAG, "the master switch")  # noqa: FBT003
    tags: tuple[str, ...] = setting((), Kind.TEXT, "what the profile is for", many=True)
    description: str = setting("", Kind.TEXT, "a line for people")
    server: Server = field(default_factory=Server)
    tls: Tls = field(default_factory=Tls)
    auth: Auth = field(default_factory=Auth)
    sender: Sender = field(default_factory=Sender)
    test: Test = field(default_factory=Test)
    proxy: Proxy | None = None
    expect: Expect | None = None
    confirm: Confirm | None = None
    dkim: Dkim | None = None
    debug: Debug = field(default_factory=Debug)

    @property
    def security(self) -> str:
        """The mode in use: as set, or as the port means, or STARTTLS; none for LMTP and a Unix
        socket, which stay on a machine or within a site."""
        if self.server.security:
            return self.server.security
        if self.server.protocol == "lmtp" or self.server.socket:
            return "none"
        return security_for_port(self.server.port) if self.server.port else "starttls"

    @property
    def port(self) -> int:
        """The port in use: as set, or as the mode means."""
        return self.server.port or DEFAULT_PORTS[self.security]

    @property
    def uses_kept_login(self) -> bool:
        """Whether it logs in with the token that `smtpcheck login` keeps."""
        auth = self.auth
        token = auth.method in ("auto", *TOKEN_METHODS)
        return auth.oauth is not None and auth.password is None and token

    @property
    def uses_token(self) -> bool:
        """Whether it logs in with an access token, from wherever."""
        return self.uses_kept_login or self.auth.method in TOKEN_METHODS

    @property
    def wants_login(self) -> bool:
        """Whether this profile logs in."""
        if self.auth.method == "none":
            return False
        return bool(
            self.auth.username or self.auth.password is not None or self.auth.method != "auto"
        )


SECTIONS: dict[str, type] = {
    "server": Server,
    "tls": Tls,
    "auth": Auth,
    "auth.oauth": OAuth,
    "sender": Sender,
    "test": Test,
    "proxy": Proxy,
    "expect": Expect,
    "confirm": Confirm,
    "dkim": Dkim,
    "debug": Debug,
}
"""The tables of a profile file, in the order in which they are written."""
