"""What a format is: a name, and how it is recognised, read and written."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from smtpcheck.model.value import dataclass
from smtpcheck.store.foreign.entry import Source
from smtpcheck.store.foreign.imported import Imported
from smtpcheck.store.foreign.saying import Saying

NO = 0
MAYBE = 30
"""Settings of this kind could stand in the text."""
LIKELY = 60
SURE = 90
"""Nothing else looks like this."""


@dataclass(frozen=True, slots=True)
class Format:
    """One format that profiles are imported from and exported to."""

    name: str
    """As `--format` takes it."""
    title: str
    """In words: `Django settings`."""
    recognises: Callable[[Source], int]
    """How much a text looks like this format, from NO to SURE."""
    read: Callable[[Source], Sequence[Imported]]
    """Every way to send mail that a text holds. Raises UsageError for a text that is not in this
    format, in words that hold no value of it."""
    write: Callable[[Saying], str]
    """A text in this format. Raises UsageError for what the format cannot carry at all."""
