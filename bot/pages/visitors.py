"""Who looks at a page of ours inside WeChat: signed notes in their own browser, nothing stored.

A `Trip` is the way to the platform and back: its state is bound to the browser that began it, and
works for the page that it set out from. A
`Visitor` is who came back. Both are signed with a key made of the account's secret, so another
account's are worth nothing, and neither are anybody's once the secret is changed.
"""

import hashlib
import hmac
import re
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from bot.settings import Secret
from bot.web.csrf import matches

TRIP_COOKIE, VISITOR_COOKIE = "__Host-tz-trip", "__Host-tz-visit"
TRIP_LIFE = timedelta(minutes=10)
VISITOR_LIFE = timedelta(hours=2)  # as the console's idle session
# The vendor carries letters and digits of a state, 128 bytes at most: these are 88.
_STATE = re.compile(r"([0-9a-f]{32})([0-9a-f]{16})([0-9a-f]{40})", re.ASCII)
_TRIP = re.compile(r"([A-Za-z0-9_-]{22})\.([A-Za-z0-9_.-]{1,80})", re.ASCII)
_VISITOR = re.compile(r"(per_[0-9a-z]{1,28})\.(acc_[0-9A-Za-z_]{1,28})\.([0-9a-f]{16})\.(.+)")


@dataclass(frozen=True, slots=True)
class Trip:
    """`cookie` stays in the browser and says where it will go on; `state` travels."""

    cookie: str
    state: str


@dataclass(frozen=True, slots=True)
class Visitor:
    person_id: str
    account_id: str


def set_out(key: Secret, page: str, now: datetime) -> Trip:
    """From this page, to which it comes back; the name is the caller's."""
    cookie = f"{secrets.token_urlsafe(16)}.{page}"
    told = secrets.token_hex(16) + _hex(now + TRIP_LIFE)
    return Trip(cookie, told + _signed(key, "trip", told, cookie)[:40])


def come_back(key: Secret, trip: Trip, now: datetime) -> tuple[str, datetime] | None:
    """The page's name and the state's end; None: not this browser's, not ours, or too late."""
    state, cookie = _STATE.fullmatch(trip.state), _TRIP.fullmatch(trip.cookie)
    if state is None or cookie is None:
        return None
    until = _moment(state[2])
    expected = _signed(key, "trip", state[1] + state[2], trip.cookie)[:40]
    return (cookie[2], until) if matches(state[3], expected) and now < until else None


def page_named(cookie: str) -> str:
    """Where a trip of this browser leads by its own word; nothing is believed yet."""
    found = _TRIP.fullmatch(cookie)
    return found[2] if found else ""


def note(key: Secret, visitor: Visitor, now: datetime) -> str:
    """The cookie that says who they are."""
    told = f"{visitor.person_id}.{visitor.account_id}.{_hex(now + VISITOR_LIFE)}"
    return f"{told}.{_signed(key, 'visitor', told)}"


def account_named(cookie: str) -> str:
    """Whose key to try; nothing is believed yet."""
    found = _VISITOR.fullmatch(cookie)
    return found[2] if found else ""


def recognise(key: Secret, cookie: str, now: datetime) -> Visitor | None:
    found = _VISITOR.fullmatch(cookie)
    if found is None:
        return None
    told, _, signed = cookie.rpartition(".")
    good = matches(signed, _signed(key, "visitor", told)) and now < _moment(found[3])
    return Visitor(found[1], found[2]) if good else None


def _hex(moment: datetime) -> str:
    return f"{int(moment.timestamp()):016x}"


def _moment(digits: str) -> datetime:
    return datetime.fromtimestamp(min(int(digits, 16), 2**32), UTC)


def _signed(key: Secret, *parts: str) -> str:
    """Each part with its length: none can reach into the next."""
    told = "".join(f"{len(part)}:{part}" for part in parts)
    return hmac.new(key.reveal().encode(), told.encode(), hashlib.sha256).hexdigest()
