"""The house of money_house.py with a shop that is paid in dollars through a SIMULATED PayPal."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
from fastapi import FastAPI
from sqlalchemy.orm import Session

from bot.publishing import publish_flows
from data.payments import Way, begin_attempt, supersede
from data.payments.gateway import Details
from data.payments.sandbox_bank import SANDBOX
from integrations.payments.paypal import NAME
from tests.bot.flow_files import FLOWS
from tests.integrations.payments.paypal_bench import LOOPBACK, credentials
from tests.peers.money.money_house import MoneyHouse, Shop, behind
from tests.peers.money.paypal_face import Face, running_face

__all__ = ["Begun", "House", "Shop", "a_house"]


@dataclass
class Begun:
    """An order, its attempt, and the key that both PayPal and we know it by."""

    order: str
    attempt: str
    key: str


@dataclass
class House(MoneyHouse):
    provider = NAME
    currency = "USD"

    face: Face

    def opens_a_shop(self, **typed: str) -> Shop:
        """Connected with the account that PayPal knows, unless something else is `typed`."""
        return self.opens(credentials(**typed), on_hand=5, flows=self._publish)

    def begins(self, shop: Shop, *, authorize: bool = False, calls: bool = True) -> Begun:
        """Somebody orders two of the thing and chooses PayPal."""
        order = self.order(shop)
        way = Way(NAME, shop.account, Details(about="Gifts R7", locale="zh-Hans"))
        with self.tuanzi.database.transaction() as session:
            now = self.tuanzi.clock.now()
            begun = begin_attempt(session, order_id=order, way=way, authorize=authorize, now=now)
            found = Begun(order, begun.id, begun.idempotency_key)
        if calls:
            self.calls(found.attempt)
        return found

    def chooses_another_way(self, begun: Begun) -> None:
        with self.tuanzi.database.transaction() as session:
            way, now = Way(SANDBOX), self.tuanzi.clock.now()
            supersede(session, order_id=begun.order, way=way, now=now)
        self.settles()

    def comes_back(self, begun: Begun) -> httpx.Response:
        """The payer's browser, with what PayPal adds to the address."""
        path = f"/pay/back/{begun.key}?token=5O190127TN364715T&PayerID=QYR5Z8XDVJNXQ"
        answer: httpx.Response = self.client.get(path)
        return answer

    def _publish(self, session: Session, merchant_id: str) -> None:
        now = self.tuanzi.clock.now()
        publish_flows(session, merchant_id=merchant_id, sources=FLOWS, by="owner", now=now)


@contextmanager
def a_house(folder: Path, site: FastAPI) -> Iterator[House]:
    with behind(folder, site, running_face, NAME, LOOPBACK, follow_redirects=False) as behind_it:
        tuanzi, face, client = behind_it
        yield House(tuanzi, client, face)
