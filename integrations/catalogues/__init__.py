"""Catalogues as other systems write them, read into our own rows."""

from integrations.catalogues.google_feed import read_google_feed

__all__ = ["read_google_feed"]
