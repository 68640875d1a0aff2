"""The merchant API's door: a bearer token of scope `merchant`, 600 requests a minute."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from threading import Lock
from typing import Annotated

from fastapi import Depends, Header
from fastapi.security import HTTPBearer

from bot.api.auth import MERCHANT, caller
from bot.web.shop import Shop
from data.kernel.errors import TooOften

# Security design, rates.
PER_MINUTE = 600
_MINUTE = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Client:
    """A merchant's program; `name` stands in audit rows."""

    merchant_id: str
    name: str
    now: datetime


@dataclass(slots=True)
class Rates:
    """Requests by caller in the running minute, in this process: a guard against floods."""

    limit: int = PER_MINUTE
    _began: datetime | None = None
    _counts: dict[str, int] = field(default_factory=dict)
    _lock: Lock = field(default_factory=Lock)

    def admit(self, who: str, now: datetime) -> bool:
        with self._lock:
            if self._began is None or now - self._began >= _MINUTE:
                self._began, self._counts = now, {}
            self._counts[who] = self._counts.get(who, 0) + 1
            return self._counts[who] <= self.limit


_rates = Rates()
# Only so that OpenAPI tells how to sign a request; auth.caller() is what decides.
documented = HTTPBearer(auto_error=False)


def client_of(shop: Shop, authorization: Annotated[str | None, Header()] = None) -> Client:
    with shop.database.reading() as session:
        found = caller(session, header=authorization, scope=MERCHANT)
    now = shop.clock.now()
    if not _rates.admit(found.merchant_id, now):
        raise TooOften("api", limit=PER_MINUTE)
    return Client(found.merchant_id, "api", now)


Known = Annotated[Client, Depends(client_of)]
