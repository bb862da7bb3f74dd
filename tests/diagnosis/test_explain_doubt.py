"""A wrong guess costs more than a doubt: nothing is certain of mixed, cut or shuffled text."""

from __future__ import annotations

import random
from itertools import combinations

import pytest

from smtpcheck.api import explain
from smtpcheck.model.diagnosis import Confidence

SURE = (
    "535 5.7.139 Authentication unsuccessful, SmtpClientAuthentication is disabled for the Tenant.",
    "550 5.7.60 SMTP; Client does not have permissions to send as this sender.",
    "534 5.7.9 Application-specific password required.",
    "554 5.7.1 <a@example.com>: Relay access denied.",
    "530 5.7.0 Must issue a STARTTLS command first.",
    "452 4.3.1 Insufficient system storage.",
    "550 5.1.1 <a@example.com>: User unknown.",
    "550 5.7.1 Service unavailable; Client host [192.0.2.1] blocked using zen.spamhaus.org.",
    "450 4.2.0 <a@example.com>: Recipient address rejected: Greylisted.",
    "554 5.7.1 Message rejected under suspicion of SPAM.",
)


def confidences(text: str) -> set[Confidence]:
    return {found.confidence for found in explain(text)}


def test_most_of_these_texts_alone_are_certain() -> None:
    sure = [text for text in SURE if explain(text)[0].confidence is Confidence.CERTAIN]
    assert len(sure) >= len(SURE) - 3, set(SURE) - set(sure)


@pytest.mark.parametrize(("one", "other"), list(combinations(SURE, 2)))
def test_two_causes_in_one_text_leave_a_doubt(one: str, other: str) -> None:
    assert Confidence.CERTAIN not in confidences(f"{one}\n{other}")


@pytest.mark.parametrize("text", SURE)
def test_text_that_is_cut_off_leaves_a_doubt(text: str) -> None:
    """A cut behind a full stop is an end that nobody can tell from the true one."""
    for end in (end for end in range(len(text) - 1) if not text[:end].rstrip().endswith(".")):
        assert Confidence.CERTAIN not in confidences(text[:end]), text[:end]


@pytest.mark.parametrize("text", SURE)
@pytest.mark.parametrize("seed", range(8))
def test_shuffled_words_leave_a_doubt(text: str, seed: int) -> None:
    words = text.split()
    random.Random(seed).shuffle(words)  # noqa: S311 - the same words every time
    if words != text.split():
        assert Confidence.CERTAIN not in confidences(" ".join(words))


def test_a_conversation_out_of_order_leaves_a_doubt() -> None:
    lines = [
        "S: 220 mx.example.com ESMTP.",
        "C: EHLO me",
        "S: 250 mx.example.com.",
        "C: MAIL FROM:<a@example.com>",
        "S: 250 2.1.0 Ok.",
        "C: RCPT TO:<b@example.org>",
        "S: 550 5.1.1 <b@example.org>: User unknown.",
        "C: QUIT",
        "S: 221 2.0.0 Bye.",
    ]
    assert confidences("\n".join(lines)) == {Confidence.CERTAIN}
    for seed in range(20):
        mixed = lines.copy()
        random.Random(seed).shuffle(mixed)  # noqa: S311 - the same order every time
        assert Confidence.CERTAIN not in confidences("\n".join(mixed)), "\n".join(mixed)


def test_no_text_is_too_odd() -> None:
    rng = random.Random(7)  # noqa: S311 - the same letters every time
    letters = "5350 .-:<>[]()'\"\\nS:C=AUTH\x00\u2028\ufffd\n"
    for _ in range(300):
        explain("".join(rng.choice(letters) for _ in range(rng.randrange(400))))
