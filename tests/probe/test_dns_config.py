"""resolv.conf, the hosts file and the word behind --resolver."""

from __future__ import annotations

from pathlib import Path

import pytest

from smtpcheck.model.errors import UsageError
from smtpcheck.probe.resolve_config import (
    NameServer,
    ResolverConfig,
    hosts_addresses,
    parse_resolv_conf,
    parse_resolver,
    system_config,
)


@pytest.mark.parametrize(
    ("text", "server", "shown"),
    [
        ("192.0.2.53", NameServer("192.0.2.53"), "192.0.2.53:53"),
        ("192.0.2.53:5353", NameServer("192.0.2.53", 5353), "192.0.2.53:5353"),
        ("2001:db8::53", NameServer("2001:db8::53"), "[2001:db8::53]:53"),
        ("[2001:db8::53]", NameServer("2001:db8::53"), "[2001:db8::53]:53"),
        ("[2001:db8::53]:5353", NameServer("2001:db8::53", 5353), "[2001:db8::53]:5353"),
        ("fe80::1%eth0", NameServer("fe80::1%eth0"), "[fe80::1%eth0]:53"),
    ],
)
def test_a_resolver_is_an_address_perhaps_with_a_port(
    text: str, server: NameServer, shown: str
) -> None:
    assert parse_resolver(text) == server
    assert str(server) == shown


@pytest.mark.parametrize(
    "text",
    [
        "",
        "dns.example",
        "192.0.2.53:",
        "192.0.2.53:0",
        "192.0.2.53:65536",
        "192.0.2.53:x",
        "[192.0.2.53]:53",
        "[2001:db8::53",
        "192.0.2.256",
        " 192.0.2.53",
        "192.0.2.53\n",
    ],
)
def test_anything_else_is_refused_with_the_forms_that_work(text: str) -> None:
    with pytest.raises(UsageError, match="not the address of a DNS server") as caught:
        parse_resolver(text)
    assert "[IPv6]:port" in caught.value.help[0]


def test_resolv_conf_is_read_as_the_library_reads_it() -> None:
    config = parse_resolv_conf(
        "# made by hand\n; nameserver 192.0.2.9\n"
        "nameserver 192.0.2.1\nnameserver fe80::1%eth0\nnameserver dns.example\n"
        "nameserver 192.0.2.3\nnameserver 192.0.2.4\n"
        "domain old.example\nsearch a.example. b.example\n"
        "options ndots:5 timeout:2 attempts:9 rotate ndots:x edns0\noptions timeout:99\n"
    )
    assert config == ResolverConfig(
        servers=(NameServer("192.0.2.1"), NameServer("fe80::1%eth0"), NameServer("192.0.2.3")),
        search=("a.example", "b.example"),
        ndots=5,
        timeout=30.0,
        attempts=5,
    )


@pytest.mark.parametrize(
    ("text", "own_name", "search"),
    [
        ("", "host", ()),
        ("", "host.corp.example", ("corp.example",)),
        ("search .", "host.corp.example", ()),
        ("domain here.example", "host.corp.example", ("here.example",)),
        ("search a.example\ndomain b.example", "", ("b.example",)),
    ],
)
def test_search_domains_have_their_order_of_precedence(
    text: str, own_name: str, search: tuple[str, ...]
) -> None:
    assert parse_resolv_conf(text, own_name).search == search


def test_without_a_file_the_server_is_this_machine(tmp_path: Path) -> None:
    assert system_config(tmp_path / "missing").servers == (NameServer("127.0.0.1"),)


def test_bytes_that_are_no_text_do_not_hurt(tmp_path: Path) -> None:
    path = tmp_path / "resolv.conf"
    path.write_bytes(b"\xff\xfe nameserver\nnameserver 192.0.2.7\n\0\n")
    assert system_config(path).servers == (NameServer("192.0.2.7"),)


def test_the_hosts_file_gives_every_address_of_a_name_once(tmp_path: Path) -> None:
    path = tmp_path / "hosts"
    path.write_bytes(
        b"127.0.0.1 localhost\n"
        b"192.0.2.1\tother SMTP.Example.com. # smtp2.example.com\n"
        b"2001:DB8::1 smtp.example.com\n"
        b"192.0.2.1 smtp.example.com\n"
        b"not-an-address smtp.example.com\n\xff\n"
        b"#192.0.2.9 smtp.example.com\n"
    )
    assert hosts_addresses("smtp.example.COM", path) == ("192.0.2.1", "2001:db8::1")
    assert hosts_addresses("smtp2.example.com", path) == ()
    assert hosts_addresses("example.com", path) == ()
    assert hosts_addresses("x", tmp_path / "missing") == ()
