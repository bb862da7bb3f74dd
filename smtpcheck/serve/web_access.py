"""The web configuration in use: read again when its file, or one that it names, changes.

What cannot be used leaves everything as it was; a door that falls open because of a typing error
would be worse than one that stays as it is.
"""

from __future__ import annotations

import os
import ssl
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path

from smtpcheck.model.errors import ProfileError, UsageError
from smtpcheck.model.value import dataclass
from smtpcheck.serve.message import Request, Response, plain
from smtpcheck.serve.web_config import WebConfig, read_web_config
from smtpcheck.serve.web_tls import may_come_in, tls_context
from smtpcheck.serve.web_users import Users

_Stamp = tuple[tuple[int, int, int] | None, ...]


@dataclass(frozen=True, slots=True)
class _State:
    config: WebConfig
    context: ssl.SSLContext | None
    users: Users
    stamp: _Stamp


class WebAccess:
    """Without a file: no TLS, and everybody may ask."""

    def __init__(self, path: Path | None, changed: Callable[[str], None]) -> None:
        """`changed` is told that the files were read again, and what is wrong with them or
        nothing. Raises UsageError where they cannot be used."""
        self._path = path
        self._changed = changed
        self._lock = threading.Lock()
        self._refused: _Stamp | None = None
        self._state = _State(WebConfig(), None, Users({}), ())
        if path is not None:
            self._state = _read(path)
        self._bucket = _Bucket()

    @property
    def config(self) -> WebConfig:
        """As it is in use."""
        return self._state.config

    @property
    def is_broken(self) -> bool:
        """Whether the files as they are now are not those in use."""
        return self._refused is not None

    def context(self) -> ssl.SSLContext | None:
        """The TLS settings for the next connection; None: without TLS."""
        self.refresh()
        return self._state.context

    def allows(self, sock: ssl.SSLSocket) -> bool:
        """Whether this client's certificate may come in."""
        tls = self._state.config.tls
        return tls is None or may_come_in(sock, tls.client_allowed_sans)

    def refusal(self, request: Request) -> Response | None:
        """The answer to whoever may not ask; None: they may."""
        self.refresh()
        state = self._state
        if state.config.interval and not self._bucket.take(state.config):
            return plain(429, "too many requests")
        if not state.config.users:
            return None
        if state.users.admits(request.headers.get("authorization", "")):
            return None
        return plain(401, "unauthorized", {"WWW-Authenticate": 'Basic realm="smtpcheck"'})

    @property
    def headers(self) -> Mapping[str, str]:
        """What is added to every answer."""
        return self._state.config.headers

    def refresh(self) -> None:
        """Reads the files again if one of them changed."""
        if self._path is None:
            return
        state = self._state
        stamp = _stamp(self._path, state.config)
        if stamp in (state.stamp, self._refused):
            return
        with self._lock:
            if stamp in (self._state.stamp, self._refused):
                return  # another thread has read them
            try:
                fresh = _read(self._path)
                _must_agree_on_tls(fresh, state)
            except UsageError as error:
                self._refused = stamp
                fault = _words(error)
            else:
                self._state, self._refused, fault = fresh, None, ""
        self._changed(fault)


def _read(path: Path) -> _State:
    """Raises UsageError."""
    config = read_web_config(path)
    stamp = _stamp(path, config)  # before the files: a change in between is seen later
    context = tls_context(config.tls) if config.tls is not None else None
    return _State(config, context, Users(config.users), stamp)


def _must_agree_on_tls(fresh: _State, before: _State) -> None:
    if (fresh.context is None) != (before.context is None):
        raise UsageError("TLS is switched on or off by a new start alone")


def _stamp(path: Path, config: WebConfig) -> _Stamp:
    tls = config.tls
    named = (tls.cert_file, tls.key_file, tls.client_ca_file) if tls is not None else ()
    return tuple(_of_file(each) for each in (str(path), *filter(None, named)))


def _of_file(path: str) -> tuple[int, int, int] | None:
    try:
        found = os.stat(path)  # noqa: PTH116 - a third of the time, at every request
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size, found.st_ino


def _words(error: UsageError) -> str:
    if isinstance(error, ProfileError):
        first = error.problems[0]
        return f"{first.file}:{first.line}: {first.message}"
    return error.message


class _Bucket:
    """A token for each interval, and at most `burst` of them at once."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._tokens: float | None = None
        self._at = 0.0

    def take(self, config: WebConfig) -> bool:
        """Whether there was one."""
        now = time.monotonic()
        with self._lock:
            if self._tokens is None:
                self._tokens, self._at = float(config.burst), now
            gained = (now - self._at) / config.interval
            self._tokens = min(float(config.burst), self._tokens + gained)
            self._at = now
            if self._tokens < 1:
                return False
            self._tokens -= 1
            return True
