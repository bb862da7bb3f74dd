"""SCRAM against the vectors of the RFCs, against scramp's server, and against servers that lie."""

from __future__ import annotations

import base64
from contextlib import suppress

import pytest
from scramp import ScramMechanism
from scramp.core import ScramException

from smtpcheck.model.secret import Secret
from smtpcheck.wire.channel_binding import ChannelBinding
from smtpcheck.wire.mechanisms import Connection
from smtpcheck.wire.sasl import Credentials, Login, login
from smtpcheck.wire.sasl_fault import EncodingFaultError
from smtpcheck.wire.scram import ITERATIONS_LIMIT
from tests.playing import lines, play, replies

USER = Credentials("user", Secret("pencil"))
BINDING = ChannelBinding("tls-server-end-point", b"the hash of a certificate")
VECTORS = {
    "SCRAM-SHA-1": (
        "n,,n=user,r=fyko+d2lbbFgONRv9qkxdawL",
        "r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,s=QSXCR+Q6sek8bf92,i=4096",
        "c=biws,r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,p=v0X8v3Bz2T0CJGbJQyF0X+HI4Ts=",
        "v=rmF9pqV8S7suAoZWja4dJRkFsKQ=",
    ),
    "SCRAM-SHA-256": (
        "n,,n=user,r=rOprNGfwEbeRWgbNEkqO",
        "r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096",
        (
            "c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,"
            "p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ="
        ),
        "v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=",
    ),
}
"""RFC 5802 section 5 and RFC 7677 section 3: client-first, server-first, client-final,
server-final."""


def b64(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def asks(message: str) -> bytes:
    return f"334 {b64(message)}\r\n".encode()


def known(name: str) -> Connection:
    return Connection(nonce=VECTORS[name][0].rpartition("r=")[2])


def exchange(name: str, *answers: bytes) -> tuple[list[str], Login]:
    said, result = play(login(name, USER, known(name)), *answers)
    return lines(said), result


@pytest.mark.parametrize("name", list(VECTORS))
def test_the_vectors_of_the_rfcs(name: str) -> None:
    client_first, server_first, client_final, server_final = VECTORS[name]
    said, result = exchange(name, asks(server_first), asks(server_final), b"235 in\r\n")
    assert said == [f"AUTH {name} {b64(client_first)}", b64(client_final), ""]
    assert result.accepted
    assert result.facts == {"iterations": 4096, "channel_binding": ""}


@pytest.mark.parametrize("name", list(VECTORS))
@pytest.mark.parametrize("words", ["235 {}", "235 2.7.0 {}", "235-2.7.0 {}\r\n235 2.7.0 in"])
def test_the_proof_of_the_server_may_stand_behind_its_235(name: str, words: str) -> None:
    _, server_first, _, server_final = VECTORS[name]
    last = words.format(b64(server_final)).encode() + b"\r\n"
    said, result = exchange(name, asks(server_first), last)
    assert len(said) == 2
    assert result.accepted


WRONG = "v=" + base64.b64encode(b"not what the password gives").decode()


@pytest.mark.parametrize(
    "answers",
    [
        [asks(WRONG), b"501 cancelled\r\n"],
        [asks("v=???"), b"501 cancelled\r\n"],
        [asks("w=xyz"), b"501 cancelled\r\n"],
        [asks(""), b"501 cancelled\r\n"],
        [f"235 2.7.0 {b64(WRONG)}\r\n".encode()],
        [b"235 2.7.0 Authentication successful\r\n"],
        [asks("e=other-error"), b"235 in all the same\r\n"],
    ],
)
def test_a_server_that_does_not_prove_itself_has_accepted_nothing(answers: list[bytes]) -> None:
    _, result = exchange("SCRAM-SHA-256", asks(VECTORS["SCRAM-SHA-256"][1]), *answers)
    assert result.fault == "server-signature"
    assert not result.accepted


def test_a_wrong_proof_is_answered_by_the_end_of_the_exchange() -> None:
    first = asks(VECTORS["SCRAM-SHA-1"][1])
    said, _ = exchange("SCRAM-SHA-1", first, asks(WRONG), b"501 cancelled\r\n")
    assert said[-1] == "*"


@pytest.mark.parametrize("given", [0, 1])
def test_a_235_before_the_proof_of_the_client_is_early(given: int) -> None:
    answers = [b"235 in\r\n"] if not given else [asks("e=unknown-user"), b"235 in\r\n"]
    _, result = exchange("SCRAM-SHA-1", *answers)
    assert result.fault in ("early-reply", "server-signature")
    assert not result.accepted


@pytest.mark.parametrize(
    "server_first",
    [
        "r=somebody-else,s=QSXCR+Q6sek8bf92,i=4096",
        "r=fyko+d2lbbFgONRv9qkxdawL,s=QSXCR+Q6sek8bf92,i=4096",
        "r=fyko+d2lbbFgONRv9qkxdawLxyz,s=???,i=4096",
        "r=fyko+d2lbbFgONRv9qkxdawLxyz,s=QSXCR+Q6sek8bf92,i=many",
        "r=fyko+d2lbbFgONRv9qkxdawLxyz,s=QSXCR+Q6sek8bf92,i=0",
        "r=fyko+d2lbbFgONRv9qkxdawLxyz,s=QSXCR+Q6sek8bf92",
        "m=ext,r=fyko+d2lbbFgONRv9qkxdawLxyz,s=QSXCR+Q6sek8bf92,i=4096",
        "i=4096,s=QSXCR+Q6sek8bf92,r=fyko+d2lbbFgONRv9qkxdawLxyz",
        "",
    ],
)
def test_a_malformed_first_message_is_cancelled_before_a_proof_leaves(server_first: str) -> None:
    said, result = exchange("SCRAM-SHA-1", asks(server_first), b"501 cancelled\r\n")
    assert said[1:] == ["*"]
    assert result.fault == "challenge-malformed"


def test_bytes_that_are_no_text_are_a_malformed_challenge() -> None:
    _, result = exchange("SCRAM-SHA-1", b"334 /w==\r\n", b"501 cancelled\r\n")
    assert result.fault == "challenge-malformed"


@pytest.mark.parametrize("rounds", [ITERATIONS_LIMIT + 1, 2**31, 10**19])
def test_a_server_cannot_keep_us_busy_with_rounds(rounds: int) -> None:
    first = f"r=fyko+d2lbbFgONRv9qkxdawLxyz,s=QSXCR+Q6sek8bf92,i={rounds}"
    said, result = exchange("SCRAM-SHA-1", asks(first), b"501 cancelled\r\n")
    assert said[1:] == ["*"]
    assert result.fault == "too-many-iterations"


def test_few_rounds_and_a_short_salt_are_answered_and_told() -> None:
    first = "r=fyko+d2lbbFgONRv9qkxdawLxyz,s=c2FsdA==,i=16"
    _, result = exchange("SCRAM-SHA-1", asks(first), b"535 no\r\n")
    assert result.refused
    assert result.facts["iterations"] == 16


@pytest.mark.parametrize("how", ["challenge", "text"])
def test_the_error_of_the_server_is_read(how: str) -> None:
    first = asks(VECTORS["SCRAM-SHA-1"][1])
    error = b64("e=invalid-proof")
    answers = [asks("e=invalid-proof"), b"535 no\r\n"]
    if how == "text":
        answers = [f"535 5.7.8 {error}\r\n".encode()]
    _, result = exchange("SCRAM-SHA-1", first, *answers)
    assert result.facts["server_error"] == "invalid-proof"
    assert result.refused


def test_what_would_let_a_reader_try_passwords_is_masked() -> None:
    name = "SCRAM-SHA-256"
    _, server_first, client_final, server_final = VECTORS[name]
    answers = (asks(server_first), asks(server_final), b"235 in\r\n")
    said, _ = play(login(name, USER, known(name)), *answers)
    masks = said[1].masks
    assert {b64(client_final), b64(server_final), server_final[2:]} <= set(masks)
    assert client_final.rpartition("p=")[2] in masks
    assert all(say.secret for say in said[:2])


@pytest.mark.parametrize(
    ("plus", "bindable", "flag"),
    [
        (True, False, "p=tls-server-end-point,,"),
        (False, True, "y,,"),
        (False, False, "n,,"),
    ],
)
def test_the_gs2_header_tells_what_this_side_could(plus: bool, bindable: bool, flag: str) -> None:
    name = "SCRAM-SHA-256-PLUS" if plus else "SCRAM-SHA-256"
    connection = Connection(binding=BINDING if plus else None, bindable=bindable)
    said, _ = play(login(name, USER, connection), b"535 no\r\n")
    opening = base64.b64decode(lines(said)[0].split()[2]).decode()
    assert opening.startswith(f"{flag}n=user,r=")


@pytest.mark.parametrize("error", ["unsupported-channel-binding-type", "other-error"])
def test_a_binding_that_is_refused_before_the_proof_judges_no_credential(error: str) -> None:
    connection = Connection(binding=BINDING)
    answers = (asks(f"e={error}"), b"535 5.7.8 no\r\n")
    said, result = play(login("SCRAM-SHA-1-PLUS", USER, connection), *answers)
    assert lines(said)[1:] == [""]
    assert result.unjudged is (error == "unsupported-channel-binding-type")


def test_a_binding_that_is_refused_after_the_proof_was_a_try() -> None:
    connection = Connection(binding=BINDING, nonce="fyko+d2lbbFgONRv9qkxdawL")
    first = asks(VECTORS["SCRAM-SHA-1"][1])
    answers = (first, asks("e=unsupported-channel-binding-type"), b"535 5.7.8 no\r\n")
    _, result = play(login("SCRAM-SHA-1-PLUS", USER, connection), *answers)
    assert not result.unjudged
    assert result.refused


def test_a_name_with_comma_and_equals_sign_is_escaped() -> None:
    said, _ = play(login("SCRAM-SHA-1", Credentials("a=b,c", Secret("x"))), b"535 no\r\n")
    assert b"n=a=3Db=2Cc,r=" in base64.b64decode(lines(said)[0].split()[2])


def test_what_saslprep_prohibits_is_an_encoding_fault_that_shows_nothing() -> None:
    who = Credentials("user", Secret("canary\x07"))
    with pytest.raises(EncodingFaultError, match="password") as caught:
        play(login("SCRAM-SHA-1", who), asks(VECTORS["SCRAM-SHA-1"][1]))
    assert "canary" not in str(caught.value)


def test_a_password_that_saslprep_prohibits_is_told_before_anything_leaves() -> None:
    with pytest.raises(EncodingFaultError):
        next(login("SCRAM-SHA-1", Credentials("user", Secret("a\x07"))))


def against_scramp(name: str, stored: str, given: str, username: str = "üser") -> Login:
    """A login of ours at scramp's server."""
    mechanism = ScramMechanism(name)
    plus = name.endswith("-PLUS")
    bound = (BINDING.kind, BINDING.data) if plus else None
    info = mechanism.make_auth_info(stored)
    server = mechanism.make_server(lambda _name: info, channel_binding=bound)
    connection = Connection(binding=BINDING if plus else None, bindable=not plus)
    dialogue = login(name, Credentials(username, Secret(given)), connection)

    (say,) = next(dialogue)
    server.set_client_first(base64.b64decode(say.wire.split()[2]).decode())
    (say,) = dialogue.send((replies(asks(server.get_server_first()))[0],))
    with suppress(ScramException):
        server.set_client_final(base64.b64decode(say.wire).decode())
    (say,) = dialogue.send((replies(asks(server.get_server_final()))[0],))
    last = b"235 in\r\n" if say.wire == b"\r\n" and stored == given else b"535 5.7.8 no\r\n"
    try:
        dialogue.send((replies(last)[0],))
    except StopIteration as ended:
        result: Login = ended.value
        return result
    raise AssertionError("the exchange goes on")


@pytest.mark.parametrize("plus", ["", "-PLUS"])
@pytest.mark.parametrize("name", ["SCRAM-SHA-1", "SCRAM-SHA-256"])
def test_another_implementation_of_the_server_agrees(name: str, plus: str) -> None:
    assert against_scramp(name + plus, "pässwörd", "pässwörd").accepted
    wrong = against_scramp(name + plus, "pässwörd", "another")
    assert wrong.refused
    assert wrong.facts["server_error"]
