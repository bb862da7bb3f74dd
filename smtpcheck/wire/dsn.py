"""Delivery status notifications: the parameters of MAIL and RCPT (RFC 3461)."""

from __future__ import annotations

import re

from smtpcheck.model.message import Dsn

_XCHAR = re.compile(r"[^!-*,-<>-~]")


def mail_parameters(dsn: Dsn) -> tuple[str, ...]:
    """RET and ENVID, as far as they were asked for."""
    returned = (f"RET={dsn.returned}",) if dsn.returned else ()
    named = (f"ENVID={xtext(dsn.envelope_id)}",) if dsn.envelope_id else ()
    return (*returned, *named)


def rcpt_parameters(dsn: Dsn, recipient: str) -> tuple[str, ...]:
    """NOTIFY, and with it the recipient as it was named here; outside ASCII the latter needs
    SMTPUTF8, and is left out (RFC 6533 section 3)."""
    if not dsn.notify:
        return ()
    original = (f"ORCPT=rfc822;{xtext(recipient)}",) if recipient.isascii() else ()
    return (f"NOTIFY={','.join(dsn.notify)}", *original)


def xtext(text: str) -> str:
    """ASCII with `+`, `=` and what is not printable in hex (RFC 3461 section 4)."""
    return _XCHAR.sub(lambda found: f"+{ord(found[0]):02X}", text)
