"""`smtpcheck profile list`, `show` and `path`: what there is, and what it says."""

from __future__ import annotations

import json
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any

import typer

from smtpcheck.model.errors import UsageError

if TYPE_CHECKING:
    from smtpcheck.model.profile import Profile
    from smtpcheck.store.origin import LoadedProfile, ProfileEntry


class Format(StrEnum):
    """How a result is written."""

    TEXT = "text"
    JSON = "json"


FormatOption = Annotated[Format, typer.Option("--format", help="How to write it.")]


def list_(
    *,
    tag: Annotated[
        str | None, typer.Option("--tag", metavar="TAG", help="Only profiles with this tag.")
    ] = None,
    format_: FormatOption = Format.TEXT,
) -> None:
    """List the profiles, the broken ones too.

    Example: smtpcheck profile list --tag approvals
    """
    from smtpcheck.store.profile_reader import list_profiles

    entries = [each for each in list_profiles() if tag is None or _has_tag(each, tag)]
    if format_ is Format.JSON:
        write_json({"profiles": [_entry_json(each) for each in entries]})
        return
    if not entries:
        what = "no profile yet" if tag is None else f"no profile has the tag {tag}"
        typer.echo(f"note: {what}; make one: smtpcheck profile init", err=True)
        return
    from smtpcheck.cli.columns import table, width

    heads = ("NAME", "ENABLED", "SERVER", "SECURITY", "SENDER", "TAGS")
    usable = [each for each in entries if each.loaded is not None]
    rows = [_row(each.loaded) for each in usable if each.loaded]
    lines = table(heads, rows, width(), cut=(4, 5)) if rows else []
    for line in lines:
        typer.echo(line)
    wide = lines[0].index(heads[1]) - 2 if lines else 0
    for each in entries:
        if each.error is not None:
            typer.echo(f"{each.name:<{wide}}  broken: {_first_problem(each)}")


def show(
    name: Annotated[str, typer.Argument(metavar="NAME", help="The profile, or its file.")],
    *,
    origin: Annotated[
        bool, typer.Option("--origin", help="Say where each value came from.")
    ] = False,
    markdown: Annotated[
        bool, typer.Option("--markdown", help="As a document to hand over.")
    ] = False,
    format_: FormatOption = Format.TEXT,
) -> None:
    """Show the settings in use, never a secret.

    They come from the environment, the file, the preset and the defaults, in this order.

    Example: smtpcheck profile show office365 --origin
    """
    from smtpcheck.cli.disabled import say_disabled
    from smtpcheck.cli.profile_lint import say_findings
    from smtpcheck.store.profile_reader import read_profile

    if markdown and format_ is Format.JSON:
        raise UsageError("--markdown and --format json exclude each other", ("give one of them",))
    loaded = read_profile(name)
    say_disabled(loaded)
    if markdown:
        from smtpcheck.cli.profile_markdown import profile_markdown

        typer.echo(profile_markdown(loaded), nl=False)
        return
    if format_ is Format.JSON:
        write_json(_shown_json(loaded, origin=origin))
        return
    for line in _shown_lines(loaded, origin=origin):
        typer.echo(line)
    for text in loaded.notes:
        typer.echo(f"note: {text}", err=True)
    say_findings(loaded)


def path(
    name: Annotated[
        str | None, typer.Argument(metavar="[NAME]", help="The profile; else the folder of all.")
    ] = None,
    *,
    format_: FormatOption = Format.TEXT,
) -> None:
    """Print where a profile, or the folder of all, is.

    Example: ls "$(smtpcheck profile path)"
    """
    from smtpcheck.store.paths import profiles_dir
    from smtpcheck.store.profile_reader import locate

    place = profiles_dir() if name is None else locate(name)[0]
    if format_ is Format.JSON:
        write_json({"path": str(place)})
    else:
        typer.echo(str(place))


def write_json(data: dict[str, Any]) -> None:
    """Prints a result with the version of its form."""
    typer.echo(json.dumps({"schema": 1, **data}, indent=2, ensure_ascii=False))


def server_of(profile: Profile) -> str:
    """`smtp.example.com:587`, `[2001:db8::1]:25`, or the path of the socket."""
    server = profile.server
    if server.socket:
        return server.socket
    host = f"[{server.host}]" if ":" in server.host else server.host
    return f"{host}:{profile.port}"


def _has_tag(entry: ProfileEntry, tag: str) -> bool:
    return entry.loaded is not None and tag in entry.loaded.profile.tags


def _row(loaded: LoadedProfile) -> tuple[str, ...]:
    profile = loaded.profile
    return (
        loaded.name or str(loaded.path),
        "yes" if profile.enabled else "no",
        server_of(profile),
        profile.security,
        profile.sender.address,
        ",".join(profile.tags),
    )


def _first_problem(entry: ProfileEntry) -> str:
    problems = entry.error.problems if entry.error else ()
    if not problems:
        return "cannot be read"
    first = problems[0]
    more = f" (and {len(problems) - 1} more)" if len(problems) > 1 else ""
    line = f"line {first.line}: " if first.line else ""
    return f"{line}{first.message}{more}"


def _entry_json(entry: ProfileEntry) -> dict[str, Any]:
    base: dict[str, Any] = {"name": entry.name, "path": str(entry.path)}
    if entry.loaded is None:
        problems = entry.error.problems if entry.error else ()
        shown = [{"line": each.line, "key": each.key, "message": each.message} for each in problems]
        return base | {"broken": True, "problems": shown}
    profile = entry.loaded.profile
    return base | {
        "broken": False,
        "enabled": profile.enabled,
        "tags": list(profile.tags),
        "description": profile.description,
        "preset": profile.preset,
        "host": profile.server.host,
        "socket": profile.server.socket,
        "port": profile.port,
        "security": profile.security,
        "sender": profile.sender.address,
    }


def settings_in_use(loaded: LoadedProfile) -> list[tuple[str, Any, str]]:
    """Key, value and origin of everything that is set, by file, preset or default."""
    from smtpcheck.store.build import value_of
    from smtpcheck.store.keys import KEYS
    from smtpcheck.store.origin import Source

    profile, rows = loaded.profile, []
    sections: dict[str, object] = {
        "proxy": profile.proxy,
        "expect": profile.expect,
        "confirm": profile.confirm,
    }
    sections |= {"dkim": profile.dkim, "auth.oauth": profile.auth.oauth}
    for name, key in KEYS.items():
        if key.section in sections and sections[key.section] is None:
            continue
        value, where = value_of(profile, name), loaded.origins[name]
        words = where.describe()
        if name == "server.port" and not value and not profile.server.socket:
            value, words = profile.port, f"follows from security {profile.security}"
        if name == "server.security" and not value:
            value, words = profile.security, _security_words(profile)
        empty = value is None or (value in ("", (), 0) and not isinstance(value, bool))
        if empty and where.source is Source.DEFAULT:
            continue
        rows.append((name, value, words))
    return rows


def _security_words(profile: Profile) -> str:
    if profile.server.protocol == "lmtp":
        return "follows from protocol lmtp"
    return (
        "follows from the socket" if profile.server.socket else f"follows from port {profile.port}"
    )


def _shown_lines(loaded: LoadedProfile, *, origin: bool) -> list[str]:
    rows = settings_in_use(loaded)
    texts = {name: f"{name.rpartition('.')[2]} = {toml_text(value)}" for name, value, _ in rows}
    edge = min(48, max(len(text) for text in texts.values()))
    lines, section = [f"# {loaded.path or loaded.name}"], ""
    for name, _value, words in rows:
        table = name.rpartition(".")[0]
        if table != section:
            lines += ["", f"[{table}]"]
            section = table
        lines.append(f"{texts[name]:<{edge}}  # {words}" if origin else texts[name])
    return lines


def toml_text(value: Any) -> str:
    """A setting as TOML writes it; a secret as the words that say where it is kept."""
    from smtpcheck.model.secret import SecretRef

    if isinstance(value, SecretRef):
        return f"<{value.describe()}>"
    if isinstance(value, tuple | list):
        return f"[{', '.join(toml_text(each) for each in value)}]"
    if isinstance(value, str | bool):
        return json.dumps(value, ensure_ascii=False)
    return f"{value:g}" if isinstance(value, float) and value % 1 else str(value)


def _shown_json(loaded: LoadedProfile, *, origin: bool) -> dict[str, Any]:
    from smtpcheck.model.secret import SecretRef

    settings: dict[str, Any] = {}
    rows = settings_in_use(loaded)
    for name, value, _words in rows:
        *tables, word = name.split(".")
        place = settings
        for each in tables:
            place = place.setdefault(each, {})
        plain = list(value) if isinstance(value, tuple) else value
        if isinstance(value, SecretRef):
            plain = {"source": value.source.value, "where": value.describe()}
        place[word] = plain
    data: dict[str, Any] = {"profile": loaded.name, "path": str(loaded.path or "")}
    data["settings"] = settings
    if origin:
        data["origins"] = {name: words for name, _value, words in rows}
    data["notes"] = list(loaded.notes)
    return data
