"""tls.groups: over which groups a server exchanges keys, and whose order counts (RFC 8422, RFC
7919, RFC 8446 section 4.2.7). TLS 1.3 answers an offer without a key by naming the group that it
wants, so that none of them need be computed here."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from smtpcheck.probe.tls_ask import Asker, AskingEndedError
from smtpcheck.probe.tls_look import Look, Seen
from smtpcheck.wire.cipher_suites import FORWARD_SECRET, TLS13, key_exchange_of, signs_with
from smtpcheck.wire.client_hello import Offer
from smtpcheck.wire.named_groups import FINITE_FIELD, POST_QUANTUM, UNUSUAL, USUAL, WEAK, group_name

_ECDHE: Final = tuple(suite for suite in FORWARD_SECRET if key_exchange_of(suite) == "ecdhe")


def look_at_groups(asker: Asker, seen: Seen, look: Look) -> None:
    """tls.groups"""
    if not seen.choices:
        raise AskingEndedError("nothing came out about its TLS")
    _ask_preferred(asker, seen, look)
    _ask_post_quantum(asker, seen, look)
    _ask_weak(asker, seen, look)


def _offer(asker: Asker, seen: Seen, groups: Sequence[int], *, newest: bool) -> str:
    """The group that is chosen of these; empty where none is taken."""
    version = seen.versions[0] if newest else seen.classic
    new = version == "1.3"
    suites = tuple(TLS13) if new else _ECDHE
    offer = Offer(
        lowest="1.3" if new else "1.0",
        highest=version,
        suites=suites,
        groups=groups,
        server_name=asker.server_name,
    )
    choice = asker.offer(offer)
    # Servers of old with one fixed curve use it whatever was offered: that is no choice.
    known = {group_name(each) for each in groups}
    return choice.group if choice is not None and choice.group in known else ""


def _ask_preferred(asker: Asker, seen: Seen, look: Look) -> None:
    """The first choice, then the same groups with it in the last place and post-quantum ones in the
    first: a server that keeps to the client's order shows so whether it has those."""
    groups = (*POST_QUANTUM, *USUAL, *FINITE_FIELD)
    first = seen.choices[0].group or _offer(asker, seen, groups, newest=True)
    look.facts["preferred"] = first
    if not first:
        look.said.append("no key exchange over a named group")
        return
    others = [each for each in groups if group_name(each) != first]
    last = [each for each in groups if group_name(each) == first]
    second = _offer(asker, seen, (*others, *last), newest=True)
    ordered = second in ("", first)
    look.facts["preference"] = "server" if ordered else "client"
    look.said.append(f"{first} first" if ordered else f"{first}, or as the client prefers")
    if not ordered:
        look.facts["post_quantum"] = next((each for each in (first, second) if _is_new(each)), "")


def _ask_post_quantum(asker: Asker, seen: Seen, look: Look) -> None:
    if seen.versions[0] != "1.3":
        look.facts["post_quantum"] = ""
        look.said.append("no post-quantum group, which needs TLS 1.3")
        return
    first = str(look.facts["preferred"])
    if _is_new(first):
        look.facts["post_quantum"] = first
        return
    if "post_quantum" not in look.facts:
        look.facts["post_quantum"] = _offer(asker, seen, tuple(POST_QUANTUM), newest=True)
    found = look.facts["post_quantum"]
    look.said.append(f"{found} on request" if found else "no post-quantum group")


def _is_new(group: str) -> bool:
    return group in POST_QUANTUM.values()


def _ask_weak(asker: Asker, seen: Seen, look: Look) -> None:
    """Weak and unusual ones in one question; where one kind is chosen the other once more, since
    it may have stood behind. In TLS 1.3 none of them exist. A certificate on a curve is shown only
    to who names that curve (RFC 8422 section 5.1), so it is named, last."""
    kinds = {"weak": WEAK, "unusual": UNUSUAL}
    if not seen.classic and not seen.whole:
        raise AskingEndedError("whether it takes older versions did not come out")
    look.facts |= {kind: [] for kind in kinds}
    if not seen.classic:
        return
    on_curve = seen.usual is not None and signs_with(seen.usual.suite) == "ecdsa"
    last = tuple(USUAL) if on_curve else ()
    left = dict(kinds)
    while left:
        groups = [number for kind in left.values() for number in kind]
        found = _offer(asker, seen, (*groups, *last), newest=False)
        kind = next((each for each in left if found in left[each].values()), "")
        if not kind:
            break
        look.facts[kind] = [found]
        look.said.append(f"takes the weak {found}" if kind == "weak" else f"takes {found}")
        del left[kind]
        if kind == "weak":
            look.problem("weak-group", found, groups=[found])
    if "weak" in left:
        look.said.append("no weak group")
