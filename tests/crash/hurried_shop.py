"""`tuanzi serve` with several processes, all mortal: what the test of the load runs beside itself.

Its parent is the product's own, which begins anew whoever dies. Time runs sixty times as fast as
outside, so that leases, questions to the bank and late money come up within seconds. Placing,
calling off and a group's decision, in the product parts of somebody's chat, are SIMULATED by three
routes of their own, each one transaction (those of teams: team_counter.py); paying and joining a
team are the product's own pages.
"""

import json
import sys
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

from fastapi import APIRouter, FastAPI, Request

from bot.app import Tuanzi, build
from bot.serving import server
from bot.settings import Secret, Settings
from data.kernel.errors import OutOfStock
from data.orders import NewLine, OrderDetails, OrderKind, place_order
from data.payments import cancel_order, create_link, refund_order, settle_group_order
from data.payments.sandbox_bank import SANDBOX
from tests.crash import careless, team_counter
from tests.crash.doom import Doom, TroubledBank

_HASTE = 60
_PROCESSES = 3


class HurriedClock:
    """The same time in every process: what is counted since the machine started is one for all."""

    def __init__(self, start: datetime, since: float) -> None:
        self._start, self._since = start, since

    def now(self) -> datetime:
        return self._start + timedelta(seconds=(time.monotonic() - self._since) * _HASTE)


@dataclass(frozen=True, slots=True)
class Shop:
    """What the processes and the test have to know of it. `goods`: units of all variants together
    when it opened; `longest_life`: see Doom; `since`: see HurriedClock. `campaigns`, and `account`
    (of WeChat, by which people introduced themselves): only where teams come. `careless`: a control
    (careless.py)."""

    url: str
    key: str
    folder: str
    port: int
    seed: int
    start: str
    since: float
    merchant: str
    people: list[str]
    variants: list[str]
    goods: int
    longest_life: int
    campaigns: list[str] = field(default_factory=list)
    account: str = ""
    careless: bool = False

    @property
    def clock(self) -> HurriedClock:
        return HurriedClock(datetime.fromisoformat(self.start), self.since)

    @property
    def settings(self) -> Settings:
        return Settings(
            database_url=self.url,
            port=self.port,
            processes=_PROCESSES,
            demo=True,
            field_keys=(Secret(self.key),),
            sandbox_secret=Secret(self.key),
        )

    def as_json(self) -> str:
        return json.dumps(asdict(self))


router = APIRouter(prefix="/counter")


@router.post("/orders/{number}/{minutes}/{kind}")
def place(number: int, minutes: int, kind: OrderKind, request: Request) -> dict[str, str]:
    """One unit of the first goods that are left, beginning at this buyer's favourite."""
    shop: Shop = request.app.state.shop
    favourite = number % len(shop.variants)
    for variant in (*shop.variants[favourite:], *shop.variants[:favourite]):
        try:
            return _place(request.app.state.tuanzi, shop, (number, variant), minutes, kind)
        except OutOfStock:
            continue
    raise OutOfStock


def _place(
    tuanzi: Tuanzi, shop: Shop, wish: tuple[int, str], minutes: int, kind: OrderKind
) -> dict[str, str]:
    number, variant = wish
    now = tuanzi.clock.now()
    with tuanzi.database.transaction() as session:
        order = place_order(
            session,
            merchant_id=shop.merchant,
            person_id=shop.people[number % len(shop.people)],
            lines=[NewLine(variant)],
            details=OrderDetails(kind=kind),
            hold_until=now + timedelta(minutes=minutes),
            now=now,
        )
        return {"id": order.id, "token": create_link(session, order_id=order.id, now=now)}


@router.post("/cancel/{order_id}")
def cancel(order_id: str, request: Request) -> None:
    tuanzi: Tuanzi = request.app.state.tuanzi
    with tuanzi.database.transaction() as session:
        cancel_order(session, order_id=order_id, person_id=None, now=tuanzi.clock.now())


@router.post("/decide/{order_id}/{reached}")
def decide(order_id: str, reached: bool, request: Request) -> None:
    """The order's group came together, or did not."""
    tuanzi: Tuanzi = request.app.state.tuanzi
    now = tuanzi.clock.now()
    with tuanzi.database.transaction() as session:
        if reached:
            settle_group_order(session, order_id=order_id, now=now)
        else:
            refund_order(session, order_id=order_id, cause_ref="group_failed", now=now)


def main(said: str) -> int:
    shop = Shop(**json.loads(said))
    doom = Doom(Path(shop.folder), shop.seed, shop.longest_life)
    doom.plant()
    if shop.careless:
        careless.plant(Path(shop.folder))
    server.create_site = partial(_with_counter, server.create_site, shop)  # type: ignore[assignment]
    server.Crew.serve = _mortal(server.Crew.serve, doom)  # type: ignore[method-assign]
    tuanzi = build(shop.settings, clock=shop.clock)
    bank = TroubledBank(tuanzi.database, tuanzi.clock, secret=shop.key)
    bank.chance = doom.chance
    tuanzi.gateways.house[SANDBOX] = bank
    return server.serve_together(tuanzi)


def _with_counter(create: Callable[..., FastAPI], shop: Shop, *args: Any, **named: Any) -> FastAPI:
    site = create(*args, **named)
    site.state.shop = shop
    site.include_router(router)
    site.include_router(team_counter.router)
    return site


def _mortal(serve: Callable[..., None], doom: Doom) -> Callable[..., None]:
    def live(*args: Any, **named: Any) -> None:
        doom.begin_life()
        serve(*args, **named)

    return live


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
