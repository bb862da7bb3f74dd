"""The TLS contexts of this process. Targets with the same settings share one: reading the system's
certificates takes 20 to 40 ms and a megabyte, and those of a file a part of that."""

from __future__ import annotations

import os
import ssl
import threading
import time
from collections import OrderedDict
from collections.abc import Callable

from smtpcheck.wire.tls_context import LocalTlsFault, TlsContext, TlsPolicy, make_context

RECENT = 1.0
"""Seconds in which nobody looks whether the files have changed."""
_OLDEST = 3600.0
"""Seconds after which a context is made anew in any case: not every system's store is a file."""
_KEPT = 16
_VARIABLES = ("SSL_CERT_FILE", "SSL_CERT_DIR")

_Files = tuple[tuple[int, ...], ...]
_Key = tuple[TlsPolicy, tuple[str, ...]]


class _Entry:
    """One context. The lock is held while its files are read: whoever has the same settings waits
    for the same files anyway."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.context: TlsContext | None = None
        self.files: _Files = ()
        self.looked_at = self.made_at = 0.0


class TlsContexts:
    """Contexts by their settings, the least used given up first."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._entries: OrderedDict[_Key, _Entry] = OrderedDict()

    def recent(self, policy: TlsPolicy) -> TlsContext | None:
        """The context for these settings where it was looked at a moment ago. Touches no file, so
        that it never waits."""
        entry = self._entries.get(_key(policy))
        if entry is None or self._clock() - entry.looked_at > RECENT:
            return None
        return entry.context

    def get(self, policy: TlsPolicy) -> TlsContext | LocalTlsFault:
        """The context for these settings, made anew where a file has changed. A key that needs a
        pass phrase is kept by nobody."""
        if policy.key_password is not None:
            return make_context(policy)
        entry = self._entry(_key(policy))
        with entry.lock:
            now, files = self._clock(), _files(policy)
            if entry.context is None or entry.files != files or now - entry.made_at > _OLDEST:
                entry.context = None
                made = make_context(policy)
                if isinstance(made, LocalTlsFault):
                    return made
                entry.context, entry.files, entry.made_at = made, files, now
            entry.looked_at = now
            return entry.context

    def _entry(self, key: _Key) -> _Entry:
        with self._lock:
            entry = self._entries.setdefault(key, _Entry())
            self._entries.move_to_end(key)
            while len(self._entries) > _KEPT:
                self._entries.popitem(last=False)
            return entry


CONTEXTS = TlsContexts()


def _key(policy: TlsPolicy) -> _Key:
    return policy, tuple(os.environ.get(each, "") for each in _VARIABLES)


def _files(policy: TlsPolicy) -> _Files:
    """What shows that one of the files is another one, or was written."""
    paths = [policy.ca_file, policy.client_cert, policy.client_key]
    if not policy.ca_file:
        usual = ssl.get_default_verify_paths()
        paths += [usual.cafile or "", usual.capath or ""]
    return tuple(_state(path) for path in paths if path)


def _state(path: str) -> tuple[int, ...]:
    try:
        found = os.stat(path)  # noqa: PTH116 - an empty path is none
    except (OSError, ValueError):
        return ()
    return found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns
