"""A named failure as a value: what the sandbox does differently from a good server."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import field, fields
from pathlib import Path

from smtpcheck.model.value import dataclass
from smtpcheck.sandbox.certificates import CertificateKind
from smtpcheck.sandbox.tokens import TokenState

FOLDER = Path(__file__).parent / "scenarios"
POINTS = (
    "CONNECT",
    "EHLO",
    "HELO",
    "STARTTLS",
    "HANDSHAKE",
    "AUTH-COMMAND",
    "AUTH",
    "MAIL",
    "RCPT",
    "DATA",
    "MESSAGE",
    "RSET",
    "QUIT",
)
"""Where a scenario may step in: what is about to be answered. `AUTH-COMMAND` is the AUTH line
itself, `AUTH` the judgement of the credentials, `MESSAGE` the final dot."""
TLS_VERSIONS = ("1.0", "1.1", "1.2", "1.3")


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """What goes wrong. The default is a server with which nothing is wrong."""

    name: str = "good"
    title: str = "a server with nothing wrong"
    cause: str = ""
    """Id of the cause that a diagnosis should find; empty where there is none."""
    reply: Mapping[str, str] = field(default_factory=dict)
    """By point: what is said instead; several lines are separated by line feeds."""
    times: int = 0
    """How often a `reply` is given for one envelope before the good one; 0: always."""
    lasts: float = 0.0
    """Seconds, counted from its first one, after which a `reply` is no longer given for one
    envelope; 0: ever."""
    delay: Mapping[str, float] = field(default_factory=dict)
    """By point: seconds of silence before the answer."""
    silent: tuple[str, ...] = ()
    """Points at which no answer ever comes."""
    closes: tuple[str, ...] = ()
    """Points at which the connection is closed instead of an answer."""
    resets: tuple[str, ...] = ()
    """Points at which the connection is reset instead of an answer."""
    closes_after: tuple[str, ...] = ()
    """Points at which the connection is closed right behind the answer."""
    hidden: tuple[str, ...] = ()
    """Extensions that are not offered."""
    offers: tuple[str, ...] = ()
    """Lines that the EHLO reply has besides."""
    mechanisms: tuple[str, ...] = ()
    """SASL mechanisms offered; empty: all."""
    mechanisms_before_tls: tuple[str, ...] = ()
    """SASL mechanisms that are listed where STARTTLS is still to come; empty: none."""
    iterations: int = 0
    """Rounds of hashing that SCRAM asks for; 0: the usual number."""
    wrong_proof: bool = False
    """SCRAM ends with a proof that does not show that the server knows the password."""
    token: TokenState = TokenState.GOOD
    """What is wrong with the access token that is given out."""
    certificate: CertificateKind = CertificateKind.GOOD
    tls_min: str = "1.2"
    tls_max: str = "1.3"
    client_certificate: bool = False
    """A client certificate is demanded (and none is good enough)."""
    size: int = 0
    """Largest message, in octets; 0: the sandbox's own limit."""
    check_sender: bool = False
    """The envelope sender must be the user who logged in."""


class ScenarioError(Exception):
    """A scenario that is not known, or whose text is wrong."""


def load_scenarios(folder: Path = FOLDER) -> dict[str, Scenario]:
    """Every named failure, by name, in the order of the files. Raises ScenarioError."""
    found: dict[str, Scenario] = {}
    for path in sorted(folder.glob("*.toml")):
        for name, table in tomllib.loads(path.read_text(encoding="utf-8")).items():
            if name in found:
                raise ScenarioError(f"{path.name}: {name} is there twice")
            found[name] = read_scenario(name, table)
    return found


def find_scenario(name: str) -> Scenario:
    """The scenario of this name. Raises ScenarioError with the nearest names."""
    known = load_scenarios()
    if name in known:
        return known[name]
    from difflib import get_close_matches

    near = get_close_matches(name, known, 3, 0.4)
    hint = f"; did you mean {' or '.join(near)}?" if near else ""
    raise ScenarioError(f"no scenario is called {name!r}{hint}")


def read_scenario(name: str, table: Mapping[str, object]) -> Scenario:
    """The scenario that a TOML table describes. Raises ScenarioError."""
    allowed = {each.name for each in fields(Scenario)} - {"name"}
    unknown = sorted(set(table) - allowed)
    if unknown:
        raise ScenarioError(f"{name}: unknown key {unknown[0]}")
    ready = {
        key: tuple(value) if isinstance(value, list) else value for key, value in table.items()
    }
    try:
        if "certificate" in ready:
            ready["certificate"] = CertificateKind(str(ready["certificate"]))
        if "token" in ready:
            ready["token"] = TokenState(str(ready["token"]))
        made = Scenario(name=name, **ready)  # type: ignore[arg-type]  # _check judges the types
        _check(made)
    except (TypeError, ValueError, AttributeError) as error:
        raise ScenarioError(f"{name}: {error}") from error
    return made


def _check(scenario: Scenario) -> None:
    """Raises ValueError for what no session could play."""
    points = {*scenario.reply, *scenario.delay, *scenario.silent, *scenario.closes}
    points |= {*scenario.resets, *scenario.closes_after}
    wrong = sorted(points - set(POINTS))
    if wrong:
        raise ValueError(f"{wrong[0]} is no point; use one of {', '.join(POINTS)}")
    replies: list[object] = [*scenario.reply.values()]  # of TOML, so anything
    for text in replies:
        if not isinstance(text, str) or not text.strip():
            raise ValueError("a reply is a text")
    for seconds in scenario.delay.values():
        if not 0 <= float(seconds) <= 600:
            raise ValueError("a delay is 0 to 600 seconds")
    if not 0 <= float(scenario.lasts) <= 600:
        raise ValueError("a reply lasts 0 to 600 seconds")
    for version in (scenario.tls_min, scenario.tls_max):
        if version not in TLS_VERSIONS:
            raise ValueError(f"{version!r} is no TLS version")
    if not scenario.title or scenario.title.endswith("."):
        raise ValueError("a title is needed, without a full stop")
