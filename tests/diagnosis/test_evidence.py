"""What a diagnosis shows as its reason."""

from __future__ import annotations

from pathlib import Path

from smtpcheck.catalog.cause import Catalog
from smtpcheck.catalog.loader import load_catalog
from smtpcheck.diagnosis.judge import judge
from smtpcheck.model.diagnosis import Evidence
from smtpcheck.model.jsonvalue import Facts
from smtpcheck.model.observation import Observations
from smtpcheck.model.transcript import Event, Who
from tests.diagnosis.observed import failed, reply, run, sample_catalog, step


def marked(evidence: Evidence) -> list[str]:
    return [evidence.text[start:end] for start, end in evidence.spans]


def shown(observations: Observations, catalog: Catalog | None = None) -> list[Evidence]:
    [diagnosis] = judge(observations, catalog or sample_catalog())
    return list(diagnosis.evidence)


def lines(*texts: str, code: int, enhanced: str, text: str) -> Facts:
    return {**reply(code, enhanced, text), "lines": list(texts)}


INTERCEPTED = """
[smtp-intercepted-by-host]
title = "another server answers"
why = "the greeting is not the provider's"
help = ["ask the hoster"]
owner = "network-admin"
[[smtp-intercepted-by-host.rule]]
when = { "reply.code" = 535, "tcp.greeting.reply.text" = { has = "ESMTP Exim" } }
confidence = "likely"
source = "made up"
examples = [{ facts = { "reply.code" = 535, "tcp.greeting.reply.text" = "x ESMTP Exim" } }]
"""
M365: Facts = {"provider": "m365"}


def test_codes_and_words_are_marked_in_the_line_of_the_transcript() -> None:
    said = "535 5.7.139 No,  smtpclientauthentication is   disabled for the Tenant."
    facts = lines(said, code=535, enhanced="5.7.139", text=said[12:])
    [one] = shown(run(failed("auth.login", reply=facts), settings=M365, said=(said,)))
    assert (one.event, one.text) == (1, f"S {said}")
    assert marked(one) == ["535 5.7.139", "smtpclientauthentication is   disabled"]


def test_only_the_code_is_marked_where_only_the_code_is_pinned() -> None:
    said = "535 5.7.8 no"
    facts = lines(said, code=535, enhanced="5.7.8", text="no")
    [one] = shown(run(failed("auth.login", reply=facts), said=(said,)))
    assert marked(one) == ["535"]


def test_a_refusal_of_which_nothing_is_pinned_has_its_code_marked(tmp_path: Path) -> None:
    (tmp_path / "x.toml").write_text(INTERCEPTED.replace('"reply.code" = 535, "tcp', '"tcp'))
    greeting = step("tcp.greeting", reply=reply(220, "", "box ESMTP Exim 4.97", event=1))
    login = failed("auth.login", reply=reply(535, "", "no", event=2))
    said = ("220 box ESMTP Exim 4.97", "535 no")
    own, _ = shown(run(greeting, login, said=said), load_catalog(tmp_path))
    assert (own.event, marked(own)) == (2, ["535"])


def test_words_are_found_in_a_later_line_of_the_reply() -> None:
    said = (
        "535-5.7.139 Authentication unsuccessful",
        "535 5.7.139 SmtpClientAuthentication is disabled",
    )
    facts = lines(
        *said,
        code=535,
        enhanced="5.7.139",
        text="Authentication unsuccessful SmtpClientAuthentication is disabled",
    )
    [one] = shown(run(failed("auth.login", reply=facts), settings=M365, said=said))
    assert one.event == 2
    assert marked(one) == ["535 5.7.139", "SmtpClientAuthentication is disabled"]


def test_words_that_run_over_a_line_end_are_marked_in_both_lines() -> None:
    said = ("535-5.7.139 no, SmtpClientAuthentication", "535 5.7.139 is disabled, sorry")
    facts = lines(
        *said, code=535, enhanced="5.7.139", text="no, SmtpClientAuthentication is disabled, sorry"
    )
    first, second = shown(run(failed("auth.login", reply=facts), settings=M365, said=said))
    assert marked(first) == ["535-5.7.139", "SmtpClientAuthentication"]
    assert marked(second) == ["is disabled"]


def test_letters_that_grow_in_lower_case_do_not_shift_the_marks() -> None:
    said = "535 5.7.139 İİ SmtpClientAuthentication is disabled"
    facts = lines(said, code=535, enhanced="5.7.139", text=said[12:])
    [one] = shown(run(failed("auth.login", reply=facts), settings=M365, said=(said,)))
    assert marked(one)[1] == "SmtpClientAuthentication is disabled"


def test_a_silence_is_shown_as_the_note_of_the_transcript() -> None:
    wrong = failed("tcp.greeting", silence={"kind": "timeout", "event": 2})
    events = (
        Event(1, 1.0, Who.NOTE, "connected"),
        Event(2, 1.0, Who.NOTE, "no reply: timeout"),
    )
    observations = run(wrong)
    made = Observations({}, observations.stages, (), events)
    assert shown(made) == [Evidence(2, "! no reply: timeout")]


def test_of_an_unfinished_reply_the_words_and_the_end_are_shown() -> None:
    wrong = failed("tcp.greeting", silence={"kind": "timeout", "event": 1})
    events = (Event(1, 1.0, Who.SERVER, "220-wai"), Event(2, 1.0, Who.NOTE, "no reply: timeout"))
    made = Observations({}, run(wrong).stages, (), events)
    assert [each.text for each in shown(made)] == ["S 220-wai", "! no reply: timeout"]


def test_facts_without_a_reply_are_told_in_the_words_of_the_step() -> None:
    [one] = shown(run(failed("dns.query", status="nxdomain")))
    assert one == Evidence(0, "dns.query: summary of dns.query")


def test_a_problem_of_a_certificate_is_told_in_a_sentence() -> None:
    problem = {"kind": "expired", "subject": "CN=mx", "not_after": "2025-01-01T00:00:00Z"}
    wrong = failed("tls.handshake", error={"kind": "verify"}, problems=[problem])
    [one] = shown(run(wrong))
    assert one == Evidence(
        0, "tls.handshake: expired; certificate CN=mx; valid until 2025-01-01T00:00:00Z"
    )


def test_a_reply_of_another_step_that_a_rule_pins_is_shown_too(tmp_path: Path) -> None:
    (tmp_path / "x.toml").write_text(INTERCEPTED)
    catalog = load_catalog(tmp_path)
    greeting = step("tcp.greeting", reply=reply(220, "", "box ESMTP Exim 4.97", event=1))
    login = failed("auth.login", reply=reply(535, "", "no", event=2))
    said = ("220 box ESMTP Exim 4.97", "535 no")
    own, other = shown(run(greeting, login, said=said), catalog)
    assert (own.event, marked(own)) == (2, ["535"])
    assert (other.event, marked(other)) == (1, ["ESMTP Exim"])


def test_a_transcript_that_does_not_hold_the_event_leaves_the_sentence() -> None:
    facts = lines("535 no", code=535, enhanced="", text="no")
    [one] = shown(run(failed("auth.login", reply=facts)))
    assert one == Evidence(0, "auth.login: summary of auth.login")
