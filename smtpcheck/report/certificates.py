"""How long the certificates that a server showed still hold."""

from __future__ import annotations

from datetime import UTC, datetime

from smtpcheck.model.jsonvalue import Facts
from smtpcheck.model.observation import Observations
from smtpcheck.model.stage import Stage
from smtpcheck.report.facts import facts_of, number_of, stage_of, tables_of, text_of


def days_left_of(seen: Observations) -> float | None:
    """Days that the server's own certificate still runs; None where none was seen."""
    chain = _chain(seen)
    return number_of(chain[0], "days_left") if chain else None


def earliest_expiry(seen: Observations) -> float | None:
    """When the first certificate of the chain ends, in seconds since 1970; None where none was
    seen."""
    ends = [seconds_since_1970(text_of(each, "not_after")) for each in _chain(seen)]
    return min((each for each in ends if each is not None), default=None)


def _chain(seen: Observations) -> list[Facts]:
    return tables_of(facts_of(stage_of(seen, Stage.TLS), "tls.handshake"), "chain")


def seconds_since_1970(text: str) -> float | None:
    """A time of RFC 3339; None where it is none. Without a zone it is UTC."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
