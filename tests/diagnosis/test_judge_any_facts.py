"""Whatever a saved report holds, the judge does not fail on it."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from smtpcheck.catalog.loader import load_catalog
from smtpcheck.diagnosis.judge import judge
from smtpcheck.diagnosis.verdict import verdict
from smtpcheck.model.observation import Observations, StageResult, Step
from smtpcheck.model.stage import STAGE_EXIT, STEPS, Outcome
from smtpcheck.model.transcript import Event, Who

NAMES = st.sampled_from(
    [
        "reply",
        "silence",
        "error",
        "code",
        "text",
        "enhanced",
        "lines",
        "event",
        "kind",
        "command",
        "partial",
        "problems",
        "subject",
        "names",
        "chain",
        "refused",
        "replies",
        "status",
        "mechanism",
        "keywords",
        "masked",
        "offered",
    ]
)
SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-5, 600),
    st.floats(allow_nan=True),
    st.text(max_size=20),
    st.sampled_from(["timeout", "expired", "535 5.7.8 no", "nxdomain", "PLAIN", "verify"]),
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(NAMES, inner, max_size=4)),
    max_leaves=12,
)
FACTS = st.dictionaries(NAMES, VALUES, max_size=6)
OUTCOMES = st.sampled_from([Outcome.FAILED, Outcome.WARNED, Outcome.PASSED])


@st.composite
def observations(draw: st.DrawFn) -> Observations:
    stages = []
    for stage, names in STEPS.items():
        steps = tuple(
            Step(name, draw(OUTCOMES), 1.0, draw(st.text(max_size=10)), draw(FACTS))
            for name in draw(st.lists(st.sampled_from(names), max_size=2))
        )
        stages.append(StageResult(stage, draw(OUTCOMES), steps))
    said = draw(st.lists(st.text(max_size=30), max_size=3))
    events = tuple(Event(n, 0.0, Who.SERVER, text) for n, text in enumerate(said, start=1))
    return Observations(draw(FACTS), tuple(stages), (), events)


@given(observations())
@settings(max_examples=150, deadline=None)
def test_any_observations_are_judged(made: Observations) -> None:
    diagnoses = judge(made, load_catalog())
    assert len({each.cause for each in diagnoses}) == len(diagnoses)
    for diagnosis in diagnoses:
        assert diagnosis.evidence
        for evidence in diagnosis.evidence:
            ends = [0, *(place for span in evidence.spans for place in span), len(evidence.text)]
            assert ends == sorted(ends)
    assert verdict(made)[1] in (0, 75, *STAGE_EXIT.values())
