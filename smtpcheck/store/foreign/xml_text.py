"""Reads XML with the lines of its elements. A document type is refused: no settings need entities,
and they can be made to grow without end."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import field

from smtpcheck.model.errors import UsageError
from smtpcheck.model.value import dataclass
from smtpcheck.store.foreign.entry import Source

_DEEPEST = 60


@dataclass(frozen=True, slots=True)
class Element:
    """One element, without what is in between those below it."""

    name: str
    attributes: dict[str, str] = field(repr=False)
    line: int
    children: list[Element] = field(default_factory=list, repr=False)
    pieces: list[str] = field(default_factory=list, repr=False)

    @property
    def text(self) -> str:
        """What stands in it."""
        return "".join(self.pieces).strip()

    def all(self) -> Iterator[Element]:
        """It and every element below it."""
        yield self
        for each in self.children:
            yield from each.all()

    def below(self, name: str) -> Element | None:
        """The first element directly below it of that name."""
        return next((each for each in self.children if each.name == name), None)


def looks_like_xml(text: str) -> bool:
    """Whether a text begins as XML does."""
    return re.match(r"\s*<(?:\?xml|!--|!DOCTYPE|[A-Za-z])", text) is not None


def read_xml(source: Source) -> Element:
    """The root of a text. Raises UsageError with the line of what is not XML, or of a document
    type."""
    from xml.parsers import expat

    # Jenkins writes version 1.1, which the parser refuses; the text is decoded already.
    text = re.sub(r"\A\s*<\?xml[^>]*\?>", lambda found: "\n" * found[0].count("\n"), source.text)
    reader = _Reader(source)
    parser = expat.ParserCreate("utf-8")
    parser.buffer_text = True
    parser.StartElementHandler = lambda name, attributes: reader.start(
        name, attributes, parser.CurrentLineNumber
    )
    parser.EndElementHandler = reader.end
    parser.CharacterDataHandler = reader.text
    parser.StartDoctypeDeclHandler = lambda *_told: reader.refuse(parser.CurrentLineNumber)
    try:
        parser.Parse(text.encode("utf-8", "replace"), True)  # noqa: FBT003 - it has no name
    except expat.ExpatError as error:
        raise UsageError(
            f"{source.file}, line {error.lineno}: not XML",
            ["mend the file there, or say what format it is in: --format F"],
        ) from None
    return reader.root


class _Reader:
    def __init__(self, source: Source) -> None:
        self._source = source
        self.root = Element("", {}, 0)
        self._open: list[Element] = []

    def start(self, name: str, attributes: dict[str, str], line: int) -> None:
        element = Element(name, attributes, line)
        if self._open:
            self._open[-1].children.append(element)
        else:
            self.root = element
        self._open.append(element)
        if len(self._open) > _DEEPEST:
            raise UsageError(f"{self._source.file}, line {line}: nested too deeply for settings")

    def end(self, _name: str) -> None:
        self._open.pop()

    def text(self, text: str) -> None:
        if self._open:
            self._open[-1].pieces.append(text)

    def refuse(self, line: int) -> None:
        raise UsageError(
            f"{self._source.file}, line {line}: a document type (<!DOCTYPE>) is not read",
            ["take it out: the settings need none"],
        )
