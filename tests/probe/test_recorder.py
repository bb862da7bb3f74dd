"""The one door to transcript and steps."""

from __future__ import annotations

from smtpcheck.model.observation import Step
from smtpcheck.model.progress import Progress, Spoken, StepEnded
from smtpcheck.model.reply import Line, Reply, Silence, SilenceKind
from smtpcheck.model.stage import Outcome, Stage
from smtpcheck.probe.recorder import TRANSCRIPT_LIMIT, Ended, Recorder


def test_a_reply_is_an_event_a_line() -> None:
    recorder = Recorder("x")
    first = recorder.server(Reply((Line(b"250-a\r\n"), Line(b"250 b\r\n"))))
    assert first == 1
    assert [(e.n, e.who, e.text) for e in recorder.transcript] == [
        (1, "S", "250-a"),
        (2, "S", "250 b"),
    ]


def test_silence_keeps_what_had_come() -> None:
    recorder = Recorder("x")
    recorder.server(Silence(SilenceKind.CLOSED, b"250-ab", "closed by peer"))
    assert [e.text for e in recorder.transcript] == ["250-ab", "no reply: closed: closed by peer"]


def test_a_secret_is_masked_in_transcript_steps_and_progress() -> None:
    seen: list[Progress] = []
    recorder = Recorder("x", seen.append)
    recorder.masker.add("hunter2-canary")
    recorder.server(Reply((Line(b"535 no hunter2-canary\r\n"),)))
    recorder.begin_stage(Stage.AUTH)
    recorder.begin("auth.login")
    recorder.end(
        "auth.login", Ended.failed("no hunter2-canary", reply={"lines": ["hunter2-canary"]})
    )
    recorder.end_stage(Stage.AUTH, Outcome.FAILED)
    assert "hunter2" not in repr(recorder.transcript)
    assert "hunter2" not in repr(recorder.stages)
    assert "hunter2" not in repr(seen)
    assert any(isinstance(each, Spoken) for each in seen)
    assert any(isinstance(each, StepEnded) for each in seen)


def test_a_hostile_server_fills_no_memory() -> None:
    recorder = Recorder("x")
    for _ in range(TRANSCRIPT_LIMIT + 100):
        recorder.note("x" * 10_000)
    assert len(recorder.transcript) == TRANSCRIPT_LIMIT
    assert recorder.transcript[-1].text == "the transcript ends here: too many lines"
    assert all(len(event.text) <= 4_096 for event in recorder.transcript)


def test_dotted_facts_become_tables() -> None:
    recorder = Recorder("x")
    step = recorder.add(Step("dns.query", Outcome.PASSED, 1.0, "", {"a.status": "noerror", "b": 1}))
    assert step.facts == {"a": {"status": "noerror"}, "b": 1}


def test_a_step_can_be_amended_when_its_stage_is_over() -> None:
    recorder = Recorder("x")
    recorder.begin_stage(Stage.TCP)
    recorder.begin("tcp.connect")
    step = recorder.end("tcp.connect", Ended.passed("127.0.0.1:25", attempts=[]))
    recorder.end_stage(Stage.TCP, Outcome.PASSED)
    recorder.amend(step, Outcome.WARNED, "one is dead", {"attempts": [1]})
    (stage,) = recorder.stages
    assert stage.outcome is Outcome.WARNED
    assert stage.steps[0].facts["attempts"] == [1]
    assert stage.steps[0].summary == "one is dead"
