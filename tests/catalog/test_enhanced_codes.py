"""An enhanced status code alone names a cause only where nothing better does: the words of a reply
and a known provider outrank it."""

from __future__ import annotations

import shutil
import tomllib
from pathlib import Path

import pytest

from smtpcheck.catalog.loader import SHIPPED, load_catalog
from smtpcheck.catalog.matcher import best
from smtpcheck.diagnosis.proof import facts_of_example
from smtpcheck.diagnosis.reply_facts import facts_of_reply

FILE = "client_codes.toml"
FULL = load_catalog()


def codes() -> list[str]:
    """Of each rule of the file one code for each class, 4 and 5."""
    tables = tomllib.loads((SHIPPED / FILE).read_text("utf-8")).values()
    pinned = [rule["when"]["reply.enhanced"] for table in tables for rule in table["rule"]]
    listed = [each["in"] if isinstance(each, dict) else [each] for each in pinned]
    firsts = [{code[0]: code for code in reversed(each)} for each in listed]
    return sorted({code for each in firsts for code in each.values()})


@pytest.mark.parametrize(
    ("reply", "provider", "cause"),
    [
        # IANA, SMTP Enhanced Status Codes, and the RFC that each entry names.
        ("550 5.7.20 x", "", "dmarc-unauthenticated"),
        ("550 5.7.21 x", "", "dmarc-unauthenticated"),
        ("550 5.7.22 x", "", "dmarc-unauthenticated"),
        ("550 5.7.23 x", "", "spf-fail"),
        ("550 5.7.24 x", "", "spf-fail"),
        ("550 5.7.25 x", "", "ptr-missing"),
        ("550 5.7.26 x", "", "dmarc-unauthenticated"),
        ("550 5.7.27 x", "", "sender-domain-invalid"),
        ("550 5.7.28 x", "", "rate-limited"),
        ("550 5.7.29 x", "", "dmarc-unauthenticated"),
        ("550 5.7.30 x", "", "starttls-required"),
        ("556 5.1.10 x", "", "recipient-domain-invalid"),
        ("525 5.7.13 x", "", "auth-account-suspended"),
        # What a provider means by the same code.
        ("451 4.7.23 x", "google-aspmx", "ptr-missing"),
        ("550 5.7.24 x", "google-aspmx", "spf-fail"),
        ("550 5.7.27 x", "google-aspmx", "spf-fail"),
        ("421 4.7.27 x", "gmail", "spf-fail"),
        ("550 5.7.29 x", "google-aspmx", "starttls-required"),
        ("550 5.7.30 x", "google-aspmx", "dmarc-unauthenticated"),
        ("550 5.7.30 x", "m365", "auth-basic-disabled"),
        ("550 5.1.10 RESOLVER.ADR.RecipientNotFound; Recipient not found", "m365",
         "recipient-unknown"),
        ("550 5.4.6 Unusual sending activity detected", "zoho", "rate-limited"),
        ("554 5.2.3 MailPolicy violation", "zoho", "policy-rejected"),
        # The reply's own words.
        ("550 5.7.27 This mail has been blocked because it didn't pass SPF authentication", "",
         "spf-fail"),
        ("552 5.1.1 Mailbox full", "", "recipient-mailbox-full"),
    ],
)  # fmt: skip
def test_a_code_means_what_the_registry_or_the_provider_says(
    reply: str, provider: str, cause: str
) -> None:
    step = "auth.login" if reply.startswith("525") else "send.message"
    found = best(facts_of_reply(reply, step=step, provider=provider or None), FULL)
    assert found is not None
    assert found.cause.id == cause


def test_the_words_of_a_reply_outrank_every_code(tmp_path: Path) -> None:
    for path in SHIPPED.glob("*.toml"):
        if path.name != FILE:
            shutil.copy(path, tmp_path)
    without = load_catalog(tmp_path)
    wrong = []
    for cause in without.causes.values():
        for rule in cause.rules:
            texts = [each for each in rule.examples if each.text is not None and not each.pasted]
            for example in texts[:1] if "reply.text" in rule.when else ():
                facts = facts_of_example(example, rule)
                first = str(facts.get("reply.code"))[:1]
                for code in (each for each in codes() if each[0] == first):
                    changed = {**facts, "reply.enhanced": code}
                    now = best(changed, FULL)
                    if now is None or now.cause.id == cause.id:
                        continue
                    own = best(changed, without)
                    if own is None or "reply.text" not in own.rule.when:
                        continue
                    if now.cause.id != own.cause.id:
                        wrong.append(f"{code}: {now.cause.id} instead of {own.cause.id}")
    assert not sorted(set(wrong))
