"""The settings of a profile as a writer asks for them; what was never asked for is told."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from smtpcheck.model.errors import UsageError
from smtpcheck.model.profile import Profile
from smtpcheck.model.secret import Secret, SecretRef, SecretSource
from smtpcheck.store.build import value_of
from smtpcheck.store.foreign.placeholder import PLACEHOLDER
from smtpcheck.store.keys import KEYS

_OF_THE_WAY = ("server", "tls", "auth", "sender", "proxy")
"""Tables whose settings another program would need; the others are about smtpcheck itself."""


class Saying:
    """One export."""

    def __init__(self, profile: Profile, secret: Secret | None = None) -> None:
        self.profile = profile
        self.holds_secret = False
        """Whether the written text holds a secret."""
        self._secret = secret
        self._asked: set[str] = set()
        self._notes: list[str] = []

    def __getitem__(self, key: str) -> Any:
        """The value of a key, which then counts as said."""
        self._asked.add(key)
        return value_of(self.profile, key)

    @property
    def host(self) -> str:
        """The server's name. Raises UsageError for a Unix socket."""
        host: str = self["server.host"]
        if not host:
            raise UsageError("this format needs a host, and the profile names a Unix socket")
        return host

    @property
    def bracketed(self) -> str:
        """The server's name; an IPv6 address in brackets (RFC 3986 section 3.2.2)."""
        return f"[{self.host}]" if ":" in self.host else self.host

    @property
    def port(self) -> int:
        """The port in use."""
        self._asked.add("server.port")
        return self.profile.port

    @property
    def security(self) -> str:
        """The mode in use: starttls, tls or none."""
        self._asked.add("server.security")
        return self.profile.security

    @property
    def username(self) -> str:
        """Who logs in; empty without a login."""
        name: str = self["auth.username"]
        return name if self.profile.wants_login else ""

    @property
    def mailbox(self) -> str:
        """`Name <address>`, or the address alone; empty without a sender."""
        address, name = self["sender.address"], self["sender.name"]
        if not address or not name:
            return str(address)
        if re.fullmatch(r"[A-Za-z0-9 _-]+", name):
            return f"{name} <{address}>"
        quoted = name.replace("\\", "\\\\").replace('"', '\\"')
        return f'"{quoted}" <{address}>'

    def password(
        self,
        plain: Callable[[str], str] = str,
        *,
        env: Callable[[str], str] | None = None,
        file: Callable[[str], str] | None = None,
        command: Callable[[tuple[str, ...]], str] | None = None,
    ) -> str:
        """The password as the format writes it: `plain` quotes the password itself or its
        placeholder; the others write the reference that the profile has, where the format has
        one of its own. Empty for a profile without a password."""
        self._asked.add("auth.password")
        reference = self.profile.auth.password
        if not self.profile.wants_login or self.profile.auth.method == "external":
            return ""
        if self._secret is not None:
            from smtpcheck.wire.sasl import plain_text

            self.holds_secret = True
            return plain(plain_text(self._secret))
        written = None
        match reference:
            case SecretRef(source=SecretSource.ENV, name=name) if env:
                written = env(name)
            case SecretRef(source=SecretSource.FILE, name=name) if file:
                written = file(name)
            case SecretRef(source=SecretSource.COMMAND, argv=argv) if command:
                written = command(argv)
        if written is not None:
            return written
        kept = f" (the profile keeps it in: {reference.describe()})" if reference else ""
        self.note(
            f"{PLACEHOLDER} stands for the password{kept}; --show-secret writes the password itself"
        )
        return plain(PLACEHOLDER)

    def note(self, text: str) -> None:
        """Tells something that the format cannot say, once."""
        if text not in self._notes:
            self._notes.append(text)

    def cannot(self, key: str, why: str = "") -> None:
        """Counts a key as said by a note: the format has no word for its value."""
        if self[key] != KEYS[key].default:
            self.note(f"{key} is not written: {why or 'the format has no such setting'}")

    def notes(self) -> tuple[str, ...]:
        """What the format could not say."""
        token = ("auth.oauth",) if self.profile.uses_token else ()
        unsaid = [
            key.name
            for key in KEYS.values()
            if key.section in (*_OF_THE_WAY, *token)
            and key.name not in self._asked
            and value_of(self.profile, key.name) != key.default
        ]
        if unsaid:
            words = f"{', '.join(unsaid)} {'is' if len(unsaid) == 1 else 'are'} not written"
            self.note(f"{words}: the format has no such setting")
        return tuple(self._notes)
