"""Which server, port and mode a text names, and what is odd about the host that it names."""

from __future__ import annotations

import re
from typing import Final

from smtpcheck.model.value import dataclass

_HOST: Final = (
    r"(?:[A-Za-z0-9_](?:[A-Za-z0-9_-]{0,62}\.){0,10}[A-Za-z0-9_-]{0,62}[A-Za-z0-9]|"
    r"\[[0-9A-Fa-f:.]{2,45}\])"
)
_DOTTED: Final = (
    r"(?:[A-Za-z0-9_](?:[A-Za-z0-9_-]{0,62}\.){1,10}[A-Za-z][A-Za-z0-9-]{1,30}|"
    r"(?:\d{1,3}\.){3}\d{1,3}|localhost|\[[0-9A-Fa-f:.]{2,45}\])"
)
_LOOKUPS: Final = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        (
            r"lookup (?P<host>.{0,120}?)(?: on \S{1,60})?: (?:no such host|"
            r"server misbehaving|i/o timeout|read udp|dial udp)"
        ),
        r"getaddrinfo (?:ENOTFOUND|EAI_AGAIN) (?P<host>\S{0,120}?)(?:\s|$|\))",
        r"fsockopen\(\): unable to connect to (?:(?:ssl|tls|tcp)://)?(?P<host>):\d{1,5} ",
        r"\bhostname['\"]?\s?:\s?['\"](?P<host>[^\n]{0,120}?)['\"],?\s*$",
        r"Unknown SMTP host: (?P<host>[^;]{0,120}?)(?:;|$)",
        (
            r"UnknownHostException:? (?:No such host is known \()?"
            r"(?!No such host)(?P<host>[^\s:()]{1,120})"
        ),
        rf"No such host is known\.? \((?P<host>{_DOTTED}|[\w-]{{1,63}})(?::\d{{1,5}})?\)",
        (
            r"could not resolve (?:proxy|"
            r"host)(?:name)?:? ['\"]?(?P<host>\S{1,120}?)['\"]?(?:[;,)\s]|$)"
        ),
        r"The remote name could not be resolved: '(?P<host>[^']{0,120})'",
        r"cannot locate host (?P<host>\S{1,120}?)(?::|$)",
        r"dial tcp: address (?P<host>[^\s:]{0,120}): missing",
        (
            r"type=A(?:AAA)? .{0,20}name=(?P<host>\S{1,120})|"
            r"Name service error for name=(?P<host2>\S{1,120})"
        ),
        r"php_network_getaddresses: .{0,60}host(?:name)? ['\"]?(?P<host>\S{1,120}?)['\"]? failed",
    )
)
_ENDPOINTS: Final = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        r"host(?:name)?, port: (?P<host>[^\s,;]{1,120}), ?(?P<port>\d{1,5})",
        r"SMTP host: (?P<host>[^\s,;]{1,120}), port: ?(?P<port>\d{1,5})",
        r"opening to (?:(?P<scheme>ssl|tls|tcp)://)?(?P<host>[^\s:,]{1,120}):(?P<port>\d{1,5})",
        (
            r"(?P<scheme>smtps?|ssl|tls|smtp\+starttls|"
            r"smtp\+tls)://(?:[^\s@/]{1,120}@)?(?P<host>[^\s:/,;'\"]{1,120})(?::(?P<port>\d{1,5}))?"
        ),
        r"Resolved (?P<host>\S{1,120}) as (?:[0-9.]{7,15}|[0-9a-f:]{2,45})(?::(?P<port>\d{1,5}))?",
        r"dial tcp (?P<host>[^\s:]{0,120}|\[[0-9a-f:]{2,45}\]):(?P<port>\d{1,5})",
        r"connect(?:\(\))? (?:to |E[A-Z]{4,14} )?\[?(?P<host>"
        + _DOTTED
        + r")\]?(?:\[[0-9a-f:.]{2,45}\])?:(?P<port>\d{1,5})",
        r"Connect(?:ed|ing) to (?P<host>"
        + _DOTTED
        + (
            r")(?:\[[^\]\s]{2,45}\]| \([^)\s]{2,60}\))?(?::| on port |, port |"
            r" port )(?P<port>\d{1,5})"
        ),
        r"(?P<host>" + _DOTTED + r")\[[0-9a-f:.]{2,45}\]:(?P<port>\d{2,5})",
        r"(?:connect to|server|host) (?P<host>" + _DOTTED + r"),? (?:on )?port:? (?P<port>\d{1,5})",
        r"(?<![\w@.-])(?P<host>" + _DOTTED + r"):(?P<port>25|465|587|2525|2587|2465|1025)(?!\d)",
        r"[\"'](?P<host>" + _DOTTED + r")[\"'], ?(?P<port>25|465|587|2525)\b",
        r"connection to (?P<host>"
        + _DOTTED
        + r")(?:\[[^\]\s]{2,45}\])? (?:on port |port )?(?P<port>\d{1,5})",
    )
)
_SETTINGS: Final = (
    re.compile(
        (
            r"(?:smtp|mail|email)?[_.]?(?:host|server|HOST|SERVER)(?:name|"
            r"NAME)?['\"]?\s{0,2}(?:=>|=|:)\s{0,2}(?P<value>['\"]?[^\s;]{1,120})"
        ),
        re.IGNORECASE,
    ),
    re.compile(
        (
            r"(?<![\w.])(?:smtp|mail|email)?[_.]?(?:port|PORT)['\"]?\s{0,2}(?:=>|=|"
            r":)\s{0,2}['\"]?(?P<value>\d{1,5})\b|\b[\w.]{0,40}port['\"]?\)?\s{0,2}(?:=>|=|:)\s{0,2}"
            r"['\"]?(?P<known>25|465|587|2525)\b"
        ),
        re.IGNORECASE,
    ),
)
_HOST_WORDS: Final = re.compile(
    (
        r"(?:with host|expected CN=|authenticate to server|host|connection to|connect to|"
        r"Host:|IP:|error connecting to|login on \[|relay=|tried|, not|to match|"
        r"target host name|not match) ?[`'\"]?(?P<host>"
    )
    + _DOTTED
    + r")(?![\w@/])",
    re.IGNORECASE,
)
_ANY_MAIL_HOST: Final = re.compile(
    (
        r"(?<![\w@.-])(?P<host>(?:smtp|mail|mx|relay|email-smtp|outlook|"
        r"in-v3)[\w-]{0,40}(?:\.[\w-]{1,60}){1,8}\.[a-z]{2,20})(?![\w@])"
    ),
    re.IGNORECASE,
)
_IMPLICIT: Final = re.compile(
    r"opening to ssl://|['\"]?secure['\"]?\s?[:=]\s?['\"]?true|SMTP_SSL\b|smtps://|"
    r"mail\.smtp\.ssl\.enable\W{1,5}true|EMAIL_USE_SSL\W{1,4}True|"
    r"SSLOnConnect|SslOnConnect|tls_starttls\s?[= ]\s?off|EMAIL_SECURE\W{1,5}true|"
    r"SMTPSecure\W{1,8}(?:ssl|ENCRYPTION_SMTPS)|MAIL_ENCRYPTION=ssl|"
    r"tls_wrappermode\s?=\s?yes|SecureSocketOptions\.SslOnConnect|smtpusessl\W{1,5}true|"
    r"connectionType\W{1,4}(?:MCOConnectionType(?:\.|\w{0,2}))?TLS\b|"
    r"Connect(?:Async)? ?\([^()\n]{3,90}, ?\d{2,5}, ?true\b|"
    r"(?<!enable)(?:use_?ssl|ssl)['\"]?\s?[:=]\s?['\"]?true|"
    r"S(?:MTP|mtp)_?(?:Ssl|SSL)(?:\W{1,4}true|\()",
    re.IGNORECASE,
)
_EXPLICIT: Final = re.compile(
    (
        r"smtp\+starttls|SMTPSecure\W{1,8}tls\b|EMAIL_USE_TLS\W{1,4}True|"
        r"starttls\.enable\W{1,5}true|MAIL_ENCRYPTION=tls|tls_starttls\s?[= ]\s?on|"
        r"requireTLS|enable_starttls(?:_auto)?\W{1,5}true|SecureSocketOptions\.StartTls|EnableSsl\W{1,4}true|"
        r"connectionType\W{1,4}(?:MCOConnectionType(?:\.|\w{0,2}))?StartTLS\b"
    ),
    re.IGNORECASE,
)
_NO_TLS: Final = re.compile(
    (
        r"\bTLS: ?0\b|['\"]?secure['\"]?\s?[:=]\s?['\"]?false|security\s?[=:]\s?none|"
        r"EMAIL_SECURE\W{1,5}false|MAIL_ENCRYPTION=(?:null|none)|SecureSocketOptions\.None|"
        r"Connect(?:Async)? ?\([^()\n]{3,90}, ?\d{2,5}, ?false\b|smtplib\.SMTP\("
    ),
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Place:
    """Where the text says it wanted to go."""

    host: str | None = None
    """As it was written; empty where the text shows that it was empty."""
    port: int | None = None
    security: str = ""
    """Where the text shows it: `none`, `starttls` or `tls`."""

    @property
    def oddity(self) -> str:
        """What keeps the host from being a host name; empty for a sound one."""
        return oddity_of(self.host) if self.host is not None else ""


def place_of(text: str) -> Place:
    """The first server that the text names; the host that could not be looked up goes first."""
    lookup = _first(_LOOKUPS, text)
    found = _first(_ENDPOINTS, text)
    host = lookup.get("host") or lookup.get("host2") if lookup else None
    if lookup and host is None:
        host = ""
    if host is None and found:
        host = found.get("host") or ""
    port = int(found["port"]) if found and found.get("port") else _set_port(text)
    if host is None:
        host = _named_host(text)
    bare = host
    if bare:
        split = re.fullmatch(r"([^:/\s]+):(\d{1,5})", bare)
        if split and lookup and not re.search(r"lookup|dial", lookup[""]):
            bare, port = split[1], int(split[2])
    return Place(bare, port if port and port < 65536 else None, _security(text, found))


def oddity_of(host: str) -> str:
    """Why a value is no host name: `empty`, `blank`, `quotes`, `scheme`, `address`, `port`,
    `comma`, `path`, `number`, `placeholder`; empty for one that may be."""
    checks = (
        ("empty", not host.strip()),
        ("quotes", bool(re.search(r"['\"`\u2018-\u201d]", host))),
        ("scheme", "://" in host),
        (
            "placeholder",
            bool(
                re.search(
                    r"\$\{|\{\{|<[A-Za-z]|%\w+%|process\.env|^(?:undefined|null|none|nil|None)$",
                    host,
                )
            ),
        ),
        ("address", "@" in host),
        ("blank", host != host.strip() or " " in host),
        ("comma", bool(re.search(r"[,;]", host))),
        ("path", "/" in host),
        ("port", bool(re.search(r"[^:]:\d{1,5}$", host)) and host.count(":") == 1),
        ("number", host.isdigit()),
    )
    return next((name for name, holds in checks if holds), "")


def _first(patterns: tuple[re.Pattern[str], ...], text: str) -> dict[str, str]:
    for line in text.split("\n"):
        for pattern in patterns:
            found = pattern.search(line)
            if found:
                return {
                    name: value for name, value in found.groupdict().items() if value is not None
                } | {"": found[0]}
    return {}


def _set_port(text: str) -> int | None:
    found = _SETTINGS[1].search(text)
    return int(found["value"] or found["known"]) if found else None


def _named_host(text: str) -> str | None:
    for setting in _SETTINGS[0].finditer(text):
        value = setting["value"].strip("'\",;)}]")
        if re.fullmatch(_DOTTED, value):
            return value
    found = _HOST_WORDS.search(text) or _ANY_MAIL_HOST.search(text)
    return found["host"].strip("[]") if found else None


def _security(text: str, found: dict[str, str]) -> str:
    scheme = found.get("scheme", "").lower()
    socket = re.search(r"fsockopen|stream_socket_client|unable to connect to tls://", text)
    if scheme in ("ssl", "smtps") or (scheme == "tls" and socket) or _IMPLICIT.search(text):
        return "tls"
    if scheme == "smtp+starttls" or _EXPLICIT.search(text):
        return "starttls"
    return "none" if _NO_TLS.search(text) else ""
