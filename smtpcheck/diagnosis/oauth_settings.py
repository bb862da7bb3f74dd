"""Settings of OAuth that never lead to a token: what lint tells, and a login refuses."""

from __future__ import annotations

from collections.abc import Iterator

from smtpcheck.model.profile import OAuth
from smtpcheck.model.value import dataclass


@dataclass(frozen=True, slots=True)
class Impossible:
    """What cannot work, and what to do."""

    key: str
    message: str
    help: str


def impossible(oauth: OAuth) -> Iterator[Impossible]:
    """Everything in these settings that no issuer answers with a token."""
    flow = oauth.flow
    if not oauth.client_id and flow != "service-account":
        yield Impossible(
            "auth.oauth.client_id",
            "auth.oauth.client_id is missing: the id of the application that asks for the token",
            "register an application with the issuer, and set auth.oauth.client_id to its id",
        )
    yield from _of_issuer(oauth)
    if flow == "client-credentials" and oauth.client_secret is None and oauth.issuer != "google":
        yield Impossible(
            "auth.oauth.client_secret",
            "auth.oauth.client_secret is missing: an application signs in with it",
            'set auth.oauth.client_secret to { keyring = true }, { env = "NAME" } or another place',
        )
    if flow == "service-account" and not oauth.key_file and oauth.issuer != "microsoft":
        yield Impossible(
            "auth.oauth.key_file",
            "auth.oauth.key_file is missing: the key of the service account",
            "set auth.oauth.key_file to the JSON file that the console handed out",
        )


def _of_issuer(oauth: OAuth) -> Iterator[Impossible]:
    google, microsoft = oauth.issuer == "google", oauth.issuer == "microsoft"
    if google and oauth.flow == "device":
        yield Impossible(
            "auth.oauth.flow",
            "Google gives no token for mail by device code",
            "set auth.oauth.flow to browser, or to service-account for a Workspace domain",
        )
    if google and oauth.flow == "client-credentials":
        yield Impossible(
            "auth.oauth.flow",
            "Google has no client credentials for mail",
            "set auth.oauth.flow to service-account, or to browser",
        )
    if microsoft and oauth.flow == "service-account":
        yield Impossible(
            "auth.oauth.flow",
            "Microsoft has no service accounts of this kind",
            "set auth.oauth.flow to client-credentials",
        )
    if microsoft and oauth.flow == "client-credentials" and not oauth.tenant:
        yield Impossible(
            "auth.oauth.tenant",
            "auth.oauth.tenant is missing: an application signs in to one tenant",
            "set auth.oauth.tenant to the tenant's id or domain",
        )
