"""`probe --sender` and `--relay`: what is asked, and what goes together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from smtpcheck.cli.options import addresses_given
from smtpcheck.model.errors import UsageError
from smtpcheck.model.plan import Plan


def with_senders(plan: Plan, senders: Sequence[str], *, relay: bool, send: bool) -> Plan:
    """The plan that also answers who may send. Raises UsageError for what does not go together."""
    if not senders and not relay:
        return plan
    flag = "--relay" if relay else "--sender"
    if "self" in senders:
        raise UsageError("--sender self names nobody", ["give the address that is to send"])
    if plan.until:
        raise UsageError(f"{flag} is tried in the send stage", ["leave --until out"])
    addresses = addresses_given("--sender", list(senders))
    if relay:
        return _relay(plan, addresses, send=send)
    if not send:
        return replace(plan, senders=addresses, experiments=False)
    if len(addresses) > 1:
        raise UsageError(
            "--send sends one message, and several senders are named",
            ["name one --sender with --send, and run it for each"],
        )
    message = replace(plan.message, from_address=addresses[0])
    return replace(plan, message=message, bounce=addresses[0], experiments=False)


def _relay(plan: Plan, senders: Sequence[str], *, send: bool) -> Plan:
    if send:
        raise UsageError("--relay sends no message", ["leave --send out"])
    if len(senders) > 1:
        raise UsageError("--relay takes one --sender", ["name one, or none"])
    if not plan.recipients or "self" in plan.recipients:
        raise UsageError(
            "--relay needs a recipient elsewhere, and invents none",
            ["name one whose mail this server does not keep: --to ADDRESS"],
        )
    return replace(plan, relay=True, senders=tuple(senders), experiments=False)
