"""SMTP and TLS as bytes in, bytes out; no socket, no clock."""
