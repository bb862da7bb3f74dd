"""`smtpcheck login`: gets an OAuth token and keeps it in the system keyring."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from smtpcheck.cli.command import Command, between, new_app
from smtpcheck.cli.login_words import Format, as_json, show_kept, show_statuses
from smtpcheck.cli.secret import fail, note
from smtpcheck.model.errors import UsageError
from smtpcheck.model.secret import SecretUnavailableError
from smtpcheck.model.stage import ExitCode
from smtpcheck.model.token import TokenUnavailableError

if TYPE_CHECKING:
    from smtpcheck.cli.login_wait import Waiting
    from smtpcheck.model.profile import OAuth
    from smtpcheck.store.origin import LoadedProfile

app = new_app()
_ATTENDED = ("device", "browser")


@app.command(cls=Command)
def login(
    profile: Annotated[
        str | None,
        typer.Argument(metavar="[PROFILE]", help="The profile; not needed with only one."),
    ] = None,
    *,
    status: Annotated[
        bool, typer.Option("--status", help="Say what is kept, and ask nobody.")
    ] = False,
    logout: Annotated[
        bool, typer.Option("--logout", help="End the login and take it out of the keyring.")
    ] = False,
    no_browser: Annotated[
        bool, typer.Option("--no-browser", help="Only print the address of the sign-in page.")
    ] = False,
    wait: Annotated[
        bool, typer.Option("--wait", help="Wait for the sign-in without a terminal, too.")
    ] = False,
    deadline: Annotated[
        float,
        typer.Option(
            metavar="SECONDS", parser=between(1.0, 3600), help="How long the sign-in may take."
        ),
    ] = 900.0,
    format_: Annotated[
        Format, typer.Option("--format", help="How to write the status.")
    ] = Format.TEXT,
) -> None:
    """Get an OAuth token as [auth.oauth] of a profile says, and keep it in the keyring.

    The probe takes the token from there and renews it. With --status the exit code is 1 when no
    login is kept.

    Example: smtpcheck login office365
    """
    if status and logout:
        raise UsageError("--status and --logout exclude each other")
    if format_ is Format.JSON and not status:
        raise UsageError("--format json goes with --status")
    if status:
        raise typer.Exit(_status(profile, format_))
    if logout:
        raise typer.Exit(_log_out(_chosen(_candidates(profile)), deadline))
    loaded = _chosen(_enabled(profile))
    _log_in(loaded, wait=wait, deadline=deadline, no_browser=no_browser)


def _log_in(loaded: LoadedProfile, *, wait: bool, deadline: float, no_browser: bool) -> None:
    from smtpcheck.api.login import Guide, log_in
    from smtpcheck.cli.login_wait import Waiting
    from smtpcheck.cli.session import asker

    oauth = loaded.profile.auth.oauth
    if oauth is not None:
        _check(loaded, oauth)
    alone = not (sys.stdin.isatty() and sys.stderr.isatty())
    if oauth and oauth.flow in _ATTENDED and alone and not wait:
        raise UsageError(
            f"the flow {oauth.flow} needs somebody who signs in, and there is no terminal",
            (
                "run it in a terminal",
                "or add --wait, where somebody reads what it prints",
                "or set auth.oauth.flow to client-credentials or service-account",
            ),
        )
    waiting = Waiting(deadline)
    guide = Guide(
        waiting.show_code,
        lambda url: _show_url(waiting, url, str(loaded.name), no_browser=no_browser),
        waiting.wait,
    )
    try:
        kept = log_in(loaded, guide, seconds=deadline, ask=asker(no_input=alone))
    except SecretUnavailableError as error:
        _cannot_keep(loaded, error)
    except TokenUnavailableError as error:
        waiting.end()
        raise typer.Exit(_refused(loaded, error)) from None
    finally:
        waiting.end()
    show_kept(loaded, kept)


def _check(loaded: LoadedProfile, oauth: OAuth) -> None:
    from smtpcheck.oauth.issuer import checked_settings

    try:
        checked_settings(oauth)
    except TokenUnavailableError as error:
        _refused(loaded, error)


def _log_out(loaded: LoadedProfile, deadline: float) -> int:
    from smtpcheck.api.login import log_out

    try:
        there, why = log_out(loaded, seconds=min(deadline, 30.0))
    except SecretUnavailableError as error:
        fail(error)
    if not there:
        note(f"no login is kept for profile {loaded.name}")
        return ExitCode.FINDINGS
    typer.echo(f"took the login of profile {loaded.name} out of the keyring")
    if why:
        note(f"at the issuer it may still hold: {why}")
    else:
        typer.echo("the issuer has ended it")
    return ExitCode.OK


def _status(profile: str | None, format_: Format) -> int:
    from smtpcheck.api.login import kept

    rows = []
    for loaded in _candidates(profile):
        try:
            rows.append((loaded, kept(loaded), ""))
        except SecretUnavailableError as error:
            rows.append((loaded, None, error.reason))
    if format_ is Format.JSON:
        typer.echo(as_json(rows))
    else:
        show_statuses(rows)
    missing = not rows or any(login is None for _loaded, login, _reason in rows)
    return ExitCode.FINDINGS if missing else ExitCode.OK


def _refused(loaded: LoadedProfile, error: TokenUnavailableError) -> int:
    """Shows why there is no token: a wrong setting as usage error, the rest as a cause."""
    from smtpcheck.api.login import diagnosed
    from smtpcheck.cli.terminal import style_for
    from smtpcheck.report.text import render_diagnoses

    if error.kind == "oauth-settings":
        how = f"a key is set by: smtpcheck profile set {loaded.name} KEY VALUE"
        raise UsageError(error.reason, (*error.help, how)) from None
    if error.kind == "oauth-extra-missing":
        raise UsageError(error.reason, error.help) from None
    found = diagnosed(loaded, error)
    if not found:
        raise UsageError(error.reason, error.help) from None
    sys.stderr.write(render_diagnoses(found, style_for(sys.stderr)))
    return ExitCode.FINDINGS


def _cannot_keep(loaded: LoadedProfile, error: SecretUnavailableError) -> None:
    name = loaded.name
    fail(
        SecretUnavailableError(
            f"the login cannot be kept: {error.reason}",
            error.kind,
            (
                *error.help,
                (
                    "another program can get the token: smtpcheck profile set "
                    f"""{name} auth.method xoauth2 auth.password '{{command=["PROGRAM"]}}'"""
                ),
                (
                    "the flows client-credentials and service-account need nothing kept: "
                    "probe the profile without a login"
                ),
            ),
        )
    )


def _show_url(waiting: Waiting, url: str, name: str, *, no_browser: bool) -> None:
    from smtpcheck.cli.terminal import has_desktop

    opens = not no_browser and has_desktop()
    waiting.show_url(url, opens=opens, name=name)
    if opens:
        import webbrowser

        if not webbrowser.open(url):
            note("no browser could be opened on this machine")
            waiting.tell_of_other_machines(url, name)


def _enabled(profile: str | None) -> list[LoadedProfile]:
    """Those whose master switch is on; a disabled one is not signed in."""
    found = _candidates(profile)
    enabled = [each for each in found if each.profile.enabled]
    if found and not enabled:
        names = [str(each.name or each.path) for each in found]
        whose = f"profile {names[0]} is" if len(found) == 1 else f"profiles {', '.join(names)} are"
        raise UsageError(
            f"{whose} disabled: enabled = false",
            [f"enable it: smtpcheck profile set {name} enabled true" for name in names],
        )
    return enabled


def _chosen(found: list[LoadedProfile]) -> LoadedProfile:
    if len(found) > 1:
        names = ", ".join(str(each.name) for each in found)
        raise UsageError("which profile? there are several", (f"name one of {names}",))
    if not found:
        raise UsageError(
            "no profile gets tokens: none sets auth.oauth.client_id, the application that asks",
            (
                (
                    "set it: smtpcheck profile set PROFILE auth.oauth.issuer microsoft "
                    "auth.oauth.client_id ID"
                ),
            ),
        )
    loaded = found[0]
    if loaded.name is None:
        raise UsageError(
            f"{loaded.path} is outside the folder of profiles, and the keyring keeps logins by the "
            "name of a profile",
            ("name a command that prints the token as auth.password there",),
        )
    if not loaded.profile.auth.username:
        raise UsageError(
            f"profile {loaded.name} has no auth.username: the mailbox that the token is for",
            (f"set it: smtpcheck profile set {loaded.name} auth.username USER",),
        )
    return loaded


def _candidates(profile: str | None) -> list[LoadedProfile]:
    """The named profile, else every one that can get a token."""
    from smtpcheck.store.profile_reader import list_profiles, read_profile

    if profile is not None:
        loaded = read_profile(profile)
        if loaded.profile.auth.oauth is None:
            raise UsageError(
                f"profile {profile} has no table [auth.oauth], which says where tokens come from",
                (
                    (
                        f"set it: smtpcheck profile set {profile} auth.oauth.issuer microsoft "
                        "auth.oauth.client_id ID"
                    ),
                ),
            )
        return [loaded]
    entries = list_profiles()
    if not entries:
        raise UsageError("there is no profile yet", ("make one: smtpcheck profile init",))
    for each in entries:
        if each.loaded is None:
            note(f"{each.name} cannot be read: smtpcheck profile lint {each.name}")
    usable = [each.loaded for each in entries if each.loaded is not None]
    return [each for each in usable if _gets_tokens(each)]


def _gets_tokens(loaded: LoadedProfile) -> bool:
    oauth = loaded.profile.auth.oauth
    return oauth is not None and bool(oauth.client_id or oauth.key_file)
