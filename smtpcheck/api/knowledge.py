"""What the catalogue knows, asked without a network: pasted texts, logs, saved reports, causes."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from smtpcheck.model.diagnosis import Diagnosis
from smtpcheck.model.errors import UsageError
from smtpcheck.model.jsonvalue import Json

if TYPE_CHECKING:
    from smtpcheck.diagnosis.explain import Explanation
    from smtpcheck.report.log_groups import LogCounts


def explain(text: str) -> tuple[Diagnosis, ...]:
    """The causes that a pasted text shows, the best first: an error message, a log, a
    conversation, a bounce. Empty where it shows no failure of SMTP, or none that is known."""
    return explain_fully(text).diagnoses


def explain_fully(text: str) -> Explanation:
    """The same, and what the text is about where it shows no failure."""
    from smtpcheck.catalog.loader import load_catalog
    from smtpcheck.diagnosis.explain import explain_text

    return explain_text(text, load_catalog())


def is_log(head: bytes) -> bool:
    """Whether a text that begins so is the log of many messages, for `explain_log`."""
    from smtpcheck.diagnosis.mail_log import is_log as seems

    return seems(head)


def explain_log(pieces: Iterable[bytes]) -> LogCounts:
    """The failures of a log by cause, the commonest first; the log streams past."""
    from smtpcheck.catalog.loader import load_catalog
    from smtpcheck.diagnosis.mail_log import MailLog
    from smtpcheck.report.log_groups import CauseCount, LogCounts

    log = MailLog(load_catalog())
    for piece in pieces:
        log.feed(piece)
    causes = tuple(
        CauseCount(group.diagnosis, group.count, group.first, group.last, group.sample)
        for group in log.finish()
    )
    return LogCounts(causes, log.lines, log.delivered, log.unexplained)


def cause_pages() -> list[dict[str, Json]]:
    """All causes as plain values, in the order of the alphabet."""
    from smtpcheck.catalog.loader import load_catalog
    from smtpcheck.diagnosis.cause_page import page_of

    return [page_of(cause) for cause in load_catalog().causes.values()]


def cause_page(cause_id: str) -> dict[str, Json]:
    """One cause as plain values. Raises UsageError for an unknown one, with those like it."""
    from smtpcheck.catalog.loader import load_catalog
    from smtpcheck.diagnosis.cause_page import page_of

    causes = load_catalog().causes
    if cause_id in causes:
        return page_of(causes[cause_id])
    from difflib import get_close_matches

    close = get_close_matches(cause_id, causes, 3)
    hints = [f"did you mean {', '.join(close)}?"] if close else []
    raise UsageError(f"there is no cause {cause_id}", [*hints, "list them all: smtpcheck causes"])


@dataclass(frozen=True, slots=True)
class RuleProof:
    """What the check of a folder of rules found."""

    rules: int
    failures: tuple[str, ...]


def prove_rules(folder: Path) -> RuleProof:
    """Holds the rules of a folder to their examples, against the shipped ones besides. Raises
    CatalogError for files that are not well formed."""
    from smtpcheck.catalog.loader import load_catalog, load_with
    from smtpcheck.diagnosis.proof import prove

    shipped = load_catalog().causes
    whole = load_with(folder)
    count = sum(len(cause.rules) for cause in whole.causes.values())
    known = sum(len(cause.rules) for cause in shipped.values())
    return RuleProof(count - known, tuple(str(failure) for failure in prove(whole)))
