"""The format `kubernetes`: the environment of workloads, ConfigMaps and Secrets."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from smtpcheck.model.errors import UsageError
from smtpcheck.store.foreign.compose import distinct
from smtpcheck.store.foreign.dotenv import usual_variables
from smtpcheck.store.foreign.entry import Entry, Source
from smtpcheck.store.foreign.env_families import read_families
from smtpcheck.store.foreign.format import NO, SURE, Format
from smtpcheck.store.foreign.imported import Imported, Note, Place
from smtpcheck.store.foreign.manifests import Manifests, Stored
from smtpcheck.store.foreign.saying import Saying
from smtpcheck.store.foreign.yaml_text import read_yaml, yaml_quoted

_KIND = re.compile(r"""(?m)^[ \t]*"?kind"?[ \t]*:[ \t]*"?[A-Z]\w+""")
_MOST = 100_000
"""ConfigMaps times the values of Secrets."""
_FILE = re.compile(r"\.(?:ya?ml|json|ini|properties|conf|rb|php|env|config|cf|js|py)$")


def _recognises(source: Source) -> int:
    text = source.text
    told = _KIND.search(text) and re.search(
        r"""(?m)^[ \t]*(?:-[ \t]*)?"?apiVersion"?[ \t]*:""", text
    )
    return SURE if told and re.search(r"(?i)smtp|mail", text) else NO


def _read(source: Source) -> list[Imported]:
    manifests = Manifests(read_yaml(source))
    found = list(_of_workloads(manifests, source))
    if not found:
        found = list(_of_stores(manifests, source))
    found += _of_files(manifests, source)
    if not found:
        raise UsageError(
            f"{source.file} holds no mail settings that are known",
            ["it should have SMTP_HOST or the like in env of a container, a ConfigMap or a Secret"],
        )
    notes = manifests.notes
    return [replace(each, notes=(*each.notes, *notes)) for each in distinct(found)]


def _of_workloads(manifests: Manifests, source: Source) -> Iterator[tuple[str, Imported]]:
    for name, entries in manifests.containers():
        for each in read_families(entries, source):
            yield name, each


def _of_stores(manifests: Manifests, source: Source) -> Iterator[tuple[str, Imported]]:
    """Each ConfigMap with all Secrets of the file; the Secrets alone where no ConfigMap tells."""
    maps = [each for each in manifests.stored if each.kind == "ConfigMap"]
    secrets = [each for each in manifests.stored if each.kind == "Secret"]
    hidden = [entry for each in secrets for entry in _named(each)]
    telling = [each for each in maps if read_families(_named(each), source)]
    if len(telling) * len(hidden) > _MOST:
        raise UsageError(
            f"{source.file} holds too many ConfigMaps and Secrets",
            ["give those with the mail settings, on standard input: -"],
        )
    for each in telling:
        for found in read_families([*_named(each), *hidden], source):
            yield each.name, found
    if not telling and (maps or secrets):
        everything = [entry for each in maps for entry in _named(each)] + hidden
        for found in read_families(everything, source):
            yield (maps or secrets)[0].name, found


def _named(stored: Stored) -> list[Entry]:
    """The values under names as variables have them: `smtp-host` is `SMTP_HOST`; in something that
    is called smtp, `host` is."""
    found = []
    for entry in stored.entries:
        name = entry.name
        if re.search(r"[-.]|^[a-z]+$", name) and not _FILE.search(name):
            name = re.sub(r"[-.]", "_", name).upper()
            told = re.search(r"(?i)smtp|mail", stored.name) and not re.match("SMTP|E?MAIL", name)
            name = f"SMTP_{name}" if told else name
        found.append(Entry(name, entry.value, entry.line))
    return found


def _of_files(manifests: Manifests, source: Source) -> Iterator[tuple[str, Imported]]:
    """Files of other formats in a ConfigMap or Secret: alertmanager.yml, application.properties."""
    from smtpcheck.store.foreign.formats import NAMES, format_named

    formats = [format_named(name) for name in NAMES if name not in ("kubernetes", "compose")]
    for stored in manifests.stored:
        for entry in stored.entries:
            text = entry.value
            if not isinstance(text, str) or ("\n" not in text and not _FILE.search(entry.name)):
                continue
            inner = Source(text, entry.name, source.folder)
            sure = [each for each in formats if each.recognises(inner) == SURE]
            shift = 0 if entry.name in stored.encoded else entry.line
            for found in sure[0].read(inner) if len(sure) == 1 else []:
                name = f"{stored.name}/{entry.name}"
                yield name, _shifted(found, shift, entry.line)


def _shifted(found: Imported, shift: int, line: int) -> Imported:
    """With the lines of the manifest; of what is encoded there is but one."""

    def moved(at: int) -> int:
        return (at + shift if shift else line) if at else 0

    places = {key: Place(each.name, moved(each.line)) for key, each in found.places.items()}
    notes = tuple(Note(each.text, moved(each.line)) for each in found.notes)
    return replace(found, places=places, notes=notes)


def _write(saying: Saying) -> str:
    """A ConfigMap with the variables that everybody has, and a Secret with the password."""
    pairs = [(name, yaml_quoted(value)) for name, value in usual_variables(saying)]
    password = saying.password(yaml_quoted)
    text = _manifest("ConfigMap", "data", pairs)
    if password:
        text += "---\n" + _manifest("Secret", "stringData", [("SMTP_PASSWORD", password)])
    return text


def _manifest(kind: str, below: str, pairs: list[tuple[str, str]]) -> str:
    lines = ["apiVersion: v1", f"kind: {kind}", "metadata:", "  name: smtp", f"{below}:"]
    return "\n".join([*lines, *(f"  {name}: {value}" for name, value in pairs)]) + "\n"


FORMAT = Format("kubernetes", "Kubernetes manifests", _recognises, _read, _write)
