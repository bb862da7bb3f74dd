"""tls.chains: the certificates that a server shows to others: to clients that send no name, at its
other addresses, and with a key of the other kind (RFC 6066 section 3, RFC 7672 section 8.1)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Final

from smtpcheck.model.jsonvalue import Facts, Json
from smtpcheck.model.profile import Profile
from smtpcheck.probe.connect import Peer
from smtpcheck.probe.tls_ask import Asker, AskingEndedError, facts_of_run
from smtpcheck.probe.tls_look import Look, Seen
from smtpcheck.wire.cipher_suites import FORWARD_SECRET, STATIC_RSA, signs_with
from smtpcheck.wire.client_hello import Offer

_MOST_ADDRESSES: Final = 4
_SOUND: Final = (*FORWARD_SECRET, *STATIC_RSA)
_CIPHERS: Final = {"rsa": "aRSA", "ecdsa": "aECDSA"}
"""OpenSSL's words for the suites that need a certificate of this kind."""


def look_at_chains(asker: Asker, seen: Seen, look: Look) -> None:
    """tls.chains"""
    usual = facts_of_run(asker.run, "tls.handshake")
    _ask_without_name(asker, usual, look)
    _ask_other_kind(asker, seen, usual, look)
    _ask_other_addresses(asker, usual, look)


def _ask_without_name(asker: Asker, usual: Facts, look: Look) -> None:
    if not asker.server_name:
        look.facts["without_name"] = "same"  # an address sends none in the first place
        return
    profile = asker.trusting
    server, tls = replace(profile.server, host=""), replace(profile.tls, server_name="")
    shown = _shake(asker, replace(profile, server=server, tls=tls))
    if not leaf_of(shown):
        look.facts["without_name"] = "refused"
        look.said.append("without SNI refused")
        return
    names = leaf_of(shown).get("names")
    look.facts["default_names"] = names
    if not leaf_of(usual):
        look.facts["without_name"] = "unknown"
        look.said.append(f"without SNI a certificate for {_listed(names)}")
        return
    same = leaf_of(shown).get("sha256") == leaf_of(usual).get("sha256")
    look.facts["without_name"] = "same" if same else "other"
    look.said.append(
        "same without SNI" if same else f"another one without SNI, for {_listed(names)}"
    )


def _ask_other_kind(asker: Asker, seen: Seen, usual: Facts, look: Look) -> None:
    """A second chain, for clients that want a key of the other kind."""
    if "1.2" not in seen.versions:
        look.facts["kinds"] = []
        return
    kinds: list[Json] = []
    look.facts["kinds"] = kinds
    for kind, words in _CIPHERS.items():
        suites = [suite for suite in _SOUND if signs_with(suite) == kind]
        offer = Offer(highest="1.2", suites=suites, server_name=asker.server_name)
        if asker.offer(offer) is None:
            continue
        kinds.append(kind)
        profile = asker.run.profile
        tls = replace(profile.tls, min_version="1.2", max_version="1.2")
        shown = _shake(asker, replace(profile, tls=tls), ciphers=words)
        _judge(shown, usual, look, f"with a key of the kind {kind.upper()}", kind=kind)
    if kinds:
        look.said.append(f"{' and '.join(str(kind).upper() for kind in kinds)} certificate")


def _ask_other_addresses(asker: Asker, usual: Facts, look: Look) -> None:
    """What another address shows, which a run over this one never sees."""
    run = asker.run
    if run.profile.proxy is not None or run.profile.server.socket:
        return
    used = run.race.winner if run.race else None
    others = [each for each in run.peers if used is None or each.address != used.address]
    told: list[Json] = []
    look.facts["addresses"] = told
    told.extend(_at_address(asker, peer, usual, look) for peer in others[:_MOST_ADDRESSES])
    same = sum(1 for each in told if isinstance(each, Mapping) and each["certificate"] == "same")
    if told:
        look.said.append(f"same at {same} of {len(told)} other addresses")


def _at_address(asker: Asker, peer: Peer, usual: Facts, look: Look) -> Json:
    told: dict[str, Json] = {"address": peer.address, "family": peer.family}
    try:
        shown = _shake(asker, asker.run.profile, peer=peer)
    except AskingEndedError as ended:
        return {**told, "certificate": "unknown", "detail": str(ended)}
    if not leaf_of(shown):
        return {**told, "certificate": "unknown", "detail": _message(shown)}
    same = leaf_of(shown).get("sha256") == leaf_of(usual).get("sha256")
    if not same:
        _judge(shown, usual, look, f"at {peer.address}", address=peer.address)
    return {**told, "certificate": "same" if same else "other", "sha256": leaf_of(shown)["sha256"]}


def _judge(shown: Facts, usual: Facts, look: Look, where: str, **more: Json) -> None:
    """A certificate that would not pass where the usual one does."""
    kinds = _kinds(shown) - _kinds(usual)
    failed = "error" in shown and "error" not in usual
    if not failed or not kinds:
        return
    detail = f"{where}: {', '.join(sorted(kinds))}"
    leaf = leaf_of(shown)
    look.problem(
        "other-chain",
        detail,
        subject=leaf.get("subject", ""),
        names=leaf.get("names", []),
        kinds=sorted(kinds),
        where=where,
        **more,
    )


def _shake(asker: Asker, profile: Profile, *, peer: Peer | None = None, ciphers: str = "") -> Facts:
    """The facts of a whole handshake, be it that it failed."""
    opened = asker.walk(profile, "tls.handshake", peer=peer, ciphers=ciphers)
    with opened:
        return opened.walk.last[1].facts


def leaf_of(facts: Facts) -> Facts:
    """The server's own certificate, in the facts of a handshake."""
    chain = facts.get("chain")
    first = chain[0] if isinstance(chain, Sequence) and chain else {}
    return first if isinstance(first, Mapping) else {}


def _kinds(facts: Facts) -> set[str]:
    listed = facts.get("problems")
    tables = listed if isinstance(listed, Sequence) else ()
    return {str(each.get("kind")) for each in tables if isinstance(each, Mapping)}


def _message(facts: Facts) -> str:
    error = facts.get("error")
    return str(error.get("message", "")) if isinstance(error, Mapping) else ""


def _listed(names: Json) -> str:
    listed = names if isinstance(names, Sequence) and not isinstance(names, str) else ()
    return ", ".join(map(str, listed[:2])) or "nobody"
