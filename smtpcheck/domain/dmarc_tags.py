"""The tags of a DMARC record as receivers read them: one that cannot be read is passed over, and
the policy holds all the same (RFC 9989 section 4.8)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import field
from typing import Any

from smtpcheck.domain.checkdmarc_way import NO_NAME, no_name, way
from smtpcheck.domain.names import Names
from smtpcheck.model.domain import DnsRecord
from smtpcheck.model.value import dataclass

Tags = Mapping[str, Any]
_POLICY = ("p", "sp", "np")
"""Where one of these cannot be read, the policy is not known."""
_VERSION = "v=DMARC1"
_ADDRESS = re.compile(r"[^\s@:!,;]+@[^\s@:!,;]+\.[^\s@:!,;]+")
_TAG = re.compile(r"\b(p|sp|np|rua|ruf|adkim|aspf|fo|t|psd)[ \t]*=[ \t]*([^;\s]+)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Read:
    """What receivers take from a record."""

    tags: Tags = field(default_factory=dict)
    """With their defaults."""
    passed_over: tuple[str, ...] = ()
    """The tags, as they are written, that cannot be read, wholly or in part."""
    corrected: str = ""
    """The record with these mended, or without them; empty where it cannot be used at all."""
    wrong: str = ""
    """Why it cannot be used."""


def read_tags(names: Names, location: str, record: str) -> Read:
    """The tags of the record at a location. It raises nothing."""
    version, *parts = [part.strip() for part in record.split(";")]
    read, right, passed_over = [version], [version], []
    for part in parts[:-1] if parts and not parts[-1] else parts:
        kept, mended = _usable(names, location, part)
        read += [kept] if kept else []
        right += [mended] if mended else []
        passed_over += [part] if kept != part or not part else []
    tags, wrong = _parsed(names, location, "; ".join(read))
    if wrong:
        return Read(wrong=wrong)
    whole = "; ".join(right) if passed_over else record
    return Read(tags, tuple(passed_over), whole)


def sound_dmarc(names: Names, location: str, text: str) -> DnsRecord | None:
    """The record to publish for a domain; None where receivers could not use all of it."""
    known = _parsed(names, location, text)[1] == ""
    return DnsRecord(f"_dmarc.{location}", "TXT", text) if known else None


def from_tags(near: str) -> str:
    """The record that was meant by one that does not begin as it must; empty where it has no tag
    of DMARC."""
    tags = [f"{name.lower()}={value}" for name, value in _TAG.findall(near)]
    return "; ".join([_VERSION, *tags]) if tags else ""


def _usable(names: Names, location: str, part: str) -> tuple[str, str]:
    """What receivers read of a tag, and what it should be; empty: nothing."""
    name, _, value = part.partition("=")
    if name.strip().lower() in _POLICY or _is_read(names, location, part):
        return part, part
    if name.strip().lower() not in ("rua", "ruf"):
        return "", ""
    uris = [uri.strip() for uri in value.split(",")]
    mended = [f"mailto:{uri}" if _ADDRESS.fullmatch(uri) else uri for uri in uris]
    tag = name.strip()
    kept = [uri for uri in uris if _is_read(names, location, f"{tag}={uri}")]
    right = [uri for uri in mended if _is_read(names, location, f"{tag}={uri}")]
    return (f"{tag}={','.join(kept)}" if kept else ""), (
        f"{tag}={','.join(right)}" if right else ""
    )


def _is_read(names: Names, location: str, part: str) -> bool:
    return not _parsed(names, location, f"{_VERSION}; p=none; {part}")[1]


def _parsed(names: Names, location: str, record: str) -> tuple[Tags, str]:
    """The tags, and what is wrong with the record."""
    from checkdmarc.dmarc import DMARCError, parse_dmarc_record

    try:
        parsed = parse_dmarc_record(record, location, ignore_unrelated_records=True, **way(names))
    except DMARCError as error:
        return {}, " ".join(str(error).split())
    except NO_NAME as error:
        return {}, no_name(error)
    return parsed["tags"], ""
