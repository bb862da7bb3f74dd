"""A small catalogue of its own, for tests of the machinery."""

from __future__ import annotations

from pathlib import Path

SAMPLES = Path(__file__).with_name("samples")

CAUSE = """
[{id}]
title = "something is wrong"
why = "because"
help = ["mend it"]
owner = "you"
{more}

[[{id}.rule]]
when = {when}
confidence = "{confidence}"
source = "made up"
examples = [{{ facts = {{ "reply.code" = 550 }} }}]
"""


def cause(
    cause_id: str, when: str = '{ "reply.code" = 550 }', confidence: str = "likely", more: str = ""
) -> str:
    """The TOML of a cause with one rule."""
    return CAUSE.format(id=cause_id, when=when, confidence=confidence, more=more)
