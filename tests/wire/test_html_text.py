"""Plain text out of HTML."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smtpcheck.wire.html_text import text_of_html


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("<h1>Hi &amp; bye</h1><p>Some  <b>bold</b>\n text</p>", "Hi & bye\n\nSome bold text\n"),
        ("a<br>b<br/>c", "a\nb\nc\n"),
        ("<ul><li>one<li>two</ul>", "- one\n- two\n"),
        ('<a href="https://x.test/">here</a>', "here (https://x.test/)\n"),
        ('<a href="https://x.test/">https://x.test/</a>', "https://x.test/\n"),
        ('<a href="mailto:a@x.test">a@x.test</a>', "a@x.test\n"),
        ('<a href="#top">up</a>', "up\n"),
        ("<table><tr><td>a<td>b</tr><tr><td>c</table>", "a b\nc\n"),
        ("<style>p{}</style><script>x()</script><p>seen", "seen\n"),
        ("<head><title>no</title></head><body>yes</body>", "yes\n"),
        ("<pre>a\n  b</pre>", "a\nb\n"),
        ('<img src="x" alt="Logo"> text', "[Logo] text\n"),
        ("no tags at all", "no tags at all\n"),
        ("", "\n"),
        ("</p></a></style>odd", "odd\n"),
    ],
)
def test_the_words_are_what_a_reader_would_see(html: str, text: str) -> None:
    assert text_of_html(html) == text


@given(st.text(max_size=200))
def test_nothing_makes_it_fail(html: str) -> None:
    assert text_of_html(html).endswith("\n")
