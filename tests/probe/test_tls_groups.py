"""tls.groups: which groups a server takes, of servers that no TLS library here can play."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from typing import Any

import pytest

from smtpcheck.catalog.loader import load_catalog
from smtpcheck.catalog.matcher import best
from smtpcheck.probe.tls_ask import AskingEndedError
from smtpcheck.probe.tls_look import Look, Seen
from smtpcheck.probe.tls_look_groups import look_at_groups
from smtpcheck.wire.client_hello import VERSIONS, Offer
from smtpcheck.wire.named_groups import group_name
from smtpcheck.wire.server_flight import Choice

X25519, P256, P192, K256, MLKEM = 29, 23, 19, 22, 0x11EC


class Server:
    """Takes these groups, by its own order or by that of the client."""

    server_name = ""

    def __init__(self, groups: Sequence[int], *, own_order: bool, version: str = "1.3") -> None:
        self._groups, self._own_order, self._version = groups, own_order, version
        self.asked = 0

    def offer(self, offer: Offer) -> Choice | None:
        self.asked += 1
        first, second = (
            (self._groups, offer.groups) if self._own_order else (offer.groups, self._groups)
        )
        group = next((each for each in first if each in second), None)
        if group is None:
            return None
        version = min(self._version, offer.highest, key=VERSIONS.__getitem__)
        return Choice(version=version, suite=offer.suites[0], group=group_name(group))


def looked(server: Server, *versions: str, usual: Choice | None = None) -> Look:
    look = Look()
    seen = Seen(threading.Event(), auth_offered=True, usual=usual)
    for version in versions:
        choice = server.offer(Offer(highest=version, suites=[0xC02F]))
        seen.choices += [choice] if choice else []
    server.asked = 0
    look_at_groups(server, seen, look)  # type: ignore[arg-type]  # of an asker offer alone is used
    return look


def cause(look: Look) -> str:
    [problem] = look.problems
    assert isinstance(problem, dict)
    facts: dict[str, Any] = {"step": "tls.groups", "stage": "tls", **look.facts}
    match = best(facts | {f"problem.{k}": v for k, v in problem.items()}, load_catalog())
    assert match is not None
    return match.cause.id


@pytest.mark.parametrize(
    ("groups", "own_order", "preference", "post_quantum", "asked"),
    [
        ((X25519, P256), True, "server", "", 3),
        ((X25519, P256), False, "client", "", 2),
        ((MLKEM, X25519), True, "server", "X25519MLKEM768", 2),
        ((X25519, MLKEM), True, "server", "X25519MLKEM768", 3),
        ((X25519, MLKEM), False, "client", "X25519MLKEM768", 2),
    ],
)
def test_the_order_and_post_quantum_groups_are_found_with_few_questions(
    groups: Sequence[int], own_order: bool, preference: str, post_quantum: str, asked: int
) -> None:
    server = Server(groups, own_order=own_order)
    look = looked(server, "1.3", "1.2")
    assert look.facts["preference"] == preference
    assert look.facts["post_quantum"] == post_quantum
    assert (look.facts["weak"], look.problems) == ([], [])
    assert server.asked == asked


@pytest.mark.parametrize("own_order", [True, False])
def test_weak_and_unusual_curves_are_found_behind_each_other(own_order: bool) -> None:
    server = Server((X25519, K256, P192), own_order=own_order, version="1.2")
    look = looked(server, "1.2")
    assert look.facts["weak"] == ["secp192r1"]
    assert look.facts["unusual"] == ["secp256k1"]
    assert cause(look) == "tls-weak-group-offered"


def test_a_server_with_a_certificate_on_a_curve_answers_who_names_that_curve() -> None:
    class OnCurve(Server):
        def offer(self, offer: Offer) -> Choice | None:
            return super().offer(offer) if P256 in offer.groups else None

    for groups, weak in (((P192, P256), ["secp192r1"]), ((P256,), [])):
        server = OnCurve(groups, own_order=False, version="1.2")
        look = looked(server, "1.2", usual=Choice(version="1.2", suite=0xC02B))
        assert look.facts["weak"] == weak


def test_an_unusual_curve_alone_is_no_weakness() -> None:
    look = looked(Server((X25519, K256), own_order=True, version="1.2"), "1.2")
    assert (look.facts["unusual"], look.problems) == (["secp256k1"], [])
    assert "takes secp256k1" in look.said


def test_a_server_of_one_fixed_curve_is_not_said_to_take_what_was_offered() -> None:
    class Fixed(Server):
        def offer(self, offer: Offer) -> Choice | None:
            return Choice(version="1.2", suite=0xC02F, group="secp256r1")

    look = looked(Fixed((), own_order=True), "1.2")
    assert (look.facts["preferred"], look.facts["weak"]) == ("secp256r1", [])


def test_without_any_version_no_group_is_asked_for() -> None:
    with pytest.raises(AskingEndedError):
        looked(Server((), own_order=True))
