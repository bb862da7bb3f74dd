"""Whether an access token can be right for the server that it is meant for.

A pure function of what the token says of itself. What is clear before a packet is sent keeps the
token at home; the rest is evidence for the case that the server refuses it.
"""

from __future__ import annotations

from typing import Final

from smtpcheck.catalog.flat import flat
from smtpcheck.model.jsonvalue import Json
from smtpcheck.model.observation import Observations
from smtpcheck.model.token import Claims, Token

EARLY: Final = 300.0
"""Seconds that a token may lie ahead of this machine's clock: issuers' clocks differ."""
MICROSOFT: Final = frozenset(
    ("m365", "m365-legacy-tls", "m365-gcc-high", "m365-21vianet", "m365-hve", "outlook-com")
)
GOOGLE: Final = frozenset(("gmail", "google-workspace", "google-smtp-relay"))
CLOUDS: Final = {"public": "m365", "us-gov": "m365-gcc-high", "china": "m365-21vianet"}
"""The provider that a cloud of Microsoft stands for (`auth.oauth.cloud`)."""
_EVERYWHERE: Final = "00000002-0000-0ff1-ce00-000000000000"
_PUBLIC: Final = ("https://outlook.office.com", "https://outlook.office365.com", _EVERYWHERE)
_AUDIENCES: Final = {
    "m365-gcc-high": (
        "https://outlook.office365.us",
        "https://outlook-dod.office365.us",
        "https://webmail.apps.mil",
        _EVERYWHERE,
    ),
    "m365-21vianet": ("https://partner.outlook.cn", _EVERYWHERE),
}
"""What a token for Exchange Online names as its audience in a cloud of its own; elsewhere it is one
of the public cloud."""
_SEND: Final = "smtp.send"
_SEND_AS_APP: Final = "smtp.sendasapp"
_GOOGLE_SCOPE: Final = "https://mail.google.com/"
FATAL: Final = {
    "expired": "token-expired",
    "not-yet-valid": "token-not-yet-valid",
    "wrong-audience": "token-audience",
}
"""Problems with which no server takes a token, and the `error.kind` that they are."""


def problems_of(
    claims: Claims, token: Token, *, provider: str, username: str, now: float
) -> tuple[str, ...]:
    """What speaks against the token, the worst first: `expired`, `not-yet-valid`,
    `wrong-audience`, `scope-missing`, `role-missing`, `other-account`, `unreadable`.

    `now` is in seconds since 1970.
    """
    found = []
    expires = claims.expires or token.expires
    if expires and expires <= now:
        found.append("expired")
    if claims.not_before > now + EARLY:
        found.append("not-yet-valid")
    if provider in MICROSOFT:
        found += _microsoft(claims, _AUDIENCES.get(provider, _PUBLIC))
    elif provider in GOOGLE and token.scopes and _GOOGLE_SCOPE not in token.scopes:
        found.append("scope-missing")
    account = claims.account or token.account
    if "@" in account and "@" in username and account.casefold() != username.casefold():
        found.append("other-account")
    if claims.error:
        found.append("unreadable")
    return tuple(found)


def facts_of_token(
    claims: Claims, token: Token, problems: tuple[str, ...], now: float
) -> dict[str, Json]:
    """What may be told of a token, under the names of docs/facts.md; nothing that is empty."""
    expires = claims.expires or token.expires
    told: dict[str, Json] = {
        "source": token.source,
        "kind": claims.kind,
        "audience": list(claims.audience),
        "scopes": list(claims.scopes or token.scopes),
        "roles": list(claims.roles),
        "account": claims.account or token.account,
        "app": claims.app,
        "tenant": claims.tenant,
        "issuer": claims.issuer,
    }
    told = {name: value for name, value in told.items() if value}
    told |= {"app_only": claims.app_only} if claims.kind == "jwt" else {}
    told |= {"expires_in": round(expires - now)} if expires else {}
    told |= {"valid_in": round(claims.not_before - now)} if claims.not_before > now else {}
    return {**told, "problems": list(problems)}


def _microsoft(claims: Claims, audiences: tuple[str, ...]) -> list[str]:
    """Personal accounts have opaque tokens, of which nothing is known."""
    if claims.kind != "jwt" or claims.error:
        return []
    found = []
    named = {each.rstrip("/").casefold() for each in claims.audience}
    if named and named.isdisjoint(audiences):
        found.append("wrong-audience")
    if claims.app_only:
        # With RBAC for applications (since October 2025) the role is not in the token.
        if not _has(claims.roles, _SEND_AS_APP):
            found.append("role-missing")
    elif not _has(claims.scopes, _SEND):
        found.append("scope-missing")
    return found


def _has(words: tuple[str, ...], wanted: str) -> bool:
    return any(each.rpartition("/")[2].casefold() == wanted for each in words)


def issuer_refused(seen: Observations) -> bool:
    """Whether the issuer took what it was shown for wrong (RFC 6749 section 5.2): not an issuer
    that cannot answer now, nor a scope or a request that is none."""
    wrong = ("invalid_client", "invalid_grant", "unauthorized_client")
    return any(
        step.step == "auth.token" and flat(step.facts).get("oauth.error") in wrong
        for stage in seen.stages
        for step in stage.steps
    )
