"""`smtpcheck profile presets`: what is known of providers, searched and shown."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer

from smtpcheck.cli.profile_show import Format, FormatOption, write_json

if TYPE_CHECKING:
    from smtpcheck.model.preset import Preset

_WIDE = 120
"""Columns from which the security and the category are shown."""
_WIDEST = 180
"""Columns from which the words for the password can be read."""
_ACCOUNT = {
    "accepted": "works",
    "refused": "is refused: it takes what stands above",
    "conditional": "works only as said above",
    "unknown": "not known whether it works",
}
_USERNAME = {
    "address": "the whole mail address",
    "local-part": "the part of the address before the @",
    "domain-or-address": "DOMAIN\\user, or the user principal name (an address)",
    "any": "as the server wants it",
    "none": "none: there is no login",
}
_SENDER_CHECK = {
    "mail": "refused at MAIL or RCPT",
    "data": "refused once the server has the message",
    "rewrite": "not refused: another From is written over",
    "none": "not looked at",
}
_ENVELOPE = {
    "sender": "the sender's own domain: SPF is asked of that",
    "provider": "the provider's domain, unless you set up one of your own: DKIM has to carry DMARC",
}


def presets(
    words: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[WORDS]...",
            help="A preset; or parts of its name, title, host, mail domain or category.",
        ),
    ] = None,
    *,
    format_: FormatOption = Format.TEXT,
) -> None:
    """List the shipped presets, or search them; one that is found alone is shown in full.

    Example: smtpcheck profile presets me@icloud.com
    """
    from smtpcheck.store.preset_search import search
    from smtpcheck.store.presets import load_preset

    wanted = words or []
    found = [load_preset(each.name) for each in search(wanted)]
    if format_ is Format.JSON:
        write_json({"presets": [_json(each) for each in found]})
    else:
        for line in _lines(found[0]) if len(found) == 1 else _table(found) if found else ():
            typer.echo(line)
    if len(found) > 1 and format_ is Format.TEXT:
        told = f"{len(found)} presets; all of one: smtpcheck profile presets NAME"
        typer.echo(f"note: {told}", err=True)
    if not found:
        _say_nothing_found(wanted)
        raise typer.Exit(1)


def _say_nothing_found(words: Sequence[str]) -> None:
    from smtpcheck.report.escape import escape
    from smtpcheck.store.preset_search import close_names

    typer.echo(f"note: no preset matches {escape(' '.join(words), limit=0)}", err=True)
    near = close_names(words)
    whole = "all there are: smtpcheck profile presets"
    hint = f"did you mean {' or '.join(near)}?" if near else whole
    typer.echo(f"  help: {hint}", err=True)


def _table(found: Sequence[Preset]) -> list[str]:
    """As many columns as can be read; in a pipe all of them, whole."""
    from smtpcheck.cli.columns import table, width

    heads, edge = ("NAME", "TITLE", "HOST", "PORT", "CATEGORY", "PASSWORD"), width()
    narrow = edge is not None and edge < _WIDE
    count = 4 if narrow else 5 if edge is not None and edge < _WIDEST else 6
    rows = []
    for each in found:
        host, port, security = _way(each)
        way = port if narrow else f"{port} {security}"
        rows.append((each.name, each.title, host, way, each.category, each.password_kind)[:count])
    return table(heads[:count], rows, edge, cut=(5,) if count == 6 else ())


def _way(preset: Preset) -> tuple[str, str, str]:
    """Host, port and security."""
    server = preset.settings.get("server")
    table: Mapping[str, Any] = server if isinstance(server, Mapping) else {}
    host = str(table.get("host", "")) or preset.host_template or "(yours)"
    return host, str(table.get("port", "")), str(table.get("security", ""))


def _lines(preset: Preset) -> list[str]:
    from smtpcheck.cli.columns import width, wrapped

    edge = width()
    lines = [f"{preset.name}: {preset.title}", ""]
    for label, key, text in _facts(preset):
        if text:
            doubt = " (not confirmed by the sources)" if key in preset.unconfirmed else ""
            lines += wrapped(text + doubt, " " * 20, edge, first=f"  {label:<18}")
    for label, texts in (("notes", preset.notes), ("sources", preset.sources)):
        if texts:
            lines += ["", label]
        for text in texts:
            lines += wrapped(text, "    ", edge, first="  - ")
    return [*lines, "", f"use it: {_command(preset)}"]


def _facts(preset: Preset) -> Iterator[tuple[str, str, str]]:
    """Label, key and text of each line, empty texts too."""
    host, port, security = _way(preset)
    largest = f"{preset.max_message_bytes:,} bytes" if preset.max_message_bytes else ""
    yield from (
        ("category", "category", preset.category),
        ("host", "", host),
        ("port", "", f"{port} {security}"),
        ("or port", "", "; ".join(_other_way(each) for each in preset.alternatives)),
        ("regions", "", ", ".join(preset.regions)),
        ("known hosts", "", ", ".join(each for each in preset.hosts if each != host)),
        ("addresses at", "", ", ".join(preset.domains)),
        ("user name", "", _username(preset)),
        ("password", "", preset.password_kind),
        ("account password", "", _ACCOUNT.get(preset.account_password, "")),
        ("log in by", "", ", ".join(preset.sasl)),
        *(("passwords", "", _since(each)) for each in preset.password_rules),
        ("sender", "", preset.sender_rule),
        ("another sender", "", _SENDER_CHECK.get(preset.sender_check, "")),
        ("bounces go to", "envelope", _ENVELOPE.get(preset.envelope, "")),
        ("SPF", "spf_include", preset.spf_include),
        ("DKIM", "dkim", preset.dkim),
        ("DKIM selectors", "dkim_selectors", ", ".join(preset.dkim_selectors)),
        ("message", "max_message_bytes", largest),
        ("recipients", "max_recipients", str(preset.max_recipients or "")),
        ("limits", "", "; ".join(preset.limits)),
        ("also called", "", ", ".join(preset.aliases)),
        ("as of", "", preset.as_of),
    )


def _username(preset: Preset) -> str:
    if preset.username_literal:
        return f"{preset.username_literal} (this very word)"
    return preset.username_kind or _USERNAME.get(preset.username_form, "")


def _since(rule: Mapping[str, Any]) -> str:
    return f"{rule['from']}: {rule['note']}" if rule["from"] else str(rule["note"])


def _other_way(table: Mapping[str, Any]) -> str:
    text = f"{table.get('port')} {table.get('security')}"
    return f"{text} ({table['note']})" if table.get("note") else text


def _command(preset: Preset) -> str:
    more = ""
    if preset.host_template:
        more = " --region REGION"
    elif _way(preset)[0] == "(yours)":
        more = " --host HOST"
    return f"smtpcheck profile init --preset {preset.name}{more}"


def _json(preset: Preset) -> dict[str, Any]:
    from dataclasses import fields

    plain = {each.name: getattr(preset, each.name) for each in fields(preset)}
    return {
        name: list(value) if isinstance(value, tuple) else value for name, value in plain.items()
    }
