"""A whole house with a shop in it that is paid through WeChat Pay's SIMULATED platform.

Our site's routes, workers and rows are the real ones; the platform's line is a real socket. Both
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
from data.kernel.clock import TurnableClock
from data.kernel.ids import new_id
from data.ledger import trial_balance, unbalanced_entries
from data.merchants import ChannelAccount, Merchant
from data.orders import Order
from data.payments import PaymentAttempt, Refund, Way, begin_attempt, create_link
from data.payments.account_models import PaymentAccount
from data.payments.accounts import connect_account
from data.payments.gateway import Details, Scene
from data.payments.models import PaymentNotice
from data.people import ChannelIdentity
from data.schema import create_schema
from integrations.payments.wechat_pay import NAME
from tests.bot.builders import a_placed_order, a_tuanzi, settle
from tests.bot.client import TestClient
from tests.builders import a_merchant, a_person, a_product, the_variant
from tests.peers.money.wechat_pay_face import APPID, Call, Face
from tests.peers.money.wechat_pay_running import running_face
from tests.peers.money.wechat_pay_shop import LOOPBACK, credentials

OURS = "https://127.0.0.1"
_STEP = timedelta(seconds=10)


@dataclass
class Shop:
    merchant: str
    person: str
    variant: str
    account: str


@dataclass
class WechatHouse:
    tuanzi: Tuanzi
    face: Face
    client: TestClient

    def opens_a_shop(self, *, on_hand: int = 2, **changed: str) -> Shop:
        """Connected with the account of the platform's merchant, unless something is `changed`."""
        now = self.tuanzi.clock.now()
        with self.tuanzi.database.transaction() as session:
            merchant = a_merchant(session)
            product = a_product(session, merchant, on_hand=on_hand)
            account = connect_account(
                session,
                merchant_id=merchant.id,
                provider=NAME,
                credentials=credentials(**changed),
                by="owner",
                now=now,
            )
            person, variant = a_person(session, merchant), the_variant(session, product)
            return Shop(merchant.id, person.id, variant.id, account.id)

    def order(self, shop: Shop) -> str:
        """Two of the thing."""
        return a_placed_order(self.tuanzi, shop.merchant, shop.person, shop.variant)

    def begins(self, shop: Shop, order: str) -> str:
        """Somebody chooses WeChat Pay at a desk; the platform was not called yet."""
        now = self.tuanzi.clock.now()
        with self.tuanzi.database.transaction() as session:
            until = session.get_one(Order, order).expires_at
            details = Details(about="R7", scene=Scene.DESKTOP, expires_at=until)
            way = Way(NAME, shop.account, details)
            return begin_attempt(session, order_id=order, way=way, now=now).id

    def calls(self, attempt: str) -> PaymentAttempt:
        asyncio.run(self.tuanzi.cashier.call_now(attempt))
        return self.attempt(attempt)

    def told(self, shop: Shop, call: Call) -> httpx.Response:
        """A notice comes to the shop's address."""
        path = f"/webhooks/payments/{shop.account}"
        answer: httpx.Response = self.client.post(path, content=call.body, headers=call.headers)
        return answer

    def settles(self) -> None:
        settle(self.tuanzi)

    def later(self, by: timedelta, *, step: timedelta = _STEP) -> None:
        clock = self.tuanzi.clock
        assert isinstance(clock, TurnableClock)
        end = clock.now() + by
        while clock.now() < end:
            clock.turn_to(min(end, clock.now() + step))
            self.settles()

    def link(self, order: str) -> str:
        """The one in the chat: a path of our own site."""
        with self.tuanzi.database.transaction() as session:
            return f"/pay/{create_link(session, order_id=order, now=self.tuanzi.clock.now())}"

    def knows_in_wechat(self, shop: Shop, openid: str) -> None:
        """The buyer writes to the shop's official account; its payments are bound to that."""
        with self.tuanzi.database.transaction() as session:
            account = ChannelAccount(
                id=new_id("acc"),
                merchant_id=shop.merchant,
                channel="wechat",
                external_id=APPID,
                created_at=self.tuanzi.clock.now(),
            )
            session.add(account)
            session.flush()
            session.add(
                ChannelIdentity(
                    merchant_id=shop.merchant,
                    person_id=shop.person,
                    account_id=account.id,
                    external_id=openid,
                )
            )

    # what a test asks

    def attempt(self, attempt: str) -> PaymentAttempt:
        with self.tuanzi.database.reading() as session:
            found = session.get_one(PaymentAttempt, attempt)
            session.expunge_all()
            return found

    def state(self, order: str) -> str:
        with self.tuanzi.database.reading() as session:
            return session.get_one(Order, order).state

    def refunds(self, order: str) -> list[Refund]:
        with self.tuanzi.database.reading() as session:
            found = list(session.scalars(select(Refund).where(Refund.order_id == order)))
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
            assert session.get_one(Merchant, shop.merchant).currency == "CNY"
        assert sum(money.minor for money in balance.values()) == 0
        return {name: money.minor for name, money in balance.items() if money.minor}


@contextmanager
def a_house(folder: Path, site: FastAPI) -> Iterator[WechatHouse]:
    """`site`: its routes; this house is put behind them."""
    tuanzi = a_tuanzi(folder / "shop.db")
    create_schema(tuanzi.database)
    with running_face(tuanzi.clock) as face:
        gateways = tuanzi.gateways
        gateways.addresses, gateways.egress = {NAME: face.url}, LOOPBACK
        gateways.public_url = "https://shop.example"
        site.state.tuanzi = tuanzi
        yield WechatHouse(tuanzi, face, TestClient(site, base_url=OURS))
    tuanzi.close()
