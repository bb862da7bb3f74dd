"""The HTML report in a real browser: on a screen, on a phone, in the dark, on paper."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest

from smtpcheck.report.html import render_html
from smtpcheck.report.survey import MOST
from tests.lab.chromium import Browser, chromium
from tests.report.many import many
from tests.report.samples import SAMPLES, failed_auth, passed_starttls

pytestmark = pytest.mark.lab
_STICKING_OUT = """
[...document.querySelectorAll("main *")]
  .filter(e => e.getClientRects().length && !e.closest(".hidden"))
  .filter(e => e.getBoundingClientRect().right > document.documentElement.clientWidth + 1)
  .map(e => e.outerHTML.slice(0, 80))
"""


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    with chromium(tmp_path_factory.mktemp("chromium")) as made:
        yield made


def page(folder: Path, text: str) -> Path:
    path = folder / "report.html"
    path.write_text(text, encoding="utf-8")
    return path


def background(browser: Browser) -> list[int]:
    """Red, green and blue of the page."""
    found = browser.value("getComputedStyle(document.body).backgroundColor.match(/\\d+/g)")
    return [int(part) for part in found[:3]]


def test_what_a_page_fetches_and_complains_of_is_noticed(browser: Browser, tmp_path: Path) -> None:
    text = "<img src='missing.png'><script>console.error('oh'); nowhere()</script>"
    browser.open(page(tmp_path, text))
    assert any(url.endswith("missing.png") for url in browser.requests)
    assert any("oh" in each for each in browser.complaints)
    assert any("nowhere" in each for each in browser.complaints)


@pytest.mark.parametrize("name", SAMPLES)
def test_page_asks_for_nothing_and_complains_of_nothing(
    browser: Browser, tmp_path: Path, name: str
) -> None:
    path = page(tmp_path, "".join(render_html(SAMPLES[name]())))
    browser.look()
    browser.open(path)
    assert browser.requests == [path.as_uri()]
    assert browser.complaints == []
    assert browser.value("document.querySelector('main').offsetHeight") > 100
    assert browser.value("document.compatMode") == "CSS1Compat"


@pytest.mark.parametrize("name", SAMPLES)
@pytest.mark.parametrize("width", [320, 390, 1100])
def test_nothing_sticks_out_at_the_side(
    browser: Browser, tmp_path: Path, name: str, width: int
) -> None:
    browser.look(width=width)
    browser.open(page(tmp_path, "".join(render_html(SAMPLES[name]()))))
    assert browser.value(_STICKING_OUT) == []
    assert browser.value("document.documentElement.scrollWidth") <= width


def test_a_page_of_hundreds_of_targets_can_be_used(browser: Browser, tmp_path: Path) -> None:
    path = page(tmp_path, "".join(render_html(many(500)[0])))
    for width in (390, 1100):
        browser.look(width=width)
        browser.open(path)
        assert (browser.requests, browser.complaints) == ([path.as_uri()], [])
        assert browser.value(_STICKING_OUT) == []
        assert browser.value("document.documentElement.scrollWidth") <= width
    rows = "document.querySelectorAll('.summary[aria-labelledby=summary] tbody tr').length"
    assert browser.value("document.querySelectorAll('.target').length") == MOST
    assert browser.value("document.querySelectorAll('.summary').length") == 2
    assert browser.value(rows) == 500
    # What a link of the table leads to is there, and is what it says.
    assert browser.value(
        "[...document.querySelectorAll('.summary a')].every(link =>"
        " document.querySelector(link.hash + ' h2').textContent === link.textContent)"
    )


def test_page_follows_the_colour_scheme(browser: Browser, tmp_path: Path) -> None:
    path = page(tmp_path, "".join(render_html(failed_auth())))
    seen = {}
    for scheme in ("light", "dark"):
        browser.look(scheme=scheme)
        browser.open(path)
        seen[scheme] = background(browser)
        assert browser.screenshot().startswith(b"\x89PNG")
    assert min(seen["light"]) > 200
    assert max(seen["dark"]) < 60


def test_paper_is_white_and_shows_what_was_folded(browser: Browser, tmp_path: Path) -> None:
    browser.look(scheme="dark")
    browser.open(page(tmp_path, "".join(render_html(passed_starttls()))))
    shown = "document.querySelector('.facts').checkVisibility()"
    assert browser.value(shown) is False
    browser.look(scheme="dark", media="print")
    assert background(browser) == [255, 255, 255]
    assert browser.value(shown) is True
    assert browser.value("document.querySelector('.facts').offsetHeight") > 100
    assert browser.pdf().startswith(b"%PDF")


def test_bars_follow_each_other_on_one_scale(browser: Browser, tmp_path: Path) -> None:
    browser.look()
    browser.open(page(tmp_path, "".join(render_html(passed_starttls()))))
    bars = browser.value(
        "[...document.querySelectorAll('.stage .bar rect')].map(e => e.getBoundingClientRect())"
        ".map(r => [r.left, r.right])"
    )
    assert len(bars) > 3
    assert all(left < right for left, right in bars)
    assert all(one[1] <= two[0] + 3 for one, two in pairwise(bars))


def test_policy_stops_what_an_injection_would_do(browser: Browser, tmp_path: Path) -> None:
    bad = (
        "<script>document.title = 'owned'</script><style>main { display: none }</style>"
        "<img src='leak.png'></body>"
    )
    path = page(tmp_path, "".join(render_html(failed_auth())).replace("</body>", bad))
    browser.look()
    browser.open(path)
    assert browser.value("document.title") != "owned"
    assert browser.value("getComputedStyle(document.querySelector('main')).display") == "block"
    assert len(browser.complaints) >= 3
    assert all("Content Security Policy" in each for each in browser.complaints)
