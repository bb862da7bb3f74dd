"""Settings that are right one by one and cannot hold together."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterator
from functools import lru_cache

from smtpcheck.model.profile import TLS_VERSIONS, Profile, Proxy
from smtpcheck.model.value import dataclass

_NEED_USERNAME = frozenset(
    {"plain", "login", "cram-md5", "scram-sha-1", "scram-sha-256", "ntlm", "xoauth2"}
)


@dataclass(frozen=True, slots=True)
class Contradiction:
    """What cannot hold together, and what to do."""

    keys: tuple[str, ...]
    """The keys it is about; the message belongs to the first."""
    message: str
    suggestion: str = ""
    allowed: str = ""


def contradictions(profile: Profile) -> Iterator[Contradiction]:
    """Every contradiction of a profile, in the order of the sections."""
    yield from _server(profile)
    yield from _addresses(profile)
    yield from _tls(profile)
    yield from _auth(profile)
    yield from _oauth(profile)
    yield from _sender(profile)
    yield from _proxy(profile)
    yield from _others(profile)


def _server(profile: Profile) -> Iterator[Contradiction]:
    server = profile.server
    if server.host and server.socket:
        yield Contradiction(
            ("server.socket", "server.host"),
            "server.host and server.socket are both set",
            "keep the one that is meant",
            "one of server.host and server.socket",
        )
    if not server.host and not server.socket:
        yield Contradiction(
            ("server.host", "server.socket"),
            "server.host is missing",
            "name the mail server, or set server.socket for a Unix socket",
            "one of server.host and server.socket",
        )
    if server.protocol == "lmtp" and server.host and server.port in (0, 25):
        missing = "is missing, and LMTP has none of its own" if not server.port else "is 25"
        yield Contradiction(
            ("server.port", "server.protocol"),
            f"server.port {missing}",
            "name the port of the LMTP service, often 24; RFC 2033 forbids 25",
        )
    if server.socket and profile.proxy is not None:
        yield Contradiction(
            ("server.socket", "proxy.host"),
            "server.socket and a proxy are both set",
            "a Unix socket is on this machine: remove [proxy], or leave --proxy out",
        )


def _addresses(profile: Profile) -> Iterator[Contradiction]:
    server = profile.server
    families = {"ipv4": 4, "ipv6": 6}
    host = _version(server.host)
    source = _version(server.source_address)
    wanted = families.get(server.address_family, 0)
    if wanted and host and host != wanted:
        yield Contradiction(
            ("server.address_family", "server.host"),
            f"server.address_family is {server.address_family} "
            f"and server.host is an IPv{host} address",
        )
    if wanted and source and source != wanted and profile.proxy is None:
        yield Contradiction(
            ("server.source_address", "server.address_family"),
            f"server.source_address is an IPv{source} address "
            f"and server.address_family is {server.address_family}",
        )
    elif host and source and host != source and profile.proxy is None:
        yield Contradiction(
            ("server.source_address", "server.host"),
            f"server.source_address is an IPv{source} address and server.host an IPv{host} address",
        )


@lru_cache(maxsize=256)
def _version(text: str) -> int:
    try:
        return ipaddress.ip_address(text).version
    except ValueError:
        return 0


def _tls(profile: Profile) -> Iterator[Contradiction]:
    tls = profile.tls
    rank = TLS_VERSIONS.index
    if rank(tls.min_version) > rank(tls.max_version):
        yield Contradiction(
            ("tls.min_version", "tls.max_version"),
            f"tls.min_version {tls.min_version} is above tls.max_version {tls.max_version}",
            allowed=f"at most {tls.max_version}",
        )
    if tls.client_cert and not tls.client_key:
        yield Contradiction(
            ("tls.client_cert", "tls.client_key"),
            "tls.client_cert is set and tls.client_key is not",
            "name the file of the private key; it may be the same file",
        )
    if tls.client_key and not tls.client_cert:
        yield Contradiction(
            ("tls.client_key", "tls.client_cert"),
            "tls.client_key is set and tls.client_cert is not",
            "name the file of the certificate; it may be the same file",
        )
    if tls.client_key_password is not None and not tls.client_key:
        yield Contradiction(
            ("tls.client_key_password", "tls.client_key"),
            "tls.client_key_password is set and tls.client_key is not",
        )
    expected = profile.expect.min_tls if profile.expect else ""
    if expected and rank(expected) > rank(tls.max_version):
        yield Contradiction(
            ("expect.min_tls", "tls.max_version"),
            f"expect.min_tls {expected} is above tls.max_version {tls.max_version}: "
            "it can never hold",
            allowed=f"at most {tls.max_version}",
        )


def _auth(profile: Profile) -> Iterator[Contradiction]:
    auth = profile.auth
    if auth.method == "none":
        for key, given in (
            ("auth.username", bool(auth.username)),
            ("auth.password", auth.password is not None),
        ):
            if given:
                yield Contradiction(
                    ("auth.method", key),
                    f"auth.method is none and {key} is set",
                    f'remove {key}, or write auth.method = "auto"',
                )
    if auth.method == "external" and not (profile.tls.client_cert or profile.server.socket):
        yield Contradiction(
            ("auth.method", "tls.client_cert"),
            "auth.method is external and tls.client_cert is not set",
            "EXTERNAL takes the identity from the client certificate: name it",
        )
    if auth.method in _NEED_USERNAME and not auth.username:
        yield Contradiction(
            ("auth.method", "auth.username"),
            f"auth.method is {auth.method} and auth.username is not set",
            "set auth.username",
        )
    elif auth.method == "auto" and auth.password is not None and not auth.username:
        yield Contradiction(
            ("auth.password", "auth.username"),
            "auth.password is set and auth.username is not",
            "set auth.username",
        )


def _oauth(profile: Profile) -> Iterator[Contradiction]:
    oauth = profile.auth.oauth
    if oauth is None:
        return
    issuer = oauth.issuer
    loopback = r"http://(?:127\.[0-9.]+|localhost|\[::1\])(?::[0-9]+)?/\S*"
    if issuer not in ("", "microsoft", "google") and not (
        re.fullmatch(r"https://[^\s/@]+(?:/\S*)?", issuer) or re.fullmatch(loopback, issuer)
    ):
        from smtpcheck.store.keys import nearest

        near = nearest(issuer, ("microsoft", "google"))
        yield Contradiction(
            ("auth.oauth.issuer",),
            "auth.oauth.issuer is no known issuer",
            f'did you mean "{near}"?' if near else "",
            "microsoft, google, or the https:// URL of the issuer's metadata",
        )
    if not issuer:
        yield Contradiction(
            ("auth.oauth.issuer",),
            "auth.oauth.issuer is missing",
            allowed="microsoft, google, or the https:// URL of the issuer's metadata",
        )
    if oauth.cloud != "public" and issuer != "microsoft":
        yield Contradiction(
            ("auth.oauth.cloud", "auth.oauth.issuer"),
            f"auth.oauth.cloud is {oauth.cloud} and auth.oauth.issuer is not microsoft",
            "only Microsoft has several clouds: remove it",
        )
    if oauth.key_file and oauth.flow != "service-account":
        yield Contradiction(
            ("auth.oauth.key_file", "auth.oauth.flow"),
            f"auth.oauth.key_file is set and auth.oauth.flow is {oauth.flow}",
            'write flow = "service-account", or remove the key',
        )
    if oauth.tenant and issuer == "google":
        yield Contradiction(
            ("auth.oauth.tenant", "auth.oauth.issuer"),
            "auth.oauth.tenant is set and auth.oauth.issuer is google",
            "only Microsoft has tenants: remove it",
        )


def _sender(profile: Profile) -> Iterator[Contradiction]:
    sender = profile.sender
    if sender.force and not sender.address:
        yield Contradiction(
            ("sender.force", "sender.address"),
            "sender.force is set and sender.address is not",
            "set sender.address, the From of every mail",
        )
    if "self" in profile.test.to and not sender.address:
        yield Contradiction(
            ("test.to", "sender.address"),
            'test.to is "self" and sender.address is not set',
            "set sender.address, or name the recipient",
        )


def _proxy(profile: Profile) -> Iterator[Contradiction]:
    proxy = profile.proxy
    if proxy is None:
        return
    for key, given in (("type", proxy.type), ("host", proxy.host), ("port", proxy.port)):
        if not given:
            yield Contradiction(
                (f"proxy.{key}",),
                f"proxy.{key} is missing",
                "a proxy needs type, host and port",
            )
    yield from _proxy_login(proxy)
    yield from _proxy_address(profile, proxy)


def _proxy_login(proxy: Proxy) -> Iterator[Contradiction]:
    if proxy.type.startswith("socks4") and proxy.password is not None:
        yield Contradiction(
            ("proxy.password", "proxy.type"),
            f"proxy.password is set, and {proxy.type} knows no password",
            "remove it, or use socks5",
        )
    elif proxy.password is not None and not proxy.username:
        yield Contradiction(
            ("proxy.password", "proxy.username"),
            "proxy.password is set and proxy.username is not",
            "set proxy.username",
        )
    elif proxy.username and proxy.type in ("socks5", "http") and proxy.password is None:
        yield Contradiction(
            ("proxy.username", "proxy.password"),
            "proxy.username is set and proxy.password is not",
            'say where the password is, for example proxy.password = { env = "PROXY_PASSWORD" }',
        )
    if proxy.domain and proxy.type not in ("", "http"):
        yield Contradiction(
            ("proxy.domain", "proxy.type"),
            f"proxy.domain is set, and {proxy.type} knows no domain",
            "a domain is for NTLM to an HTTP proxy: remove it",
        )
    elif proxy.domain and not proxy.username:
        yield Contradiction(
            ("proxy.domain", "proxy.username"),
            "proxy.domain is set and proxy.username is not",
            "set proxy.username",
        )


def _proxy_address(profile: Profile, proxy: Proxy) -> Iterator[Contradiction]:
    """What SOCKS 4 and the local end of the connection to the proxy cannot carry."""
    server, source = profile.server, _version(profile.server.source_address)
    ipv6 = server.address_family == "ipv6" or _version(server.host) == 6
    if proxy.type.startswith("socks4") and ipv6:
        yield Contradiction(
            ("proxy.type", "server.host"),
            f"proxy.type is {proxy.type}, which carries IPv4 addresses alone",
            "use socks5 or http, or an IPv4 address of the server",
        )
    if source and _version(proxy.host) not in (0, source):
        yield Contradiction(
            ("server.source_address", "proxy.host"),
            f"server.source_address is an IPv{source} address and proxy.host is not",
        )


def _others(profile: Profile) -> Iterator[Contradiction]:
    if profile.confirm is not None and not profile.confirm.host:
        yield Contradiction(("confirm.host",), "confirm.host is missing", "name the IMAP server")
    dkim = profile.dkim
    if dkim is None:
        return
    for key, given in (
        ("domain", dkim.domain),
        ("selector", dkim.selector),
        ("key_file", dkim.key_file),
    ):
        if not given:
            yield Contradiction(
                (f"dkim.{key}",),
                f"dkim.{key} is missing",
                "a signature needs domain, selector and key_file",
            )
