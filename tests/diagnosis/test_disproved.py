"""What an experiment of the run disproved is said to be in vain, and nothing else is."""

from __future__ import annotations

import pytest

from smtpcheck.diagnosis.disproved import without_disproved
from smtpcheck.model.diagnosis import Change, Confidence, Diagnosis, Owner, Severity
from smtpcheck.model.jsonvalue import Json
from smtpcheck.model.observation import ExperimentResult, Observations
from smtpcheck.model.stage import Outcome

VAIN = "(tried in this run, in vain) "
AROUND = "or go around it: smtpcheck profile set app server.security tls server.port 465"
OTHER = "switch SMTP inspection off for this server"
WAY: dict[str, Json] = {"server.security": "tls", "server.port": 465}
REFUSED: dict[str, Json] = {"port": 465, "security": "tls", "connected": False}


def tried(name: str, *outcome: Outcome, **facts: Json) -> ExperimentResult:
    return ExperimentResult(name, (*outcome, Outcome.FAILED)[0], "it was tried", 1.0, facts)


def held(
    changes: dict[str, Json], help_: tuple[str, ...], *made: ExperimentResult, **settings: int | str
) -> tuple[dict[str, Json], tuple[str, ...]]:
    """What is left of changes and steps; settings with `_` for the dot."""
    proposed = tuple(Change(key, value, verified=False) for key, value in changes.items())
    told = Diagnosis(
        "a", Severity.ERROR, "", "", Confidence.LIKELY, Owner.YOU, retryable=False, why="",
        help=help_, changes=proposed,
    )  # fmt: skip
    flat: dict[str, Json] = {"server.port": 587, "server.security": "starttls"}
    flat |= {key.replace("_", ".", 1): value for key, value in settings.items()}
    (left,) = without_disproved([told], Observations(flat, (), made))
    return {each.key: each.value for each in left.changes}, left.help


def test_a_refused_port_is_neither_a_change_nor_a_step() -> None:
    assert held(WAY, (OTHER, AROUND), tried("port-465", **REFUSED)) == (
        {},
        (OTHER, VAIN + AROUND[3:]),
    )


def test_changes_of_another_table_stay() -> None:
    mixed = {**WAY, "auth.method": "login"}
    left, _ = held(mixed, (OTHER,), tried("port-465", **REFUSED))
    assert left == {"auth.method": "login"}


@pytest.mark.parametrize(
    "made",
    [
        (),
        (tried("port-2525", port=2525, security="starttls", connected=False),),
        (tried("port-465", Outcome.SKIPPED, **REFUSED),),
        (tried("port-465", Outcome.PASSED, **{**REFUSED, "connected": True}),),
        (tried("port-465", **{**REFUSED, "connected": True}, reply={"code": 421}),),
    ],
)
def test_what_was_not_disproved_stays(made: tuple[ExperimentResult, ...]) -> None:
    assert held(WAY, (OTHER, AROUND), *made) == (WAY, (OTHER, AROUND))


def test_a_port_that_took_the_connection_disproves_its_own_mode_alone() -> None:
    shaken = tried("port-587", port=587, security="starttls", connected=True)
    change: dict[str, Json] = {"server.port": 587}
    as_tls = {**change, "server.security": "tls"}
    assert (
        held({**change, "server.security": "starttls"}, (OTHER,), shaken, server_port=25)[0] == {}
    )
    assert held(as_tls, (OTHER,), shaken, server_port=25)[0] == as_tls


def test_a_mode_alone_is_disproved_on_the_configured_port() -> None:
    mode: dict[str, Json] = {"server.security": "tls"}
    here = tried("mode-tls", port=587, security="tls", connected=True)
    there = tried("port-465", Outcome.PASSED, port=465, security="tls", connected=True)
    assert held(mode, (OTHER,), here)[0] == {}
    assert held(mode, (OTHER,), here, there)[0] == mode
    assert held(mode, (OTHER,), tried("port-465", **REFUSED))[0] == mode


@pytest.mark.parametrize(
    ("key", "value", "made"),
    [
        ("server.address_family", "ipv4", tried("family-ipv4")),
        ("server.address_family", "any", tried("family-ipv6")),
        ("auth.method", "auto", tried("auth-auto")),
        ("sender.address", "me@example.com", tried("own-sender", address="me@example.com")),
    ],
)
def test_other_settings_are_disproved_by_their_own_experiment(
    key: str, value: Json, made: ExperimentResult
) -> None:
    own = {"server_address_family": "ipv4"} if value == "any" else {}
    assert held({key: value}, (OTHER,), made, **own)[0] == {}
    assert held({key: value}, (OTHER,), tried("port-465", **REFUSED), **own)[0] == {key: value}


@pytest.mark.parametrize(
    ("step", "stays"),
    [
        ("add --set server.port=465 --set server.security=tls", False),
        ("meanwhile try port 465: smtpcheck probe smtps://mail.example.com", False),
        ("use port 465 with security tls, or port 2525 with starttls", True),
        ("openssl s_client -connect HOST:587 (without -starttls smtp for port 465)", True),
        ("587 is usual with STARTTLS, 465 with TLS from the first byte", True),
        ("set a fingerprint: smtpcheck profile set app tls.fingerprint AB:46:50", True),
    ],
)
def test_a_step_is_marked_where_all_that_it_advises_was_in_vain(step: str, stays: bool) -> None:
    _, left = held({}, (OTHER, step), tried("port-465", **REFUSED))
    assert left == ((OTHER, step) if stays else (OTHER, VAIN + step))


def test_where_no_step_is_left_one_says_whom_to_ask() -> None:
    _, left = held(WAY, (AROUND,), tried("port-465", **REFUSED))
    ask = "ask whoever runs the server which port and mode are open"
    assert left == (ask, VAIN + AROUND[3:])


def test_a_step_in_vain_goes_behind_the_others() -> None:
    _, left = held(WAY, (AROUND, OTHER), tried("port-465", **REFUSED))
    assert left == (OTHER, VAIN + AROUND[3:])
