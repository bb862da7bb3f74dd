"""What an access token and a refusal of one say, read from their own text (RFC 7519, RFC 7628), and
the record in which a login is kept.

Claims are decoded and believed to be nothing but words: the signature is for the server to check.
Every value is cut, and nothing that is returned holds the token.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Mapping, Sequence
from typing import Final

from smtpcheck.model.jsonvalue import Json
from smtpcheck.model.number import number_in
from smtpcheck.model.secret import Secret
from smtpcheck.model.token import Claims, KeptLogin

_LARGEST: Final = 65_536
_LONGEST: Final = 200
_MOST: Final = 40
_LATEST: Final = 253_402_300_799.0
"""The last second of the year 9999: what lies behind it is no time."""
_JWT: Final = re.compile(r"([A-Za-z0-9_-]{2,})\.([A-Za-z0-9_-]{2,})\.([A-Za-z0-9_-]*)\Z")
_QUOTES: Final = "\"'"
_HEADER: Final = re.compile(r"(?:Authorization:\s*)?Bearer(?:\s+|:\s*|\Z)", re.IGNORECASE)
_CARRIED: Final = re.compile(r"[!#-&(-~]+")
"""Every character that is seen, but quotes: issuers go beyond the letters that RFC 6750 has."""
_TOKEN_KEYS: Final = ("access_token", "accessToken")
"""The second is the command line's of Azure."""
_PLAIN: Final = ("issuer", "client_id", "flow", "account", "expires", "obtained")
_APPS: Final = ("appid", "azp", "client_id")
_ACCOUNTS: Final = ("upn", "preferred_username", "unique_name", "email", "username")


def bare_token(given: str) -> tuple[str, str]:
    """The access token in what a place gives for it, and in words what was taken off, or nothing:
    blanks around it, quotes, the word Bearer of a header, the JSON of a token response (RFC 6749
    section 5.1). Raises ValueError, in words without any part of it, where no token is left that
    Bearer can carry (RFC 6750 section 2.1)."""
    token, off = given.strip(), []
    if token.startswith("{"):
        token = _token_in(token)
        off.append("the JSON around it")
    if token[:1] in _QUOTES and token.endswith(token[0]):
        token = token.strip(_QUOTES + " ")
        off.append("the quotes around it")
    header = _HEADER.match(token)
    if header is not None:
        token = token[header.end() :].strip(_QUOTES + " ")
        off.append("the word Bearer before it")
    if not _CARRIED.fullmatch(token):
        raise ValueError(_unfit(token))
    if not off and token != given:
        off.append("the blanks or line ends around it")
    return token, " and ".join(off)


def _token_in(record: str) -> str:
    try:
        told = json.loads(record)
    except (ValueError, RecursionError):
        told = None
    found = [told[name] for name in _TOKEN_KEYS if name in told] if isinstance(told, dict) else []
    if not found or not isinstance(found[0], str):
        raise ValueError("it begins like JSON, and no access_token can be read from its first line")
    return str(found[0]).strip()


def _unfit(token: str) -> str:
    if not token:
        return "nothing is left of it without blanks, quotes and the word Bearer"
    if any(letter.isspace() for letter in token):
        return "it holds blanks or line ends, which no access token does"
    return "it holds characters that no access token does (RFC 6750 section 2.1)"


def claims_of(token: str) -> Claims:
    """What a token says of itself; `opaque` where it is no JWT in its compact form."""
    found = _JWT.match(token) if len(token) <= _LARGEST else None
    if found is None:
        return Claims(kind="opaque")
    header, payload = _table(found[1]), _table(found[2])
    if header is None or "alg" not in header:
        return Claims(kind="opaque")
    if payload is None:
        return Claims(kind="jwt", error="its claims are not JSON")
    scopes, roles = payload.get("scp", payload.get("scope")), payload.get("roles")
    kind = payload.get("idtyp")
    alone = kind == "app" or (scopes is None and roles is not None and "upn" not in payload)
    return Claims(
        kind="jwt",
        audience=_words(payload.get("aud"), split=False),
        scopes=_words(scopes),
        roles=_words(roles),
        account=_first(payload, _ACCOUNTS),
        app=_first(payload, _APPS),
        tenant=_word(payload.get("tid")),
        issuer=_word(payload.get("iss")),
        nonce=_word(payload.get("nonce")),
        app_only=alone,
        expires=_seconds(payload.get("exp")),
        not_before=_seconds(payload.get("nbf")),
    )


def refusal_of(challenge: bytes) -> dict[str, Json]:
    """`status`, `schemes` and `scope` of the JSON that a server sends with a 334 when it refuses a
    token (RFC 7628 section 3.2.2, Google's XOAUTH2); empty for anything else."""
    if len(challenge) > _LARGEST:
        return {}
    try:
        told = json.loads(challenge)
    except (ValueError, RecursionError):
        return {}
    if not isinstance(told, dict):
        return {}
    names = ("status", "schemes", "scope")
    # Google writes the status as text, others as a number.
    return {name: word for name in names if (word := _word(_plain(told.get(name))))}


def record_of(login: KeptLogin, access: str, refresh: str) -> str:
    """A login as one line of JSON, for the keyring."""
    told = {name: getattr(login, name) for name in _PLAIN}
    record = {"v": 1, **told, "scopes": list(login.scopes), "access": access, "refresh": refresh}
    return json.dumps(record, separators=(",", ":"))


def login_of(record: str) -> KeptLogin | None:
    """The login that a record holds; None where it is none of ours, or not whole."""
    try:
        told = json.loads(record)
    except (ValueError, RecursionError):
        return None
    if not isinstance(told, dict) or told.get("v") != 1 or not told.get("access"):
        return None
    return KeptLogin(
        issuer=_word(told.get("issuer")),
        client_id=_word(told.get("client_id")),
        flow=_word(told.get("flow")),
        access=Secret(str(told["access"])),
        refresh=Secret(str(told["refresh"])) if told.get("refresh") else None,
        scopes=_words(told.get("scopes")),
        account=_word(told.get("account")),
        expires=_seconds(told.get("expires")),
        obtained=_seconds(told.get("obtained")),
    )


def _table(part: str) -> Mapping[str, Json] | None:
    try:
        raw = base64.b64decode(part + "=" * (-len(part) % 4), altchars=b"-_", validate=True)
        value = json.loads(raw)
    except (ValueError, binascii.Error, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def _first(payload: Mapping[str, Json], names: Sequence[str]) -> str:
    return next((word for name in names if (word := _word(payload.get(name)))), "")


def _plain(value: Json) -> Json:
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


def _word(value: Json) -> str:
    return value[:_LONGEST] if isinstance(value, str) else ""


def _words(value: Json, *, split: bool = True) -> tuple[str, ...]:
    """Words parted by blanks (RFC 6749 section 3.3), or a list of them."""
    if isinstance(value, str):
        found: Sequence[Json] = value[: _LONGEST * _MOST].split() if split else [value]
    else:
        found = value if isinstance(value, (list, tuple)) else ()
    return tuple(word for each in found[:_MOST] if (word := _word(each)))


def _seconds(value: Json) -> float:
    return number_in(value, 0, _LATEST) or 0.0
