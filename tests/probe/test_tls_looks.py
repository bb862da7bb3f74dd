"""What the looks make of servers that no TLS library of today can play any more."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any

import pytest

from smtpcheck.catalog.loader import load_catalog
from smtpcheck.catalog.matcher import best
from smtpcheck.model.profile import Profile
from smtpcheck.probe.tls_ask import AskingEndedError
from smtpcheck.probe.tls_look import Look, Seen
from smtpcheck.probe.tls_look_ciphers import look_at_ciphers, look_at_features, look_at_versions
from smtpcheck.wire.cipher_suites import FALLBACK, FORWARD_SECRET, STATIC_RSA, with_weakness
from smtpcheck.wire.client_hello import RENEGOTIATION_INFO, VERSIONS, Offer
from smtpcheck.wire.question import Question
from smtpcheck.wire.server_flight import Choice

SOUND = (*FORWARD_SECRET, *STATIC_RSA)
SSL2_HELLO = b"\x80\x1e\4\0\1\0\2\0\0\0\3\0\x10\7\0\xc0" + bytes(16)
MUST_STAPLE = b"\x30" + bytes.fromhex("06082b06010505070118") + b"\x04\x05"


class OldServer:
    """Chooses as a server of these settings would; stands in the place of an `Asker`."""

    server_name = "mail.example.test"
    run = SimpleNamespace(profile=Profile())

    def __init__(
        self,
        versions: Sequence[str],
        suites: Sequence[int] = SOUND,
        only_old: Sequence[int] = (),
        *,
        heeds_fallback: bool = True,
        **chosen: Any,
    ) -> None:
        self._versions, self._suites, self._only_old = versions, suites, only_old
        self._heeds, self._chosen = heeds_fallback, chosen
        self.asked = 0
        self.answer = b""
        """To a question of another kind."""

    def put(self, question: Question, **_: float) -> None:
        """Answers as it is told to, then hangs up."""
        self.asked += 1
        question.receive(self.answer)
        question.receive(b"")

    def heed(self, words: str) -> None:
        """It says nothing in clear."""
        assert not words

    def offer(self, offer: Offer) -> Choice | None:
        """The newest version and the server's first suite that both have."""
        self.asked += 1
        fitting = [each for each in self._versions if VERSIONS[each] <= VERSIONS[offer.highest]]
        if not fitting:
            return None
        version = max(fitting, key=VERSIONS.__getitem__)
        best_of_all = max(self._versions, key=VERSIONS.__getitem__)
        if FALLBACK in offer.suites and self._heeds and version != best_of_all:
            return None
        old = self._only_old if VERSIONS[version] < VERSIONS["1.1"] else ()
        suite = next((each for each in (*self._suites, *old) if each in offer.suites), None)
        extensions = frozenset({RENEGOTIATION_INFO, 23, 35})
        made = {"extensions": extensions, **self._chosen}
        return Choice(version=version, suite=suite, **made) if suite is not None else None


def looked(server: OldServer, *, auth: bool = True) -> tuple[dict[str, Look], Seen]:
    seen, looks = Seen(threading.Event(), auth), {}
    for name, take in {
        "tls.versions": look_at_versions,
        "tls.ciphers": look_at_ciphers,
        "tls.features": look_at_features,
    }.items():
        looks[name] = Look()
        take(server, seen, looks[name])  # type: ignore[arg-type]  # of an asker offer alone is used
    return looks, seen


def causes(looks: dict[str, Look]) -> list[str]:
    """What the catalogue makes of every problem; each has a cause."""
    found = []
    for name, look in looks.items():
        for problem in look.problems:
            assert isinstance(problem, dict)
            facts = {"step": name, "stage": "tls", **look.facts}
            match = best(facts | {f"problem.{k}": v for k, v in problem.items()}, load_catalog())
            assert match is not None, problem
            found.append(match.cause.id)
    return found


def test_ssl_3_is_found_below_all_others() -> None:
    looks, _ = looked(OldServer(["ssl3", "1.0", "1.2"]))
    assert looks["tls.versions"].facts["versions"] == ["ssl3", "1.0", "1.2"]
    assert looks["tls.versions"].facts["offers"] == "SSL 3.0, TLS 1.0 and 1.2"
    assert causes(looks) == ["tls-legacy-version-offered"]


def test_ssl_2_is_asked_for_where_old_versions_are_taken() -> None:
    server = OldServer(["1.0", "1.2"])
    server.answer = SSL2_HELLO
    looks, _ = looked(server)
    assert looks["tls.versions"].facts["ssl2"] is True
    assert causes(looks)[:2] == ["tls-legacy-version-offered"] * 2
    looks, _ = looked(OldServer(["1.0", "1.2"]))
    assert looks["tls.versions"].facts["ssl2"] is False
    looks, _ = looked(OldServer(["1.2"]))
    assert "ssl2" not in looks["tls.versions"].facts


def test_suites_of_the_oldest_version_alone_are_found_there() -> None:
    export = with_weakness("export")[:1]
    looks, _ = looked(OldServer(["1.0", "1.2"], only_old=export))
    assert looks["tls.ciphers"].facts["weak"] == [
        {"weakness": "export", "cipher": "EXP-RC4-MD5", "version": "1.0"}
    ]
    assert "tls-weak-cipher-offered" in causes(looks)


def test_anonymous_suites_count_where_logins_are_taken() -> None:
    suites = (*SOUND, *with_weakness("anonymous"))
    for auth in (True, False):
        looks, _ = looked(OldServer(["1.2"], suites), auth=auth)
        assert causes(looks) == (["tls-anonymous-cipher-offered"] if auth else [])
        assert looks["tls.ciphers"].said[0] == "takes anonymous"


@pytest.mark.parametrize(
    ("chosen", "cause"),
    [
        ({"compression": 1}, "tls-compression-offered"),
        ({"extensions": frozenset({23})}, "tls-legacy-renegotiation"),
        ({"certificates": (MUST_STAPLE,)}, "cert-staple-missing"),
        ({"certificates": (MUST_STAPLE,), "stapled": True}, ""),
        ({"extensions": frozenset({0xFF01})}, "tls-no-extended-master-secret"),
        ({"signature": 0x0201}, "tls-sha1-signature"),
        ({"dh_bits": 1024}, "tls-dh-key-too-small"),
        ({"dh_bits": 2048}, ""),
    ],
)
def test_each_weakness_of_an_answer_has_its_cause(chosen: dict[str, Any], cause: str) -> None:
    looks, _ = looked(OldServer(["1.2"], **chosen))
    assert causes(looks) == ([cause] if cause else [])


def test_a_fallback_that_is_not_refused_counts_where_an_old_version_is_taken() -> None:
    for versions, expected in ((["1.1", "1.2"], True), (["1.2", "1.3"], False)):
        looks, _ = looked(OldServer(versions, heeds_fallback=False))
        assert looks["tls.features"].facts["fallback_signal"] is False
        assert ("tls-downgrade-unprotected" in causes(looks)) == expected


def test_a_sound_server_is_asked_about_a_dozen_times() -> None:
    server = OldServer(["1.2", "1.3"], tuple(FORWARD_SECRET))
    looks, _ = looked(server)
    assert causes(looks) == []
    assert server.asked <= 12


def test_a_server_that_chooses_what_was_not_offered_is_not_asked_for_ever() -> None:
    class Liar(OldServer):
        def offer(self, offer: Offer) -> Choice | None:
            return Choice(version=offer.highest, suite=0x0005)

    seen, look = Seen(threading.Event(), auth_offered=True), Look()
    server = Liar(["1.2"])
    look_at_versions(server, seen, look)  # type: ignore[arg-type]
    with pytest.raises(AskingEndedError, match="was not offered"):
        look_at_ciphers(server, seen, look)  # type: ignore[arg-type]


def test_a_server_that_chooses_a_newer_version_than_offered_is_told_so() -> None:
    class Liar(OldServer):
        def offer(self, offer: Offer) -> Choice | None:
            return Choice(version="1.2", suite=0xC02F)

    seen, look = Seen(threading.Event(), auth_offered=True), Look()
    with pytest.raises(AskingEndedError, match=r"chose 1.2 from an offer up to 1.1"):
        look_at_versions(Liar(["1.2"]), seen, look)  # type: ignore[arg-type]
    assert look.facts["versions"] == ["1.2"]
