"""A whole house with a shop in it that is paid through a SIMULATED provider.

Our site's routes, workers and rows are the real ones; the provider's line is a real socket. Both
sides have one clock. `later` turns it, and does what falls due.
"""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any, ClassVar, Protocol, TypeVar

import httpx
from fastapi import FastAPI
from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.app import Tuanzi
from data.kernel.clock import Clock, TurnableClock
from data.ledger import trial_balance, unbalanced_entries
from data.orders import Order
from data.payments import PaymentAttempt, Refund
from data.payments.account_models import PaymentAccount
from data.payments.accounts import Credentials, connect_account
from data.payments.models import PaymentNotice
from integrations.egress import Egress
from tests.bot.builders import a_placed_order, a_tuanzi, settle
from tests.bot.client import TestClient
from tests.builders import a_merchant, a_person, a_product, the_variant
from tests.empty import an_empty_shop

OURS = "https://127.0.0.1"
_STEP = timedelta(seconds=10)


class Face(Protocol):
    url: str


class Call(Protocol):
    """A provider's notice."""

    @property
    def body(self) -> bytes: ...

    @property
    def headers(self) -> dict[str, str]: ...


@dataclass
class Shop:
    merchant: str
    person: str
    variant: str
    account: str


@dataclass
class MoneyHouse:
    """One provider's is a subclass, with its face and its ways to pay."""

    provider: ClassVar[str]
    currency: ClassVar[str]

    tuanzi: Tuanzi
    client: TestClient

    def opens(
        self, credentials: Credentials, *, on_hand: int, flows: Callable[[Session, str], None]
    ) -> Shop:
        """A shop that is connected with that account; `flows` has it say something."""
        now = self.tuanzi.clock.now()
        with self.tuanzi.database.transaction() as session:
            merchant = a_merchant(session, currency=self.currency)
            flows(session, merchant.id)
            product = a_product(session, merchant, on_hand=on_hand)
            account = connect_account(
                session,
                merchant_id=merchant.id,
                provider=self.provider,
                credentials=credentials,
                by="owner",
                now=now,
            )
            person, variant = a_person(session, merchant), the_variant(session, product)
            return Shop(merchant.id, person.id, variant.id, account.id)

    def order(self, shop: Shop) -> str:
        """Two of the thing."""
        return a_placed_order(self.tuanzi, shop.merchant, shop.person, shop.variant)

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

    def looks_back(self) -> int:
        """The bookkeeper's round."""
        return asyncio.run(self.tuanzi.bookkeeper.drain())

    def later(self, by: timedelta, *, step: timedelta = _STEP) -> None:
        clock = self.tuanzi.clock
        assert isinstance(clock, TurnableClock)
        end = clock.now() + by
        while clock.now() < end:
            clock.turn_to(min(end, clock.now() + step))
            self.settles()

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
        assert {money.currency for money in balance.values()} <= {self.currency}
        assert sum(money.minor for money in balance.values()) == 0
        return {name: money.minor for name, money in balance.items() if money.minor}


def no_flows(_session: Session, _merchant_id: str) -> None:
    """Its pages are enough."""


_Face = TypeVar("_Face", bound=Face)


@contextmanager
def behind(
    folder: Path,
    site: FastAPI,
    running_face: Callable[[Clock], AbstractContextManager[_Face]],
    provider: str,
    loopback: Egress,
    **client: Any,
) -> Iterator[tuple[Tuanzi, _Face, TestClient]]:
    """`site`: its routes; a house is put behind them, and the provider where it looks for it."""
    tuanzi = a_tuanzi(an_empty_shop(folder / "shop.db"))
    with running_face(tuanzi.clock) as face:
        gateways = tuanzi.gateways
        gateways.addresses, gateways.egress = {provider: face.url}, loopback
        gateways.public_url = "https://shop.example"
        site.state.tuanzi = tuanzi
        yield tuanzi, face, TestClient(site, base_url=OURS, **client)
    tuanzi.close()
