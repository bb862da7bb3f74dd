"""Which mechanism to log in with: what is offered against what there is to log in with."""

from __future__ import annotations

from functools import lru_cache

from smtpcheck.model.value import dataclass

PLUS = "-PLUS"
TOKEN_MECHANISMS = ("XOAUTH2", "OAUTHBEARER")
_SCRAM = ("SCRAM-SHA-256-PLUS", "SCRAM-SHA-256", "SCRAM-SHA-1-PLUS", "SCRAM-SHA-1")
_REVEALING = ("PLAIN", "LOGIN")
"""They show the server the password, and anybody who listens."""
AUTO_VERIFIED = (*_SCRAM, *_REVEALING, "CRAM-MD5")
"""What `auto` prefers inside verified TLS; a password is never used as a token."""
AUTO_INSECURE = (*_SCRAM, "CRAM-MD5", *_REVEALING)
"""What `auto` prefers where others may listen: the mechanisms that do not show the password."""
_LAST = ("EXTERNAL", "NTLM")
"""What `auto` takes with a password at hand only where nothing else fits."""
SPOKEN = frozenset((*AUTO_VERIFIED, *_LAST, *TOKEN_MECHANISMS))
"""The mechanisms that this program speaks."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Means:
    """What profile and connection bring to a login."""

    method: str = "auto"
    """The setting `auth.method`."""
    verified: bool = False
    """The connection is TLS, and its certificate was verified."""
    password: bool = True
    token: bool = False
    """What there is to log in with is an access token."""
    certificate: bool = False
    """The server can know who this is: by a client certificate, or over a Unix socket."""
    bindable: bool = False
    """There is a channel binding for the -PLUS mechanisms."""
    ntlm: bool = False
    """The extra `ntlm` is installed."""


@dataclass(frozen=True, slots=True)
class Option:
    """A mechanism of the server's list, and whether this profile could use it here."""

    name: str
    reason: str
    """Why it cannot be used; empty where it can."""


@dataclass(frozen=True, slots=True)
class Choice:
    """The mechanism to use."""

    mechanism: str
    reason: str
    rest: tuple[str, ...] = ()
    """What may follow, in order, where the server refuses it without judging a credential."""


@lru_cache(maxsize=64)
def options(offered: tuple[str, ...], means: Means) -> tuple[Option, ...]:
    """Every offered mechanism, in the server's order, with what stands against it."""
    return tuple(Option(name, _obstacle(name, means)) for name in dict.fromkeys(offered))


def logins(offered: tuple[str, ...], *, secured: bool, ntlm: bool) -> dict[str, list[str]]:
    """The offered mechanisms by what a profile would need for them; what nothing needs is left
    out. `ntlm`: the extra is installed."""
    found: dict[str, list[str]] = {}
    for name in dict.fromkeys(offered):
        found.setdefault(_need(name, secured=secured, ntlm=ntlm), []).append(name)
    return found


def _need(name: str, *, secured: bool, ntlm: bool) -> str:
    if name not in SPOKEN:
        return "unspoken"
    if name in TOKEN_MECHANISMS:
        return "token"
    if name == "EXTERNAL":
        return "certificate"
    if name == "NTLM" and not ntlm:
        return "extra"
    return "tls" if name.endswith(PLUS) and not secured else "password"


@lru_cache(maxsize=64)
def choose(offered: tuple[str, ...], means: Means) -> Choice | None:
    """The mechanism to use, or None where nothing fits. A method that is set is used where it is
    offered, in its -PLUS form where that can be; `auto` takes the first of its order."""
    fits = [each.name for each in options(offered, means) if not each.reason]
    if means.method != "auto":
        wanted = means.method.upper()
        named = [name for name in (wanted + PLUS, wanted) if name in fits]
        return (
            Choice(named[0], "set as auth.method, and offered", tuple(named[1:])) if named else None
        )
    if means.token:
        tokens = [name for name in TOKEN_MECHANISMS if name in fits]
        return Choice(tokens[0], "offered, for the token of the kept login") if tokens else None
    if not means.password and "EXTERNAL" in fits:
        return Choice("EXTERNAL", "there is a client certificate and no password")
    order = AUTO_VERIFIED if means.verified else AUTO_INSECURE
    found = [name for name in order if name in fits]
    if found:
        return Choice(found[0], _why(found[0], means), _following(found, means))
    last = next((name for name in _LAST if name in fits), None)
    return Choice(last, "nothing else that is offered can be used") if last else None


def weaker(before: tuple[str, ...], after: tuple[str, ...]) -> bool:
    """Whether SCRAM was offered before TLS and nothing of its strength within. CRAM-MD5 and its
    like do not count: servers drop them where TLS makes PLAIN safe, and are right to."""
    return any(map(_strong, before)) and bool(after) and not any(map(_strong, after))


def _strong(name: str) -> bool:
    return name.startswith(("SCRAM-", "GS2-")) or name in ("EXTERNAL", "GSSAPI", "GSS-SPNEGO")


def _following(found: list[str], means: Means) -> tuple[str, ...]:
    """A refusal must not lead to a mechanism that shows the password where others may listen."""
    rest = found[1:]
    if not means.verified and found[0] not in _REVEALING:
        rest = [name for name in rest if name not in _REVEALING]
    return tuple(rest)


def _why(mechanism: str, means: Means) -> str:
    if means.verified:
        return "the first that is offered in the order of smtpcheck"
    if mechanism not in _REVEALING:
        return "it does not show the password on a connection that others may read"
    return "nothing better is offered"


def _obstacle(name: str, means: Means) -> str:
    token = means.token or means.method.upper() in TOKEN_MECHANISMS
    if name not in SPOKEN:
        return "smtpcheck does not speak it"
    if name == "EXTERNAL":
        return "" if means.certificate else "needs a client certificate (tls.client_cert)"
    if name in TOKEN_MECHANISMS:
        return "" if token else f"takes a token, never a password (auth.method {name.lower()})"
    if token:
        return "takes a password, and the profile holds a token"
    if means.method == "external":
        return "takes a password, and auth.method is external"
    if name.endswith(PLUS) and not means.bindable:
        return "needs a channel binding, which this connection does not give"
    if name == "NTLM" and not means.ntlm:
        return "needs smtpcheck[ntlm]"
    return ""
