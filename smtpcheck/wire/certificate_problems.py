"""Finds everything that is wrong with a presented chain; OpenSSL itself names only the first."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime

from smtpcheck.model.certificate import Certificate, CertificateProblem, rfc3339
from smtpcheck.model.certificate import CertificateProblemKind as Kind
from smtpcheck.model.value import dataclass
from smtpcheck.wire.certificate_names import covers
from smtpcheck.wire.certificate_strictness import strictness_faults
from smtpcheck.wire.certificates import Presented
from smtpcheck.wire.inspection import inspecting_product
from smtpcheck.wire.trust_store import TrustStore

SOON = 21
"""Days before the end at which a certificate begins to be a problem."""
_DAY = 86_400
_TRUST = {Kind.SELF_SIGNED, Kind.SELF_SIGNED_IN_CHAIN, Kind.UNKNOWN_CA, Kind.CHAIN_INCOMPLETE}
# Results of OpenSSL's verification (X509_V_ERR_*), and the kinds of which one must then be found.
_CODES: dict[int, tuple[Kind, ...]] = {
    2: (Kind.UNKNOWN_CA, *_TRUST, Kind.EMPTY_TRUST_STORE),
    9: (Kind.NOT_YET_VALID,),
    10: (Kind.EXPIRED,),
    18: (Kind.SELF_SIGNED, Kind.EMPTY_TRUST_STORE),
    19: (Kind.SELF_SIGNED_IN_CHAIN, Kind.EMPTY_TRUST_STORE),
    20: (Kind.UNKNOWN_CA, *_TRUST, Kind.EMPTY_TRUST_STORE),
    21: (Kind.UNKNOWN_CA, *_TRUST, Kind.EMPTY_TRUST_STORE),
    23: (Kind.REVOKED,),
    26: (Kind.WRONG_PURPOSE,),
    27: (Kind.UNKNOWN_CA, *_TRUST, Kind.EMPTY_TRUST_STORE),
    62: (Kind.HOSTNAME_MISMATCH, Kind.NO_SAN),
    64: (Kind.HOSTNAME_MISMATCH, Kind.NO_SAN),
    66: (Kind.WEAK_KEY,),
    67: (Kind.WEAK_KEY,),
    68: (Kind.WEAK_SIGNATURE,),
}
_UNBUILT = frozenset({None, 66})
"""Results that say nothing of trust: not verified, or stopped at the key of the leaf."""
_FOREIGN = 200
"""Numbers from here on, and negative ones, are of the operating system's verifier."""
_UNTRUSTED = frozenset({2, 18, 19, 20, 21, 27})


@dataclass(frozen=True, slots=True, kw_only=True)
class Examined:
    """What a handshake showed, ready to be examined."""

    presented: tuple[Presented, ...]
    path: tuple[Presented, ...]
    """The path that OpenSSL built; the trusted certificate may be its last."""
    host: str
    now: datetime
    store: TrustStore
    code: int | None
    """Result of the verification; 0 passed, None: the handshake did not verify."""
    words: str = ""
    """The words of that result."""


@dataclass(frozen=True, slots=True)
class Findings:
    """What was found, and the chain with whatever a closer look told."""

    chain: tuple[Certificate, ...]
    problems: tuple[CertificateProblem, ...]


def find_problems(seen: Examined, *, closer: bool) -> Findings:
    """Every problem of the chain, the deepest cause first. `closer` looks at keys, signatures and
    purposes too, which imports `cryptography`."""
    chain = tuple(each.certificate for each in seen.presented)
    if not seen.presented:
        return Findings(chain, tuple(_unexplained(seen, [])))
    seen = replace(seen, path=_whole_path(seen))
    problems = [
        *_inspection(seen),
        *_trust(seen),
        *_dates(seen),
        *_name(seen),
    ]
    if closer:
        chain, strength = _strength(seen)
        problems += strength
    problems += _unexplained(seen, problems)
    if seen.code is None:
        problems += _ends_soon(seen)
    return Findings(chain, tuple(problems))


def find_worries(seen: Examined, *, closer: bool) -> Findings:
    """What is worth knowing of a chain that passed: soon to expire, inspected on the way, accepted
    only because this run does not ask for strictness, or (`closer`) weak where that may pass."""
    chain = tuple(each.certificate for each in seen.presented)
    problems = [*_inspection(seen)]
    if closer and seen.presented:
        chain, strength = _strength(replace(seen, path=_whole_path(seen)))
        weak = (Kind.WEAK_KEY, Kind.WEAK_SIGNATURE)
        problems += [each for each in strength if each.kind in weak]
    return Findings(chain, (*problems, *_ends_soon(seen), *_strict_only(seen)))


def wrong_fingerprint(leaf: Certificate, wanted: str) -> CertificateProblem:
    """The pinned certificate is another one."""
    return replace(
        _about(Kind.FINGERPRINT_MISMATCH, leaf, 0),
        wanted=wanted,
        detail=f"the server's certificate has the SHA-256 fingerprint {leaf.sha256}",
    )


def _about(
    kind: Kind, certificate: Certificate, depth: int, detail: str = ""
) -> CertificateProblem:
    return CertificateProblem(
        kind=kind,
        depth=depth,
        subject=certificate.subject,
        issuer=certificate.issuer,
        not_after=rfc3339(certificate.not_after),
        detail=detail,
    )


def _inspection(seen: Examined) -> Iterator[CertificateProblem]:
    product, depth = inspecting_product(seen.presented)
    if product:
        yield _about(Kind.INSPECTION, seen.presented[depth].certificate, depth, product)


def _whole_path(seen: Examined) -> tuple[Presented, ...]:
    """The path from the server's certificate up. OpenSSL's own, unless it stopped at a weak key
    before it built one: then by names, from what was sent and what is trusted."""
    path = list(seen.path or seen.presented[:1])
    if seen.code not in _UNBUILT:
        return tuple(path)
    for _ in seen.presented:
        last = path[-1]
        if last.certificate.self_issued or seen.store.trusts(last.der):
            break
        rest = [each for each in seen.presented if each.der not in {used.der for used in path}]
        above = next((each for each in rest if each.subject == last.issuer), None)
        above = above or seen.store.find(last.issuer)
        if above is None:
            break
        path.append(above)
    return tuple(path)


def _trust(seen: Examined) -> Iterator[CertificateProblem]:
    path = seen.path
    if seen.code in _UNTRUSTED or (seen.code in _UNBUILT and not seen.store.trusts(path[-1].der)):
        yield from _untrusted(seen, path)


def _untrusted(seen: Examined, path: Sequence[Presented]) -> Iterator[CertificateProblem]:
    last = path[-1].certificate
    if not seen.store.usable:
        yield CertificateProblem(kind=Kind.EMPTY_TRUST_STORE, detail=seen.store.describe_empty())
    alone = len(path) == 1
    if last.self_issued and seen.code not in (20, 21):
        kind = Kind.SELF_SIGNED if alone else Kind.SELF_SIGNED_IN_CHAIN
        if seen.store.usable or alone:
            yield _about(kind, last, len(path) - 1)
    elif seen.store.usable:
        incomplete = _why_incomplete(seen, path) if alone else ""
        kind = Kind.CHAIN_INCOMPLETE if incomplete else Kind.UNKNOWN_CA
        yield _about(kind, last, len(path) - 1, incomplete or _missing(path))


def _why_incomplete(seen: Examined, path: Sequence[Presented]) -> str:
    """Why it is the server that leaves out an intermediate certificate, rather than this machine
    that does not know a private CA; empty when nothing points to it."""
    leaf = path[0]
    if leaf.ca_issuers:
        return f"the missing issuer is published at {leaf.ca_issuers[0]}"
    if len(seen.presented) > 1:
        return "the server sends other certificates, but not that of the issuer"
    known = {name.casefold() for name in leaf.issuer.get("O", ())} & seen.store.organizations()
    if known:
        return "the trust store knows another certificate of the same issuing organization"
    return ""


def _missing(path: Sequence[Presented]) -> str:
    last = path[-1]
    hint = f"; it is published at {last.ca_issuers[0]}" if last.ca_issuers else ""
    return f"the issuer is neither sent by the server nor in the trust store{hint}"


def _dates(seen: Examined) -> Iterator[CertificateProblem]:
    for depth, each in enumerate(seen.path):
        certificate = each.certificate
        left = _days(certificate.not_after, seen.now)
        ahead = _days(certificate.not_before, seen.now)
        if left is not None and left < 0:
            yield replace(_about(Kind.EXPIRED, certificate, depth), days=int(-left))
        if ahead is not None and ahead > 0:
            detail = f"begins at {rfc3339(certificate.not_before)}"
            problem = _about(Kind.NOT_YET_VALID, certificate, depth, detail)
            yield replace(problem, days=int(ahead))


def _days(moment: datetime | None, now: datetime) -> float | None:
    return (moment - now).total_seconds() / _DAY if moment else None


def _name(seen: Examined) -> Iterator[CertificateProblem]:
    leaf = seen.presented[0].certificate
    if not seen.host or covers(leaf.names, seen.host):
        return
    if leaf.names:
        problem = _about(Kind.HOSTNAME_MISMATCH, leaf, 0)
    else:
        common = ", ".join(seen.presented[0].subject.get("CN", ()))
        detail = f"the only name is the common name {common}" if common else "it holds no name"
        problem = _about(Kind.NO_SAN, leaf, 0, detail)
    yield replace(problem, names=leaf.names, wanted=seen.host)


def _strength(seen: Examined) -> tuple[tuple[Certificate, ...], list[CertificateProblem]]:
    from smtpcheck.wire.certificate_detail import look_closer, signed_by

    details = {each.der: look_closer(each.der) for each in (*seen.presented, *seen.path)}
    path = seen.path
    problems = []
    leaf = details[seen.presented[0].der]
    if leaf and leaf.misuse:
        problems.append(_about(Kind.WRONG_PURPOSE, path[0].certificate, 0, leaf.misuse))
    for depth, each in enumerate(path):
        detail, certificate = details[each.der], each.certificate
        if detail and detail.weak_key:
            words = f"{detail.key} with {detail.bits} bits"
            problems.append(_about(Kind.WEAK_KEY, certificate, depth, words))
        # Nobody relies on the signature that a root makes under itself.
        if detail and detail.weak_signature and not certificate.self_issued:
            words = f"signed with {detail.signature}"
            problems.append(_about(Kind.WEAK_SIGNATURE, certificate, depth, words))
        if depth + 1 < len(path) and not signed_by(each.der, path[depth + 1].der):
            words = "its signature was not made with its issuer's key"
            problems.append(_about(Kind.OTHER, certificate, depth, words))
    chain = []
    for each in seen.presented:
        detail, certificate = details[each.der], each.certificate
        if detail:
            certificate = replace(
                certificate, key=detail.key, bits=detail.bits, signature=detail.signature
            )
        chain.append(certificate)
    return tuple(chain), problems


def _unexplained(
    seen: Examined, found: Sequence[CertificateProblem]
) -> Iterator[CertificateProblem]:
    """OpenSSL's own verdict, where nothing that was found here stands for it."""
    if not seen.code:
        return
    kinds = {problem.kind for problem in found}
    expected = _CODES.get(seen.code, (Kind.OTHER,))
    if not 0 < seen.code < _FOREIGN:
        # The system's verifier says no, in words only. What was found here explains it, else it
        # is the one thing that only the system knows: whom it trusts.
        if kinds - {Kind.INSPECTION}:
            return
        expected = (Kind.REVOKED if "revoked" in seen.words.lower() else Kind.UNKNOWN_CA,)
    if kinds & set(expected):
        return
    kind = expected[0]
    if not seen.presented:
        yield CertificateProblem(kind=kind, detail=seen.words)
        return
    yield _about(kind, seen.presented[0].certificate, 0, seen.words)


def _ends_soon(seen: Examined) -> Iterator[CertificateProblem]:
    for depth, each in enumerate(seen.presented):
        left = _days(each.certificate.not_after, seen.now)
        if left is not None and 0 <= left < SOON:
            yield replace(_about(Kind.EXPIRES_SOON, each.certificate, depth), days=int(left))


def _strict_only(seen: Examined) -> Iterator[CertificateProblem]:
    for depth, words in strictness_faults([each.der for each in seen.path]):
        yield _about(Kind.STRICT_ONLY, seen.path[depth].certificate, depth, words)
