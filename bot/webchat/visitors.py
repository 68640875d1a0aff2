"""Who is chatting: a token of ours that a browser keeps, signed with the key of its site.

    issued ──a day──▸ must be shown to `renew` ──90 days──▸ worthless: a new visitor, a new chat

`visitor.issued.signature`; the visitor is 128 random bits, the signature HMAC-SHA256 over all of it
and the account. A body that names another sender is not even read (T12).
"""

import hashlib
import hmac
import re
from base64 import urlsafe_b64encode
from datetime import UTC, datetime, timedelta

from bot.webchat.sites import Site
from data.kernel.errors import Unauthorised
from data.kernel.tokens import new_token

GOOD_FOR = timedelta(days=1)
RENEWED_FOR = timedelta(days=90)
_SKEW = timedelta(minutes=5)  # between the clocks of two machines of ours
_SHAPE = re.compile(r"([\w-]{22})\.([0-9]{1,11})\.([\w-]{43})", re.ASCII)


def issue(site: Site, *, now: datetime, visitor: str = "") -> str:
    """For a new visitor, or for one that is known."""
    visitor = visitor or new_token()
    issued = str(int(now.timestamp()))
    return f"{visitor}.{issued}.{_signature(site, visitor, issued)}"


def visitor_of(site: Site, token: str, *, now: datetime) -> str:
    """Whose token this is; Unauthorised if it is not ours, not of this site, or a day old."""
    return _read(site, token, now, GOOD_FOR)


def renew(site: Site, token: str, *, now: datetime) -> str | None:
    """A fresh one of the same visitor. None: this token is worth nothing."""
    try:
        return issue(site, now=now, visitor=_read(site, token, now, RENEWED_FOR))
    except Unauthorised:
        return None


def _read(site: Site, token: str, now: datetime, good_for: timedelta) -> str:
    found = _SHAPE.fullmatch(token)
    if found is None:
        raise Unauthorised("visitor")
    visitor, issued, signature = found.groups()
    if not hmac.compare_digest(_signature(site, visitor, issued).encode(), signature.encode()):
        raise Unauthorised("visitor")
    age = now - datetime.fromtimestamp(int(issued), UTC)
    if not -_SKEW <= age < good_for:
        raise Unauthorised("visitor_expired")
    return visitor


def _signature(site: Site, visitor: str, issued: str) -> str:
    said = f"webchat visitor {site.account.id} {visitor} {issued}"
    digest = hmac.new(site.key, said.encode(), hashlib.sha256).digest()
    return urlsafe_b64encode(digest).rstrip(b"=").decode()
