"""Reads where a profile says that a secret is kept, and refuses the secret itself."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from smtpcheck.model.secret import SecretRef, SecretSource
from smtpcheck.store.wrong_value import WrongValueError

ALLOWED = (
    'exactly one of { keyring = true }, { env = "NAME" }, { file = "PATH" }, '
    '{ command = ["pass", "show", "smtp"] }, { prompt = true }'
)
_SOURCES = ("keyring", "env", "file", "command", "prompt")
# What an environment variable may be called; a password pasted here rarely fits.
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\Z")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")


def secret_reference(value: Any, key: str, folder: Path) -> SecretRef:
    """Where the secret is. A relative file lies in `folder`.

    Raises WrongValueError, whose words never hold the value: it may be the secret.
    """
    if isinstance(value, str):
        raise WrongValueError(
            "holds text: the password itself must not be in a profile",
            ALLOWED,
            f"write {key} = {{ keyring = true }} and run `smtpcheck secret set PROFILE`, "
            f'or {key} = {{ env = "NAME" }}',
        )
    if not isinstance(value, dict):
        raise WrongValueError("is not a table", ALLOWED)
    unknown = [name for name in value if name not in _SOURCES]
    if unknown:
        raise WrongValueError("names an unknown source of a secret", ALLOWED, _meant(unknown))
    if len(value) != 1:
        reason = "names no source" if not value else "names more than one source"
        raise WrongValueError(f"{reason} of the secret", ALLOWED)
    ((source, detail),) = value.items()
    return _by_source(source, detail, folder)


def reference_table(reference: SecretRef) -> dict[str, Any]:
    """The inline table that a profile holds for it. Raises ValueError for a secret that was
    handed over: it is never written."""
    match reference.source:
        case SecretSource.KEYRING | SecretSource.PROMPT:
            return {reference.source.value: True}
        case SecretSource.ENV | SecretSource.FILE:
            return {reference.source.value: reference.name}
        case SecretSource.COMMAND:
            return {"command": list(reference.argv)}
        case SecretSource.GIVEN:
            raise ValueError("a secret that was handed over is never written to a file")


def found_words(value: Any) -> str:
    """What may be said of the value of a key for secrets: its type, never its text."""
    if isinstance(value, dict):
        known = [name for name in value if name in _SOURCES]
        return f"a table with {', '.join(known)}" if known else "a table"
    if isinstance(value, str):
        return "text (not shown)"
    return f"a value of type {type(value).__name__}"


def hidden_parts(value: Any) -> Any:
    """The value for showing: a table of the right shape as it is, anything else as a word."""
    if isinstance(value, Mapping) and all(name in _SOURCES for name in value):
        return dict(value)
    return None if value is None else "(not shown)"


def _meant(unknown: list[str]) -> str:
    from smtpcheck.store.keys import nearest

    near = nearest(unknown[0], _SOURCES)
    return f"did you mean {near}?" if near else ""


def _by_source(source: str, detail: Any, folder: Path) -> SecretRef:
    if source in ("keyring", "prompt"):
        if detail is not True:
            raise WrongValueError(
                f"has a wrong value for {source}", f"{{ {source} = true }}, or another source"
            )
        return SecretRef(SecretSource(source))
    if source == "command":
        return SecretRef(SecretSource.COMMAND, argv=_argv(detail))
    if not isinstance(detail, str) or not detail.strip() or _CONTROL.search(detail):
        raise WrongValueError(
            f"has a wrong value for {source}", f'{{ {source} = "..." }}, one line of text'
        )
    if source == "file":
        return SecretRef(SecretSource.FILE, name=_file(detail, folder))
    if not _VARIABLE.match(detail):
        raise WrongValueError(
            "has a wrong value for env",
            "the name of an environment variable: letters, digits and underscores",
            "the name alone, without $ and without the password",
        )
    return SecretRef(SecretSource.ENV, name=detail)


def mounted_folders() -> tuple[Path, ...]:
    """Where systemd (`LoadCredential=`) and container engines put secrets, the first first."""
    given = os.environ.get("CREDENTIALS_DIRECTORY", "")
    return (*((Path(given),) if given else ()), Path("/run/secrets"))


def _file(detail: str, folder: Path) -> str:
    """The file beside the profile, else, for a relative name, the one among the mounted secrets."""
    try:
        path = Path(detail).expanduser()
    except RuntimeError:
        reason = "has a file in a home folder that does not exist"
        raise WrongValueError(reason, '{ file = "PATH" }') from None
    if path.is_absolute():
        return str(path)
    places = [place / path for place in (folder, *mounted_folders())]
    return str(next((place for place in places if os.path.lexists(place)), places[0]))


def _argv(detail: Any) -> tuple[str, ...]:
    allowed = '{ command = ["program", "argument"] }: an array of texts, run without a shell'
    if not isinstance(detail, list) or not detail:
        raise WrongValueError("has a command that is not an array", allowed)
    if not all(isinstance(word, str) and "\0" not in word for word in detail):
        raise WrongValueError("has a command with something else than text in it", allowed)
    if not detail[0].strip():
        raise WrongValueError("has a command without a program", allowed)
    return tuple(detail)
