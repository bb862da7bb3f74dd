"""The format `compose`: what the services of a Compose file have in their environment."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from smtpcheck.model.errors import UsageError
from smtpcheck.store.foreign.code_text import Placed
from smtpcheck.store.foreign.dotenv import usual_variables
from smtpcheck.store.foreign.entry import Entry, Lookup, Source
from smtpcheck.store.foreign.env_families import read_families
from smtpcheck.store.foreign.format import NO, SURE, Format
from smtpcheck.store.foreign.imported import Imported, Note
from smtpcheck.store.foreign.references import looked_up
from smtpcheck.store.foreign.saying import Saying
from smtpcheck.store.foreign.taking import as_text
from smtpcheck.store.foreign.yaml_text import bare, read_yaml, value_at, yaml_quoted

_MAIL = re.compile(r"(?i)smtp|mail")
_REFERENCE = r"\$\{(?P<name>[A-Za-z_][A-Za-z0-9_]*)(?::?-(?P<default>[^{}]*)|:?[?+][^{}]*)?\}"
_BARE = re.compile(r"\$([A-Za-z_][A-Za-z0-9_]*)")
_SECRETS = "/run/secrets/"


def _recognises(source: Source) -> int:
    services = re.search(r"(?m)^services:", source.text)
    environment = re.search(r"(?m)^[ \t]+(?:environment|env_file)[ \t]*:", source.text)
    return SURE if services and environment and _MAIL.search(source.text) else NO


def _read(source: Source) -> list[Imported]:
    found: list[tuple[str, Imported]] = []
    files: list[Note] = []
    for tree in read_yaml(source):
        services = value_at(tree, "services")
        for name, service in services.items() if isinstance(services, dict) else []:
            notes = list(_env_files(service))
            files += notes
            entries = list(_environment(service, value_at(tree, "secrets"), notes))
            found += [
                (name, replace(each, notes=(*each.notes, *notes)))
                for each in read_families(entries, source)
            ]
    if not found:
        hint = "it should have a service with SMTP_HOST or the like in its environment"
        raise UsageError(
            f"{source.file} holds no variables of mail settings that are known",
            [f"line {note.line}: {note.text}" for note in files] or [hint],
        )
    return distinct(found)


def distinct(found: list[tuple[str, Imported]]) -> list[Imported]:
    """One of those that several services share, under the name of the first; where a service has
    several, the family is behind its name."""
    names = [name for name, _each in found]
    kept: dict[str, Imported] = {}
    told: list[tuple[Any, Any]] = []
    for name, each in found:
        if (each.values, each.places) in told:
            continue
        told.append((each.values, each.places))
        account = f"{name}/{each.account}" if names.count(name) > 1 else name
        kept[account] = replace(each, account=account)
    several = len(kept) > 1
    return [each if several else replace(each, account="") for each in kept.values()]


def _env_files(service: Any) -> Iterator[Note]:
    """What the files hold is not known here."""
    place = bare(service)
    named = place.get("env_file") if isinstance(place, dict) else None
    values = bare(named) if isinstance(bare(named), list) else [named]
    for each in values:
        if each is not None and isinstance(named, Placed):
            path = bare(each) if isinstance(bare(each), str) else value_at(each, "path")
            line = each.line if isinstance(each, Placed) else named.line
            yield Note(f"{path} (env_file) is not read: import it by itself", line)


def _environment(service: Any, secrets: Any, notes: list[Note]) -> Iterator[Entry]:
    """`NAME: value` or `- NAME=value`; a name alone is that of the caller's environment."""
    place = value_at(service, "environment")
    for name, value, line in _pairs(place):
        path = _secret_of(value) if name.endswith("_FILE") else ""
        if value is None:
            yield Entry(name, Lookup({"env": name}), line)
        elif path:
            yield _from_secret(Entry(name, value, line), path, secrets, notes)
        else:
            yield Entry(name, _interpolated(value), line)


def _pairs(place: Any) -> Iterator[tuple[str, str | None, int]]:
    if isinstance(place, dict):
        for name, each in place.items():
            value = bare(each)
            if value is None or isinstance(value, str):
                yield name, value, each.line
    for each in place if isinstance(place, list) else []:
        name, equals, text = as_text(bare(each)).partition("=")
        yield name.strip(), text if equals else None, each.line


def _interpolated(text: str) -> str | Lookup:
    """Compose file reference, interpolation: `${NAME:-default}`, `$NAME`; `$$` is `$`."""
    if "\n" in text:
        return text.replace("$$", "$")
    plain = text.replace("$$", "\0")
    found = looked_up(_BARE.sub(r"${\1}", plain), _REFERENCE)
    return found.replace("\0", "$") if isinstance(found, str) else found


def _secret_of(value: str | None) -> str:
    return value.removeprefix(_SECRETS) if value and value.startswith(_SECRETS) else ""


def _from_secret(entry: Entry, name: str, secrets: Any, notes: list[Note]) -> Entry:
    """The file or variable that a secret of the file itself is made of."""
    path, variable = value_at(secrets, name, "file"), value_at(secrets, name, "environment")
    if isinstance(path, str):
        return replace(entry, value=path)
    if isinstance(variable, str):
        bare_name = re.sub(r"_{1,2}FILE$", "", entry.name)
        return Entry(bare_name, Lookup({"env": variable}), entry.line)
    notes.append(Note(f"{entry.name} is a path within the container: see to it", entry.line))
    return entry


def _write(saying: Saying) -> str:
    """A service with the variables that everybody has."""
    lines = ["services:", "  app:", "    environment:"]
    pairs = [(name, _quoted(value)) for name, value in usual_variables(saying)]
    password = saying.password(_quoted, env=lambda name: yaml_quoted(f"${{{name}}}"))
    if password:
        pairs.append(("SMTP_PASSWORD", password))
    return "\n".join([*lines, *(f"      {name}: {value}" for name, value in pairs)]) + "\n"


def _quoted(text: str) -> str:
    return yaml_quoted(text.replace("$", "$$"))


FORMAT = Format("compose", "Compose file", _recognises, _read, _write)
