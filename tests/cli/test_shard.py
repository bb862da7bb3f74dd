"""`--shard`: which part of the targets a machine takes."""

from __future__ import annotations

import pytest

from smtpcheck.cli.shard import Shard, shard_given
from smtpcheck.model.errors import UsageError
from tests.cli.command_line import CommandLine

NAMES = [f"smtp{number}.example.com" for number in range(400)]


@pytest.mark.parametrize("count", [1, 2, 3, 7])
def test_each_target_is_in_exactly_one_part(count: int) -> None:
    parts = [Shard(number, count) for number in range(1, count + 1)]
    for name in NAMES:
        assert sum(part.takes(name) for part in parts) == 1
    sizes = [sum(map(part.takes, NAMES)) for part in parts]
    assert min(sizes) > 0.6 * len(NAMES) / count


def test_the_part_of_a_target_is_the_same_on_every_machine_and_day() -> None:
    assert [Shard(2, 4).takes(name) for name in NAMES[:8]] == [
        *(False, False, False, False, True, False, False, False),
    ]


@pytest.mark.parametrize(
    ("variables", "part"),
    [
        ({"CI_NODE_INDEX": "2", "CI_NODE_TOTAL": "4"}, (2, 4)),
        ({"CI_NODE_TOTAL": "1"}, (1, 1)),
        ({"JOB_COMPLETION_INDEX": "0", "JOB_COMPLETIONS": "4"}, (1, 4)),
        ({"CIRCLE_NODE_INDEX": "3", "CIRCLE_NODE_TOTAL": "4"}, (4, 4)),
        ({"BUILDKITE_PARALLEL_JOB": "0", "BUILDKITE_PARALLEL_JOB_COUNT": "2"}, (1, 2)),
        ({"SYSTEM_JOBPOSITIONINPHASE": "1", "SYSTEM_TOTALJOBSINPHASE": "2"}, (1, 2)),
        ({"AWS_BATCH_JOB_ARRAY_INDEX": "1", "AWS_BATCH_JOB_ARRAY_SIZE": "2"}, (2, 2)),
    ],
)
def test_auto_asks_the_ci_system(variables: dict[str, str], part: tuple[int, int]) -> None:
    assert shard_given("auto", variables) == Shard(*part)


@pytest.mark.parametrize(
    ("text", "variables", "word"),
    [
        ("0/4", {}, "from 1 to 4"),
        ("5/4", {}, "from 1 to 4"),
        ("1/0", {}, "from 1 to 0"),
        ("1", {}, "I/N"),
        ("-1/4", {}, "I/N"),
        ("a/b", {}, "I/N"),
        ("auto", {}, "JOB_COMPLETION_INDEX"),
        ("auto", {"JOB_COMPLETION_INDEX": "3"}, "JOB_COMPLETIONS"),
        ("auto", {"CI_NODE_INDEX": "5", "CI_NODE_TOTAL": "4"}, "from 1 to 4"),
        ("auto", {"CI_NODE_INDEX": "one", "CI_NODE_TOTAL": "4"}, "two numbers"),
    ],
)
def test_what_is_no_part_is_refused(text: str, variables: dict[str, str], word: str) -> None:
    with pytest.raises(UsageError, match=word):
        shard_given(text, variables)


def test_nothing_is_asked_for() -> None:
    assert shard_given("", {"CI_NODE_INDEX": "1", "CI_NODE_TOTAL": "2"}) is None


def test_a_part_without_a_target_is_no_failure_and_is_told(smtpcheck: CommandLine) -> None:
    target = "127.0.0.1:1"
    [mine] = [number for number in range(1, 6) if Shard(number, 5).takes(target)]
    other = mine % 5 + 1
    assert smtpcheck("probe", target, "--shard", f"{mine}/5").code == 11
    for word in ("text", "json", "jsonl", "junit", "markdown", "html", "nagios"):
        done = smtpcheck("probe", target, "--shard", f"{other}/5", "--format", word)
        assert done.code == 0, (word, done)
        assert f"shard {other}/5" in done.err
