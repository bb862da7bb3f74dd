"""The variables of servers that have a format of their own: Grafana, Discourse, Spring, Nextcloud,
GitLab's container, and the sections of .NET."""

from __future__ import annotations

import re

from smtpcheck.store.foreign import discourse, dotnet, grafana, nextcloud, spring
from smtpcheck.store.foreign.code_text import read_code
from smtpcheck.store.foreign.dotnet_words import take_section
from smtpcheck.store.foreign.entry import Entry
from smtpcheck.store.foreign.env_families import Family
from smtpcheck.store.foreign.gitlab import of_omnibus, take_gitlab
from smtpcheck.store.foreign.taking import Taking, as_text

_OMNIBUS = "GITLAB_OMNIBUS_CONFIG"
_SECTION = r"(?i:(?:[a-z0-9]+__)*[a-z0-9]*(?:smtp|mail)[a-z0-9]*__"


def _gitlab(taking: Taking) -> None:
    """GitLab's container: the lines of gitlab.rb in one variable."""
    entry = taking.entry(_OMNIBUS)
    if entry is None:
        return
    # Compose fills in `${NAME}` before GitLab sees the line.
    lines = re.sub(r"(['\"])\$\{(\w+)\}\1", r"ENV['\2']", as_text(taking.value(entry)))
    settings = [Entry(each.name, each.value, entry.line) for each in read_code(lines)]
    inner = Taking(of_omnibus(settings), taking.source)
    take_gitlab(inner)
    inner.rest("^smtp_", silent=("smtp_pool", "smtp_open_timeout"))
    taking.take_over(inner)


def _dotnet(taking: Taking) -> None:
    """.NET, configuration providers: `EmailSettings__Host` is `EmailSettings:Host`."""
    entries = [
        Entry(name.replace("__", "."), entry.value, entry.line)
        for name, entry in taking.entries.items()
        if "__" in name
    ]
    ways = list(dotnet.sections(entries))
    for name in [each for each in taking.entries if re.search(_DOTNET_ABOUT, each)]:
        taking.entry(name)
    if len(ways) > 1:
        taking.note(f"several sections name a mail server: {ways[0][0]} is taken")
    for _section, own in ways[:1]:
        inner = Taking(own, taking.source)
        take_section(inner)
        taking.take_over(inner)


_DOTNET_ABOUT = r"(?i)(?:smtp|mail)[a-z0-9]*__"

FAMILIES = (
    Family("grafana", grafana.ENV_SIGNS, "^GF_SMTP_", grafana.take_grafana),
    Family(
        "discourse",
        discourse.SIGNS,
        discourse.ABOUT,
        discourse.take_discourse,
        discourse.SILENT,
    ),
    Family("spring", spring.ENV_SIGNS, spring.ENV_ABOUT, spring.take_variables),
    Family(
        "nextcloud",
        nextcloud.ENV_SIGNS,
        nextcloud.ENV_ABOUT,
        nextcloud.take_container,
        nextcloud.ENV_SILENT,
        nextcloud.ENV_BESIDE,
    ),
    Family("gitlab", _OMNIBUS, f"^{_OMNIBUS}$", _gitlab),
    Family(
        "dotnet",
        rf"{_SECTION}(?:smtp|mail|email)?(?:host|server|hostname))",
        _DOTNET_ABOUT,
        _dotnet,
    ),
)
