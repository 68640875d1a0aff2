"""What Telegram tells a page about whoever opened it inside Telegram: believed only if its HMAC is
ours, it is fresh and it comes once (T56).

The vendor's document: core.telegram.org/bots/webapps, "Validating data received via the Mini App".
"""

import hashlib
import hmac
import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qsl

from data.delivery.inbound import Sender
from data.kernel.errors import Unauthorised
from data.kernel.storable import storable

FRESH = timedelta(minutes=15)
_EARLY = timedelta(minutes=5)  # how far another clock may be ahead of ours
_LONGEST = 4096  # characters; real ones have some hundred
_MOST_FIELDS = 32


@dataclass(frozen=True, slots=True)
class InitData:
    """Who opened the page, and with which `startapp` parameter; `name` tells one opening from all
    others."""

    name: str
    sender: Sender
    start: str = ""


def read_init_data(raw: str, *, token: str, now: datetime) -> InitData:
    """Unauthorised for whatever is forged, old, or no such data at all."""
    fields = _fields(raw)
    given = fields.pop("hash", "")
    if not hmac.compare_digest(_signature(fields, token).encode(), given.encode()):
        raise Unauthorised("init_data")
    try:
        opened = datetime.fromtimestamp(int(fields["auth_date"]), UTC)
        user = json.loads(fields["user"])
        sender = _sender(user)
    except (KeyError, ValueError, TypeError, OverflowError, OSError, RecursionError):
        raise Unauthorised("init_data") from None
    if not now - FRESH < opened <= now + _EARLY:
        raise Unauthorised("init_data")
    return InitData(given, sender, storable(fields.get("start_param", "")))


def _fields(raw: str) -> dict[str, str]:
    """Each name once: of two, nobody knows which was signed."""
    try:
        if len(raw) > _LONGEST:
            raise ValueError(len(raw))
        pairs = parse_qsl(
            raw, keep_blank_values=True, strict_parsing=True, max_num_fields=_MOST_FIELDS
        )
        fields = dict(pairs)
        if len(fields) != len(pairs):
            raise ValueError(len(pairs))
        for value in fields.values():
            value.encode()
    except ValueError:
        raise Unauthorised("init_data") from None
    return fields


def _signature(fields: dict[str, str], token: str) -> str:
    lines = "\n".join(f"{name}={fields[name]}" for name in sorted(fields))
    key = hmac.digest(b"WebAppData", token.encode(), hashlib.sha256)
    return hmac.digest(key, lines.encode(), hashlib.sha256).hex()


def _sender(user: Any) -> Sender:
    number, name = user["id"], user.get("first_name", "")
    if not isinstance(number, int) or isinstance(number, bool) or not isinstance(name, str):
        raise TypeError("user")
    language = user.get("language_code")
    return Sender(str(number), storable(name), language if isinstance(language, str) else None)
