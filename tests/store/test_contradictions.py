from __future__ import annotations

import pytest

from tests.profile_reading import problems, read

SOCKS4 = 'proxy.type = "socks4"\nproxy.host = "p.example"\nproxy.port = 1080'
SOCKS5 = SOCKS4.replace("socks4", "socks5")
BY_ADDRESS = '[proxy]\ntype = "socks5"\nhost = "192.0.2.1"\nport = 1080'
HTTP = SOCKS4.replace("socks4", "http")
CONTRADICTIONS = [
    ('server.socket = "/run/lmtp"', "server.host and server.socket are both set"),
    ('tls.min_version = "1.3"\ntls.max_version = "1.2"', "above tls.max_version"),
    ('expect.min_tls = "1.3"\ntls.max_version = "1.2"', "never hold"),
    ('tls.client_cert = "a.pem"', "tls.client_key is not"),
    ('tls.client_key = "a.pem"', "tls.client_cert is not"),
    ("tls.client_key_password = { prompt = true }", "tls.client_key is not"),
    ('auth.method = "none"\nauth.username = "u"', "auth.username is set"),
    ('auth.method = "none"\nauth.password = { keyring = true }', "auth.password is set"),
    ('auth.method = "external"', "tls.client_cert is not set"),
    ('auth.method = "plain"', "auth.username is not set"),
    ('auth.method = "xoauth2"', "auth.username is not set"),
    ("auth.password = { keyring = true }", "auth.username is not"),
    ('auth.oauth.issuer = "gogle"', "no known issuer"),
    ('auth.oauth.issuer = "http://login.example.com/x"', "no known issuer"),
    ('auth.oauth.client_id = "x"', "auth.oauth.issuer is missing"),
    ('auth.oauth.issuer = "google"\nauth.oauth.tenant = "x"', "auth.oauth.tenant is set"),
    ("sender.force = true", "sender.address is not"),
    ('test.to = ["self"]', "sender.address is not set"),
    ('proxy.host = "p.example"\nproxy.port = 1080', "proxy.type is missing"),
    ('proxy.type = "http"\nproxy.port = 1080', "proxy.host is missing"),
    ('proxy.type = "http"\nproxy.host = "p.example"', "proxy.port is missing"),
    (f'{SOCKS5}\nproxy.username = "u"', "proxy.password is not"),
    (f"{SOCKS5}\nproxy.password = {{ prompt = true }}", "proxy.username is not"),
    (f'{SOCKS5}\nproxy.domain = "d"', "socks5 knows no domain"),
    (f'{HTTP}\nproxy.domain = "d"', "proxy.username is not"),
    (f"{SOCKS4}\nproxy.password = {{ prompt = true }}", "socks4 knows no password"),
    (f'{SOCKS4}\nserver.address_family = "ipv6"', "IPv4 addresses alone"),
    ('server.protocol = "lmtp"', "server.port is missing, and LMTP has none"),
    ('server.protocol = "lmtp"\nserver.port = 25', "server.port is 25"),
    ('confirm.username = "u"', "confirm.host is missing"),
    ('dkim.domain = "example.com"\ndkim.selector = "s"', "dkim.key_file is missing"),
    ('server.source_address = "::1"\nserver.address_family = "ipv4"', "IPv6 address"),
]
SERVERS = [
    ('socket = "/x"\n[proxy]\ntype = "http"\nhost = "p"\nport = 1', "socket and a proxy"),
    ('host = "192.0.2.1"\naddress_family = "ipv6"', "is an IPv4 address"),
    ('host = "192.0.2.1"\nsource_address = "::1"', "server.host an IPv4 address"),
    (
        f'host = "h"\nsource_address = "::1"\n{BY_ADDRESS}',
        "source_address is an IPv6 address and proxy.host is not",
    ),
]


@pytest.mark.parametrize(("text", "words"), CONTRADICTIONS)
def test_settings_that_cannot_hold_together_are_one_problem(text: str, words: str) -> None:
    (found,) = problems(f'server.host = "h.example"\n{text}')
    assert words in found.message
    assert found.line >= 1


@pytest.mark.parametrize(("text", "words"), SERVERS)
def test_ways_to_a_server_that_exclude_each_other_are_one_problem(text: str, words: str) -> None:
    (found,) = problems(f"[server]\n{text}")
    assert words in found.message


def test_a_source_address_need_not_fit_a_server_behind_a_proxy() -> None:
    by_name = BY_ADDRESS.replace("192.0.2.1", "p.example")
    text = f'[server]\nhost = "192.0.2.1"\nsource_address = "::1"\n{by_name}'
    assert read(text).profile.server.source_address == "::1"


@pytest.mark.parametrize(
    "text",
    [
        'server.security = "none"\ntls.verify = false',
        'server.security = "none"\nauth.username = "u"',
        'auth.method = "oauthbearer"',
        'auth.username = "u"',
        f'{SOCKS4}\nproxy.username = "u"',
        f'{HTTP}\nproxy.username = "u"\nproxy.domain = "d"\nproxy.password = {{ prompt = true }}',
        'server.protocol = "lmtp"\nserver.port = 24',
        'auth.oauth.issuer = "https://login.example.com/realms/x"',
        'tls.client_cert = "a.pem"\ntls.client_key = "a.pem"\nauth.method = "external"',
        'auth.method = "none"',
        "[proxy]",
        'tls.min_version = "1.2"\ntls.max_version = "1.2"',
    ],
)
def test_unusual_settings_that_can_hold_are_no_problem(text: str) -> None:
    assert read(f'server.host = "h.example"\n{text}').profile.server.host == "h.example"


def test_a_unix_socket_needs_no_host_and_may_use_tls() -> None:
    profile = read('server.socket = "run/lmtp"\nserver.security = "tls"').profile
    assert profile.server.socket == "/somewhere/run/lmtp"


def test_a_file_without_a_server_is_told_so_once() -> None:
    (found,) = problems("schema = 1")
    assert (found.key, found.message) == ("server.host", "server.host is missing")


def test_a_key_with_a_problem_makes_no_contradiction() -> None:
    (found,) = problems('[server]\nhots = "smtp.example.com"')
    assert found.suggestion == "did you mean server.host?"
    (found,) = problems('[server]\nhost = "a b"')
    assert found.message == "server.host has a blank in it"
