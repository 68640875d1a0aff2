"""The merchant API's door: a bearer token of scope `merchant`, 600 requests a minute."""

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

from fastapi import Depends, Header
from fastapi.security import HTTPBearer

from bot.api.auth import MERCHANT, caller
from bot.web.rates import Rate
from bot.web.shop import Shop
from data.kernel.errors import TooOften

# Security design, rates.
PER_MINUTE = 600


@dataclass(frozen=True, slots=True)
class Client:
    """A merchant's program; `name` stands in audit rows."""

    merchant_id: str
    name: str
    now: datetime


_rates = Rate(PER_MINUTE, per=60)
# Only so that OpenAPI tells how to sign a request; auth.caller() is what decides.
documented = HTTPBearer(auto_error=False)


def client_of(shop: Shop, authorization: Annotated[str | None, Header()] = None) -> Client:
    with shop.database.reading() as session:
        found = caller(session, header=authorization, scope=MERCHANT)
    now = shop.clock.now()
    if not _rates.admits(found.merchant_id, now=now):
        raise TooOften("api", limit=PER_MINUTE)
    return Client(found.merchant_id, "api", now)


Known = Annotated[Client, Depends(client_of)]
