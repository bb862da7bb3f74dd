"""Which safe experiments would tell causes apart after a failure: a pure function of the facts.

Asked again after each round with what came out, until it names none.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Final

from smtpcheck.diagnosis.clock import greeting_date
from smtpcheck.diagnosis.experiment import (
    NOTHING_KNOWN,
    AskTls,
    Compare,
    Experiment,
    Known,
    LookUp,
    OwnSender,
    SpeakTls,
    TryWay,
)
from smtpcheck.diagnosis.experiment_case import Case
from smtpcheck.diagnosis.experiments_tls import certificate_names, tls_offer, tls_variants
from smtpcheck.diagnosis.similar_hosts import similar_hosts
from smtpcheck.model.diagnosis import Diagnosis
from smtpcheck.model.observation import ExperimentResult, Observations
from smtpcheck.model.stage import Stage

MOST_CONNECTIONS: Final = 8
PORTS: Final = {25: "starttls", 465: "tls", 587: "starttls", 2525: "starttls"}
"""The ports of RFC 6409 and RFC 8314, and the one that many providers add, each with its usual
mode, in the order in which they are tried."""
_GONE: Final = ("timeout", "closed", "reset")
_WANTS_TLS: Final = ("starttls-required", "auth-plaintext-over-insecure", "auth-not-offered")
_SENDER: Final = (
    "sender-not-authorized",
    "sender-unverified",
    "sender-unknown",
    "sender-domain-invalid",
    "sender-address-malformed",
)
_INTERCEPTABLE: Final = ("tls.starttls", "tls.handshake", "auth.login")


def choose(
    observations: Observations, diagnoses: Sequence[Diagnosis], known: Known = NOTHING_KNOWN
) -> tuple[Experiment, ...]:
    """The next experiments, to be made side by side; none when nothing more is to be found out,
    a change is proven already, or the server asked to be left alone (421).

    What needs no connection comes first, then the configured port in other ways, then the other
    ports of the same host, plain text last. All rounds together make at most `MOST_CONNECTIONS`
    connections.
    """
    case = Case.of(observations, diagnoses, known)
    if case is None or case.must_stop:
        return ()
    done = {each.name for each in observations.experiments}
    if any(_proved(each) for each in observations.experiments):
        return ()
    left = MOST_CONNECTIONS - sum(_connections(each) for each in observations.experiments)
    for round_ in _ROUNDS:
        fresh = [each for each in round_(case) if each.name not in done]
        kept = _affordable(fresh, left)
        if kept:
            return tuple(kept)
    return ()


def _proved(result: ExperimentResult) -> bool:
    return bool(result.facts.get("changes"))


def _connections(result: ExperimentResult) -> int:
    """How many connections it made, as it says itself."""
    made = result.facts.get("connections")
    return made if isinstance(made, int) else 0


def _affordable(fresh: Sequence[Experiment], left: int) -> list[Experiment]:
    """Those that `left` connections are enough for, in their order."""
    kept = []
    for each in fresh:
        costs = 1 if isinstance(each, TryWay) else each.most if isinstance(each, AskTls) else 0
        if costs <= max(0, left):
            kept.append(each)
            left -= costs
    return kept


def _in_session(case: Case) -> Iterator[Experiment]:
    """What the standing connection can tell, and what needs none."""
    silent = case.step == "tcp.greeting" and case.facts.get("silence.kind") == "timeout"
    if silent and not case.facts.get("silence.partial") and case.port != 25:
        yield SpeakTls(name="tls-on-silence", changes=case.changes(case.port, "tls"))
    yield from _own_sender(case)
    out_of_time = case.step == "tls.handshake" and case.problems & {"expired", "not-yet-valid"}
    if out_of_time and greeting_date(case.text("tcp.greeting.reply.text")) is not None:
        yield Compare(name="clock")
    if case.step in _INTERCEPTABLE and case.is_known_host:
        yield Compare(name="interception")


def _own_sender(case: Case) -> Iterator[Experiment]:
    address, sender = case.text("auth.username"), case.text("send.mail.sender")
    code = case.facts.get("reply.code")
    refused = isinstance(code, int) and 500 <= code < 600 and code not in (503, 530, 552)
    at_mail = case.step == "send.mail"
    if not refused or not (at_mail or (case.step == "send.rcpt" and case.cause in _SENDER)):
        return
    if not case.wants_login or "@" not in address or address.lower() == sender.lower():
        return
    keys = ("sender.bounce", "sender.address")
    key = next((key for key in keys if case.text(key).lower() == sender.lower()), "")
    if key == "sender.address" and case.text("sender.bounce"):
        key = ""  # the envelope has a sender of its own
    yield OwnSender(
        name="own-sender",
        address=address,
        recipients=() if at_mail else case.texts("refused"),
        changes=((key, address),) if key else (),
    )


def _same_port(case: Case) -> Iterator[Experiment]:
    """The configured port in another mode, with other TLS, over the other address family; DNS."""
    yield from _modes(case)
    yield from tls_variants(case)
    yield from tls_offer(case)
    yield from _mechanism(case)
    if not case.through_proxy:
        yield from certificate_names(case)
        yield from _family(case)
    yield from _dns(case)


def _modes(case: Case) -> Iterator[TryWay]:
    yield from (_mode(case, security) for security in _other_modes(case))


def _mode(case: Case, security: str) -> TryWay:
    return TryWay(
        name=f"mode-{security}",
        port=case.port,
        security=security,
        goal=case.goal,
        changes=case.changes(case.port, security),
    )


def _other_modes(case: Case) -> Iterator[str]:
    """The modes that the port may speak, as far as the run has not shown it. TLS is never begun
    on port 25, nor where the server has greeted in plain text."""
    step, kind = case.step, case.facts.get("error.kind")
    if not case.can_reach_goal:
        return
    if case.security == "tls" and step == "tls.handshake":
        plain = case.text("plain_text").startswith("220")
        if plain or kind in (*_GONE, "corrupted"):
            yield "starttls"
    elif case.security == "none" and step.startswith(("tcp.ehlo", "auth.", "send.")):
        if case.cause in _WANTS_TLS:
            yield "starttls"
    elif step == "tcp.greeting" and case.port != 25:
        cut = case.facts.get("silence.kind") in ("closed", "reset")
        if cut or case.protocol == "tls":
            yield "tls"


def _mechanism(case: Case) -> Iterator[TryWay]:
    """Whether there would be a mechanism if the profile named none; no token is ever guessed."""
    method, kind = case.text("auth.method"), case.facts.get("error.kind")
    tokens = ("auto", "external", "xoauth2", "oauthbearer")
    if case.step == "auth.choose" and kind == "no-common-mechanism" and method not in tokens:
        yield TryWay(
            name="auth-auto",
            port=case.port,
            security=case.security,
            goal="auth.choose",
            method="auto",
            changes=(("auth.method", "auto"),),
        )


def _family(case: Case) -> Iterator[Experiment]:
    """The other address family: where the server shows itself broken over the one, and where the
    profile allows the one only."""
    wanted, at_query = case.text("server.address_family"), case.step == "dns.query"
    if wanted in ("ipv4", "ipv6"):
        other = "ipv6" if wanted == "ipv4" else "ipv4"
        absent = case.facts.get("status" if at_query else "error.kind")
        if case.step == "tcp.connect":
            yield _by_family(case, other, (("server.address_family", "any"),))
        elif case.stage is Stage.DNS and absent in ("nodata", "no-address", "not-found"):
            host = case.text("server.host")
            yield LookUp(name=f"dns-{other}", how="family", names=(host,), key=other)
        return
    used = case.text("tcp.connect.family")
    other = {"ipv4": "ipv6", "ipv6": "ipv4"}.get(used, "")
    if other and other in case.families and case.is_cut_off:
        yield _by_family(case, other, (("server.address_family", other),))


def _by_family(case: Case, family: str, changes: tuple[tuple[str, str], ...]) -> TryWay:
    return TryWay(
        name=f"family-{family}",
        port=case.port,
        security=case.security,
        goal="ehlo",
        family=family,
        changes=changes,
    )


def _dns(case: Case) -> Iterator[LookUp]:
    host = case.text("server.host")
    if case.stage is not Stage.DNS or case.step == "dns.name" or not host:
        return
    status = case.text("dns.query.status")
    if case.known.resolver:
        yield LookUp(name="dns-configured", how="configured", names=(host,))
    if status == "servfail":
        yield LookUp(name="dns-unchecked", how="unchecked", names=(host,))
    if status in ("nxdomain", "nodata"):
        near = similar_hosts(host, case.known.presets(), case.known.preset)
        if near:
            yield LookUp(name="dns-similar", how="similar", names=near, key="server.host")
        domains = _mail_domains(case, host)
        if domains:
            yield LookUp(name="dns-srv", how="srv", names=domains, key="server.host")


def _mail_domains(case: Case, host: str) -> tuple[str, ...]:
    """Domains whose SRV records may name the server: of the mail addresses in the profile, the
    host itself where it is a mail domain, and the host without its first label."""
    addresses = (case.text("sender.address"), case.text("auth.username"))
    domains = [each.rpartition("@")[2].lower() for each in addresses if "@" in each]
    bare = host.lower().removesuffix(".")
    parent = bare.partition(".")[2]
    if case.text("dns.query.status") == "nodata":
        domains.insert(0, bare)
    if "." in parent:
        domains.append(parent)
    return tuple(dict.fromkeys(domains))[:3]


def _other_ports(case: Case) -> Iterator[TryWay]:
    """The other ports of the same host, each in its usual mode."""
    if not _may_be_another_port(case) or case.text("server.protocol") == "lmtp":
        return  # the other ports are those of SMTP
    goal = "auth.choose" if case.wants_login else "ehlo"
    for port, usual in PORTS.items():
        if port == case.port:
            continue
        keeps = case.security == "none" and not case.wants_login and usual != "tls"
        security = "none" if keeps else usual
        changes = case.changes(port, security)
        yield TryWay(name=f"port-{port}", port=port, security=security, goal=goal, changes=changes)


def _may_be_another_port(case: Case) -> bool:
    kind, code = case.facts.get("error.kind"), case.facts.get("reply.code")
    match case.step:
        case "tcp.connect":
            return kind in ("refused", "timeout", "reset", "other")
        case "tcp.proxy":
            return kind in ("forbidden", "target-unreachable")
        case "tcp.greeting" | "tls.greeting":
            refused = isinstance(code, int) and code >= 500
            return refused or bool(case.protocol) or case.facts.get("silence.kind") in _GONE
        case "tls.starttls":
            return "injected" not in case.facts
        case "tls.handshake":
            shown_plain = kind == "plain-text" and case.security == "tls"
            return shown_plain or kind in (*_GONE, "corrupted")
        case "auth.choose":
            insecure = kind == "insecure" and case.security == "none"
            return insecure or kind in ("not-offered", "no-common-mechanism")
    return False


def _in_clear(case: Case) -> Iterator[TryWay]:
    """The configured port without TLS, where nothing better was found and nothing is at stake."""
    plain = case.step == "tls.handshake" and case.text("plain_text").startswith("220")
    unoffered = case.step == "tls.starttls" and case.facts.get("offered") is False
    if case.may_go_without_tls and (unoffered or (plain and case.security == "tls")):
        yield _mode(case, "none")


_ROUNDS: Final[tuple[Callable[[Case], Iterator[Experiment]], ...]] = (
    _in_session,
    _same_port,
    _other_ports,
    _in_clear,
)
