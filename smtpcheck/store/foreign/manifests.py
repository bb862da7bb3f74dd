"""What manifests of Kubernetes say of environments: containers, ConfigMaps, Secrets."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterator
from typing import Any

from smtpcheck.model.errors import UsageError
from smtpcheck.model.value import dataclass
from smtpcheck.store.foreign.code_text import Placed
from smtpcheck.store.foreign.entry import Entry, Lookup
from smtpcheck.store.foreign.imported import Note
from smtpcheck.store.foreign.taking import as_text
from smtpcheck.store.foreign.yaml_text import bare, value_at

_PODS = {
    "Pod": ("spec",),
    "CronJob": ("spec", "jobTemplate", "spec", "template", "spec"),
    "PodTemplate": ("template", "spec"),
}
_POD = ("spec", "template", "spec")
"""Where the pod is in any other kind that makes pods."""
_LONGEST = 4096
"""Characters of a value with others filled in."""
_MOST = 50_000
"""Variables of all containers of a text."""
_NAMED = re.compile(r"\$\(([A-Za-z_][A-Za-z0-9_.-]*)\)")


@dataclass(frozen=True, slots=True)
class Stored:
    """A ConfigMap or a Secret."""

    kind: str
    name: str
    entries: tuple[Entry, ...]
    encoded: frozenset[str]
    """Names of those that stood there in base64."""


class Manifests:
    """All that the documents of one text declare."""

    def __init__(self, trees: list[Any]) -> None:
        self.notes: list[Note] = []
        self._seen = 0
        self._objects = [each for tree in trees for each in _objects(tree)]
        self.stored = [
            self._stored(each)
            for each in self._objects
            if value_at(each, "kind") in ("ConfigMap", "Secret")
        ]
        for each in self._objects:
            if value_at(each, "kind") in ("SealedSecret", "ExternalSecret"):
                self.notes.append(
                    Note(f"{_name(each)} ({value_at(each, 'kind')}) holds no readable values")
                )

    def containers(self) -> Iterator[tuple[str, list[Entry]]]:
        """The environment of each container; it is called as kubectl calls what it belongs to."""
        for each in self._objects:
            kind = as_text(value_at(each, "kind"))
            pod = value_at(each, *_PODS.get(kind, _POD))
            owner = f"{kind.lower()}/{_name(each)}"
            found = [
                (as_text(value_at(container, "name")), self._environment(container))
                for group in ("initContainers", "containers")
                for container in _items(value_at(pod, group))
            ]
            self._seen += sum(len(entries) for _name, entries in found)
            if self._seen > _MOST:
                raise UsageError(
                    "the manifests give too many variables to too many containers",
                    ["give the part with the mail settings, on standard input: -"],
                )
            several = len(found) > 1
            for name, entries in found:
                yield f"{owner}/{name}" if several else owner, entries

    def _stored(self, tree: Any) -> Stored:
        kind = as_text(value_at(tree, "kind"))
        encoded, plain = ("data", "stringData") if kind == "Secret" else ("binaryData", "data")
        found = {entry.name: entry for entry in self._decoded(value_at(tree, encoded))}
        names = frozenset(found)
        found |= {entry.name: entry for entry in _leaves(value_at(tree, plain))}
        return Stored(kind, _name(tree), tuple(found.values()), names)

    def _decoded(self, tree: Any) -> Iterator[Entry]:
        for entry in _leaves(tree):
            try:
                raw = base64.b64decode(re.sub(r"\s", "", as_text(entry.value)), validate=True)
                text = raw.decode("utf-8")
            except (binascii.Error, ValueError):
                self._note(f"{entry.name} is not carried over: it is no text in base64", entry)
                continue
            if text.endswith("\n") and text.count("\n") == 1:
                self._note(f"{entry.name} ends in a line break, which is left out", entry)
                text = text.rstrip("\r\n")
            yield Entry(entry.name, text, entry.line)

    def _note(self, text: str, entry: Entry) -> None:
        self.notes.append(Note(text, entry.line))

    def _environment(self, container: Any) -> list[Entry]:
        """envFrom first; env wins."""
        found: dict[str, Entry] = {}
        for each in _items(value_at(container, "envFrom")):
            prefix = as_text(value_at(each, "prefix"))
            for entry in self._all_of(each):
                found[prefix + entry.name] = Entry(prefix + entry.name, entry.value, entry.line)
        for each in _items(value_at(container, "env")):
            name = as_text(value_at(each, "name"))
            line = each.line if isinstance(each, Placed) else 0
            value = self._value_of(each, found)
            if isinstance(value, Entry):
                found[name] = Entry(name, value.value, value.line)
            else:
                found[name] = Entry(name, value, line)
        return list(found.values())

    def _all_of(self, tree: Any) -> tuple[Entry, ...]:
        for word, kind in (("configMapRef", "ConfigMap"), ("secretRef", "Secret")):
            name = value_at(tree, word, "name")
            if not isinstance(name, str):
                continue
            for each in self.stored:
                if (each.kind, each.name) == (kind, name):
                    return each.entries
            note = Note(f"{kind} {name} is not in the file: what it holds is not carried over")
            self.notes += [note] if note not in self.notes else []
        return ()

    def _value_of(self, tree: Any, known: dict[str, Entry]) -> Any:
        value = value_at(tree, "value")
        if value is not None or value_at(tree, "valueFrom") is None:
            return _filled(as_text(value), known)
        for word, kind in (("configMapKeyRef", "ConfigMap"), ("secretKeyRef", "Secret")):
            name, key = (
                value_at(tree, "valueFrom", word, "name"),
                value_at(tree, "valueFrom", word, "key"),
            )
            if name is None:
                continue
            for each in self.stored:
                if (each.kind, each.name) == (kind, name):
                    return next((entry for entry in each.entries if entry.name == key), None)
            return Lookup({}, words=f"key {key} of the {kind} {name}")
        return Lookup({}, words="what the cluster says of the pod")


def _filled(text: str, known: dict[str, Entry]) -> Any:
    """`$(NAME)` is an earlier variable of the container; `$$` is `$`."""
    whole = _NAMED.fullmatch(text)
    if whole and whole[1] in known:
        return known[whole[1]].value

    length = len(text)

    def one(found: re.Match[str]) -> str:
        nonlocal length
        value = known[found[1]].value if found[1] in known else None
        if not isinstance(value, str):
            return found[0]
        length += len(value)
        return value if length <= _LONGEST else ""

    made = _NAMED.sub(one, text.replace("$$(", "\0")).replace("\0", "$(")
    return made if length <= _LONGEST else Lookup({}, words="names that make it too long")


def _objects(tree: Any) -> Iterator[Any]:
    if as_text(value_at(tree, "kind")).endswith("List"):
        yield from _items(value_at(tree, "items"))
    else:
        yield tree


def _items(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _leaves(tree: Any) -> Iterator[Entry]:
    for name, each in tree.items() if isinstance(tree, dict) else []:
        value = bare(each)
        if isinstance(value, str):
            yield Entry(name, value, each.line)


def _name(tree: Any) -> str:
    return as_text(value_at(tree, "metadata", "name"))
