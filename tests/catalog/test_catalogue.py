"""A walk through the shipped catalogue: every rule keeps its word."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from itertools import chain
from pathlib import Path

import pytest

from smtpcheck.catalog.cause import Cause, Rule
from smtpcheck.catalog.condition import Condition, Has, Matches, Not
from smtpcheck.catalog.loader import SHIPPED, load_catalog
from smtpcheck.catalog.matcher import best, ranking
from smtpcheck.diagnosis import provider as provider_tables
from smtpcheck.diagnosis.proof import facts_of_example, prove
from smtpcheck.diagnosis.reply_facts import facts_of_reply
from smtpcheck.model.diagnosis import Confidence
from smtpcheck.model.domain import CHECKS
from smtpcheck.model.jsonvalue import Json
from smtpcheck.model.profile import SECTIONS
from smtpcheck.model.settings import rules_of
from smtpcheck.model.stage import AFTER_QUIT, STEPS, TLS_DEEP, WHO_MAY_SEND

CAUSES = load_catalog().causes
RULES = [
    pytest.param(cause, rule, id=f"{cause.id}-{number}")
    for cause in CAUSES.values()
    for number, rule in enumerate(cause.rules, start=1)
]
GROUPS = {"dns", "tcp", "greeting", "tls", "ehlo", "auth", "mail", "rcpt", "data", "session"}
ONLY_BY_PRESET = {"google-workspace", "m365-direct-send", "verizon"}
"""Providers that share their hosts with another: only the profile can name them."""
CHALLENGES = ("CRAM-MD5", "NTLM", "SCRAM-SHA-1", "SCRAM-SHA-256", "SCRAM-SHA-256-PLUS")
# Words that a title may begin with in upper case, because they are names.
NAMES = re.compile(
    r"[A-Z0-9]{2,}\b|[A-Z]+[0-9]|IPv[46]|DNS|Amazon|Exchange|Gmail|Google|Microsoft|Windows"
)
ADVICE = ("use-", "avoid-", "do-not-", "set-", "enable-", "check-")
PLACEHOLDER = re.compile(r"\{([a-z][\w.-]*)!?(?:\|[^{}]*)?\}")


def documented() -> set[str]:
    """Every name that docs/facts.md shows, without its step."""
    text = (Path(__file__).parents[2] / "docs" / "facts.md").read_text(encoding="utf-8")
    shown = {
        word for code in re.findall(r"`([^`]+)`", text) for word in re.findall(r"[\w.]+", code)
    }
    return shown | {name.rpartition(".")[2] for name in shown}


STEP_NAMES = {
    *chain.from_iterable(STEPS.values()),
    *TLS_DEEP,
    *WHO_MAY_SEND,
    *AFTER_QUIT,
    "tcp.proxy",
    *(f"domain.{check}" for check in CHECKS),
}
KNOWN = documented()
SETTINGS = {
    f"{section}.{field.name}" for section, kind in SECTIONS.items() for field, _ in rules_of(kind)
}


def is_fact(name: str) -> bool:
    """Whether docs/facts.md or the profile knows the name."""
    if name in ("stage", "step", "provider", "recipient") or name in SETTINGS:
        return True
    for step in STEP_NAMES:
        name = name.removeprefix(f"{step}.")
    if name.startswith("extensions."):
        return name.removeprefix("extensions.").isupper()
    name = re.sub(r"^experiment\.[a-z0-9-]+\.", "", name)
    name = re.sub(r"^(problem|chain\.\d|attempts\.\d)\.", "", name)
    name = re.sub(r"\.\d$", "", name)
    return name in KNOWN


def conditions(rule: Rule) -> Iterator[Condition]:
    for each in chain.from_iterable(rule.when.values()):
        yield each
        if isinstance(each, Not):
            yield from each.inner


def pinned(rule: Rule, fact: str) -> set[Json]:
    """The values of the fact that the rule names."""
    return {
        value
        for condition in rule.when.get(fact, ())
        for value in getattr(condition, "values", (getattr(condition, "value", None),))
        if isinstance(value, str)
    }


def test_every_group_is_there() -> None:
    assert {path.stem.partition("_")[0] for path in SHIPPED.glob("*.toml")} >= GROUPS


def test_every_example_is_won_and_no_counterexample_is_claimed() -> None:
    assert "\n".join(map(str, prove(load_catalog()))) == ""


def test_ids_are_in_the_order_of_the_alphabet_and_name_the_bad_thing() -> None:
    assert list(CAUSES) == sorted(CAUSES)
    assert not [cause_id for cause_id in CAUSES if cause_id.startswith(ADVICE)]


@pytest.mark.parametrize("cause", CAUSES.values(), ids=list(CAUSES))
def test_titles_and_steps_read_as_the_others(cause: Cause) -> None:
    assert cause.title[0].islower() or NAMES.match(cause.title), cause.title
    assert len(cause.title) <= 80
    steps = chain(cause.help, *(rule.help or () for rule in cause.rules))
    assert [step for step in steps if step.endswith(".")] == []


@pytest.mark.parametrize(("cause", "rule"), RULES)
def test_a_rule_pins_and_quotes_only_facts_that_are_documented(cause: Cause, rule: Rule) -> None:
    assert [name for name in rule.when if not is_fact(name)] == []
    texts = chain([cause.why, rule.why or ""], cause.help, rule.help or ())
    quoted = set(PLACEHOLDER.findall(" ".join(texts)))
    assert [name for name in quoted if not is_fact(name)] == []


@pytest.mark.parametrize(("cause", "rule"), RULES)
def test_a_change_names_a_key_of_the_profile(cause: Cause, rule: Rule) -> None:
    changes = cause.changes if rule.changes is None else rule.changes
    assert [change.key for change in changes if change.key not in SETTINGS] == []


@pytest.mark.parametrize(("cause", "rule"), RULES)
def test_a_step_that_is_pinned_exists(cause: Cause, rule: Rule) -> None:
    assert pinned(rule, "step") <= STEP_NAMES


@pytest.mark.parametrize(("cause", "rule"), RULES)
def test_a_provider_that_is_pinned_can_be_found_out(cause: Cause, rule: Rule) -> None:
    tables = (
        provider_tables._HOSTS,
        provider_tables._GREETINGS,
        provider_tables._REPLIES,
    )
    found_out = {found for table in tables for _, found in table} | ONLY_BY_PRESET
    assert pinned(rule, "provider") <= found_out


def test_a_member_of_a_list_is_looked_for_as_it_is_written_there() -> None:
    """In lists `has` tells upper from lower case, and keywords of EHLO are in upper case."""
    wrong = [
        (cause.id, name, member)
        for cause in CAUSES.values()
        for rule in cause.rules
        for name, asked in rule.when.items()
        if name.endswith(("keywords", "mechanisms", "offered"))
        for condition in asked
        if isinstance(condition, Has)
        for member in condition.members
        if member != str(member).upper()
    ]
    assert wrong == []


def replies_of(cause_id: str) -> list[str]:
    cause = CAUSES.get(cause_id)
    rules = cause.rules if cause else ()
    return [example.text for rule in rules for example in rule.examples if example.text]


@pytest.mark.parametrize("mechanism", CHALLENGES)
def test_a_refused_challenge_is_never_certainly_a_wrong_password(mechanism: str) -> None:
    texts = [*replies_of("auth-bad-credentials"), "535 5.7.8 Authentication failed", "535 no"]
    for text in texts:
        for provider in ("", "m365", "gmail", "ses", "postfix-relay", "exim"):
            known: dict[str, Json] = {"step": "auth.login", "mechanism": mechanism}
            match = best(facts_of_reply(text, **known, provider=provider or None), load_catalog())
            certain = match is not None and match.rule.confidence is Confidence.CERTAIN
            assert not (certain and match and match.cause.id == "auth-bad-credentials"), text


@pytest.mark.parametrize(
    ("step", "reply", "cause"),
    [
        ("tcp.greeting", "554 No SMTP service here", "greeting-rejected"),
        ("tcp.greeting", "554 5.7.1 No SMTP service here", "greeting-rejected"),
        ("tcp.greeting", "421 4.3.2 Service not available", "greeting-busy"),
        ("tcp.ehlo", "550 5.7.1 Helo command rejected: need a host name", "helo-name-invalid"),
        ("tls.starttls", "454 4.7.0 TLS not available", "starttls-failed-on-server"),
        ("auth.login", "535 5.7.8 Authentication failed", "auth-bad-credentials"),
        ("auth.login", "454 4.7.0 Temporary authentication failure", "auth-temporary-failure"),
        ("auth.login", "504 5.5.4 Unrecognized authentication type", "auth-mechanism-unsupported"),
        ("send.mail", "530 5.7.0 Must issue a STARTTLS command first", "starttls-required"),
        ("send.mail", "530 5.7.0 Authentication required", "auth-required"),
        (
            "send.mail",
            "553 5.7.1 Sender address rejected: not owned by user",
            "sender-not-authorized",
        ),
        ("send.rcpt", "550 5.1.1 User unknown", "recipient-unknown"),
        ("send.rcpt", "554 5.7.1 <a@example.com>: Relay access denied", "relay-denied"),
        ("send.rcpt", "450 4.2.0 Greylisted", "greylisted"),
        ("send.rcpt", "452 4.2.2 Mailbox full", "recipient-mailbox-full"),
        ("send.message", "552 5.3.4 Message too big", "message-too-large"),
        ("send.message", "554 5.7.1 Message rejected as spam", "content-spam-rejected"),
        ("send.message", "451 4.3.0 Queue file write error", "server-internal-error"),
        ("auth.login", "250 OK", "protocol-violation"),
        ("auth.login", "220 mail.example.com ESMTP", "protocol-violation"),
        ("send.mail", "354 go ahead", "protocol-violation"),
        ("send.data", "250 OK", "protocol-violation"),
        ("send.message", "354 go ahead", "protocol-violation"),
        (
            "send.message",
            "550 5.7.1 Client does not have permissions to send as this sender",
            "sender-not-authorized",
        ),
        (
            "send.message",
            "550 5.7.1 Mandatory From Header is missing or invalid (5.7.1)",
            "headers-invalid",
        ),
        (
            "send.message",
            "550 A user attempted to send an email from a non-verified domain",
            "sender-unverified",
        ),
        (
            "send.message",
            "The BDAT command has been rejected by the server",
            "sender-not-authorized",
        ),
    ],
)
def test_the_commonest_replies_have_their_cause(step: str, reply: str, cause: str) -> None:
    match = best(facts_of_reply(reply, step=step), load_catalog())
    assert match is not None
    assert match.cause.id == cause


def test_every_rule_wins_an_example_of_its_own() -> None:
    """Of two rules for one cause the sharper one must win where it was made for, with its help."""
    idle = []
    for param in RULES:
        cause, rule = param.values
        assert isinstance(cause, Cause)
        assert isinstance(rule, Rule)
        replies = [example for example in rule.examples if not example.pasted]
        won = (ranking(facts_of_example(each, rule), load_catalog())[0].rule for each in replies)
        if replies and rule not in won:
            idle.append(param.id)
    assert idle == []


def test_patterns_are_the_exception() -> None:
    every = [each for param in RULES for each in conditions(param.values[1])]  # type: ignore[arg-type] # a Rule
    assert sum(isinstance(each, Matches) for each in every) * 10 < len(every)


def test_the_overlap_of_rules_is_as_it_was(golden: Callable[[str, str], None]) -> None:
    """Who claims each example, the winner first: an overlap shows as a change of this file."""
    lines = []
    for cause in CAUSES.values():
        for number, rule in enumerate(cause.rules, start=1):
            for position, example in enumerate(rule.examples, start=1):
                matches = ranking(facts_of_example(example, rule), load_catalog())
                claims = [
                    f"{match.cause.id}.{match.cause.rules.index(match.rule) + 1}"
                    f"({match.pinned}{match.rule.confidence[0]})"
                    for match in matches
                ]
                lines.append(f"{cause.id}.{number} example {position}: {' '.join(claims)}")
    golden("catalogue_matrix.txt", "\n".join(lines) + "\n")
