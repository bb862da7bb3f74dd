from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from smtpcheck.discover.xml_reader import (
    MAX_DEPTH,
    MAX_ELEMENTS,
    XmlRefusedError,
    read_xml,
)
from smtpcheck.discover.xml_settings import MOST, read_autoconfig, read_autodiscover
from smtpcheck.model.discovery import Standing, Subject
from tests.discover.pages import autoconfig, autodiscover, protocol, server

WHO = Subject("lab.test", "me@lab.test", "lab.test")
DOMAIN_ALONE = Subject("lab.test", "", "lab.test")
LAUGHS = b"""<?xml version="1.0"?><!DOCTYPE lolz [
<!ENTITY a "lol"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">
]><clientConfig>&b;</clientConfig>"""
FILE = b"""<?xml version="1.0"?><!DOCTYPE c [<!ENTITY x SYSTEM "file:///etc/passwd">]>
<clientConfig>&x;</clientConfig>"""


@pytest.mark.parametrize("document", [LAUGHS, FILE, b"<!DOCTYPE html><html></html>"])
def test_a_document_type_is_refused_before_any_entity_exists(document: bytes) -> None:
    with pytest.raises(XmlRefusedError, match="document type"):
        read_xml(document)


@pytest.mark.parametrize(
    "document", [b"", b"hello", b"<a><b></a>", b"<a/><b/>", b"<a>&nbsp;</a>", b"\xff\xfe<"]
)
def test_what_is_no_xml_is_refused(document: bytes) -> None:
    with pytest.raises(XmlRefusedError, match="no XML"):
        read_xml(document)


def test_an_encoding_that_nobody_knows_is_refused() -> None:
    with pytest.raises(XmlRefusedError):
        read_xml(b'<?xml version="1.0" encoding="rot13"?><a/>')


def test_depth_and_number_of_elements_are_bounded() -> None:
    assert read_xml(b"<a>" * MAX_DEPTH + b"</a>" * MAX_DEPTH).name == "a"
    with pytest.raises(XmlRefusedError, match="more elements"):
        read_xml(b"<a>" * (MAX_DEPTH + 1) + b"</a>" * (MAX_DEPTH + 1))
    with pytest.raises(XmlRefusedError, match="more elements"):
        read_xml(b"<a>" + b"<b/>" * MAX_ELEMENTS + b"</a>")


@given(st.binary(max_size=300))
@settings(max_examples=300)
def test_any_bytes_are_a_tree_or_are_refused(data: bytes) -> None:
    for read in (
        read_xml,
        lambda each: read_autoconfig(each, WHO, Standing.AUTOCONFIG),
        lambda each: read_autodiscover(each, WHO),
    ):
        with suppress(XmlRefusedError):
            assert read(data) is not None


@given(st.text(max_size=60), st.text(max_size=8), st.text(max_size=80))
@settings(max_examples=300)
def test_whatever_stands_in_the_fields_an_offer_is_one_that_can_be_tried(
    host: str, port: str, user: str
) -> None:
    def put(text: str) -> str:
        return "".join(f"&#{ord(c)};" if c in "<>&" else c for c in text)

    fields = put(host), put(port), put(user)
    documents = (
        (read_autoconfig, autoconfig(server(fields[0], fields[1], user=fields[2]))),
        (read_autodiscover, autodiscover(protocol(fields[0], fields[1]))),
    )
    for read, document in documents:
        try:
            extra = (Standing.AUTOCONFIG,) if read is read_autoconfig else ()
            said = read(document, WHO, *extra)
        except (XmlRefusedError, UnicodeEncodeError):
            continue
        for offer in said.offers:
            assert offer.host.isascii()
            assert not set(offer.host) & set(" /\\@:?#%")
            assert 1 <= offer.port <= 65535
            assert offer.security in ("tls", "starttls")
            assert offer.username.isprintable() or max(offer.username) > "\u0080"


def test_autoconfig_names_servers_in_its_order_with_the_placeholders_filled() -> None:
    document = autoconfig(server(), server("relay.lab.test", 587, "STARTTLS", "%EMAILLOCALPART%"))
    said = read_autoconfig(document, WHO, Standing.AUTOCONFIG)
    assert [(o.host, o.port, o.security, o.username, o.order) for o in said.offers] == [
        ("smtp.lab.test", 465, "tls", "me@lab.test", 0),
        ("relay.lab.test", 587, "starttls", "me", 1),
    ]
    assert {o.methods for o in said.offers} == {("password-cleartext",)}
    assert all(o.over_https for o in said.offers)
    assert said.aside == ""


def test_a_placeholder_is_filled_once_whatever_the_address_holds() -> None:
    odd = Subject("lab.test", "%EMAILDOMAIN%@lab.test", "lab.test")
    said = read_autoconfig(autoconfig(server()), odd, Standing.AUTOCONFIG)
    assert said.offers[0].username == "%EMAILDOMAIN%@lab.test"


def test_with_a_domain_alone_the_user_stays_open() -> None:
    said = read_autoconfig(autoconfig(server()), DOMAIN_ALONE, Standing.AUTOCONFIG)
    assert (said.offers[0].host, said.offers[0].username) == ("smtp.lab.test", "")


@pytest.mark.parametrize(
    ("one", "words"),
    [
        (server(mode="plain", port=25), "smtp.lab.test:25 without TLS"),
        (server(mode=""), "without TLS"),
        (server(port=0), "without a usable name and port"),
        (server(port="65536"), "without a usable name and port"),
        (server(port="４６５"), "without a usable name and port"),
        (server("evil host"), "without a usable name and port"),
        (server("https://x.test/"), "without a usable name and port"),
        (server("localhost.%EMAILADDRESS%"), "without a usable name and port"),
        (server(kind="exchange"), "does not speak SMTP"),
        ("", "no server for outgoing mail"),
    ],
)
def test_a_server_that_cannot_be_taken_is_told_of(one: str, words: str) -> None:
    said = read_autoconfig(autoconfig(one), WHO, Standing.AUTOCONFIG)
    assert said.offers == ()
    assert words in said.aside


def test_no_more_servers_are_taken_than_one_document_may_name() -> None:
    many = [server(f"s{number}.lab.test") for number in range(50)]
    said = read_autoconfig(autoconfig(*many), WHO, Standing.ISPDB)
    assert len(said.offers) == MOST
    assert {o.source for o in said.offers} == {"ispdb"}
    assert not any(o.over_https for o in said.offers)
    protocols = [protocol(f"s{number}.lab.test") for number in range(50)]
    assert len(read_autodiscover(autodiscover(*protocols), WHO).offers) == MOST


@pytest.mark.parametrize(
    ("port", "more", "security"),
    [
        (465, "<SSL>on</SSL>", "tls"),
        (587, "<SSL>on</SSL>", "starttls"),
        (587, "<Encryption>TLS</Encryption>", "starttls"),
        (465, "<Encryption>TLS</Encryption>", "tls"),
        (8465, "<Encryption>SSL</Encryption>", "tls"),
        (587, "<SSL>off</SSL><Encryption>TLS</Encryption>", "starttls"),
        (25, "", "starttls"),
        (587, "<Encryption>Auto</Encryption>", "starttls"),
    ],
)
def test_autodiscover_says_which_tls(port: int, more: str, security: str) -> None:
    offer = read_autodiscover(autodiscover(protocol(port=port, more=more)), WHO).offers[0]
    assert (offer.port, offer.security) == (port, security)
    assert offer.username == "me@lab.test"


@pytest.mark.parametrize("more", ["<SSL>off</SSL>", "<Encryption>None</Encryption>"])
def test_autodiscover_without_tls_is_not_taken(more: str) -> None:
    said = read_autodiscover(autodiscover(protocol(more=more)), WHO)
    assert said.offers == ()
    assert "without TLS" in said.aside


def test_autodiscover_may_name_the_user() -> None:
    more = "<SSL>on</SSL><LoginName>me.too</LoginName>"
    document = autodiscover(protocol("imap.lab.test", kind="IMAP"), protocol(more=more))
    offers = read_autodiscover(document, WHO).offers
    assert [(o.host, o.username) for o in offers] == [("smtp.lab.test", "me.too")]


def test_autodiscover_that_leads_elsewhere_is_not_followed() -> None:
    account = "<Action>redirectAddr</Action><RedirectAddr>me@other.test</RedirectAddr>"
    said = read_autodiscover(autodiscover(account=account), WHO)
    assert said.aside == "it points to me@other.test: not followed"


def test_an_error_of_autodiscover_is_told() -> None:
    error = b"<Error><Message>no such user</Message></Error>"
    document = b"<Autodiscover><Response>" + error + b"</Response></Autodiscover>"
    assert read_autodiscover(document, WHO).aside == "it says: no such user"


def test_another_document_is_not_taken_for_settings() -> None:
    with pytest.raises(XmlRefusedError, match="no clientConfig"):
        read_autoconfig(b"<html><body/></html>", WHO, Standing.AUTOCONFIG)
    with pytest.raises(XmlRefusedError, match="no Autodiscover"):
        read_autodiscover(autoconfig(server()), WHO)
