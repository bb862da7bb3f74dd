"""Advice for settings that are not saved yet leads through their draft."""

from __future__ import annotations

import pytest

from smtpcheck.diagnosis.placeholder import for_target

RESUME = "smtpcheck profile drafts resume box-2"


@pytest.mark.parametrize(
    ("step", "words"),
    [
        (
            "use it: smtpcheck profile set NAME server.port 587 server.security starttls, or wait",
            f"use it: {RESUME} --set server.port=587 --set server.security=starttls, or wait",
        ),
        (
            """from a file: smtpcheck profile set NAME auth.password '{file="/p"}'""",
            f"""from a file: {RESUME} --set 'auth.password={{file="/p"}}'""",
        ),
        (
            "enter it again: smtpcheck secret set NAME; check it",
            f"enter it again: {RESUME}; check it",
        ),
        (
            "store it: smtpcheck secret set NAME --key proxy.password",
            "store it: smtpcheck secret set NAME --key proxy.password",
        ),
    ],
)
def test_a_new_profile_is_changed_through_its_draft(step: str, words: str) -> None:
    facts = {"draft": "box-2", "profile": "", "target": "localhost:587"}
    assert for_target(step, facts) == words


def test_changes_of_a_profile_are_added_to_and_its_password_is_its_own() -> None:
    facts = {"draft": "box-2", "profile": "box", "target": "localhost:587"}
    step = "smtpcheck profile set box server.security tls, then smtpcheck secret set box"
    words = f"{RESUME} --set server.security=tls, then smtpcheck secret set box"
    assert for_target(step, facts) == words
