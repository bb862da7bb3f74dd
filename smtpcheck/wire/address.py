"""Mail addresses in the form that the envelope needs (RFC 5321, RFC 6531, RFC 5891)."""

from __future__ import annotations


def envelope_address(address: str) -> str:
    """The address with its domain in ASCII form. Raises ValueError where the domain has none."""
    local, at, domain = address.rpartition("@")
    if not at or domain.isascii():
        return address
    import idna

    return f"{local}@{idna.encode(domain, uts46=True).decode('ascii')}"


def needs_smtputf8(address: str) -> bool:
    """Whether only a server with SMTPUTF8 can take this address (RFC 6531): its local part, or a
    domain that was left as it is, is not ASCII."""
    return not address.isascii()
