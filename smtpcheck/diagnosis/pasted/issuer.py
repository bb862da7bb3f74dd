"""What an issuer of tokens answered when it said no, found in a pasted text."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from smtpcheck.diagnosis.pasted.lines import Line
from smtpcheck.diagnosis.pasted.payload import masked
from smtpcheck.model.jsonvalue import Json

_MICROSOFT: Final = re.compile(r"\bAADSTS\d{4,8}\b")
_WORDS: Final = (
    "invalid_grant",
    "invalid_client",
    "deleted_client",
    "unauthorized_client",
    "unsupported_grant_type",
    "invalid_scope",
    "access_denied",
    "consent_required",
    "interaction_required",
    "login_required",
    "expired_token",
    "redirect_uri_mismatch",
    "temporarily_unavailable",
)
# As JSON or a parameter, or as libraries begin their message: `invalid_grant: Bad Request`.
_ERROR: Final = re.compile(
    rf"""\berror["'\]]{{0,3}}\s?[:=]>?\s?["']?({"|".join(_WORDS)})\b"""
    rf"""|(?:^|\bError: |\()["']?({"|".join(_WORDS[:6])})\b""",
    re.IGNORECASE,
)
_LONGEST: Final = 300


def issuer_refusal_in(lines: Sequence[Line]) -> tuple[dict[str, Json], Line] | None:
    """The facts that the probe would have recorded, and the line that shows them; None where no
    issuer speaks."""
    told: dict[str, Json] = {}
    shown: Line | None = None
    for line in lines:
        error, code = _ERROR.search(line.text), _MICROSOFT.search(line.text)
        if error and "oauth.error" not in told:
            told["oauth.error"] = (error[1] or error[2]).lower()
            shown = shown or line
        if code and "oauth.code" not in told:
            told["oauth.code"] = code[0]
            shown = line
    if shown is None:
        return None
    told["oauth.description"] = masked(shown.text)[:_LONGEST]
    return told, shown
