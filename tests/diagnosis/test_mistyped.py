from __future__ import annotations

import pytest

from smtpcheck.diagnosis.mistyped import mistyped
from tests.shipped import list_presets


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("gmial.com", "gmail.com"),
        ("gmal.com", "gmail.com"),
        ("GMAIL.CO", "gmail.com"),
        ("hotmial.com", "hotmail.com"),
        ("outlok.com", "outlook.com"),
        ("yahooo.com", "yahoo.com"),
        ("hotmail.co.uk", ""),
        ("gmail.com", ""),
        ("gmx.at", ""),
        ("example.com", ""),
        ("mail.com", ""),
        ("", ""),
    ],
)
def test_one_slip_from_a_large_domain_is_a_hint(typed: str, meant: str) -> None:
    assert mistyped(typed, list_presets()) == meant
