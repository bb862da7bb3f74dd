"""tls.versions, tls.ciphers and tls.features: what a server takes, seen from its answers to
ClientHellos; no handshake is finished (RFC 9325, RFC 8996, RFC 9155, RFC 7507)."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from typing import Final

from smtpcheck.model.jsonvalue import Json
from smtpcheck.probe.tls_ask import Asker, AskingEndedError
from smtpcheck.probe.tls_look import Look, Seen
from smtpcheck.probe.tls_versions import allowed_in_words, ask_versions, gap, in_words
from smtpcheck.wire.certificate_issue import MUST_STAPLE
from smtpcheck.wire.cipher_suites import (
    BROKEN,
    FALLBACK,
    FORWARD_SECRET,
    STATIC_RSA,
    WEAKNESSES,
    key_exchange_of,
    weakness_of,
)
from smtpcheck.wire.client_hello import (
    EXTENDED_MASTER_SECRET,
    RENEGOTIATION_INFO,
    SESSION_TICKET,
    SHA1_SIGNATURES,
    VERSIONS,
    Offer,
)
from smtpcheck.wire.server_flight import Choice
from smtpcheck.wire.ssl2_hello import Ssl2Question

_SOUND: Final = (*FORWARD_SECRET, *STATIC_RSA)
_DHE: Final = tuple(suite for suite in FORWARD_SECRET if key_exchange_of(suite) == "dhe")
_SAFE_DH_BITS: Final = 2048
_PATIENCE: Final = 3.0
"""Seconds for an answer of a kind that some servers leave out."""
_NO_SSL2: Final = "SSL 2: no server without TLS 1.0 takes it"
_OLD_AT_MOST: Final = ("ssl3", "1.0")


def look_at_versions(asker: Asker, seen: Seen, look: Look) -> None:
    """tls.versions"""
    try:
        ask_versions(asker, seen.choices)
        seen.whole = True
    finally:
        if seen.choices:
            _tell_versions(asker, seen, look)
    if set(seen.versions) & set(_OLD_AT_MOST):
        _ask_ssl2(asker, look)
    else:
        look.facts["not_tested"] = [_NO_SSL2]


def _ask_ssl2(asker: Asker, look: Look) -> None:
    question = Ssl2Question(os.urandom(16))
    asker.put(question, patience=_PATIENCE)
    asker.heed(question.words)
    look.facts["ssl2"] = question.taken
    if question.taken:
        look.said.append("SSL 2.0 too")
        look.problem("ssl2", "takes SSL 2.0")


def _tell_versions(asker: Asker, seen: Seen, look: Look) -> None:
    look.facts["versions"] = list(reversed(seen.versions))
    look.facts["offers"] = in_words(seen.versions, whole=seen.whole)
    tls = asker.run.profile.tls
    look.facts["allowed"] = allowed_in_words(tls.min_version, tls.max_version)
    misses = gap(seen.versions, tls.min_version, tls.max_version)
    look.facts["gap"] = misses if seen.whole or misses == "older" else ""
    look.facts["chosen"] = {each.version: each.cipher for each in seen.choices}
    groups = {each.version: each.group for each in seen.choices if each.group}
    if groups:
        look.facts["groups"] = groups
    look.said.append(in_words(seen.versions, whole=seen.whole))
    if seen.legacy:
        words = in_words(seen.legacy).removesuffix(" only")
        kind = "broken-version" if "ssl3" in seen.legacy else "legacy-version"
        look.problem(kind, f"takes {words}", versions=list(seen.legacy), offers=words)


def _must_be_known(seen: Seen) -> None:
    if not seen.choices:
        raise AskingEndedError("nothing came out about its TLS")
    if not seen.whole:
        raise AskingEndedError("whether it takes older versions did not come out")


def look_at_ciphers(asker: Asker, seen: Seen, look: Look) -> None:
    """tls.ciphers"""
    if not seen.classic:
        _must_be_known(seen)
        look.facts |= {"forward_secrecy": "always", "weak": []}
        look.said.append("TLS 1.3 knows no weak cipher suite")
        return
    static = _ask_weak(asker, seen, look)
    _ask_order(asker, seen, look, static=static)
    _ask_key_exchange(asker, seen, look)


def _offer(asker: Asker, version: str, suites: Sequence[int]) -> Choice | None:
    return asker.offer(Offer(highest=version, suites=suites, server_name=asker.server_name))


def _ask_weak(asker: Asker, seen: Seen, look: Look) -> bool:
    """Offers nothing but broken suites, and fewer of them each time, until none is taken: one
    connection where all is well. Once more in the oldest version, since export grade and single
    DES ended with TLS 1.1. Returns whether a static RSA key exchange is taken, which the same
    question tells."""
    weak: dict[str, Json] = {}
    ciphers: dict[str, str] = {}
    static = False
    look.facts["weak"] = []
    for version in dict.fromkeys((seen.classic, *seen.legacy[:1])):
        offered = [suite for suite in BROKEN if weakness_of(suite) not in weak]
        offered += STATIC_RSA if version == seen.classic else ()
        while offered:
            choice = _offer(asker, version, offered)
            if choice is None:
                break
            if choice.suite not in offered:
                raise AskingEndedError(f"it chose {choice.cipher}, which was not offered")
            offered = [suite for suite in offered if weakness_of(suite) != choice.weakness]
            if choice.suite in STATIC_RSA:
                static = True
                continue
            weak[choice.weakness] = version
            ciphers[choice.weakness] = choice.cipher
            look.facts["weak"] = [
                {"weakness": each, "cipher": ciphers[each], "version": weak[each]} for each in weak
            ]
    _tell_weak(ciphers, seen, look)
    return static


def _tell_weak(ciphers: dict[str, str], seen: Seen, look: Look) -> None:
    look.said.append(_short(ciphers) if ciphers else "no weak cipher suite")
    broken = [each for each in WEAKNESSES if each in ciphers and each != "anonymous"]
    if broken:
        detail = "; ".join(f"{ciphers[each]} ({WEAKNESSES[each]})" for each in broken)
        names = [ciphers[each] for each in broken]
        look.problem("weak-cipher", detail, weaknesses=broken, ciphers=names)
    if "anonymous" in ciphers and seen.auth_offered:
        name = ciphers["anonymous"]
        look.problem("anonymous-cipher", f"{name} ({WEAKNESSES['anonymous']})", ciphers=[name])


def _short(weaknesses: Iterable[str]) -> str:
    known = [each for each in WEAKNESSES if each in set(weaknesses)]
    return f"takes {', '.join(each.upper() if each != 'anonymous' else each for each in known)}"


def _ask_order(asker: Asker, seen: Seen, look: Look, *, static: bool) -> None:
    """The same suites in two orders: whose order counts, and who gets forward secrecy."""
    version, name = seen.classic, asker.server_name
    usual = asker.offer(Offer(highest=version, suites=_SOUND, server_name=name, compress=True))
    seen.usual = usual
    if usual is None:
        look.facts["forward_secrecy"] = "never"
        look.said.append("no sound cipher suite")
        return
    turned = _offer(asker, version, tuple(reversed(_SOUND)))
    look.facts["cipher"] = usual.cipher
    ordered = turned is not None and turned.suite == usual.suite
    look.facts["preference"] = "server" if ordered else "client"
    secret = _secrecy(usual, turned, static=static)
    look.facts |= {"static_rsa": static, "forward_secrecy": secret}
    look.said.append(f"{'server' if ordered else 'client'}'s order")
    if secret == "never":
        look.problem("no-forward-secrecy", f"{usual.cipher} is chosen", ciphers=[usual.cipher])
    else:
        look.said.append(
            {
                "always": "forward secrecy always",
                "preferred": "forward secrecy preferred",
                "client": "forward secrecy where the client prefers it",
            }[secret]
        )


def _secrecy(usual: Choice, turned: Choice | None, *, static: bool) -> str:
    if usual.suite in STATIC_RSA:
        return "never"
    if not static:
        return "always"
    return "client" if turned is not None and turned.suite in STATIC_RSA else "preferred"


def _ask_key_exchange(asker: Asker, seen: Seen, look: Look) -> None:
    """The size of Diffie-Hellman groups, and signatures by SHA-1."""
    choice = _offer(asker, seen.classic, _DHE)
    if choice is not None and choice.dh_bits:
        look.facts["dh_bits"] = choice.dh_bits
        if choice.dh_bits < _SAFE_DH_BITS:
            detail = f"a group of {choice.dh_bits} bits"
            look.problem("small-dh", detail, bits=choice.dh_bits, ciphers=[choice.cipher])
    if seen.classic == "1.2":
        offer = Offer(
            highest="1.2",
            suites=tuple(FORWARD_SECRET),
            signatures=SHA1_SIGNATURES,
            server_name=asker.server_name,
        )
        choice = asker.offer(offer)
        signed = choice is not None and choice.signature in SHA1_SIGNATURES
        look.facts["sha1_signature"] = signed
        if signed:
            look.problem("sha1-signature", "the key exchange is signed with SHA-1 on request")


def look_at_features(asker: Asker, seen: Seen, look: Look) -> None:
    """tls.features"""
    if not seen.classic:
        _must_be_known(seen)
        look.said.append("TLS 1.3 has all protections built in")
        _ask_sealed(asker, seen, look)
        return
    if seen.usual is None:
        raise AskingEndedError("no sound handshake to look at")
    _tell_extensions(seen.usual, look)
    _tell_staple(seen.usual.certificates, look, stapled=seen.usual.stapled)
    _ask_fallback(asker, seen, look)


def _tell_extensions(usual: Choice, look: Look) -> None:
    has = usual.extensions
    compressed, safe = usual.compression != 0, RENEGOTIATION_INFO in has
    tickets = SESSION_TICKET in has
    look.facts |= {
        "secure_renegotiation": safe,
        "extended_master_secret": EXTENDED_MASTER_SECRET in has,
        "compression": compressed,
        "tickets": tickets,
        "session_ids": usual.resumable,
    }
    look.said.append("secure renegotiation" if safe else "no secure renegotiation")
    look.said.append("compresses" if compressed else "no compression")
    ways = [word for word, given in (("tickets", tickets), ("ids", usual.resumable)) if given]
    look.said.append(f"session {' and '.join(ways)}" if ways else "no resumption")
    if not safe:
        look.problem("legacy-renegotiation", "the extension renegotiation_info is missing")
    if EXTENDED_MASTER_SECRET not in has and usual.version != "ssl3":
        look.said.append("no extended master secret")
        detail = "the extension extended_master_secret is missing"
        look.problem("no-extended-master-secret", detail)
    if compressed:
        look.problem("compression", "the server chose DEFLATE")


def _ask_sealed(asker: Asker, seen: Seen, look: Look) -> None:
    """With TLS 1.3 alone the certificates, and what came with them, are encrypted."""
    from smtpcheck.wire.question import NO_TLS
    from smtpcheck.wire.sealed_flight import SealedFlight

    session = SealedFlight(asker.server_name, os.urandom(32))
    asker.put(session, patience=_PATIENCE)
    asker.heed(session.detail.removeprefix(NO_TLS))
    if not session.certificates:
        look.facts["not_tested"] = [f"OCSP stapling: {session.detail}"]
        return
    seen.leaf = session.certificates[0]
    _tell_staple(session.certificates, look, stapled=session.stapled)


def _tell_staple(certificates: Sequence[bytes], look: Look, *, stapled: bool) -> None:
    must = bool(certificates) and MUST_STAPLE in certificates[0]
    look.facts |= {"stapling": stapled, "must_staple": must}
    look.said.append("OCSP response stapled" if stapled else "no OCSP stapling")
    if must and not stapled:
        look.problem("staple-missing", "the certificate demands an OCSP response, and none came")


def _ask_fallback(asker: Asker, seen: Seen, look: Look) -> None:
    """Whether a needlessly low version is refused where the client says that it fell back."""
    look.facts["downgrade_sentinel"] = seen.usual is not None and seen.usual.sentinel
    lower = [each for each in seen.versions[1:] if each != "ssl3"]
    if not lower:
        look.said.append("one version only, nothing to fall back to")
        return
    suites = (*FORWARD_SECRET, *STATIC_RSA, FALLBACK)
    refused = _offer(asker, lower[0], suites) is None
    look.facts["fallback_signal"] = refused
    look.said.append("downgrades refused" if refused else "downgrades not refused")
    if not refused and VERSIONS[lower[-1]] < VERSIONS["1.2"]:
        look.problem("no-fallback-signal", f"TLS {lower[0]} is accepted as a fallback")
