"""Secrets that open something: random, shown once, and stored only as a SHA-256."""

import hashlib
import secrets

_BYTES = 16  # 128 bits, OWASP ASVS 5.0 7.2.3


def new_token() -> str:
    """A fresh URL-safe token of 128 bits (22 characters)."""
    return secrets.token_urlsafe(_BYTES)


def fingerprint(token: str) -> str:
    """What the database keeps of a token."""
    return hashlib.sha256(token.encode()).hexdigest()
