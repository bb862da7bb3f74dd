"""A proxy in one word: URLs, `none`, and the variables that other programs read."""

from __future__ import annotations

from pathlib import Path

import pytest

from smtpcheck.api import load_target
from smtpcheck.model.errors import UsageError
from smtpcheck.model.secret import Secret, SecretSource
from smtpcheck.store.proxy_url import proxy_from_environment, proxy_settings

CANARY = "canary-pw"


@pytest.mark.parametrize(
    ("text", "kind", "host", "port"),
    [
        ("socks5://p.example", "socks5", "p.example", "1080"),
        ("socks5h://p.example:9050", "socks5", "p.example", "9050"),
        ("socks4://192.0.2.1", "socks4", "192.0.2.1", "1080"),
        ("socks4a://p.example:1/", "socks4a", "p.example", "1"),
        ("http://[2001:db8::1]:3128", "http", "2001:db8::1", "3128"),
        ("HTTP://P.example:8080", "http", "p.example", "8080"),
    ],
)
def test_a_url_is_kind_host_and_port(text: str, kind: str, host: str, port: str) -> None:
    assert proxy_settings(text) == {
        "proxy.type": kind,
        "proxy.host": host,
        "proxy.port": port,
    }


def test_a_user_in_the_url_means_that_the_password_is_asked_for() -> None:
    made = proxy_settings("socks5://me%40x@p.example:1080")
    assert made["proxy.username"] == "me@x"
    assert made["proxy.password"] == "{ prompt = true }"
    assert "proxy.password" not in proxy_settings("socks4://me@p.example")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (f"socks5://me:{CANARY}@p.example:1080", "password in the URL"),
        (f"http://:{CANARY}@p.example:1080", "password in the URL"),
        ("socks5://me:@p.example:1080", "password in the URL"),
        ("p.example:1080", "not the URL of a proxy"),
        (f"me:{CANARY}@p.example:1080", "not the URL of a proxy"),
        ("https://p.example:443", "not supported: TLS to the proxy"),
        ("ftp://p.example:21", "not supported"),
        ("http://p.example", "names no port"),
        ("socks5://p.example:99999", "99999|Port out of range"),
        (f"socks5://me:{CANARY}@p.example:x", "..."),
        ("socks5://", "not scheme://host:port"),
        ("socks5://p.example:1/path", "not scheme://host:port"),
        ("socks5://p.example:1?x=y", "not scheme://host:port"),
    ],
)
def test_what_is_no_proxy_is_refused_and_no_password_is_repeated(text: str, words: str) -> None:
    with pytest.raises(UsageError, match=words) as caught:
        proxy_settings(text)
    assert CANARY not in " ".join((caught.value.message, *caught.value.help))
    assert caught.value.help or "Port" in caught.value.message or "..." in caught.value.message


@pytest.mark.parametrize(
    ("variables", "security", "url", "variable"),
    [
        ({"ALL_PROXY": "socks5://p:1"}, "starttls", "socks5://p:1", "ALL_PROXY"),
        ({"all_proxy": "socks5://p:1"}, "starttls", "socks5://p:1", "all_proxy"),
        ({"SMTP_PROXY": "socks4://p:1"}, "none", "socks4://p:1", "SMTP_PROXY"),
        (
            {"smtp_proxy": "http://p:1", "ALL_PROXY": "socks5://q:1"},
            "starttls",
            "http://p:1",
            "smtp_proxy",
        ),
        ({"smtp_proxy": "http://p:1"}, "tls", "none", ""),
        ({"smtps_proxy": "http://p:1"}, "tls", "http://p:1", "smtps_proxy"),
        ({"HTTPS_PROXY": "http://p:1", "http_proxy": "http://p:1"}, "starttls", "none", ""),
        ({"ALL_PROXY": "p.example:3128"}, "starttls", "http://p.example:3128", "ALL_PROXY"),
        ({"ALL_PROXY": "http://p:1/"}, "starttls", "http://p:1", "ALL_PROXY"),
        ({"ALL_PROXY": ""}, "starttls", "none", ""),
        ({}, "starttls", "none", ""),
    ],
)
def test_the_environment_is_read_as_curl_reads_it_for_smtp(
    variables: dict[str, str], security: str, url: str, variable: str
) -> None:
    found = proxy_from_environment("mail.example.com", security, variables)
    assert (found.url, found.variable) == (url, variable)


@pytest.mark.parametrize(
    ("host", "names", "excepted"),
    [
        ("mail.example.com", "example.com", True),
        ("mail.example.com", ".example.com", True),
        ("MAIL.example.com.", "other, mail.EXAMPLE.com", True),
        ("mail.example.com", "*", True),
        ("notexample.com", "example.com", False),
        ("mail.example.com", "mail.example", False),
        ("192.0.2.7", "192.0.2.0/24", True),
        ("192.0.3.7", "192.0.2.0/24", False),
        ("2001:db8::1", "[2001:db8::1]", True),
        ("mail.example.com", "", False),
        ("mail.example.com", " , ,", False),
    ],
)
def test_no_proxy_names_hosts_domains_and_networks(host: str, names: str, excepted: bool) -> None:
    variables = {"ALL_PROXY": "socks5://p:1", "NO_PROXY": names}
    found = proxy_from_environment(host, "starttls", variables)
    assert (found.url == "none") is excepted


def test_a_password_in_a_variable_is_a_secret_and_leaves_the_url() -> None:
    variables = {"ALL_PROXY": f"http://me%40x:{CANARY}@p.example:3128"}
    found = proxy_from_environment("h.example", "starttls", variables)
    assert found.url == "http://me%40x@p.example:3128"
    assert found.secret == Secret(CANARY)
    with pytest.raises(UsageError, match="environment variable ALL_PROXY") as caught:
        proxy_from_environment("h", "tls", {"ALL_PROXY": f"ftp://me:{CANARY}@p.example:3128"})
    assert CANARY not in str(caught.value)


PROFILE = """\
schema = 1
[server]
host = "mail.example.com"
[proxy]
type = "http"
host = "old.example"
port = 3128
username = "old"
domain = "OLD"
password = { env = "OLD" }
"""


def test_a_proxy_of_the_command_line_replaces_the_whole_table(tmp_path: Path) -> None:
    path = tmp_path / "p.toml"
    path.write_text(PROFILE)
    overrides = {"proxy": "socks5://p.example:1081"}
    job = load_target(str(path), overrides=overrides, environment={})
    proxy = job.loaded.profile.proxy
    assert proxy is not None
    assert (proxy.type, proxy.host, proxy.port) == ("socks5", "p.example", 1081)
    assert (proxy.username, proxy.domain, proxy.password) == ("", "", None)
    assert job.options == ("--proxy", "socks5://p.example:1081")


def test_none_goes_without_the_proxy_of_profile_and_environment(tmp_path: Path) -> None:
    path = tmp_path / "p.toml"
    path.write_text(PROFILE)
    environment = {"SMTPCHECK_PROXY_HOST": "env.example"}
    assert load_target(str(path), environment=environment).loaded.profile.proxy is not None
    job = load_target(str(path), overrides={"proxy": "none"}, environment=environment)
    assert job.loaded.profile.proxy is None


def test_the_password_of_a_proxy_in_a_url_comes_from_the_environment_where_it_is_there() -> None:
    overrides = {"proxy": "socks5://me@p.example"}
    asked = load_target("h.example", overrides=overrides, environment={})
    given = load_target(
        "h.example", overrides=overrides, environment={"SMTPCHECK_PROXY_PASSWORD": "x"}
    )
    sources = [
        job.loaded.profile.proxy.password.source
        for job in (asked, given)
        if job.loaded.profile.proxy and job.loaded.profile.proxy.password
    ]
    assert sources == [SecretSource.PROMPT, SecretSource.ENV]


def test_the_environment_is_asked_for_the_host_of_each_target() -> None:
    variables = {"ALL_PROXY": f"socks5://me:{CANARY}@p.example:1080", "NO_PROXY": "near.example"}
    far, near = (
        load_target(name, overrides={"proxy": "env"}, environment=variables)
        for name in ("mail.far.example", "mail.near.example")
    )
    assert near.loaded.profile.proxy is None
    assert any("NO_PROXY excepts" in note for note in near.notes)
    proxy = far.loaded.profile.proxy
    assert proxy is not None
    assert proxy.password is not None
    assert proxy.password.given == Secret(CANARY)
    assert CANARY not in " ".join((*far.options, *far.notes, repr(far)))
