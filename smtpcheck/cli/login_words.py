"""What `smtpcheck login` says of what is kept. Never a token."""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from enum import StrEnum
from typing import TYPE_CHECKING

import typer

from smtpcheck.cli.login_wait import span
from smtpcheck.cli.secret import note
from smtpcheck.model.token import KeptLogin
from smtpcheck.report.escape import escape

if TYPE_CHECKING:
    from smtpcheck.store.origin import LoadedProfile

Row = tuple["LoadedProfile", KeptLogin | None, str]
"""A profile, its login, and why that is not known."""


class Format(StrEnum):
    """How the status is written."""

    TEXT = "text"
    JSON = "json"


def show_kept(loaded: LoadedProfile, login: KeptLogin) -> None:
    """What has been got, and what speaks against it."""
    from smtpcheck.api.login import doubts
    from smtpcheck.store.keyring_access import backend_name

    whose = f" as {escape(login.account)}" if login.account else ""
    typer.echo(f"signed in{whose} at {login.issuer} for profile {loaded.name}")
    typer.echo(f"  token: {_ends(login)}; {_renews(login)}")
    if login.scopes:
        typer.echo(f"  scopes: {escape(' '.join(login.scopes))}")
    typer.echo(f"kept in the keyring ({backend_name()})")
    for doubt in doubts(loaded, login):
        note(doubt)
    profile = loaded.profile
    if not profile.uses_kept_login:
        key, why = (
            ("auth.password", "it names a password")
            if profile.auth.password is not None
            else ("auth.method", f"auth.method is {profile.auth.method}")
        )
        note(f"profile {loaded.name} does not use it yet, {why}")
        note(f"to use it: smtpcheck profile unset {loaded.name} {key}")
    else:
        note(f"try it: smtpcheck probe {loaded.name} --until auth")


def show_statuses(rows: Sequence[Row]) -> None:
    """A block for each profile."""
    if not rows:
        note("no profile gets tokens: none sets auth.oauth.client_id, the application that asks")
    for loaded, login, reason in rows:
        oauth = loaded.profile.auth.oauth
        typer.echo(f"{loaded.name or loaded.path}: {_state(login, reason)}")
        if not loaded.profile.enabled:
            typer.echo("  the profile is disabled: enabled = false")
        typer.echo(f"  issuer: {oauth.issuer if oauth else ''}")
        if login is None:
            if not reason:
                note(f"sign in: smtpcheck login {loaded.name}")
            continue
        typer.echo(f"  account: {escape(login.account) or 'the issuer does not say'}")
        typer.echo(f"  scopes: {escape(' '.join(login.scopes)) or 'the issuer does not say'}")
        typer.echo(f"  token: {_ends(login)}; {_renews(login)}")


def as_json(rows: Sequence[Row]) -> str:
    """The same for programs."""
    logins = []
    for loaded, login, reason in rows:
        oauth = loaded.profile.auth.oauth
        told = {
            "profile": loaded.name or str(loaded.path),
            "issuer": oauth.issuer if oauth else "",
            "flow": oauth.flow if oauth else "",
            "username": loaded.profile.auth.username,
            "enabled": loaded.profile.enabled,
            "kept": login is not None,
            "detail": reason,
        }
        if login is not None:
            told |= {
                "account": login.account,
                "scopes": list(login.scopes),
                "expires": _time(login.expires) if login.expires else None,
                "expires_in_s": round(login.expires - time.time()) if login.expires else None,
                "renewable": _renewable(login),
            }
        logins.append(told)
    return json.dumps({"schema": 1, "logins": logins}, indent=2, ensure_ascii=False)


def _state(login: KeptLogin | None, reason: str) -> str:
    if login is None:
        return f"not known: {reason}" if reason else "no login is kept"
    return "a login is kept"


def _ends(login: KeptLogin) -> str:
    if not login.expires:
        return "its end is not known"
    left = login.expires - time.time()
    state = f"for {span(left)} more" if left > 0 else f"ended {span(-left)} ago"
    return f"{state} ({_time(login.expires)})"


def _renews(login: KeptLogin) -> str:
    return "the probe renews it" if _renewable(login) else "it cannot be renewed"


def _renewable(login: KeptLogin) -> bool:
    return login.refresh is not None or login.flow in ("client-credentials", "service-account")


def _time(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
