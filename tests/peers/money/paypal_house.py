"""A whole house with a shop in it that is paid in dollars through a SIMULATED PayPal.

Our site's routes, workers and rows are the real ones; the line to PayPal is a real socket. Both
sides have one clock. `later` turns it, and does what falls due.
"""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import httpx
from fastapi import FastAPI
from sqlalchemy import select

from bot.app import Tuanzi
from bot.publishing import publish_flows
from data.kernel.clock import TurnableClock
from data.ledger import trial_balance, unbalanced_entries
from data.orders import Order
from data.payments import PaymentAttempt, Refund, Way, begin_attempt, supersede
from data.payments.account_models import PaymentAccount
from data.payments.accounts import connect_account
from data.payments.gateway import Details
from data.payments.models import PaymentNotice
from data.payments.sandbox_bank import SANDBOX
from data.schema import create_schema
from integrations.payments.paypal import NAME
from tests.bot.builders import a_placed_order, a_tuanzi, settle
from tests.bot.client import TestClient
from tests.bot.flow_files import FLOWS
from tests.builders import a_merchant, a_person, a_product, the_variant
from tests.integrations.payments.paypal_bench import LOOPBACK, credentials
from tests.peers.money.paypal_face import Call, Face, running_face

_OURS = "https://127.0.0.1"
_STEP = timedelta(seconds=10)


@dataclass
class Shop:
    merchant: str
    person: str
    variant: str
    account: str


@dataclass
class Begun:
    """An order, its attempt, and the key that both PayPal and we know it by."""

    order: str
    attempt: str
    key: str


@dataclass
class House:
    tuanzi: Tuanzi
    face: Face
    client: TestClient

    def opens_a_shop(self, **typed: str) -> Shop:
        """Connected with the account that PayPal knows, unless something else is `typed`."""
        now = self.tuanzi.clock.now()
        with self.tuanzi.database.transaction() as session:
            merchant = a_merchant(session, currency="USD")
            publish_flows(session, merchant_id=merchant.id, sources=FLOWS, by="owner", now=now)
            product = a_product(session, merchant, on_hand=5)
            account = connect_account(
                session,
                merchant_id=merchant.id,
                provider=NAME,
                credentials=credentials(**typed),
                by="owner",
                now=now,
            )
            person, variant = a_person(session, merchant), the_variant(session, product)
            return Shop(merchant.id, person.id, variant.id, account.id)

    def begins(self, shop: Shop, *, authorize: bool = False, calls: bool = True) -> Begun:
        """Somebody orders two of the thing and chooses PayPal."""
        order = a_placed_order(self.tuanzi, shop.merchant, shop.person, shop.variant)
        way = Way(NAME, shop.account, Details(about="Gifts R7", locale="zh-Hans"))
        with self.tuanzi.database.transaction() as session:
            now = self.tuanzi.clock.now()
            begun = begin_attempt(session, order_id=order, way=way, authorize=authorize, now=now)
            found = Begun(order, begun.id, begun.idempotency_key)
        if calls:
            asyncio.run(self.tuanzi.cashier.call_now(found.attempt))
        return found

    def chooses_another_way(self, begun: Begun) -> None:
        with self.tuanzi.database.transaction() as session:
            way, now = Way(SANDBOX), self.tuanzi.clock.now()
            supersede(session, order_id=begun.order, way=way, now=now)
        self.settles()

    def told(self, shop: Shop, call: Call) -> httpx.Response:
        """PayPal calls the shop's address."""
        path = f"/webhooks/payments/{shop.account}"
        answer: httpx.Response = self.client.post(path, content=call.body, headers=call.headers)
        return answer

    def comes_back(self, begun: Begun) -> httpx.Response:
        """The payer's browser, with what PayPal adds to the address."""
        path = f"/pay/back/{begun.key}?token=5O190127TN364715T&PayerID=QYR5Z8XDVJNXQ"
        answer: httpx.Response = self.client.get(path)
        return answer

    def settles(self) -> None:
        settle(self.tuanzi)

    def later(self, by: timedelta) -> None:
        clock = self.tuanzi.clock
        assert isinstance(clock, TurnableClock)
        end = clock.now() + by
        while clock.now() < end:
            clock.turn_to(min(end, clock.now() + _STEP))
            self.settles()

    # what a test asks

    def attempt(self, begun: Begun) -> PaymentAttempt:
        with self.tuanzi.database.reading() as session:
            found = session.get_one(PaymentAttempt, begun.attempt)
            session.expunge_all()
            return found

    def state(self, begun: Begun) -> str:
        with self.tuanzi.database.reading() as session:
            return session.get_one(Order, begun.order).state

    def refunds(self, begun: Begun) -> list[Refund]:
        with self.tuanzi.database.reading() as session:
            found = list(session.scalars(select(Refund).where(Refund.order_id == begun.order)))
            session.expunge_all()
            return found

    def notices(self) -> list[tuple[str, str]]:
        with self.tuanzi.database.reading() as session:
            rows = session.scalars(select(PaymentNotice).order_by(PaymentNotice.id))
            return [(row.state, row.reason) for row in rows]

    def refused(self, shop: Shop) -> int:
        with self.tuanzi.database.reading() as session:
            return session.get_one(PaymentAccount, shop.account).refused

    def books(self, shop: Shop) -> dict[str, int]:
        """Accounts that are not empty; what does not add up fails here."""
        with self.tuanzi.database.reading() as session:
            assert unbalanced_entries(session) == []
            balance = trial_balance(session, merchant_id=shop.merchant)
        assert {money.currency for money in balance.values()} <= {"USD"}
        assert sum(money.minor for money in balance.values()) == 0
        return {name: money.minor for name, money in balance.items() if money.minor}


@contextmanager
def a_house(folder: Path, site: FastAPI) -> Iterator[House]:
    """`site`: its routes; this house is put behind them."""
    tuanzi = a_tuanzi(folder / "shop.db")
    create_schema(tuanzi.database)
    with running_face(tuanzi.clock) as face:
        gateways = tuanzi.gateways
        gateways.addresses, gateways.egress = {NAME: face.url}, LOOPBACK
        gateways.public_url = "https://shop.example"
        site.state.tuanzi = tuanzi
        yield House(tuanzi, face, TestClient(site, base_url=_OURS, follow_redirects=False))
    tuanzi.close()
