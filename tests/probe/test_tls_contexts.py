"""Targets with the same TLS settings share a context, until one of its files is another one."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from smtpcheck.probe.tls_contexts import RECENT, TlsContexts
from smtpcheck.wire.tls_context import LocalTlsFault, TlsContext, TlsPolicy
from tests.pki import TestPki


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def contexts(clock: Clock) -> TlsContexts:
    return TlsContexts(clock)


def test_equal_settings_have_one_context_and_others_another(
    contexts: TlsContexts, pki: TestPki
) -> None:
    one = contexts.get(TlsPolicy(ca_file=str(pki.ca_file)))
    assert isinstance(one, TlsContext)
    assert contexts.get(TlsPolicy(ca_file=str(pki.ca_file))) is one
    assert contexts.get(TlsPolicy(ca_file=str(pki.ca_file), min_version="1.3")) is not one
    assert contexts.get(TlsPolicy(ca_file=str(pki.ca_file), verify=False)) is not one


def test_a_file_that_was_written_anew_is_read_anew(
    contexts: TlsContexts, pki: TestPki, tmp_path: Path
) -> None:
    path = tmp_path / "ca.pem"
    path.write_bytes(pki.ca_file.read_bytes())
    before = contexts.get(TlsPolicy(ca_file=str(path)))
    assert contexts.get(TlsPolicy(ca_file=str(path))) is before
    path.write_text("no certificate")
    os.utime(path, (1, 1))
    assert isinstance(contexts.get(TlsPolicy(ca_file=str(path))), LocalTlsFault)
    assert contexts.recent(TlsPolicy(ca_file=str(path))) is None
    path.write_bytes(pki.ca_file.read_bytes())
    after = contexts.get(TlsPolicy(ca_file=str(path)))
    assert isinstance(after, TlsContext)
    assert after is not before


def test_without_a_look_at_its_files_a_context_is_used_for_a_moment_only(
    contexts: TlsContexts, clock: Clock, pki: TestPki
) -> None:
    policy = TlsPolicy(ca_file=str(pki.ca_file))
    assert contexts.recent(policy) is None
    made = contexts.get(policy)
    assert contexts.recent(policy) is made
    clock.now += RECENT + 0.1
    assert contexts.recent(policy) is None
    assert contexts.get(policy) is made
    assert contexts.recent(policy) is made
    clock.now += 2 * 3600
    assert contexts.get(policy) is not made, "not every system's store is a file"


def test_another_system_store_is_another_context(
    contexts: TlsContexts, pki: TestPki, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(pki.ca_file))
    made = contexts.get(TlsPolicy())
    assert isinstance(made, TlsContext)
    assert made.store.count == 1
    assert contexts.recent(TlsPolicy()) is made
    monkeypatch.setenv("SSL_CERT_FILE", "/there/is/none")
    assert contexts.recent(TlsPolicy()) is None


def test_a_key_that_needs_a_pass_phrase_is_kept_by_nobody(
    contexts: TlsContexts, pki: TestPki
) -> None:
    chain, key = pki.client("contexts")
    policy = TlsPolicy(
        ca_file=str(pki.ca_file),
        client_cert=str(chain),
        client_key=str(key),
        key_password=lambda: b"secret",
    )
    assert isinstance(contexts.get(policy), TlsContext)
    assert contexts.get(policy) is not contexts.get(policy)
    assert contexts.recent(policy) is None


def test_the_least_used_context_is_given_up(contexts: TlsContexts, pki: TestPki) -> None:
    def policy(number: int) -> TlsPolicy:
        return TlsPolicy(ca_file=str(pki.ca_file), fingerprint=f"{number:064x}")

    kept = contexts.get(policy(0))
    for number in range(1, 40):
        contexts.get(policy(number))
        assert contexts.get(policy(0)) is kept
    assert contexts.recent(policy(1)) is None
    assert contexts.recent(policy(39)) is not None
