"""Values that lie on disk while there are many."""

from __future__ import annotations

import gc
import pickle
import tempfile
import threading
import weakref
from dataclasses import replace
from typing import Any

import pytest

from smtpcheck.api import load_target
from smtpcheck.model.secret import Secret, SecretRef, SecretSource
from smtpcheck.store.presets import load_preset
from smtpcheck.store.spool import FEW, Spool
from tests.report.samples import failed_auth, several_targets

MANY = FEW + 1


class Thing:
    """A value that can be watched going away."""

    def __init__(self, name: str) -> None:
        self.name = name


def test_values_come_back_equal_and_in_the_order_of_their_numbers() -> None:
    targets = [*several_targets().targets, failed_auth().targets[0]]
    spool = Spool[Any](MANY)
    for number in reversed(range(MANY)):
        assert spool.put(number, targets[number % len(targets)])
    assert list(spool) == [targets[number % len(targets)] for number in range(MANY)]
    assert (spool[0], spool[-1]) == (targets[0], targets[(MANY - 1) % len(targets)])
    assert spool[1:3] == (targets[1], targets[2])
    assert len(spool) == MANY
    with pytest.raises(IndexError):
        spool[MANY]


@pytest.mark.parametrize(("count", "alive"), [(FEW, True), (MANY, False)])
def test_of_many_none_stays_in_memory(count: int, alive: bool) -> None:
    thing = Thing("one")
    there = weakref.ref(thing)
    spool = Spool[Thing](count)
    spool.put(0, thing)
    del thing
    gc.collect()
    assert (there() is not None) is alive
    assert spool[0].name == "one"


def test_a_value_with_a_secret_in_it_never_reaches_the_disk(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def never(**_: Any) -> Any:
        raise AssertionError("a file was made")

    monkeypatch.setattr(tempfile, "TemporaryFile", never)
    spool = Spool[Any](MANY)
    loaded = load_target("127.0.0.1:1").loaded
    auth = replace(
        loaded.profile.auth, password=SecretRef(SecretSource.GIVEN, given=Secret("canary"))
    )
    loaded = replace(loaded, profile=replace(loaded.profile, auth=auth))
    assert spool.put(0, loaded)
    assert spool[0] is loaded


def test_a_shipped_preset_is_named_and_not_written_down() -> None:
    spool = Spool[Any](MANY)
    spool.put(0, ("office365", load_preset("office365")))
    assert spool[0][1] is load_preset("office365")


def test_a_disk_that_takes_nothing_costs_memory_and_no_value(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def full(**_: Any) -> Any:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(tempfile, "TemporaryFile", full)
    spool = Spool[str](MANY)
    assert spool.put(3, "three")
    assert spool[3] == "three"


def test_the_first_value_of_a_number_stays_and_nothing_is_taken_in_the_end() -> None:
    spool = Spool[str](MANY, missing=lambda number: f"no {number}")
    assert spool.put(1, "first")
    assert not spool.put(1, "second")
    spool.close()
    assert not spool.put(2, "late")
    assert (spool[1], spool[2], spool.has(1), spool.has(2)) == ("first", "no 2", True, False)


def test_threads_do_not_mix_their_values() -> None:
    spool = Spool[str](800)

    def put(part: int) -> None:
        for number in range(part, 800, 8):
            spool.put(number, f"value {number}" * (number % 50))
            assert spool[number] == f"value {number}" * (number % 50)

    threads = [threading.Thread(target=put, args=(part,)) for part in range(8)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert list(spool) == [f"value {number}" * (number % 50) for number in range(800)]


def test_a_secret_refuses_to_be_pickled() -> None:
    with pytest.raises(TypeError):
        pickle.dumps(Secret("canary"))


def test_a_value_that_was_dropped_is_gone_and_not_taken_again() -> None:
    thing = Thing("one")
    there = weakref.ref(thing)
    spool = Spool[Thing](MANY, on_disk=False)
    assert spool.put(0, thing)
    assert spool.record(0) is None
    assert spool[0] is thing
    spool.drop(0)
    del thing
    gc.collect()
    assert there() is None
    assert spool.has(0)
    assert not spool.put(0, Thing("another"))
    with pytest.raises(KeyError):
        spool[0]
