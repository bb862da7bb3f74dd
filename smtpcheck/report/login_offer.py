"""What a server offers for a login, for a target that has none."""

from __future__ import annotations

from smtpcheck.model.jsonvalue import Facts
from smtpcheck.model.observation import Observations
from smtpcheck.model.stage import Outcome, Stage
from smtpcheck.report.essentials import has_no_login
from smtpcheck.report.facts import facts_of, stage_of, table_of, text_of, texts_of
from smtpcheck.report.rows import Role, Row, hanging, row, shown
from smtpcheck.report.style import Style
from smtpcheck.report.words import some_of

_WAYS = {
    "password": "{} with a password",
    "token": "{} with a token",
    "certificate": "{} with a client certificate",
    "tls": "{} only within TLS",
    "extra": "{} needs smtpcheck[ntlm]",
}
"""By what a profile would need; see `wire/sasl_choice.py`."""
_NAMES = 8


def offer_rows(seen: Observations, style: Style) -> list[Row]:
    """Below the stage auth that did not run: what a profile could log in with, before TLS too
    where that differs. Nothing where the target has a login, or the server was not asked."""
    auth = stage_of(seen, Stage.AUTH)
    ran = auth is not None and (auth.outcome is not Outcome.SKIPPED or auth.blocked_by)
    if ran or seen.interrupted or not has_no_login(seen.settings):
        return []
    return [line for label, words in _offers(seen) for line in _rows(label, words, style)]


def _offers(seen: Observations) -> list[tuple[str, str]]:
    clear = facts_of(stage_of(seen, Stage.TCP), "tcp.ehlo")
    within = facts_of(stage_of(seen, Stage.TLS), "tls.ehlo")
    before = _words(clear)
    if not _answered(within):
        # What is offered once TLS stands was not seen.
        early = "STARTTLS" in texts_of(clear, "keywords")
        return _told(clear, before, " before TLS" if early else "")
    now = _words(within)
    if not before or before == now:
        return _told(within, now, "")
    return [*_told(within, now, " within TLS"), *_told(clear, before, " before TLS")]


def _told(hello: Facts, words: str, where: str) -> list[tuple[str, str]]:
    if not _answered(hello):
        return []
    return [(f"login offered{where}", words)] if words else [(f"no login offered{where}", "")]


def _answered(hello: Facts) -> bool:
    return bool(text_of(hello, "name") or texts_of(hello, "keywords"))


def _words(hello: Facts) -> str:
    logins = table_of(hello, "logins")
    if not logins:
        return some_of(texts_of(hello, "mechanisms"), _NAMES)
    parts = [
        words.format(some_of(names, _NAMES))
        for need, words in _WAYS.items()
        if (names := texts_of(logins, need))
    ]
    unspoken = texts_of(logins, "unspoken")
    if unspoken:
        verb = "is" if len(unspoken) == 1 else "are"
        parts.append(f"{some_of(unspoken, _NAMES)} {verb} not spoken")
    return "; ".join(parts)


def _rows(label: str, words: str, style: Style) -> list[Row]:
    colon = ": " if words else ""
    first = row("     ", (label, Role.LABEL), colon)
    return hanging(first, shown(words, style), style, indent=7)
