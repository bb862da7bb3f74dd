"""The checks of lint that look at addresses: the sender, where bounces go, who gets the test."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from smtpcheck.diagnosis.lint_finding import (
    Case,
    domain_of,
    error,
    is_loopback,
    warning,
)
from smtpcheck.diagnosis.lint_provider import is_mx
from smtpcheck.model.finding import LintFinding

_LOCAL_DOMAINS = ("local", "localdomain", "localhost", "lan", "internal", "home", "invalid")
# Their logins may send as themselves, and as what an admin or the account's own settings allow.
_BINDS_SENDER = (
    *("m365", "m365-legacy-tls", "m365-gcc-high", "m365-21vianet"),
    *("gmail", "google-workspace", "outlook-com"),
)
# Domains of mailboxes for everybody, and a label by which the hosts of their provider are known.
_MAILBOX_DOMAINS = {
    **dict.fromkeys(("gmail.com", "googlemail.com"), ("gmail", "googlemail")),
    **dict.fromkeys(("outlook.com", "hotmail.com", "live.com", "msn.com"), ("outlook", "live")),
    **dict.fromkeys(("yahoo.com", "yahoo.co.uk", "yahoo.de", "yahoo.fr", "ymail.com"), ("yahoo",)),
    **dict.fromkeys(("icloud.com", "me.com", "mac.com"), ("icloud", "me")),
    **dict.fromkeys(("gmx.de", "gmx.net", "gmx.com", "gmx.at", "gmx.ch"), ("gmx",)),
    "aol.com": ("aol", "yahoo"),
    "web.de": ("web",),
    "t-online.de": ("t-online",),
}


def _forced(case: Case) -> Iterator[LintFinding]:
    sender = case.profile.sender
    if sender.force and not sender.address:
        yield error(
            "force-without-address",
            "sender.address",
            "every mail is to leave with the profile's sender, and there is none",
            "set sender.address",
            "or set sender.force to false",
        )


def _domains(case: Case) -> Iterator[LintFinding]:
    sender = case.profile.sender
    local = is_loopback(case.host) or not case.host
    for key, address in (("sender.address", sender.address), ("sender.bounce", sender.bounce)):
        domain = domain_of(address)
        if domain and not local and not _is_public(domain):
            yield warning(
                "sender-domain-not-public",
                key,
                f"{domain} is no domain that other servers can find, and mail from it is refused",
                f"set {key} to an address in a domain that you own",
            )
    own, bounce = domain_of(sender.address), domain_of(sender.bounce)
    if own and bounce and not _related(own, bounce):
        yield warning(
            "bounce-in-other-domain",
            "sender.bounce",
            f"bounces go to {bounce}, so SPF speaks for {bounce} and not for {own}",
            f"use an address in {own}, or sign with DKIM for {own}",
        )


def _mailbox_domain(case: Case) -> Iterator[LintFinding]:
    """A From in a domain for which only its own provider can speak."""
    domain = domain_of(case.profile.sender.address)
    labels = _MAILBOX_DOMAINS.get(domain)
    if labels is None or not case.host or is_loopback(case.host):
        return
    same_login = domain_of(case.profile.auth.username) == domain
    if same_login or set(labels) & set(case.host.replace("smtp-mail", "smtp").split(".")):
        return
    yield warning(
        "sender-domain-of-another",
        "sender.address",
        f"only the provider of {domain} can sign for it: from any other server the mail fails "
        "DMARC, and a provider that verifies senders refuses it",
        "send from an address in a domain that you own",
        f"or send through the server of {domain}, with its login",
    )


def _recipients(case: Case) -> Iterator[LintFinding]:
    own = domain_of(case.profile.sender.address)
    others = {domain_of(each) for each in case.profile.test.to if "@" in each}
    strange = sorted(each for each in others if not _related(own, each))
    if not own or not strange or own in _MAILBOX_DOMAINS or is_loopback(case.host):
        return
    outside = f"the test goes to {', '.join(strange)}, outside the sender's domain {own}"
    if is_mx(case.host) or not case.profile.wants_login:
        why = "a server without a login mostly takes mail for its own domain alone"
    else:
        why = "it counts as mail from outside there, and is held to SPF, DKIM and DMARC"
    yield warning(
        "recipient-in-other-domain",
        "test.to",
        f"{outside}: {why}",
        f"set test.to to a mailbox in {own}",
        f"or see to it that SPF and DKIM of {own} cover this server: smtpcheck explain spf-fail",
    )


def _foreign_sender(case: Case) -> Iterator[LintFinding]:
    profile, preset = case.profile, case.preset
    login, sender = profile.auth.username.lower(), profile.sender.address.lower()
    if not profile.wants_login or "@" not in login or not sender or login == sender:
        return
    binds = preset is not None and preset.provider in _BINDS_SENDER
    same = domain_of(login) == domain_of(sender)
    if (same and not (binds and profile.sender.force)) or not (binds or profile.sender.force):
        return
    if same:
        said = f"every mail leaves as {sender}, and the login is {login}"
    else:
        said = f"the login is in {domain_of(login)} and the sender in {domain_of(sender)}"
    refuses = "the provider refuses" if binds else "many servers refuse"
    yield warning(
        "sender-not-the-login",
        "sender.address",
        f"{said}: {refuses} a sender that the login does not own",
        f"send from {login}" if same else f"send from an address in {domain_of(login)}",
        "or have the provider allow it (an alias, or Send As)",
    )


def _is_public(domain: str) -> bool:
    if domain.startswith("["):
        return False
    return "." in domain and domain.rpartition(".")[2] not in _LOCAL_DOMAINS


def _related(one: str, other: str) -> bool:
    return one == other or one.endswith("." + other) or other.endswith("." + one)


SENDER_CHECKS: tuple[Callable[[Case], Iterator[LintFinding]], ...] = (
    _forced,
    _domains,
    _mailbox_domain,
    _foreign_sender,
    _recipients,
)
