"""Words of settings pages and other programs for a way to log in, and what is said to them."""

from __future__ import annotations

import re
from typing import Final

_SAME: Final = {
    "anonymous": "none",
    "no": "none",
    "off": "none",
    "false": "none",
    "noauth": "none",
    "noauthentication": "none",
    "without": "none",
    "basic": "plain",
    "basicauth": "plain",
    "password": "auto",
    "normal": "auto",
    "normalpassword": "auto",
    "passwordcleartext": "plain",
    "cleartext": "plain",
    "authplain": "plain",
    "authlogin": "login",
    "encrypted": "cram-md5",
    "encryptedpassword": "cram-md5",
    "passwordencrypted": "cram-md5",
    "crammd5": "cram-md5",
    "scram": "scram-sha-256",
    "scramsha1": "scram-sha-1",
    "scramsha256": "scram-sha-256",
    "ntlmv2": "ntlm",
    "oauth": "xoauth2",
    "oauth2": "xoauth2",
    "modern": "xoauth2",
    "modernauth": "xoauth2",
    "xoauth": "xoauth2",
    "bearer": "oauthbearer",
    "oauth2bearer": "oauthbearer",
    "xoauthbearer": "oauthbearer",
    "tls": "external",
    "certificate": "external",
    "tlscertificate": "external",
    "clientcertificate": "external",
}
_TICKETS: Final = (
    "smtpcheck does not speak it, having no Kerberos tickets to show: use "
    '"auto" with a password, where the server offers that too'
)
_UNSPOKEN: Final = {
    "digestmd5": 'smtpcheck does not speak it, RFC 6331 retired it: use "auto", or "scram-sha-256"',
    "ntlmv1": 'smtpcheck does not speak it, it is broken: use "ntlm", which is NTLMv2',
    "gssapi": _TICKETS,
    "kerberos": _TICKETS,
    "kerberos5": _TICKETS,
    "gssspnego": _TICKETS,
    "spnego": _TICKETS,
    "negotiate": _TICKETS,
    "scramsha512": 'smtpcheck does not speak it: use "scram-sha-256", or "auto"',
}
_CHANNEL_BOUND: Final = "plus"


def hint_for_method(word: str) -> str:
    """What to say to a word that is no `auth.method`; empty where it is unknown here too."""
    name = re.sub(r"[^a-z0-9]", "", word[:80].lower())
    bare = name.removesuffix(_CHANNEL_BOUND)
    if said := _UNSPOKEN.get(bare):
        return said
    if found := _SAME.get(bare):
        with_binding = bare != name and bare.startswith("scram")
        more = ": it binds to the TLS connection wherever the server offers -PLUS"
        return f'did you mean "{found}"?' if not with_binding else f'use "{found}"{more}'
    return ""
