"""The sender-domain checks: network code of its own, which judges what DNS says of a domain."""
