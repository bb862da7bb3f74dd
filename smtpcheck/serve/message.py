"""A request and its answer, as the pages of the exporter see them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from types import MappingProxyType

from smtpcheck.model.value import dataclass

TEXT = "text/plain; charset=utf-8"
_NONE: Mapping[str, str] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Request:
    """What somebody asks for."""

    method: str
    """GET, HEAD or POST."""
    path: str
    """As it was sent, without the query."""
    query: Mapping[str, str] = field(default_factory=dict)
    """Of a parameter that is given twice the first counts."""
    headers: Mapping[str, str] = field(default_factory=dict)
    """By name in small letters."""


@dataclass(frozen=True, slots=True)
class Response:
    """What they get."""

    status: int
    body: bytes
    content_type: str = TEXT
    headers: Mapping[str, str] = field(default_factory=dict)


def plain(status: int, text: str, headers: Mapping[str, str] = _NONE) -> Response:
    """An answer of one line of text."""
    return Response(status, f"{text}\n".encode(), TEXT, headers)
