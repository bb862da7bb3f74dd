from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from smtpcheck.discover.https import (
    LARGEST,
    Page,
    Request,
    Way,
    _next,
    _understood,
    _whole,
    fetch,
)
from smtpcheck.probe.deadline import Deadline
from smtpcheck.probe.dns_stage import Sources
from smtpcheck.probe.resolve_config import ResolverConfig
from smtpcheck.sandbox.certificates import Authority, CertificateKind
from smtpcheck.wire.tls_context import TlsContext, TlsPolicy, make_context
from tests.discover.world import DOMAIN, Asked, Respond, web
from tests.probe.dns_server import serving, zone

RECORDS = [f"{name}. 60 IN A 127.0.0.1" for name in (DOMAIN, f"a.{DOMAIN}", "other.test")]


def within(host: str) -> bool:
    return host == DOMAIN or host.endswith(f".{DOMAIN}")


@contextmanager
def asking(
    folder: Path,
    authority: Authority,
    respond: Respond,
    kind: CertificateKind = CertificateKind.GOOD,
) -> Iterator[tuple[Callable[..., Page], list[Asked]]]:
    """A function that asks a server for a path of `a.lab.test`, and what the server got."""
    with (
        serving(zone(RECORDS)) as dns,
        web(authority.issue(kind), folder, respond) as pages,
    ):
        way = Way(context=context_for(folder, authority), resolver=dns.where, port=pages.port)

        def ask(path: str = "/x?y=1", body: bytes = b"", host: str = f"a.{DOMAIN}") -> Page:
            request = Request(url=f"https://{host}{path}", body=body, may_ask=within)
            return fetch(request, way, Deadline(5))

        yield ask, pages.asked


def context_for(folder: Path, authority: Authority) -> TlsContext:
    ca_file = folder / "ca.pem"
    ca_file.write_bytes(authority.root_pem)
    made = make_context(TlsPolicy(ca_file=str(ca_file)))
    assert isinstance(made, TlsContext)
    return made


def test_a_page_is_fetched_with_nothing_of_the_user_in_the_head(
    tmp_path: Path, authority: Authority
) -> None:
    with asking(tmp_path, authority, lambda _a: (200, {}, b"<a/>")) as (ask, asked):
        page = ask()
        assert (page.status, page.body, page.failure) == (200, b"<a/>", "")
        assert page.asked == (f"a.{DOMAIN}",)
        assert (asked[0].method, asked[0].path, asked[0].host) == ("GET", "/x?y=1", f"a.{DOMAIN}")
        assert not {"Cookie", "Authorization", "Referer"} & asked[0].headers.keys()


def test_a_body_makes_it_a_post(tmp_path: Path, authority: Authority) -> None:
    with asking(tmp_path, authority, lambda _a: (200, {}, b"ok")) as (ask, asked):
        assert ask(body="<ä/>".encode()).body == b"ok"
        assert (asked[0].method, asked[0].body) == ("POST", "<ä/>".encode())


def test_a_redirect_within_the_domain_is_followed(tmp_path: Path, authority: Authority) -> None:
    def respond(asked: Asked) -> tuple[int, dict[str, str], bytes]:
        if asked.host == DOMAIN:
            return 200, {}, b"there"
        return 302, {"Location": f"https://{DOMAIN}/new"}, b""

    with asking(tmp_path, authority, respond) as (ask, asked):
        page = ask()
        assert (page.body, page.asked) == (b"there", (f"a.{DOMAIN}", DOMAIN))
        assert asked[1].path == "/new"


@pytest.mark.parametrize(
    ("location", "words"),
    [
        ("https://other.test/x", "redirects to other.test, outside of the domain"),
        (f"https://{DOMAIN}.other.test/x", "outside of the domain"),
        (f"https://me@{DOMAIN}/", "no usable address"),
        (f"http://{DOMAIN}/x", "without TLS"),
        ("file:///etc/passwd", "without TLS"),
        (f"https://{DOMAIN}:x/", "no usable address"),
        (f"https://{DOMAIN}/\t ", "no usable address"),
        ("/x", "redirects again and again"),
        ("//[", "no usable address"),
    ],
)
def test_any_other_redirect_is_not(
    tmp_path: Path, authority: Authority, location: str, words: str
) -> None:
    with asking(tmp_path, authority, lambda _a: (301, {"Location": location}, b"")) as (ask, asked):
        page = ask()
        assert words in page.failure
        assert "other.test" not in [each.host for each in asked]
        assert len(asked) <= 3


@pytest.mark.parametrize("kind", ["expired", "wrong-name", "self-signed", "unknown-ca"])
def test_nothing_is_asked_where_the_certificate_is_not_verified(
    tmp_path: Path, authority: Authority, kind: str
) -> None:
    answer = asking(tmp_path, authority, lambda _a: (200, {}, b""), CertificateKind(kind))
    with answer as (ask, asked):
        page = ask()
        assert page.failure
        assert page.asked == ()
        assert not asked


def test_too_much_is_refused(tmp_path: Path, authority: Authority) -> None:
    with asking(tmp_path, authority, lambda _a: (200, {}, b"x" * LARGEST * 2)) as (ask, _):
        assert ask().failure == f"it sends more than {LARGEST // 1024} kB"


def test_a_host_that_does_not_exist_is_missing(tmp_path: Path, authority: Authority) -> None:
    with asking(tmp_path, authority, lambda _a: (200, {}, b"")) as (ask, _):
        page = ask(host=f"none.{DOMAIN}")
        assert (page.missing, page.failure) == (True, "there is no such host")
        assert ask(host=f"none.{DOMAIN}:1").missing


def test_a_search_domain_of_this_machine_is_never_added(
    tmp_path: Path, authority: Authority
) -> None:
    config = ResolverConfig(search=("corp.test",))
    with (
        serving(zone(["none.lab.test.corp.test. 60 IN A 127.0.0.1", *RECORDS])) as dns,
        web(authority.issue(CertificateKind.GOOD), tmp_path, lambda _a: (200, {}, b"")) as pages,
    ):
        way = Way(
            context=context_for(tmp_path, authority),
            resolver=dns.where,
            port=pages.port,
            sources=Sources(config=lambda: config),
        )
        request = Request(url=f"https://none.{DOMAIN}/", may_ask=within)
        assert fetch(request, way, Deadline(5)).missing
        assert not any("corp.test" in name for name, _, _ in dns.asked)


def test_a_port_where_nobody_listens_is_missing(tmp_path: Path, authority: Authority) -> None:
    with asking(tmp_path, authority, lambda _a: (200, {}, b"")) as (ask, _):
        page = ask(path="/", host=f"a.{DOMAIN}:{unused_port()}")
        assert (page.missing, page.failure) == (True, "nobody listens there")


def unused_port() -> int:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return int(sock.getsockname()[1])


@contextmanager
def raw_server(
    folder: Path, authority: Authority, answer: bytes, *, tls: bool = True, hold: bool = False
) -> Iterator[int]:
    """Says these bytes to whoever connects; with `hold` it does not hang up."""
    issued = authority.issue(CertificateKind.GOOD)
    chain, key = folder / "raw.pem", folder / "raw.key"
    key.touch(mode=0o600)
    chain.write_bytes(issued.chain)
    key.write_bytes(issued.key)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(chain, key)
    over = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            sock, _ = listener.accept()
            try:
                with context.wrap_socket(sock, server_side=True) if tls else sock as talk:
                    talk.recv(65_536)
                    talk.sendall(answer)
                    if hold:
                        over.wait(10)
            except OSError:
                pass

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        try:
            yield listener.getsockname()[1]
        finally:
            over.set()
            thread.join(5)


def fetch_raw(folder: Path, authority: Authority, port: int, seconds: float = 5) -> Page:
    with serving(zone(RECORDS)) as dns:
        way = Way(context=context_for(folder, authority), resolver=dns.where, port=port)
        return fetch(Request(url=f"https://{DOMAIN}/", may_ask=within), way, Deadline(seconds))


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (b"", "closed the connection"),
        (b"220 mail.lab.test ESMTP\r\n", "no whole answer of HTTP"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\nshort", "no whole answer of HTTP"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n", ""),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", "no whole answer"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: " + b"9" * 40 + b"\r\n\r\n", "no whole answer"),
        (b"HTTP/9.9 abc\r\n\r\n", "no whole answer of HTTP"),
        (b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 500 + b"\r\n", "no whole answer of HTTP"),
        (b"HTTP/1.1 200 OK\r\n\xff\xff\x00: \x00\r\n\r\n", ""),
        (b"\x00" * 5000, "no whole answer of HTTP"),
    ],
)
def test_an_odd_server_is_a_value(
    tmp_path: Path, authority: Authority, answer: bytes, words: str
) -> None:
    with raw_server(tmp_path, authority, answer) as port:
        page = fetch_raw(tmp_path, authority, port)
        assert words in page.failure
        assert bool(page.failure) == bool(words)


def test_a_server_that_speaks_no_tls_is_a_value(tmp_path: Path, authority: Authority) -> None:
    with raw_server(tmp_path, authority, b"HTTP/1.1 400 Bad\r\n\r\n", tls=False) as port:
        page = fetch_raw(tmp_path, authority, port)
        assert page.failure
        assert page.asked == ()


def test_a_server_that_does_not_hang_up_is_not_waited_for(
    tmp_path: Path, authority: Authority
) -> None:
    answer = b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\n<a/>"
    with raw_server(tmp_path, authority, answer, hold=True) as port:
        assert fetch_raw(tmp_path, authority, port, 60).body == b"<a/>"


def test_without_time_nobody_is_asked(tmp_path: Path, authority: Authority) -> None:
    page = fetch_raw(tmp_path, authority, 9, 0)
    assert (page.failure, page.asked) == ("no time was left to ask", ())


def test_a_server_that_never_ends_ends_with_the_deadline(
    tmp_path: Path, authority: Authority
) -> None:
    with raw_server(tmp_path, authority, b"HTTP/1.1 200 OK\r\n\r\n<a>", hold=True) as port:
        assert fetch_raw(tmp_path, authority, port, 1).failure == "it did not answer in time"


@given(
    st.binary(max_size=200),
    st.sampled_from(
        [b"", b"Content-Length: ", b"Transfer-Encoding: chunked\r\n\r\n", b"Location:"]
    ),
)
@settings(max_examples=300)
def test_any_answer_is_a_page(rest: bytes, header: bytes) -> None:
    for raw in (rest, b"HTTP/1.1 301 Moved\r\n" + header + rest):
        page, location = _understood("lab.test", raw)
        assert page.failure or page.status
        assert isinstance(location, str)
        assert _whole(bytearray(raw)) in (True, False)


@given(st.text(max_size=60))
@settings(max_examples=300)
def test_no_redirect_leaves_the_domain_or_tls(location: str) -> None:
    for text in (location, f"https://{location}", f"//{location}", f"https:{location}"):
        url, fault = _next(f"https://a.{DOMAIN}/x", text, within)
        if not fault:
            assert urlsplit(url).scheme == "https"
            assert within(urlsplit(url).hostname or "")
