"""XOAUTH2 and OAUTHBEARER (RFC 7628) as the server conducts them."""

from __future__ import annotations

import json
from collections.abc import Mapping

from smtpcheck.sandbox.exchange import Caller, Exchange, Login, MalformedResponseError, text_of
from smtpcheck.sandbox.tokens import SCOPE

TOKEN_MECHANISMS = ("XOAUTH2", "OAUTHBEARER")
_REFUSED = "the token is refused"


def bearer(name: str, caller: Caller) -> Exchange:
    """One exchange of the mechanism `name`. A refusal is told as JSON, and the 535 comes behind
    the client's answer to that (RFC 7628 section 3.2.3)."""
    user, token = _READERS[name](text_of((yield b"")))
    refusal = caller.tokens.refusal(user, token)
    if refusal:
        answer = yield json.dumps(_told(name, refusal)).encode()
        if answer not in (b"", b"\x01"):
            raise MalformedResponseError("nothing is to be said to a refused token")
    return Login(user or caller.tokens.owner, not refusal, _REFUSED)


def _told(name: str, refusal: str) -> Mapping[str, str]:
    """XOAUTH2 as Google words it, with the status of HTTP; else RFC 7628 section 3.2.2."""
    if name == "XOAUTH2":
        status = "403" if refusal == "insufficient_scope" else "401"
        return {"status": status, "schemes": "bearer", "scope": SCOPE}
    return {"status": refusal, "scope": SCOPE}


def _xoauth2(response: str) -> tuple[str, str]:
    """`user=NAME ^A auth=Bearer TOKEN ^A ^A`"""
    pairs = _pairs(response)
    return pairs.get("user", ""), _token(pairs)


def _oauthbearer(response: str) -> tuple[str, str]:
    """RFC 7628 section 3.1: a GS2 header, then pairs."""
    header, found, rest = response.partition("\x01")
    flag, comma, named = header.partition(",")
    authzid, end, more = named.partition(",")
    if not found or not comma or not end or more or flag not in ("n", "y"):
        raise MalformedResponseError("not a GS2 header and pairs")
    if authzid and not authzid.startswith("a="):
        raise MalformedResponseError("not a=user in the GS2 header")
    user = authzid[2:].replace("=2C", ",").replace("=3D", "=")
    return user, _token(_pairs(rest))


_READERS = {"XOAUTH2": _xoauth2, "OAUTHBEARER": _oauthbearer}


def _pairs(text: str) -> Mapping[str, str]:
    if not text.endswith("\x01\x01"):
        raise MalformedResponseError("the pairs do not end with two octets 01")
    split = [pair.partition("=") for pair in text[:-2].split("\x01")]
    if not all(key and equals for key, equals, _ in split):
        raise MalformedResponseError("not key=value")
    return {key: value for key, _, value in split}


def _token(pairs: Mapping[str, str]) -> str:
    scheme, _, token = pairs.get("auth", "").partition(" ")
    if scheme.lower() != "bearer" or not token:
        raise MalformedResponseError("not auth=Bearer and a token")
    return token
