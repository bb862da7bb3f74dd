"""Looks for a test message in the mailbox that it was sent to (IMAP, RFC 3501)."""
