"""The image: what can be said of it without an engine."""

from __future__ import annotations

import re
import shlex

from tests.contrib.pieces import CONTRIB, ROOT, good, tool

DOCKERFILE = CONTRIB / "docker/Dockerfile"


def instructions(word: str) -> list[str]:
    """The arguments of each such instruction, lines joined."""
    text = DOCKERFILE.read_text("utf-8").replace("\\\n", " ")
    return re.findall(rf"^{word} (.*)$", text, re.MULTILINE)


def test_hadolint_finds_nothing_wrong() -> None:
    assert good([tool("hadolint"), str(DOCKERFILE)]) == ""


def test_what_is_copied_is_there_and_let_in_and_nothing_else() -> None:
    copied = {
        source.removeprefix("./")
        for each in instructions("COPY")
        if "--from" not in each
        for source in shlex.split(each)[:-1]
    }
    lines = (ROOT / ".dockerignore").read_text("utf-8").splitlines()
    assert lines[1] == "*"
    assert {line[1:] for line in lines if line.startswith("!")} == copied
    for name in copied:
        assert (ROOT / name).exists(), name


def test_the_extras_are_extras_of_the_package() -> None:
    (extras,) = re.findall(r"^ARG EXTRAS=(\S+)$", DOCKERFILE.read_text(), re.MULTILINE)
    assert f"\n{extras} = [" in (ROOT / "pyproject.toml").read_text("utf-8")


def test_the_user_is_a_number_and_not_root() -> None:
    (user,) = instructions("USER")
    assert re.fullmatch(r"[1-9]\d*:[1-9]\d*", user)
    assert instructions("ENTRYPOINT") == ['["smtpcheck"]']
