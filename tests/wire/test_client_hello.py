"""ClientHellos of our own making: their bytes, and what a real TLS server makes of them."""

from __future__ import annotations

import pytest

from smtpcheck.wire.cipher_suites import (
    BROKEN,
    FALLBACK,
    FORWARD_SECRET,
    STATIC_RSA,
    TLS13,
    WEAKNESSES,
    key_exchange_of,
    name_of,
    signs_with,
    weakness_of,
    with_weakness,
)
from smtpcheck.wire.client_hello import SHA1_SIGNATURES, VERSIONS, Offer, client_hello
from smtpcheck.wire.hello_session import HelloSession
from tests.pki import TestPki
from tests.wire.tls_peer import HOST, SIZES, Peer

RANDOM = bytes(range(32))
SOUND = (*TLS13, *FORWARD_SECRET, *STATIC_RSA)
EVERY = (*SOUND, *BROKEN)


def ask(pki: TestPki, options: str, size: int = 1_000_000, **offer: object) -> HelloSession:
    """What a server with these options of `TestPki.context` answers, in pieces of a size."""
    kind, *words = options.split()
    context = pki.context(kind, dict(word.split("=", 1) for word in words))
    made = {"suites": EVERY, "server_name": HOST, **offer}
    session = HelloSession(Offer(**made), RANDOM)  # type: ignore[arg-type]
    answer = Peer(context).answer(session.start())
    for at in range(0, len(answer), size):
        session.receive(answer[at : at + size])
    return session


def test_the_smallest_hello_is_that_of_ssl_3() -> None:
    hello = client_hello(Offer(highest="ssl3", suites=[0x0004, 0x0005]), RANDOM)
    assert hello.hex() == (
        "16 0300 002f 01 00002b 0300".replace(" ", "")
        + RANDOM.hex()
        + "00 0004 0004 0005 01 00".replace(" ", "")
    )


def test_a_hello_up_to_tls_1_2_names_no_newer_version() -> None:
    offer = Offer(highest="1.1", suites=[0x002F], server_name="a.test")
    hello = client_hello(offer, RANDOM)
    assert hello.startswith(bytes.fromhex("160301"))
    assert hello[9:11] == b"\x03\x02"
    sni = "0000 000b 0009 00 0006 612e74657374".replace(" ", "")
    assert bytes.fromhex(sni) in hello
    assert bytes.fromhex("002b") not in hello[60:]


def test_a_hello_of_tls_1_3_lists_its_versions_and_shares_no_key() -> None:
    hello = client_hello(Offer(suites=[0x1301], lowest="1.2"), RANDOM)
    assert hello[9:11] == b"\x03\x03"
    assert bytes.fromhex("002b 0005 04 0304 0303") in hello
    assert bytes.fromhex("0033 0002 0000") in hello


def test_a_hello_that_hangs_old_load_balancers_is_padded() -> None:
    for count in range(1, len(EVERY)):
        length = len(client_hello(Offer(suites=EVERY[:count]), RANDOM)) - 5
        assert length < 256 or length >= 512


def test_lengths_are_true() -> None:
    for highest in VERSIONS:
        hello = client_hello(Offer(highest=highest, suites=EVERY, server_name=HOST), RANDOM)
        assert int.from_bytes(hello[3:5], "big") == len(hello) - 5
        assert int.from_bytes(hello[6:9], "big") == len(hello) - 9


def test_a_name_that_is_not_ascii_is_refused() -> None:
    with pytest.raises(ValueError, match="ascii"):
        client_hello(Offer(suites=[1], server_name="bücher.example"), RANDOM)


def test_suites_have_one_number_and_one_weakness_at_most() -> None:
    assert len(set(EVERY)) == len(EVERY)
    assert len({name_of(suite) for suite in EVERY}) == len(EVERY)
    assert {weakness_of(suite) for suite in BROKEN} == set(WEAKNESSES)
    assert {weakness_of(suite) for suite in SOUND} == {""}
    assert sorted(suite for each in WEAKNESSES for suite in with_weakness(each)) == sorted(BROKEN)


@pytest.mark.parametrize(
    ("suite", "name", "weakness", "exchange", "certificate"),
    [
        (0xC02F, "ECDHE-RSA-AES128-GCM-SHA256", "", "ecdhe", "rsa"),
        (0xC02B, "ECDHE-ECDSA-AES128-GCM-SHA256", "", "ecdhe", "ecdsa"),
        (0x009E, "DHE-RSA-AES128-GCM-SHA256", "", "dhe", "rsa"),
        (0x002F, "AES128-SHA", "", "", "rsa"),
        (0x000A, "DES-CBC3-SHA", "3des", "", "rsa"),
        (0xC011, "ECDHE-RSA-RC4-SHA", "rc4", "ecdhe", "rsa"),
        (0x0014, "EXP-EDH-RSA-DES-CBC-SHA", "export", "dhe", "rsa"),
        (0x0018, "ADH-RC4-MD5", "anonymous", "dhe", ""),
        (0xC015, "AECDH-NULL-SHA", "anonymous", "ecdhe", ""),
        (0x1301, "TLS_AES_128_GCM_SHA256", "", "", ""),
        (0xABCD, "0xABCD", "", "", ""),
    ],
)
def test_a_suite_is_known(
    suite: int, name: str, weakness: str, exchange: str, certificate: str
) -> None:
    assert (name_of(suite), weakness_of(suite)) == (name, weakness)
    assert (key_exchange_of(suite), signs_with(suite)) == (exchange, certificate)


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("server", ["1.0", "1.1", "1.2", "1.3"])
@pytest.mark.parametrize("highest", ["ssl3", "1.0", "1.1", "1.2", "1.3"])
def test_a_server_of_one_version_chooses_it_when_it_is_offered(
    pki: TestPki, server: str, highest: str, size: int
) -> None:
    asked = ask(pki, f"good min={server} max={server}", size, highest=highest)
    # Up to TLS 1.2 a hello offers its highest version and all below; ssl3 is below them all.
    if VERSIONS[highest] >= VERSIONS[server]:
        assert asked.kind == "choice"
        assert asked.choice is not None
        assert asked.choice.version == server
    else:
        assert (asked.kind, asked.choice) == ("alert", None)
        assert asked.detail in ("protocol_version", "handshake_failure")
    assert asked.state == "failed"


def test_tls_1_2_shows_group_certificates_extensions_and_signature(pki: TestPki) -> None:
    choice = ask(pki, "good max=1.2").choice
    assert choice is not None
    assert choice.cipher.startswith("ECDHE-ECDSA")
    assert (choice.group, choice.signature) == ("x25519", 0x0403)
    assert (choice.compression, choice.stapled, choice.sentinel) == (0, False, False)
    assert choice.extensions >= {0xFF01, 23, 35}
    assert len(choice.certificates) == 2
    assert choice.certificates[0] != choice.certificates[1]


def test_a_server_that_could_do_better_says_so_in_its_random(pki: TestPki) -> None:
    choice = ask(pki, "good", highest="1.2").choice
    assert choice is not None
    assert choice.sentinel


def test_tls_1_3_asks_for_a_group(pki: TestPki) -> None:
    choice = ask(pki, "good min=1.3 curve=secp384r1").choice
    assert choice is not None
    assert (choice.version, choice.group, choice.certificates) == ("1.3", "secp384r1", ())


@pytest.mark.parametrize(
    ("ciphers", "offered", "weakness"),
    [
        ("AECDH-AES256-SHA", "anonymous", "anonymous"),
        ("NULL-SHA256", "null", "null"),
        ("AES128-SHA", "null", ""),
    ],
)
def test_a_weak_suite_is_taken_by_a_server_that_has_it(
    pki: TestPki, ciphers: str, offered: str, weakness: str
) -> None:
    server = f"weak-key max=1.2 ciphers={ciphers}:@SECLEVEL=0"
    asked = ask(pki, server, highest="1.2", suites=with_weakness(offered))
    assert (asked.choice.weakness if asked.choice else "") == weakness


@pytest.mark.parametrize("size", SIZES)
def test_a_small_diffie_hellman_group_is_measured(pki: TestPki, size: int) -> None:
    server = "weak-key max=1.2 ciphers=DHE-RSA-AES128-GCM-SHA256:@SECLEVEL=0 dh=small"
    choice = ask(pki, server, size, highest="1.2", suites=[0x009E]).choice
    assert choice is not None
    assert (choice.dh_bits, choice.group) == (1024, "")


def test_signatures_by_sha_1_are_seen_where_they_are_made(pki: TestPki) -> None:
    asked = ask(pki, "good max=1.2", highest="1.2", signatures=SHA1_SIGNATURES)
    assert asked.choice is not None
    assert asked.choice.signature == 0x0203
    strict = ask(pki, "good max=1.2 ciphers=DEFAULT", highest="1.2", signatures=SHA1_SIGNATURES)
    assert strict.choice is None or strict.choice.signature not in SHA1_SIGNATURES


def test_a_fallback_is_refused_by_a_server_that_can_do_better(pki: TestPki) -> None:
    suites = (*FORWARD_SECRET, FALLBACK)
    refused = ask(pki, "good", highest="1.2", suites=suites)
    assert (refused.kind, refused.detail) == ("alert", "inappropriate_fallback")
    assert ask(pki, "good max=1.2", highest="1.2", suites=suites).kind == "choice"
