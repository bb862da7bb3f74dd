"""Getting tokens from an issuer: the flows of OAuth 2.0 that a mail client needs."""
