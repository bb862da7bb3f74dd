"""What the checks of lint look at, and the words in which they answer."""

from __future__ import annotations

import datetime as dt
import ipaddress
from collections.abc import Sequence
from functools import lru_cache

from smtpcheck.model.diagnosis import Severity
from smtpcheck.model.finding import LintFinding
from smtpcheck.model.preset import Preset, is_one_of
from smtpcheck.model.profile import Profile
from smtpcheck.model.secret import SecretLook
from smtpcheck.model.value import dataclass


@dataclass(frozen=True, slots=True)
class Case:
    """What the checks look at."""

    profile: Profile
    preset: Preset | None
    """The profile's preset, or the one that its host belongs to."""
    presets: tuple[Preset, ...]
    """All that are known; for hosts that are nearly right."""
    today: dt.date
    secret: SecretLook | None = None
    """What the password looks like; None where nobody looked."""

    @property
    def host(self) -> str:
        """In lower case, without a dot at the end; empty with a Unix socket."""
        return self.profile.server.host.lower().rstrip(".")

    @property
    def provider(self) -> str:
        """Id of the provider, or the empty string."""
        return self.preset.provider if self.preset else ""

    @property
    def uses_password(self) -> bool:
        """Whether it logs in, and not with a token or a certificate."""
        token = self.profile.uses_token and not self.lacks_client
        other = token or self.profile.auth.method == "external"
        return self.profile.wants_login and not other

    @property
    def lacks_client(self) -> bool:
        """Whether it would take the token of a login, and names no application to get one with:
        so it is where only the preset speaks of OAuth."""
        oauth = self.profile.auth.oauth
        named = oauth is not None and (oauth.client_id or oauth.key_file)
        return self.profile.uses_kept_login and not named


@lru_cache(maxsize=256)
def literal(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    """The address that the host setting is, or None for a name."""
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        return None


def is_loopback(host: str) -> bool:
    """Whether the host is this machine, by name or address."""
    address = literal(host)
    if address is not None:
        return address.is_loopback
    return host == "localhost" or host.endswith(".localhost")


def domain_of(address: str) -> str:
    """The domain of a mail address, in lower case; empty without an address."""
    return address.rpartition("@")[2].lower().rstrip(".")


def belongs(host: str, preset: Preset) -> bool:
    """Whether a host name is one of the provider's."""
    return is_one_of(host, preset.hosts)


def preset_of_host(host: str, presets: Sequence[Preset]) -> Preset | None:
    """The first preset, by name, that the host belongs to."""
    if not host:
        return None
    ordered = sorted(presets, key=lambda each: each.name)
    return next((each for each in ordered if belongs(host, each)), None)


def error(id_: str, key: str, message: str, *help_: str) -> LintFinding:
    """A finding of something that cannot work."""
    return LintFinding(id_, Severity.ERROR, key, message, help_)


def warning(id_: str, key: str, message: str, *help_: str) -> LintFinding:
    """A finding of something that may go wrong."""
    return LintFinding(id_, Severity.WARNING, key, message, help_)
