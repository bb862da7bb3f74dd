from __future__ import annotations

from smtpcheck.api.score_addresses import score_notes


def test_who_sends_to_a_public_spam_score_is_told_how_to_read_it() -> None:
    notes = score_notes(["test-a1b2@srv1.mail-tester.com", "me@example.com"])
    assert notes == [
        "the score of test-a1b2@srv1.mail-tester.com: open https://www.mail-tester.com/test-a1b2"
    ]
    assert "by mail" in score_notes(["ping@tools.mxtoolbox.com"])[0]
    assert score_notes(["x@notmail-tester.com"]) == []
