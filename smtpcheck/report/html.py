"""A report as one HTML file that stands alone: to look at, to print, to send to a provider.

Nothing in it is fetched and nothing is run: no script, no address of a picture or a font, and a
Content-Security-Policy that forbids both and any style but its own. Values reach the page only
through the template's expressions: each is made visible (`escape`), then written as text or as an
attribute in quotes, so that no word of a server becomes part of the page's structure.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING

import smtpcheck
from smtpcheck.model.report import Report
from smtpcheck.report.escape import escape
from smtpcheck.report.html_page import page_view

if TYPE_CHECKING:
    from jinja2 import Template

_PIECES = 50
"""Of the template, which are written at once."""
_TEMPLATES = "templates"


def render_html(report: Report) -> Iterator[str]:
    """The page, in ASCII: it reads the same in every encoding that it may be saved or sent in."""
    from markupsafe import Markup

    style = _source("report.css")
    pieces = _template().stream(
        page=page_view(report),
        version=smtpcheck.__version__,
        style=Markup(style),  # noqa: S704 - a file of this package
        policy=_policy(style),
    )
    pieces.enable_buffering(_PIECES)
    for piece in pieces:
        yield piece.encode("ascii", "xmlcharrefreplace").decode("ascii")


def _policy(style: str) -> str:
    """Content Security Policy Level 3: nothing but this one style sheet."""
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    return f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"


@cache
def _template() -> Template:
    from jinja2 import Environment, FunctionLoader, StrictUndefined

    environment = Environment(
        loader=FunctionLoader(_source),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        finalize=_visible,
    )
    return environment.get_template("report.html.jinja")


def _visible(value: object) -> object:
    """Every value of the template that is plain text, with what is hidden made visible; the
    style sheet alone is marked as safe."""
    from markupsafe import Markup

    return escape(value) if isinstance(value, str) and not isinstance(value, Markup) else value


def _source(name: str) -> str:
    return files(__package__).joinpath(_TEMPLATES, name).read_text(encoding="ascii")
