"""What an experiment is: a safe extra observation after a failure, as a value."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from smtpcheck.model.jsonvalue import Json
from smtpcheck.model.preset import Preset
from smtpcheck.model.value import dataclass

Changes = tuple[tuple[str, Json], ...]
"""Keys of the profile and their new values, in the order in which they are told."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TryWay:
    """A connection of its own to the same server, in another way, no further than `goal`.

    What is empty is as the profile has it.
    """

    name: str
    port: int
    security: str
    goal: str
    """The last step: `ehlo` (the last that the mode asks for), `tls.handshake`, `auth.choose`
    (which mechanism would do, without a login) or `send.mail` (MAIL, then RSET)."""
    changes: Changes = ()
    """What the profile needs to go this way."""
    family: str = ""
    """`ipv4` or `ipv6`: addresses of this family alone."""
    host: str = ""
    """A name of the presented certificate; it must lead to the same machine."""
    server_name: str = ""
    min_version: str = ""
    max_version: str = ""
    ciphers: str = ""
    verify: bool | None = None
    sni: bool = True
    method: str = ""
    """How a mechanism would be chosen (`auth.method`)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AskTls:
    """ClientHellos of our own making, each on a connection of its own, that ask which versions the
    server takes, and which cipher suite of all that there are; no handshake is finished."""

    name: str
    most: int
    """Connections at most."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SpeakTls:
    """A ClientHello on the connection whose greeting did not come."""

    name: str
    changes: Changes


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnSender:
    """The refused envelope once more with the login's own address, in the same session."""

    name: str
    address: str
    recipients: tuple[str, ...]
    """Those that were refused; empty where MAIL was."""
    changes: Changes


@dataclass(frozen=True, slots=True, kw_only=True)
class LookUp:
    """A question to DNS."""

    name: str
    how: str
    """`configured` (the resolver of this machine instead of the named one), `unchecked` (DNSSEC
    validation off), `srv` (records of RFC 6186), `similar` (whether these names exist), `family`
    (addresses of the other family)."""
    names: tuple[str, ...]
    key: str = ""
    """The key of the profile that a name that is found belongs into."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Compare:
    """What the run itself showed, held against each other or this machine; nothing is sent."""

    name: str


Experiment = TryWay | AskTls | SpeakTls | OwnSender | LookUp | Compare


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What is known besides the observations."""

    becomes: Callable[[Mapping[str, Json]], tuple[int, str] | None] | None = None
    """Port and security that the profile has with these changes; None where it would be wrong."""
    presets: Callable[[], Sequence[Preset]] = tuple
    preset: Preset | None = None
    """The profile's own."""
    resolver: str = ""
    """The DNS server that was named for this run."""


NOTHING_KNOWN = Known()
