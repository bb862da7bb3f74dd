"""A discovery as plain values, for programs."""

from __future__ import annotations

from smtpcheck.model.discovery import Candidate, Discovery, Source
from smtpcheck.model.jsonvalue import Json
from smtpcheck.report.json_report import SCHEMA


def discovery_to_data(found: Discovery, *, exit_code: int, command: str) -> dict[str, Json]:
    """The document; `command` makes a profile of the best by hand."""
    best: dict[str, Json] | None = None
    if found.best is not None:
        best = {**_server(found.best), "reason": found.reason, "command": command}
    return {
        "schema": SCHEMA,
        "address": found.subject.address,
        "domain": found.subject.domain,
        "exit_code": exit_code,
        "best": best,
        "failure": found.failure,
        "sources": [_source(each) for each in found.sources],
        "candidates": [_candidate(each) for each in found.candidates],
        "help": list(found.help),
        "notes": list(found.notes),
    }


def _server(each: Candidate) -> dict[str, Json]:
    return {
        "host": each.host,
        "port": each.port,
        "security": each.security,
        "username": each.username,
        "preset": each.preset,
        "vouching": each.vouching.value,
    }


def _candidate(each: Candidate) -> dict[str, Json]:
    return {
        **_server(each),
        "sources": list(each.sources),
        "methods": list(each.methods),
        "proof": each.proof.value,
        "cause": each.cause,
        "summary": each.summary,
        "mechanisms": list(each.mechanisms),
        "elapsed_ms": round(each.elapsed_ms, 3),
    }


def _source(each: Source) -> dict[str, Json]:
    return {
        "source": each.name,
        "outcome": each.outcome.value,
        "summary": each.summary,
        "elapsed_ms": round(each.elapsed_ms, 3),
        "offers": [
            {"host": one.host, "port": one.port, "security": one.security} for one in each.offers
        ],
        "told_address": each.told_address,
    }
