"""XML of a stranger, read into a plain tree: no DTD, so no entity but the five of XML itself, and
bounds on depth and number of elements.

A document type declaration is refused when it begins, before anything in it is read: what could
expand or fetch an entity does not come into being.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from xml.parsers import expat

MAX_DEPTH = 24
MAX_ELEMENTS = 5_000


class XmlRefusedError(Exception):
    """Why a document is not read, in words."""


@dataclass(slots=True)
class Element:
    """One element: its name without the namespace, in lower case."""

    name: str
    attributes: dict[str, str] = field(default_factory=dict)
    children: list[Element] = field(default_factory=list)
    text: str = ""
    """Its own text, without blanks around it."""

    def all(self, *path: str) -> list[Element]:
        """The elements at the end of a path of names, in order."""
        found = [self]
        for name in path:
            found = [child for each in found for child in each.children if child.name == name]
        return found

    def word(self, name: str) -> str:
        """The text of the first child of this name; empty without one."""
        return next((each.text for each in self.children if each.name == name), "")


def read_xml(data: bytes) -> Element:
    """The root element. Raises XmlRefusedError for what is no XML, has a document type, or goes
    beyond the bounds."""
    return _Reader().read(data)


class _Reader:
    def __init__(self) -> None:
        self._root: Element | None = None
        self._open: list[Element] = []
        self._texts: list[list[str]] = []
        self._count = 0

    def read(self, data: bytes) -> Element:
        parser = expat.ParserCreate()
        parser.buffer_text = True
        parser.StartDoctypeDeclHandler = self._refuse
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self._say
        try:
            parser.Parse(data, True)  # noqa: FBT003 - expat's own way to say that this is all
        except (expat.ExpatError, ValueError, LookupError) as error:
            raise XmlRefusedError("it is no XML") from error
        if self._root is None:
            raise XmlRefusedError("it is no XML")
        return self._root

    def _refuse(self, *_: object) -> None:
        raise XmlRefusedError("it has a document type declaration, which settings never need")

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        self._count += 1
        if len(self._open) >= MAX_DEPTH or self._count > MAX_ELEMENTS:
            raise XmlRefusedError("it has more elements than settings can have")
        made = Element(
            _bare(name), {_bare(key): value.strip() for key, value in attributes.items()}
        )
        if self._open:
            self._open[-1].children.append(made)
        else:
            self._root = made
        self._open.append(made)
        self._texts.append([])

    def _end(self, _name: str) -> None:
        self._open.pop().text = "".join(self._texts.pop()).strip()

    def _say(self, text: str) -> None:
        self._texts[-1].append(text)


def _bare(name: str) -> str:
    return name.rpartition(":")[2].lower()
