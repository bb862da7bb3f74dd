"""A report that is read target by target is the report that is read whole."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from smtpcheck.model.errors import UsageError
from smtpcheck.report.json_pieces import SavedReport
from smtpcheck.report.json_report import render_json, report_from_data
from tests.report.samples import SAMPLES


def cut(raw: bytes, size: int) -> Iterator[bytes]:
    return (raw[at : at + size] for at in range(0, len(raw), size))


def written(name: str) -> bytes:
    return "".join(render_json(SAMPLES[name]())).encode()


@pytest.mark.parametrize("size", [1, 7, 1000, 1 << 20])
@pytest.mark.parametrize("name", SAMPLES)
def test_the_targets_are_the_same_wherever_the_pieces_end(name: str, size: int) -> None:
    raw = written(name) if size > 1 else json.dumps(json.loads(written(name))["targets"]).encode()
    if size == 1:  # as few characters as will do
        raw = (
            b'{"schema": 1, "started": "x", "outcome": "passed", "exit_code": 0, "targets": %s}'
            % raw
        )
    saved = SavedReport(cut(raw, size))
    whole = report_from_data(json.loads(raw))
    assert tuple(saved.targets()) == tuple(whole.targets)
    assert saved.started == whole.started


@pytest.mark.parametrize("charset", ["utf-8-sig", "utf-16", "utf-16-le"])
def test_what_a_shell_of_windows_wrote_is_read(charset: str) -> None:
    raw = written("failed_auth").decode().encode(charset)
    assert len(list(SavedReport(cut(raw, 501)).targets())) == 1


def test_a_target_is_given_before_the_next_is_read() -> None:
    (target,) = json.loads(written("failed_auth"))["targets"]
    one = json.dumps(target).encode()
    read: list[int] = []

    def pieces() -> Iterator[bytes]:
        yield b'{"schema": 1, "targets": ['
        for number in range(50):
            read.append(number)
            yield one + (b"," if number < 49 else b"]")
        yield b', "started": "x", "outcome": "failed", "exit_code": 13}'

    saved = SavedReport(pieces())
    for at, _ in enumerate(saved.targets()):
        assert len(read) <= at + 2
    assert (len(read), saved.started) == (50, "x")


@pytest.mark.parametrize(
    "raw",
    [
        "",
        "{",
        "{}{}",
        '{"schema" 1}',
        '{"schema": 1,}',
        '{"schema": 1, "targets": [',
        "[" * 100_000,
        "\0",
    ],
)
def test_what_is_no_json_is_none(raw: str) -> None:
    with pytest.raises((ValueError, RecursionError)):
        list(SavedReport(cut(raw.encode(), 5000)).targets())


@pytest.mark.parametrize(
    ("data", "said"),
    [
        ([], "report is [], not an object"),
        (5, "report is 5, not an object"),
        ({}, "report.schema is missing"),
        ({"schema": 2, "targets": [{"host": "x"}]}, "has schema 2"),
        ({"targets": []}, "report.schema is missing"),
        ({"schema": 1, "targets": {}}, "report.started is missing"),
        ({"schema": 1, "targets": [5]}, "report.targets[0] is 5, not an object"),
        ({"schema": 1, "targets": [{}]}, "report.targets[0].target is missing"),
        ({"schema": 1, "targets": []}, "report.started is missing"),
    ],
)
def test_what_is_no_report_says_where(data: Any, said: str) -> None:
    with pytest.raises(UsageError) as raised:
        list(SavedReport(cut(json.dumps(data).encode(), 3)).targets())
    assert said in raised.value.message
