"""A profile as a Markdown document, for whoever has to look after it next."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from smtpcheck.cli.profile_show import server_of, settings_in_use, toml_text
from smtpcheck.report.escape import escape, markdown

if TYPE_CHECKING:
    from smtpcheck.model.preset import Preset
    from smtpcheck.store.origin import LoadedProfile

_SECURITY = {
    "starttls": "STARTTLS: TLS is begun on the open connection",
    "tls": "implicit TLS: from the first byte",
    "none": "none: the connection is not protected",
}


def profile_markdown(loaded: LoadedProfile) -> str:
    """The document: what the profile is for, every setting in use with its origin, where its
    secrets are kept (never one of them), what is known of the provider, and how to test it."""
    lines = [f"# Outgoing mail: {_plain(_name(loaded))}", "", *_summary(loaded), ""]
    lines += ["## Settings", "", *_settings_table(loaded), ""]
    lines += ["## Secrets", "", *_secrets(loaded), ""]
    if loaded.preset is not None:
        lines += [f"## Provider: {_plain(loaded.preset.title)}", "", *_provider(loaded.preset), ""]
    lines += ["## How to test it", "", *_commands(loaded)]
    return "\n".join(lines) + "\n"


def _summary(loaded: LoadedProfile) -> list[str]:
    profile = loaded.profile
    facts = [
        ("Purpose", _plain(profile.description)),
        ("Tags", ", ".join(map(_plain, profile.tags))),
        ("File", _code(str(loaded.path or ""))),
        ("In use", "yes" if profile.enabled else "**no: the profile is disabled**"),
        ("Server", _code(server_of(profile))),
        ("Protection", _SECURITY[profile.security]),
        ("Login", _code(profile.auth.username) if profile.wants_login else "none"),
        ("Sender", _sender(profile.sender)),
        ("Test mail to", ", ".join(map(_code, profile.test.to))),
    ]
    return [f"- {label}: {text}" for label, text in facts if text]


def _sender(sender: Any) -> str:
    if not sender.address:
        return ""
    name = f"{_plain(sender.name)}, " if sender.name else ""
    forced = ", for every mail" if sender.force else ""
    return f"{name}{_code(sender.address)}{forced}"


def _settings_table(loaded: LoadedProfile) -> Iterator[str]:
    yield "| setting | value | from |"
    yield "|---|---|---|"
    for name, value, origin in settings_in_use(loaded):
        place = origin.replace(f"{loaded.path}:", "line ", 1)
        yield f"| `{name}` | {_code(toml_text(value))} | {_plain(place)} |"


def _secrets(loaded: LoadedProfile) -> list[str]:
    from smtpcheck.store.secrets import SECRET_WORDS, owner_of, reference_of

    found = []
    for key, words in SECRET_WORDS.items():
        reference = reference_of(loaded.profile, key)
        if reference is not None:
            owner = owner_of(loaded.profile, key)
            of = f" of {_code(owner)}" if owner else ""
            found.append(f"- {words}{of} (`{key}`): {_plain(reference.describe())}")
    if loaded.profile.uses_kept_login:
        found.append(f"- OAuth login: {_code(f'smtpcheck login {_name(loaded)} --status')}")
    return found or ["None."]


def _provider(preset: Preset) -> Iterator[str]:
    facts = [
        ("User name", preset.username_literal or preset.username_form),
        ("Password", preset.password_kind),
        ("Sender", preset.sender_rule),
        ("SPF", preset.spf_include),
        ("DKIM", preset.dkim),
    ]
    for label, text in facts:
        if text:
            yield f"- {label}: {_plain(text)}"
    yield from (f"- {_plain(text)}" for text in (*preset.limits, *preset.notes))
    if preset.as_of:
        yield f"\nAs of {_plain(preset.as_of)}, from: {_plain('; '.join(preset.sources))}"


def _commands(loaded: LoadedProfile) -> list[str]:
    from smtpcheck.report.escape import shell_quoted

    name = shell_quoted(_name(loaded))
    commands: Sequence[str] = (
        f"smtpcheck probe {name} --until auth   # up to the login, no mail",
        f"smtpcheck send-test {name}            # one real message",
        f"smtpcheck profile lint {name}         # without the network",
    )
    return ["```sh", *commands, "```"]


def _name(loaded: LoadedProfile) -> str:
    return loaded.name or str(loaded.path or "")


def _plain(text: str) -> str:
    """Text that Markdown shows as it is, on one line."""
    return markdown(" ".join(escape(text, limit=0).split()))


def _code(text: str) -> str:
    """Text as code, inside a table too; a longer fence where the text has a backtick."""
    shown = " ".join(escape(text, limit=0).split()).replace("|", "\\|")
    if not shown:
        return ""
    return f"`` {shown} ``" if "`" in shown else f"`{shown}`"
