"""The HTML report: its structure is ours whatever a server says, and it needs nothing besides."""

from __future__ import annotations

import base64
import hashlib
import re
from dataclasses import replace
from html.parser import HTMLParser
from importlib.resources import files

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import smtpcheck
from smtpcheck.model.diagnosis import Change, Evidence
from smtpcheck.model.jsonvalue import Json
from smtpcheck.model.observation import ExperimentResult
from smtpcheck.model.report import Report
from smtpcheck.model.stage import Outcome, Stage
from smtpcheck.report.escape import is_hidden
from smtpcheck.report.formats import FORMATS
from smtpcheck.report.html import render_html
from smtpcheck.report.json_reading import report_from_data
from smtpcheck.report.json_report import report_to_data
from smtpcheck.report.style import Style
from tests.report.samples import (
    SAMPLES,
    failed_auth,
    failed_tls,
    no_rule_matched,
    passed_starttls,
    report,
    several_targets,
    stage,
    step,
    target,
)

CELLS = {"td", "th", "dt", "dd", "p", "li"}
VOID = {"meta", "path", "rect"}
FETCHING = {"src", "srcset", "action", "formaction", "data", "poster", "background", "style"}


class Page(HTMLParser):
    """The tags of a page in order, its texts, and whether every element is closed."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[tuple[str, tuple[str, ...]]] = []
        self.attributes: list[tuple[str, str, str]] = []
        self.texts: list[str] = []
        self.open: list[str] = []
        self.comments = 0
        self.feed(text)
        self.close()
        assert not self.open

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, tuple(name for name, _ in attrs)))
        self.attributes += [(tag, name, value or "") for name, value in attrs]
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)

    def handle_endtag(self, tag: str) -> None:
        if tag not in VOID:
            assert self.open.pop() == tag
        if tag in CELLS:
            self.texts.append(" ")

    def handle_comment(self, data: str) -> None:
        self.comments += 1

    def handle_data(self, data: str) -> None:
        if "style" not in self.open:
            self.texts.append(data)

    @property
    def text(self) -> str:
        return " ".join("".join(self.texts).split())

    def values(self, name: str) -> list[str]:
        return [value for _, key, value in self.attributes if key == name]


@pytest.mark.parametrize("name", SAMPLES)
def test_page_is_whole_and_loads_nothing(name: str) -> None:
    text = "".join(render_html(SAMPLES[name]()))
    page = Page(text)
    assert text.isascii()
    assert text.startswith("<!DOCTYPE html>")
    assert not page.comments
    assert not {tag for tag, _ in page.tags} & {"script", "img", "link", "iframe", "object", "base"}
    names = {name for _, name, _ in page.attributes}
    assert not names & FETCHING
    assert not [name for name in names if name.startswith("on")]
    assert "url(" not in text
    assert "@import" not in text
    ids = page.values("id")
    assert len(ids) == len(set(ids))
    assert set(page.values("aria-labelledby")) <= set(ids)
    assert {link for link in page.values("href") if link.startswith("#")} <= {f"#{i}" for i in ids}


@pytest.mark.parametrize("name", SAMPLES)
def test_nothing_hidden_is_on_the_page(name: str) -> None:
    page = Page("".join(render_html(SAMPLES[name]())))
    shown = ["".join(page.texts), *(value for _, _, value in page.attributes)]
    assert not [char for text in shown for char in text if char != "\n" and is_hidden(char)]


def test_policy_allows_this_style_sheet_and_nothing_else() -> None:
    text = "".join(render_html(failed_auth()))
    style = text.split("<style>")[1].split("</style>")[0]
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    policy = next(value for value in Page(text).values("content") if "default-src" in value)
    assert policy == (
        f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
    )


HOSTILE = st.one_of(
    st.text(min_size=1, max_size=60),
    st.sampled_from(
        (
            "</code></li><script>alert(1)</script>",
            "<!-- ", "]]>", "</style><style>*{display:none}</style>", "</pre>", "</table>",
            '" onload="alert(1)', "' style='x", "&lt;script&gt;", "&#60;b&#62;", "<svg/onload=1>",
            "{{ 7*7 }}", "{% raw %}", "\x00<\x00script>", "\u202e<b>", "\ud800<i>", "&", "<" * 100,
            "\u2028<p>", "<x " * 5_000, "javascript:alert(1)", "##vso[x]", "\n::error::x\n",
        )
    ),
)  # fmt: skip


def said_everywhere(words: str) -> Report:
    """A report in which every text that others can choose is the given one."""
    facts: dict[str, Json] = {
        "attempts": [{"address": words, "family": words, "outcome": words, "error": words}],
        "odd": {words: words},
        "list": [words],
    }
    ehlo: dict[str, Json] = {"extensions": {f"X{words}": words or "x"}, "name": words}
    shake: dict[str, Json] = {
        "version": words, "cipher": words, "server_name": words, "verified": True, "trust": words,
        "chain": [
            {
                "subject": words, "issuer": words, "names": [f"n{words}"], "days_left": 3,
                "not_before": "2026-01-01T00:00:00Z", "not_after": "2026-05-01T00:00:00Z",
                "sha256": words or "x",
            }
        ],
    }  # fmt: skip
    one = failed_auth().targets[0]
    cause = replace(
        one.diagnoses[0],
        cause=f"c{words}", title=words, why=words, help=(words, words), stage="auth",
        changes=(Change(words, words, verified=True),),
        evidence=(Evidence(1, f"S {words}"), Evidence(0, f"x{words}", ((0, 1),))),
        references=(f"see {words}",),
    )  # fmt: skip
    event = replace(one.observations.transcript[0], text=words)
    made = target(
        stage(Stage.TCP, step("tcp.connect", words, facts), step("tcp.ehlo", words, ehlo)),
        stage(Stage.TLS, step("tls.handshake", words, shake), step("tls.ehlo", words, ehlo)),
        stage(Stage.AUTH, step(f"auth.{words}", words, {}, Outcome.FAILED)),
        name=f"t{words}",
        settings={"server.host": f"h{words}", "auth.username": f"u{words}"},
        outcome=Outcome.FAILED,
        exit_code=13,
        diagnoses=(cause,),
        transcript=(event,),
        notes=(words,),
    )
    tried = ExperimentResult(words, Outcome.PASSED, words, 1.0)
    seen = replace(made.observations, experiments=(tried,))
    return report(replace(made, profile=f"p{words}", observations=seen), exit_code=13)


PEACEFUL = Page("".join(render_html(said_everywhere("word")))).tags


@given(words=HOSTILE)
@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_no_word_of_others_becomes_an_element_or_an_attribute(words: str) -> None:
    text = "".join(render_html(said_everywhere(words)))
    assert without_pieces(Page(text).tags) == without_pieces(PEACEFUL)
    assert len(text) < 400_000


def without_pieces(tags: list[tuple[str, tuple[str, ...]]]) -> list[tuple[str, tuple[str, ...]]]:
    """Whether a value is there decides whether `code` stands around it or the word `yes`."""
    return [each for each in tags if each[0] != "code"]


def test_a_reference_is_a_link_only_where_it_is_one() -> None:
    one = failed_auth().targets[0]
    links = ('https://example.com/?a=1&b="><b>', "javascript:alert(1)", "RFC 5321 section 4.2")
    cause = replace(one.diagnoses[0], references=links)
    page = Page("".join(render_html(report(replace(one, diagnoses=(cause,))))))
    assert page.values("href") == [links[0]]
    assert all(link in page.text for link in links)


@pytest.mark.parametrize(("verbose", "quiet"), [(True, False), (False, True)])
def test_the_page_is_the_same_for_every_reader(*, verbose: bool, quiet: bool) -> None:
    plain, narrow = Style(80, color=True, unicode=True), Style(40, color=False, unicode=False)
    page = "".join(FORMATS["html"](failed_auth(), plain, verbose=False, quiet=False))
    assert "".join(FORMATS["html"](failed_auth(), narrow, verbose=verbose, quiet=quiet)) == page


def test_diagnosis_is_told_with_its_evidence() -> None:
    text = "".join(render_html(failed_auth()))
    page = Page(text)
    assert "error SMTP AUTH is switched off for this mailbox or tenant" in page.text
    assert "<mark>535 5.7.139</mark>" in text
    assert "who can mend it: the mail provider" in page.text
    assert "smtpcheck probe office365 --until auth" in page.text
    assert "exit code 13" in page.text
    assert f"smtpcheck {smtpcheck.__version__}" in page.text
    assert "2026-03-01T09:30:00Z" in page.text


def test_failure_without_a_cause_quotes_the_server_and_claims_nothing() -> None:
    page = Page("".join(render_html(no_rule_matched())))
    assert "no known cause fits this failure" in page.text
    assert "599 come back with a better moon" in page.text


def test_stages_and_steps_have_their_times_in_words() -> None:
    page = Page("".join(render_html(passed_starttls())))
    for words in ("dns.query ✓ ok 3.1 ms", "tcp.connect ✓ ok 12 ms", "tls.handshake ✓ ok 21 ms"):
        assert words in page.text


def test_bars_stay_within_the_run() -> None:
    page = Page("".join(render_html(passed_starttls())))
    rects = [
        (int(x), int(width))
        for x, width in re.findall(r'<rect class="fill-\w+" x="(\d+)" y="0" width="(\d+)"',
                                   "".join(render_html(passed_starttls())))
    ]  # fmt: skip
    assert len(rects) > 10
    assert all(0 <= x <= x + width <= 1000 and width > 0 for x, width in rects)
    assert page.values("viewbox")


def test_certificates_have_their_dates_and_what_is_left() -> None:
    text = "".join(render_html(passed_starttls()))
    page = Page(text)
    assert "from 2026-01-10 74 days left to 2026-05-14" in page.text
    assert 'class="life-current"' in text
    expired = "".join(render_html(failed_tls()))
    assert "expired 3 days ago" in Page(expired).text
    assert 'class="life-over"' in expired


def test_unreadable_dates_are_shown_without_a_drawing() -> None:
    data = report_to_data(passed_starttls())
    handshake = next(each for each in walk(data) if each.get("step") == "tls.handshake")
    for certificate in walk(handshake["chain"]):
        certificate |= {"not_before": "soon", "not_after": 7, "days_left": "many"}
    page = Page("".join(render_html(report_from_data(data))))
    assert "CN=smtp.example.com" in page.text
    assert not [value for value in page.values("class") if value.startswith("life")]


def walk(value: object) -> list[dict[str, Json]]:
    """Every table within a plain value."""
    if isinstance(value, dict):
        return [value, *(found for each in value.values() for found in walk(each))]
    if isinstance(value, list):
        return [found for each in value for found in walk(each)]
    return []


def test_capabilities_show_what_was_gained_and_lost() -> None:
    page = Page("".join(render_html(passed_starttls())))
    assert "Capabilities before and within TLS" in page.text
    assert "STARTTLS yes no − lost" in page.text
    assert "AUTH no PLAIN LOGIN + gained" in page.text


def test_many_targets_begin_with_a_table_that_leads_to_each() -> None:
    made = several_targets()
    page = Page("".join(render_html(made)))
    links = [link for link in page.values("href") if link.startswith("#")]
    assert links == [f"#target-{n}" for n in range(1, len(made.targets) + 1)]
    assert "2 of 5 targets passed" in page.text
    assert "no known cause" in page.text


def test_settings_are_told_without_those_that_are_not_set() -> None:
    page = Page("".join(render_html(passed_starttls())))
    assert "server.port 587" in page.text
    assert "preset" not in page.text


def test_a_report_that_was_saved_gives_the_same_page() -> None:
    for make in (failed_auth, passed_starttls, several_targets):
        assert "".join(render_html(report_from_data(report_to_data(make())))) == "".join(
            render_html(make())
        )


def test_every_class_of_the_template_has_a_look_and_every_look_a_use() -> None:
    style = files("smtpcheck.report").joinpath("templates/report.css").read_text()
    template = files("smtpcheck.report").joinpath("templates/report.html.jinja").read_text()
    used = {
        name
        for make in SAMPLES.values()
        for value in Page("".join(render_html(make()))).values("class")
        for name in value.split()
    }
    styled = set(re.findall(r"\.([a-z][a-z-]*)", style))
    assert {name for name in styled if name not in used and name not in template} <= {
        "is-interrupted", "verdict-interrupted", "verdict-warned", "fill-interrupted",
        "left-early", "left-soon", "life-early", "life-soon", "changed",
    }  # fmt: skip


def colours(sheet: str) -> dict[str, tuple[float, ...]]:
    """The named colours of a rule, each as red, green and blue from 0 to 1."""
    return {
        name: tuple(int(digits[at : at + 2], 16) / 255 for at in (0, 2, 4))
        for name, digits in re.findall(r"--([a-z]+): #([0-9a-f]{6});", sheet)
    }


def luminance(colour: tuple[float, ...]) -> float:
    """Relative luminance (WCAG 2.2)."""
    red, green, blue = (
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in colour
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: tuple[float, ...], two: tuple[float, ...]) -> float:
    dark, light = sorted((luminance(one), luminance(two)))
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("at", [0, 1, 2])
def test_text_can_be_read_in_light_in_the_dark_and_on_paper(at: int) -> None:
    style = files("smtpcheck.report").joinpath("templates/report.css").read_text()
    found = colours(re.findall(r":root \{[^}]*\}", style)[at])
    for ink in ("text", "soft", "ok", "warn", "bad", "idle", "link"):
        for ground in ("page", "card", "code"):
            assert contrast(found[ink], found[ground]) >= 4.5, (ink, ground)
    assert contrast(found["text"], found["mark"]) >= 4.5
    for bar in ("bar", "ok", "warn", "bad"):
        assert contrast(found[bar], found["card"]) >= 3
