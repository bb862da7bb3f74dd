"""Prometheus' web configuration: TLS, basic authentication and headers from one file of YAML.

The keys are those of the exporter toolkit
(https://github.com/prometheus/exporter-toolkit/blob/master/docs/web-configuration.md), so that one
file fits all exporters of a machine; `promtool check web-config` reads the same.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import field
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from smtpcheck.model.errors import Problem, ProfileError
from smtpcheck.model.value import dataclass
from smtpcheck.serve.web_yaml import Entry, read_entries

VERSIONS = ("TLS10", "TLS11", "TLS12", "TLS13")
CLIENT_AUTH = ("NoClientCert", "VerifyClientCertIfGiven", "RequireAndVerifyClientCert")
_UNVERIFIED = ("RequestClientCert", "RequireAnyClientCert", "RequireClientCert")
CURVES = {
    "CurveP256": "prime256v1",
    "CurveP384": "secp384r1",
    "CurveP521": "secp521r1",
    "X25519": "X25519",
}
"""By Go's name: OpenSSL's."""
TLS13_SUITES = ("TLS_AES_128_GCM_SHA256", "TLS_AES_256_GCM_SHA384", "TLS_CHACHA20_POLY1305_SHA256")
SUITES = {
    f"TLS_{exchange.replace('-', '_')}_WITH_{go}": f"{exchange}-{openssl}"
    for exchange in ("ECDHE-ECDSA", "ECDHE-RSA")
    for go, openssl in {
        "AES_128_GCM_SHA256": "AES128-GCM-SHA256",
        "AES_256_GCM_SHA384": "AES256-GCM-SHA384",
        "CHACHA20_POLY1305_SHA256": "CHACHA20-POLY1305",
        "AES_128_CBC_SHA": "AES128-SHA",
        "AES_256_CBC_SHA": "AES256-SHA",
    }.items()
} | {
    "TLS_RSA_WITH_AES_128_GCM_SHA256": "AES128-GCM-SHA256",
    "TLS_RSA_WITH_AES_256_GCM_SHA384": "AES256-GCM-SHA384",
    "TLS_RSA_WITH_AES_128_CBC_SHA": "AES128-SHA",
    "TLS_RSA_WITH_AES_256_CBC_SHA": "AES256-SHA",
}
"""Of TLS 1.2 and older, by Go's name: OpenSSL's."""
_HEADERS: Mapping[str, tuple[str, ...]] = {
    "Strict-Transport-Security": (),
    "X-Content-Type-Options": ("nosniff",),
    "X-Frame-Options": ("deny", "sameorigin"),
    "X-XSS-Protection": (),
    "Content-Security-Policy": (),
}
"""Those that may be set, and their values where these are limited."""
_BCRYPT = re.compile(r"\$2[abxy]?\$(\d\d)\$[./A-Za-z0-9]{53}\Z")
_DURATION = re.compile(r"(\d+(?:\.\d*)?|\.\d+)(ns|us|µs|μs|ms|s|m|h)")
_SECONDS = {"ns": 1e-9, "us": 1e-6, "µs": 1e-6, "μs": 1e-6, "ms": 1e-3, "s": 1, "m": 60, "h": 3600}


class WebConfigError(ProfileError):
    """A web configuration that cannot be used, with every problem it has."""

    def __init__(self, problems: list[Problem]) -> None:
        super().__init__(problems)
        count = len(problems)
        self.message = f"{count} problem{'' if count == 1 else 's'} in the web configuration"
        self.args = (self.message,)


@dataclass(frozen=True, slots=True, kw_only=True)
class TlsSettings:
    """The table `tls_server_config`. Paths are absolute or empty."""

    cert_file: str = ""
    key_file: str = ""
    client_ca_file: str = ""
    cert: str = ""
    """PEM, in the place of its file; so are `key` and `client_ca`."""
    key: str = field(default="", repr=False)
    client_ca: str = ""
    client_auth_type: str = "NoClientCert"
    client_allowed_sans: tuple[str, ...] = ()
    min_version: str = "TLS12"
    max_version: str = "TLS13"
    cipher_suites: tuple[str, ...] = ()
    prefer_server_cipher_suites: bool = True
    curve_preferences: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class WebConfig:
    """The whole file."""

    tls: TlsSettings | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    users: Mapping[str, bytes] = field(default_factory=dict, repr=False)
    """The bcrypt hash of each user's password."""
    interval: float = 0.0
    """Seconds between two requests; 0: as many as come."""
    burst: int = 0
    notes: tuple[str, ...] = ()
    """What is set and means nothing here."""


def read_web_config(path: Path) -> WebConfig:
    """The configuration in this file. Raises WebConfigError."""
    problems: list[Problem] = []
    try:
        content = path.read_bytes()
    except OSError as error:
        said = f"the file cannot be read: {error.strerror or error}"
        raise WebConfigError([Problem(str(path), 0, "", "", "", said)]) from None
    entries = read_entries(content, str(path), problems)
    taking = _Taking(str(path), path.absolute().parent, problems)
    made = taking.config(entries)
    if problems:
        raise WebConfigError(sorted(problems, key=lambda each: each.line))
    return made


class _Taking:
    """Takes the entries of the file one after the other, and notes what is wrong with each."""

    def __init__(self, file: str, folder: Path, problems: list[Problem]) -> None:
        self._file = file
        self._folder = folder
        self._problems = problems
        self._notes: list[str] = []

    def config(self, entries: list[Entry]) -> WebConfig:
        """What the top of the file says."""
        known = {
            "tls_server_config": self._tls,
            "http_server_config": self._http,
            "basic_auth_users": self._users,
            "rate_limit": self._rate,
        }
        found: dict[str, Any] = {}
        for entry in entries:
            take = known.get(entry.key)
            if take is None:
                self._unknown(entry, known)
            elif entry.value is not None:
                found |= take(entry)
        return WebConfig(**found, notes=tuple(self._notes))

    def _tls(self, table: Entry) -> dict[str, Any]:
        files = ("cert_file", "key_file", "client_ca_file")
        texts = ("cert", "key", "client_ca")
        lists = {
            "client_allowed_sans": (),
            "cipher_suites": (*SUITES, *TLS13_SUITES),
            "curve_preferences": tuple(CURVES),
        }
        choices = {"min_version": VERSIONS, "max_version": VERSIONS}
        known = (*files, *texts, *lists, *choices, "client_auth_type")
        found: dict[str, Any] = {}
        for entry in self._table(table):
            if entry.key in files:
                path = self._text(entry)
                found[entry.key] = str(self._folder / path) if path else ""
            elif entry.key in texts:
                found[entry.key] = self._text(entry)
            elif entry.key in lists:
                found[entry.key] = self._list(entry, lists[entry.key])
            elif entry.key in choices:
                found[entry.key] = self._choice(entry, choices[entry.key])
            elif entry.key == "prefer_server_cipher_suites":
                found[entry.key] = self._flag(entry)
            elif entry.key == "client_auth_type":
                found[entry.key] = self._client_auth(entry)
            else:
                self._unknown(entry, (*known, "prefer_server_cipher_suites"), table.key)
        enabling = (*files, *texts, "client_auth_type")
        if not any(found.get(name) for name in enabling):
            return {}
        found["client_auth_type"] = found.get("client_auth_type") or "NoClientCert"
        settings = TlsSettings(**found)
        self._contradictions(settings, table)
        return {"tls": settings}

    def _contradictions(self, tls: TlsSettings, table: Entry) -> None:
        for name in ("cert", "key"):
            if not (getattr(tls, name) or getattr(tls, f"{name}_file")):
                self._wrong(table, f"TLS needs one of {name}_file and {name}")
        for name in ("cert", "key", "client_ca"):
            if getattr(tls, name) and getattr(tls, f"{name}_file"):
                self._wrong(table, f"{name} and {name}_file exclude each other")
        if (tls.client_ca or tls.client_ca_file) and tls.client_auth_type == "NoClientCert":
            self._wrong(table, "a client CA means nothing without client_auth_type")
        if VERSIONS.index(tls.min_version) > VERSIONS.index(tls.max_version):
            self._wrong(table, "min_version is above max_version")
        if tls.client_allowed_sans and tls.client_auth_type != "RequireAndVerifyClientCert":
            self._wrong(
                table, "client_allowed_sans needs client_auth_type: RequireAndVerifyClientCert"
            )

    def _client_auth(self, entry: Entry) -> str:
        text = self._text(entry)
        if text in _UNVERIFIED:
            self._wrong(
                entry,
                f"{text} is insecure: the certificate would be asked for and not verified",
                allowed=", ".join(CLIENT_AUTH),
            )
            return ""
        return self._choice(entry, CLIENT_AUTH) if text else ""

    def _http(self, table: Entry) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for entry in self._table(table):
            if entry.key == "http2":
                if self._flag(entry):
                    self._notes.append(f"line {entry.line}: http2 is on; this exporter speaks 1.1")
            elif entry.key == "headers":
                found["headers"] = self._headers(entry)
            else:
                self._unknown(entry, ("http2", "headers"), table.key)
        return found

    def _headers(self, table: Entry) -> dict[str, str]:
        found: dict[str, str] = {}
        for entry in self._table(table):
            if entry.key not in _HEADERS:
                self._unknown(entry, _HEADERS, table.key)
                continue
            allowed = _HEADERS[entry.key]
            value = self._choice(entry, allowed) if allowed else self._text(entry)
            if not value.isprintable() or not value.isascii():
                self._wrong(entry, f"{entry.key} holds what no header may hold")
            elif value:
                found[entry.key] = value.strip()
        return found

    def _users(self, table: Entry) -> dict[str, Any]:
        users: dict[str, bytes] = {}
        for entry in self._table(table):
            text = entry.value if isinstance(entry.value, str) else ""
            hashed = _BCRYPT.match(text)
            if hashed is None or not 4 <= int(hashed[1]) <= 31:
                self._wrong(
                    entry,
                    f"the password of {entry.key} is not a bcrypt hash",
                    allowed='what htpasswd -nBC 10 "" | tr -d ":\\n" prints',
                )
            else:
                users[entry.key] = text.encode("ascii")
        return {"users": users}

    def _rate(self, table: Entry) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for entry in self._table(table):
            text = self._text(entry)
            if entry.key == "interval":
                seconds = 0.0 if text == "0" else _seconds(text)
                if seconds is None:
                    self._wrong(entry, "interval is no duration", allowed="1s, 500ms, 2m")
                else:
                    found["interval"] = seconds
            elif entry.key == "burst":
                if not (text.isascii() and text.isdigit()):
                    self._wrong(entry, "burst is no whole number", allowed="0, 1, 2, ...")
                else:
                    found["burst"] = int(text)
            else:
                self._unknown(entry, ("interval", "burst"), table.key)
        return found

    def _table(self, entry: Entry) -> list[Entry]:
        if entry.value is None:
            return []
        if isinstance(entry.value, list) and all(isinstance(e, Entry) for e in entry.value):
            return entry.value
        self._wrong(entry, f"{entry.key} is not a table")
        return []

    def _text(self, entry: Entry) -> str:
        if entry.value is None:
            return ""
        if isinstance(entry.value, str):
            return entry.value
        self._wrong(entry, f"{entry.key} is not a text")
        return ""

    def _choice(self, entry: Entry, allowed: tuple[str, ...]) -> str:
        text = self._text(entry)
        if text not in allowed:
            self._wrong(entry, f"{entry.key} has a wrong value", allowed=", ".join(allowed))
            return allowed[-1]
        return text

    def _list(self, entry: Entry, allowed: tuple[str, ...]) -> tuple[str, ...]:
        if not isinstance(entry.value, tuple):
            self._wrong(entry, f"{entry.key} is not a list")
            return ()
        for each in entry.value:
            if allowed and each not in allowed:
                self._wrong(entry, f"{entry.key} names an unknown one", allowed=", ".join(allowed))
        return tuple(each for each in entry.value if not allowed or each in allowed)

    def _flag(self, entry: Entry) -> bool:
        text = self._text(entry).lower()
        if text not in ("true", "false", "yes", "no", "on", "off"):
            self._wrong(entry, f"{entry.key} is neither true nor false", allowed="true, false")
        return text in ("true", "yes", "on")

    def _unknown(self, entry: Entry, known: Any, table: str = "") -> None:
        name = f"{table}.{entry.key}" if table else entry.key
        near = get_close_matches(entry.key, list(known), 1)
        self._wrong(
            entry,
            f"unknown key {name}",
            allowed=", ".join(known) if not near else "",
            suggestion=f"did you mean {near[0]}?" if near else "",
        )

    def _wrong(
        self, entry: Entry, message: str, *, allowed: str = "", suggestion: str = ""
    ) -> None:
        self._problems.append(
            Problem(self._file, entry.line, entry.key, "", allowed, message, suggestion)
        )


def _seconds(text: str) -> float | None:
    """Of a duration as Go writes it: `1m30s`."""
    pieces = _DURATION.findall(text)
    if not pieces or "".join(f"{number}{unit}" for number, unit in pieces) != text:
        return None
    return sum(float(number) * _SECONDS[unit] for number, unit in pieces)
