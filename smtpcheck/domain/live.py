"""What a connection to the MX hosts has shown, held against what the domain promises of their TLS
(RFC 8461 section 4, RFC 7672 section 3)."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence

from smtpcheck.domain.outcome import bad, doubtful, good, noted
from smtpcheck.model.domain import Check
from smtpcheck.model.jsonvalue import Facts, Json
from smtpcheck.model.stage import Outcome
from smtpcheck.model.value import dataclass

_COMPARED = ("0", "1")
"""The matching types that can be held against a digest: the whole, of which SHA-256 is made, and
SHA-256 itself."""


@dataclass(frozen=True, slots=True)
class Seen:
    """One MX host, connected to."""

    host: str
    reached: bool
    starttls: bool
    detail: str
    """Why it was not reached, or what the handshake ended with."""
    handshake: Facts
    """Those of the step `tls.handshake`; empty where there was none."""


def best_of(looks: Sequence[Seen]) -> list[Seen]:
    """One look for each host: the first that got furthest."""
    best: dict[str, Seen] = {}
    for each in looks:
        known = best.get(each.host)
        if known is None or (each.reached and not known.reached):
            best[each.host] = each
    return list(best.values())


def live_checks(seen: Sequence[Seen], checks: Sequence[Check]) -> Iterator[Check]:
    """One check for each host."""
    mode = next((str(each.facts.get("mode") or "") for each in checks if _is_policy(each)), "")
    promised = {
        str(each.facts["host"]): _associations(each.facts)
        for each in checks
        if each.name == "tls.dane" and each.facts.get("tlsa") and each.outcome is Outcome.PASSED
    }
    for each in seen:
        yield _host(each, mode, promised.get(each.host, []))


def _is_policy(check: Check) -> bool:
    return check.name == "tls.mta-sts" and bool(check.facts.get("mode"))


def _host(seen: Seen, mode: str, tlsa: list[list[str]]) -> Check:
    facts: dict[str, Json] = {"host": seen.host, "mode": mode or None, "dane": bool(tlsa)}
    if not seen.reached:
        said = f"{seen.host}: not reached on port 25 from here ({seen.detail})"
        return noted("tls.live", said, **facts)
    must = bool(tlsa) or mode == "enforce"
    failed = bad if must else doubtful
    if not seen.starttls:
        said = f"{seen.host} offers no STARTTLS that works"
        return failed("tls.live", "mx-no-starttls", said, **facts)
    certificates = _tables(seen.handshake.get("chain"))
    if not certificates:
        said = f"{seen.host}: no TLS came about: {seen.detail}"
        return failed("tls.live", "mx-no-tls", said, **facts, detail=seen.detail)
    if tlsa:
        return _by_dane(seen.host, certificates, tlsa, facts)
    wrong = _problems(seen.handshake)
    if not wrong and seen.handshake.get("verified") is True:
        return good("tls.live", f"{seen.host}: STARTTLS, the certificate is good", **facts)
    kinds = ", ".join(wrong) or "not trusted"
    said = f"{seen.host}: STARTTLS, and the certificate is not good ({kinds})"
    facts["problems"] = list(wrong)
    if not mode or mode == "none":
        # Without a policy senders encrypt whatever the certificate (RFC 7672 section 1.3).
        return noted("tls.live", f"{said}; nothing asks for a good one", **facts)
    return failed("tls.live", "mx-certificate", said, **facts, detail=kinds)


def _by_dane(
    host: str, chain: list[Mapping[str, Json]], tlsa: list[list[str]], facts: dict[str, Json]
) -> Check:
    if any(_matches(each, chain) for each in tlsa):
        return good("tls.live", f"{host}: the certificate is the one of its TLSA record", **facts)
    if any(each[2] not in _COMPARED for each in tlsa):
        said = f"{host}: TLSA records with SHA-512 cannot be compared here"
        return noted("tls.live", said, **facts)
    said = f"{host}: no TLSA record fits the certificate that it shows"
    return bad("tls.live", "dane-mismatch", said, **facts, tlsa=[" ".join(each) for each in tlsa])


def _matches(association: list[str], chain: list[Mapping[str, Json]]) -> bool:
    usage, selector, matching, digest = association
    name = "spki_sha256" if selector == "1" else "sha256"
    able = chain[:1] if usage == "3" else chain
    if matching == "0":
        digest = hashlib.sha256(bytes.fromhex(digest)).hexdigest()
    return matching in _COMPARED and any(each.get(name) == digest for each in able)


def _associations(facts: Facts) -> list[list[str]]:
    rows = facts.get("tlsa")
    split = [str(row).split() for row in rows] if isinstance(rows, Sequence) else []
    return [row for row in split if len(row) == 4 and row[0] in ("2", "3")]


def _problems(handshake: Facts) -> list[str]:
    return [str(each.get("kind")) for each in _tables(handshake.get("problems"))]


def _tables(value: Json) -> list[Mapping[str, Json]]:
    listed = value if isinstance(value, Sequence) and not isinstance(value, str) else []
    return [each for each in listed if isinstance(each, Mapping)]
