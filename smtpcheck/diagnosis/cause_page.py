"""A cause as plain values: what its page shows, placeholders in neutral words."""

from __future__ import annotations

from smtpcheck.catalog.cause import Cause, Rule
from smtpcheck.diagnosis.placeholder import fill
from smtpcheck.model.jsonvalue import Json

_EXAMPLES = 5


def page_of(cause: Cause) -> dict[str, Json]:
    """The cause with its rules; `{server.host}` and the like as neutral words."""
    return {
        "cause": cause.id,
        "title": cause.title,
        "why": fill(cause.why, {}),
        "help": [fill(step, {}) for step in cause.help],
        "owner": cause.owner.value,
        "retryable": cause.retryable,
        "references": list(cause.references),
        "changes": [{"key": each.key, "value": each.value} for each in cause.changes],
        "rules": [_rule(rule) for rule in cause.rules],
    }


def _rule(rule: Rule) -> dict[str, Json]:
    return {
        "confidence": rule.confidence.value,
        "source": rule.source,
        "as_of": rule.as_of,
        "help": [fill(step, {}) for step in rule.help or ()],
        "examples": [each.text for each in rule.examples if each.text][:_EXAMPLES],
    }
