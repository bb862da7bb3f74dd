"""Reads a secret from where a profile says that it is kept, and keeps one in the system keyring.

A value is a `Secret` from the moment it is read; only what a user types to be stored is a plain
string on its way into the keyring. No message here holds any part of a value.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Callable
from pathlib import Path

from smtpcheck.model.profile import Profile
from smtpcheck.model.secret import Secret, SecretRef, SecretSource, SecretUnavailableError
from smtpcheck.model.value import dataclass
from smtpcheck.store.secret_reference import mounted_folders

LIMIT = 30.0
"""Seconds that a command may take to print a secret."""
_FILE_LIMIT = 5.0
PASSWORD_KEY = "auth.password"
_KEY_OWNER = "client key"
"""Stands for the user in the keyring: a key belongs to no login."""
SECRET_WORDS = {
    PASSWORD_KEY: "password",
    "proxy.password": "proxy password",
    "confirm.password": "IMAP password",
    "tls.client_key_password": "pass phrase of the client key",
    "auth.oauth.client_secret": "client secret",
}
"""Every key that names a secret, and what the secret is called."""

Ask = Callable[[str], str]
"""Asks for a secret on the terminal without echo, and returns it; the words come without a
colon."""


@dataclass(frozen=True, slots=True)
class SecretStatus:
    """Whether a secret is where it should be. Never the secret."""

    source: str
    where: str
    """In words: `environment variable SMTP_PASSWORD`."""
    available: bool | None
    """None: not known without running the command or asking."""
    detail: str
    notes: tuple[str, ...] = ()
    help: tuple[str, ...] = ()


def read_secret(
    ref: SecretRef,
    *,
    purpose: str,
    profile_name: str | None,
    username: str,
    ask: Ask | None,
    limit: float = LIMIT,
) -> Secret:
    """The secret. `purpose` is the key that asks for it (`auth.password`), `ask` is None where
    nobody can be asked, `limit` the seconds that this may take. Raises SecretUnavailableError."""
    try:
        match ref.source:
            case SecretSource.GIVEN:
                return ref.given if ref.given is not None else Secret("")
            case SecretSource.ENV:
                value = _from_environment(ref.name)
            case SecretSource.FILE:
                value = _from_file(ref.name, min(limit, _FILE_LIMIT))
            case SecretSource.COMMAND:
                value = _from_command(ref.argv, limit)
            case SecretSource.KEYRING:
                value = _from_keyring(profile_name, username, purpose)
            case SecretSource.PROMPT:
                value = _from_prompt(ask, purpose, profile_name, username)
    except SecretUnavailableError as error:
        help_ = error.help + other_ways(ref.source, profile_name, purpose)
        raise SecretUnavailableError(error.reason, error.kind, help_) from None
    return Secret(value)


def other_ways(
    failed: SecretSource, profile_name: str | None, purpose: str = PASSWORD_KEY
) -> tuple[str, ...]:
    """Where else the secret could be kept, each with the exact command."""
    command = f"smtpcheck profile set {profile_name or 'PROFILE'} {purpose}"
    ways = {
        SecretSource.ENV: f"""from the environment: {command} '{{env="SMTP_PASSWORD"}}'""",
        SecretSource.FILE: f"""from a file: {command} '{{file="/path/to/secret"}}'""",
        SecretSource.COMMAND: f"""from a command: {command} '{{command=["pass","show","smtp"]}}'""",
    }
    lines = [text for source, text in ways.items() if source is not failed]
    if purpose == PASSWORD_KEY:
        lines.append("for one run: set the environment variable SMTPCHECK_PASSWORD")
    return tuple(lines)


def owner_of(profile: Profile, purpose: str = PASSWORD_KEY) -> str:
    """The user name that the secret of this key belongs to; the keyring keeps it under that."""
    match purpose:
        case "proxy.password":
            return profile.proxy.username if profile.proxy else ""
        case "confirm.password":
            own = profile.confirm.username if profile.confirm else ""
            return own or profile.auth.username
        case "tls.client_key_password":
            return _KEY_OWNER
        case "auth.oauth.client_secret":
            return profile.auth.oauth.client_id if profile.auth.oauth else ""
        case _:
            return profile.auth.username


def reference_of(profile: Profile, purpose: str = PASSWORD_KEY) -> SecretRef | None:
    """Where the profile says that the secret of this key is; None where it says nothing."""
    section: object = profile
    for name in purpose.split("."):
        section = getattr(section, name, None)
    return section if isinstance(section, SecretRef) else None


def keyring_service(profile_name: str, purpose: str = PASSWORD_KEY) -> str:
    """The name under which the keyring keeps a profile's secret."""
    service = f"smtpcheck:{profile_name}"
    return service if purpose == PASSWORD_KEY else f"{service}:{purpose}"


def store_secret(profile_name: str, username: str, value: str, purpose: str = PASSWORD_KEY) -> None:
    """Keeps a value in the keyring. Raises SecretUnavailableError when it did not stay there."""
    from smtpcheck.store.keyring_access import set_password

    try:
        set_password(keyring_service(profile_name, purpose), username, value)
    except SecretUnavailableError as error:
        help_ = error.help + other_ways(SecretSource.KEYRING, profile_name, purpose)
        raise SecretUnavailableError(error.reason, error.kind, help_) from None


def holds_secret(profile_name: str, username: str, purpose: str = PASSWORD_KEY) -> bool:
    """Whether the keyring holds a value. Raises SecretUnavailableError where it could keep none."""
    from smtpcheck.store.keyring_access import holds_password

    try:
        return holds_password(keyring_service(profile_name, purpose), username)
    except SecretUnavailableError as error:
        help_ = error.help + other_ways(SecretSource.KEYRING, profile_name, purpose)
        raise SecretUnavailableError(error.reason, error.kind, help_) from None


def delete_secret(profile_name: str, username: str, purpose: str = PASSWORD_KEY) -> bool:
    """Whether the keyring held a value, which it no longer does. Raises
    SecretUnavailableError."""
    from smtpcheck.store.keyring_access import delete_password

    return delete_password(keyring_service(profile_name, purpose), username)


def move_secret(old_name: str, new_name: str, username: str, purpose: str = PASSWORD_KEY) -> bool:
    """Whether the keyring held a value, which now belongs to the profile's new name. The old
    entry goes only after the new one was read back. Raises SecretUnavailableError."""
    from smtpcheck.store.keyring_access import delete_password, get_password, set_password

    value = get_password(keyring_service(old_name, purpose), username)
    if value is None:
        return False
    set_password(keyring_service(new_name, purpose), username, value)
    delete_password(keyring_service(old_name, purpose), username)
    return True


def secret_status(
    ref: SecretRef,
    *,
    purpose: str = PASSWORD_KEY,
    profile_name: str | None,
    username: str,
    run: bool = False,
) -> SecretStatus:
    """Whether the secret can be read. A command is run only with `run`; nobody is asked."""
    notes = secret_notes(ref)
    where = ref.describe()
    if ref.source is SecretSource.PROMPT:
        return SecretStatus(ref.source.value, where, None, "asked for at every run", notes)
    if ref.source is SecretSource.COMMAND and not run:
        detail = "not looked: the command runs only with --run"
        return SecretStatus(ref.source.value, where, None, detail, notes)
    try:
        found = read_secret(
            ref, purpose=purpose, profile_name=profile_name, username=username, ask=None
        )
    except SecretUnavailableError as error:
        return SecretStatus(
            ref.source.value,
            where,
            available=False,
            detail=error.reason,
            notes=notes,
            help=error.help,
        )
    detail = "there" if found else "empty"
    return SecretStatus(ref.source.value, where, bool(found), detail, notes)


def secret_notes(ref: SecretRef) -> tuple[str, ...]:
    """What the reader should know of where a secret is kept: a file that others may read."""
    if ref.source is not SecretSource.FILE or os.name != "posix":
        return ()
    path = _locate(ref.name)
    if path is None or path.parent in mounted_folders():
        # Docker and systemd choose the mode themselves.
        return ()
    try:
        mode = path.stat().st_mode
    except OSError:
        return ()
    if not stat.S_ISREG(mode) or not mode & 0o077:
        return ()
    return (f"{path} can be read by others on this machine: chmod 600 {path}",)


def _from_environment(name: str) -> str:
    value = os.environ.get(name)
    if value is None:
        raise SecretUnavailableError(f"environment variable {name} is not set", "missing")
    if not value:
        raise SecretUnavailableError(f"environment variable {name} is empty", "missing")
    return value


def _from_file(name: str, limit: float) -> str:
    from smtpcheck.store.bounded import bounded

    path = _locate(name)
    if path is None:
        raise SecretUnavailableError(f"file {name} does not exist", "missing")
    try:
        data = bounded(limit, lambda: _head_of(path))
    except TimeoutError:
        raise SecretUnavailableError(
            f"file {path} could not be read within {limit:g} s", "timeout"
        ) from None
    except OSError as error:
        words = error.strerror or str(error)
        raise SecretUnavailableError(f"file {path} cannot be read: {words}", "unreadable") from None
    line = data.removeprefix(b"\xef\xbb\xbf").split(b"\n", 1)[0].removesuffix(b"\r")
    return _text(line, f"file {path}", "is empty, or its first line is")


def _head_of(path: Path) -> bytes:
    from smtpcheck.store.secret_command import MAX_SECRET_BYTES

    with path.open("rb") as stream:
        return stream.readline(MAX_SECRET_BYTES)


def _from_command(argv: tuple[str, ...], limit: float) -> str:
    from smtpcheck.store.secret_command import first_line_of

    line = first_line_of(argv, limit)
    return _text(line, f"command {argv[0]}", "printed nothing on its first line")


def _text(line: bytes, where: str, when_empty: str) -> str:
    if not line:
        raise SecretUnavailableError(f"{where} {when_empty}", "missing")
    try:
        text = line.decode("utf-8")
    except UnicodeDecodeError:
        raise SecretUnavailableError(f"{where} does not give UTF-8 text", "unreadable") from None
    if "\0" in text:
        raise SecretUnavailableError(
            f"{where} gives NUL characters: UTF-16, or no text at all", "unreadable"
        )
    return text


def _from_keyring(profile_name: str | None, username: str, purpose: str) -> str:
    from smtpcheck.store.keyring_access import get_password

    if profile_name is None:
        raise SecretUnavailableError(
            "the keyring keeps secrets by profile name, and this profile has none", "missing"
        )
    if purpose == "tls.client_key_password":
        username = _KEY_OWNER
    value = get_password(keyring_service(profile_name, purpose), username)
    if not value:
        owner = f" for {username}" if username else ""
        option = "" if purpose == PASSWORD_KEY else f" --key {purpose}"
        raise SecretUnavailableError(
            f"the keyring holds no {_words(purpose)}{owner} of profile {profile_name}",
            "missing",
            (f"store it: smtpcheck secret set {profile_name}{option}",),
        )
    return value


def _from_prompt(ask: Ask | None, purpose: str, profile_name: str | None, username: str) -> str:
    if ask is None:
        raise SecretUnavailableError(
            f"the {_words(purpose)} is to be asked for, and there is no terminal to ask on",
            "missing",
        )
    owner = f" of {username}" if username else ""
    profile = f" (profile {profile_name})" if profile_name else ""
    value = ask(f"{_words(purpose)}{owner}{profile}")
    if not value:
        raise SecretUnavailableError(f"no {_words(purpose)} was given", "missing")
    return value


def _words(purpose: str) -> str:
    return SECRET_WORDS.get(purpose, purpose)


def _locate(name: str) -> Path | None:
    """The file: as named, else, for a relative name, among the mounted secrets."""
    path = Path(name).expanduser()
    places = [path] if path.is_absolute() else [path, *(each / path for each in mounted_folders())]
    return next((place for place in places if _exists(place)), None)


def _exists(path: Path) -> bool:
    try:
        path.stat()
    except (FileNotFoundError, NotADirectoryError, ValueError):
        return False
    except OSError:
        return True  # it is there in some way; reading it says what is wrong
    return True
