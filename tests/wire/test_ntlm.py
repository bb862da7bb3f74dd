"""NTLM: against pyspnego's own server, in both forms of the exchange, and bad challenges."""

from __future__ import annotations

import base64
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smtpcheck.model.secret import Secret
from smtpcheck.wire.mechanisms import Connection
from smtpcheck.wire.ntlm import SIGNATURE
from smtpcheck.wire.sasl import Credentials, Login, login
from smtpcheck.wire.sasl_fault import EncodingFaultError
from tests.playing import lines, play, replies

spnego: Any = pytest.importorskip("spnego", reason="the extra ntlm is not installed")
MAIL = Connection(host="mail.example.test")


def acceptor(folder: Path, entry: str, monkeypatch: pytest.MonkeyPatch) -> Any:
    """A server that knows one user; `entry` is `DOMAIN:USER:PASSWORD`."""
    accounts = folder / "accounts"
    accounts.write_text(f"{entry}\n", encoding="utf-8")
    monkeypatch.setenv("NTLM_USER_FILE", str(accounts))
    return spnego.server(protocol="ntlm", options=spnego.NegotiateOptions.use_ntlm)


def logged_in(server: Any, username: str, password: str, *, ready: bytes | None = None) -> Login:
    """A login at that server. With `ready` it takes no initial response and says so first."""
    dialogue = login("NTLM", Credentials(username, Secret(password)), MAIL)
    (say,) = next(dialogue)
    opening = say.wire.split()[2]
    if ready is not None:
        (say,) = dialogue.send((replies(ready)[0],))
        assert say.wire.strip() == opening
    challenge = server.step(base64.b64decode(opening))
    (say,) = dialogue.send((replies(b"334 " + base64.b64encode(challenge) + b"\r\n")[0],))
    try:
        server.step(base64.b64decode(say.wire))
        last = b"235 in\r\n"
    except spnego.exceptions.SpnegoError:
        last = b"535 5.7.3 no\r\n"
    try:
        dialogue.send((replies(last)[0],))
    except StopIteration as ended:
        result: Login = ended.value
        return result
    raise AssertionError("the exchange goes on")


@pytest.mark.parametrize(
    ("entry", "username"),
    [
        ("CORP:alice:pässwörd", "CORP\\alice"),
        (":alice@corp.example:pässwörd", "alice@corp.example"),
        (":alice:pässwörd", "alice"),
    ],
)
@pytest.mark.parametrize("ready", [None, b"334 \r\n", b"334 ntlm supported\r\n"])
def test_each_form_of_the_name_logs_in(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    entry: str,
    username: str,
    ready: bytes | None,
) -> None:
    server = acceptor(tmp_path, entry, monkeypatch)
    assert logged_in(server, username, "pässwörd", ready=ready).accepted


def test_a_wrong_password_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    server = acceptor(tmp_path, ":alice:right", monkeypatch)
    assert logged_in(server, "alice", "wrong").refused


@pytest.mark.parametrize("challenge", [b"", b"who are you", SIGNATURE, SIGNATURE + b"\x02\0\0\0"])
def test_a_challenge_that_is_none_is_cancelled(challenge: bytes) -> None:
    asks = b"334 " + base64.b64encode(challenge) + b"\r\n"
    said, result = play(
        login("NTLM", Credentials("alice", Secret("x")), MAIL), asks, asks, b"501 cancelled\r\n"
    )
    assert lines(said)[-1] == "*"
    assert result.fault == "challenge-malformed"


@given(st.binary(max_size=300))
def test_no_challenge_makes_it_fail_in_another_way(rest: bytes) -> None:
    asks = b"334 " + base64.b64encode(SIGNATURE + b"\x02\0\0\0" + rest) + b"\r\n"
    _, result = play(
        login("NTLM", Credentials("alice", Secret("x")), MAIL), asks, b"535 5.7.3 no\r\n"
    )
    assert result.fault in ("", "challenge-malformed")


def test_an_environment_that_asks_for_ntlmv1_gets_no_login(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("LM_COMPAT_LEVEL", "1")
    with pytest.raises(EncodingFaultError, match="LM_COMPAT_LEVEL"):
        next(login("NTLM", Credentials("alice", Secret("x")), MAIL))
