"""Plain text out of HTML: what readers without HTML are given (RFC 2046 section 5.1.4)."""

from __future__ import annotations

import re
from html.parser import HTMLParser

_SILENT = frozenset(("head", "script", "style", "template"))
_APART = frozenset(("blockquote", "dl", "h1", "h2", "h3", "h4", "ol", "p", "pre", "table", "ul"))
_BLOCKS = frozenset(
    (
        *_APART,
        *("address", "article", "aside", "dd", "div", "dt", "figure", "footer", "form", "h5", "h6"),
        *("header", "hr", "li", "main", "nav", "section", "tr"),
    )
)
_CELLS = frozenset(("td", "th"))


def text_of_html(html: str) -> str:
    """The words of the page, a line for each block, links with their addresses behind them. Never
    fails: what is no HTML is taken as words."""
    reader = _Reader()
    reader.feed(html)
    reader.close()
    lines = (line.strip() for line in "".join(reader.pieces).split("\n"))
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip() + "\n"


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.pieces: list[str] = []
        self._silent = 0
        self._exact = 0
        self._links: list[tuple[str, int]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in _SILENT:
            self._silent += 1
        self._begin(tag)
        given = dict(attrs)
        if tag == "br":
            self.pieces.append("\n")
        elif tag == "li":
            self.pieces.append("- ")
        elif tag == "pre":
            self._exact += 1
        elif tag == "img" and given.get("alt"):
            self.pieces.append(f"[{given['alt']}]")
        elif tag == "a":
            self._links.append((given.get("href") or "", len(self.pieces)))

    def handle_endtag(self, tag: str) -> None:
        if tag in _SILENT:
            self._silent = max(0, self._silent - 1)
        elif tag == "pre":
            self._exact = max(0, self._exact - 1)
        elif tag == "a" and self._links:
            address, at = self._links.pop()
            words = "".join(self.pieces[at:]).strip()
            address = address.removeprefix("mailto:")
            if address and not address.startswith("#") and address != words:
                self.pieces.append(f" ({address})")
        self._begin(tag)

    def handle_data(self, data: str) -> None:
        if self._silent:
            return
        words = data if self._exact else re.sub(r"\s+", " ", data)
        if not self._exact and (not self.pieces or self.pieces[-1].endswith(("\n", " "))):
            words = words.lstrip()
        if words:
            self.pieces.append(words)

    def _begin(self, tag: str) -> None:
        if tag in _CELLS:
            self.pieces.append(" ")
        elif tag in _APART:
            self.pieces.append("\n\n")
        elif tag in _BLOCKS and self.pieces and not self.pieces[-1].endswith("\n"):
            self.pieces.append("\n")
