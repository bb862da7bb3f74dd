"""The embedded SMTP server."""
