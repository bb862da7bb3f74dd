"""Which part of the targets this machine takes, where several share them: `--shard 2/4`.

The name of a target decides, by a hash that is the same on every machine: none is probed twice or
by nobody, and a target that comes or goes moves no other one.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping

from smtpcheck.model.errors import UsageError
from smtpcheck.model.value import dataclass

_VARIABLES = (
    ("CI_NODE_INDEX", "CI_NODE_TOTAL", 1),  # GitLab
    ("JOB_COMPLETION_INDEX", "JOB_COMPLETIONS", 0),  # Kubernetes; the second is set by hand
    ("CIRCLE_NODE_INDEX", "CIRCLE_NODE_TOTAL", 0),
    ("BUILDKITE_PARALLEL_JOB", "BUILDKITE_PARALLEL_JOB_COUNT", 0),
    ("SYSTEM_JOBPOSITIONINPHASE", "SYSTEM_TOTALJOBSINPHASE", 1),  # Azure Pipelines
    ("AWS_BATCH_JOB_ARRAY_INDEX", "AWS_BATCH_JOB_ARRAY_SIZE", 0),
)
"""Where machines that share a job find their number and how many they are, and the first number."""
_HELP = "write --shard 2/4 for the second of four machines, or --shard auto in a CI job"


@dataclass(frozen=True, slots=True)
class Shard:
    """One of so many parts."""

    number: int
    """From 1."""
    of: int

    def __str__(self) -> str:
        return f"{self.number}/{self.of}"

    def takes(self, target: str) -> bool:
        """Whether a target of this name belongs to the part."""
        from hashlib import sha256

        digest = sha256(target.encode("utf-8", "surrogatepass")).digest()
        return int.from_bytes(digest[:8], "big") % self.of == self.number - 1


def shard_given(text: str, environment: Mapping[str, str] = os.environ) -> Shard | None:
    """The part that `--shard` names, None where it names none. Raises UsageError."""
    if not text:
        return None
    if text.strip().lower() == "auto":
        return _of_the_job(environment)
    found = re.fullmatch(r"\s*(\d{1,9})\s*/\s*(\d{1,9})\s*", text, re.ASCII)
    if not found:
        raise UsageError(f"--shard {text} is not I/N", [_HELP])
    return _checked(int(found[1]), int(found[2]), f"--shard {text}")


def _of_the_job(environment: Mapping[str, str]) -> Shard:
    """What the CI system says. GitLab gives a job that is alone a total of 1 and no index."""
    for index, total, first in _VARIABLES:
        number, of = environment.get(index, ""), environment.get(total, "")
        if not number and of == "1":
            return Shard(1, 1)
        if number and not of:
            raise UsageError(
                f"--shard auto: {index} is set, and {total} is not",
                [f"set {total} to the number of machines"],
            )
        if number:
            said = f"--shard auto: {index}={number} of {total}={of}"
            if not (number.isascii() and number.isdigit() and of.isascii() and of.isdigit()):
                raise UsageError(f"{said} are not two numbers", [_HELP])
            return _checked(int(number) + 1 - first, int(of), said)
    names = ", ".join(index for index, _, _ in _VARIABLES)
    raise UsageError(f"--shard auto: none of {names} is set", [_HELP])


def _checked(number: int, of: int, said: str) -> Shard:
    if not 1 <= number <= of:
        raise UsageError(f"{said} is not a part from 1 to {of}", [_HELP])
    return Shard(number, of)
