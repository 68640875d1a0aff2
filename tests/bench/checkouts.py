"""Checkouts as a shop makes them: a whole demo shop, its worker and its cashier, buyers who have
said hello, and the SIMULATED bank.

One checkout: the order is placed with its address, its goods held, and a link made (one
transaction, in the threads of turns); the link is opened and a payment begun (one more); the
cashier leases the call, the bank takes the money in its own transaction, the answer is recorded:
paid, booked, sold, ready, the receipt written. The buyer waits until here; the bank's callback,
which the worker stores and then applies, counts for the speed alone.
"""

import asyncio
import itertools
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from bot.app import Tuanzi, build
from bot.channels.rest import RestMessage, RestMetadata, parse
from bot.delivery.in_threads import in_thread
from bot.delivery.turns import Received
from bot.demo.seeding import seed
from bot.opening import REST
from bot.pages.bank import visit_bank
from bot.settings import Secret, Settings
from data.catalogue import Shown, Variant, restock
from data.conversations import Conversation
from data.delivery import jobs
from data.kernel.clock import SystemClock
from data.kernel.encryption import FieldCipher
from data.kernel.tokens import new_token
from data.ledger import unbalanced_entries
from data.ledger.models import LedgerEntry
from data.merchants import ChannelAccount
from data.orders import Address, NewLine, Order, OrderDetails, OrderState, place_order
from data.payments import calls_due, create_link
from data.payments.sandbox_models import Outcome
from tests.bench.load import Load
from tests.bench.places import Place

_HOME = Address("陈岚", "138 0000 0000", "幸福路 8 号 302 室", "上海")
_TO_PAY = timedelta(minutes=30)
_ENTRIES = 2  # in the books, of one checkout: captured, goods owed
WARM = 4  # checkouts that nobody measures: statements are made, flows loaded, connections open
_GLANCE = 0.002  # seconds between looks at what is left to do


@dataclass(frozen=True, slots=True)
class Buyer:
    """`variant_id` is what they will buy; neighbours buy different things."""

    merchant_id: str
    person_id: str
    chat_id: str
    conversation_id: str
    variant_id: str


@dataclass(frozen=True, slots=True)
class Base:
    """A shop before its first order, to be copied: each buyer buys once in each copy, the first of
    them to warm it up."""

    place: Place
    url: str
    key: str
    buyers: Sequence[Buyer]

    def copy(self) -> str:
        return self.place.copy(self.url)

    def open(self, url: str) -> Tuanzi:
        key = Secret(self.key)
        return build(Settings(database_url=url, field_keys=(key,), sandbox_secret=key))


def shop_with_buyers(place: Place, many: int) -> Base:
    """So many, and those who warm it up."""
    base = Base(place, place.empty(), FieldCipher.new_key(), [])
    tuanzi = base.open(base.url)
    with tuanzi.database.transaction() as session:
        seed(session, token=new_token(), now=tuanzi.clock.now())
    _greet(tuanzi, many + WARM)
    asyncio.run(tuanzi.worker.drain())
    with tuanzi.database.transaction() as session:
        buyers = _buyers(session, _filled_shelf(session, many + WARM))
    tuanzi.close()
    return Base(place, base.url, base.key, buyers)


async def buy(tuanzi: Tuanzi, buyer: Buyer) -> None:
    token = await in_thread(tuanzi, _place, tuanzi, buyer)
    await visit_bank(tuanzi, token=token, outcome=Outcome.APPROVED)


def sell(base: Base, *, clients: int) -> Load:
    """Every buyer buys, so many at once; seconds until nothing is left to do."""
    url = base.copy()
    tuanzi = base.open(url)
    load = asyncio.run(_sold(tuanzi, base.buyers, clients))
    tuanzi.close()
    prove(base, url)
    base.place.drop(url)
    return load


def prove(base: Base, url: str) -> None:
    """RuntimeError unless every buyer's order is ready and booked."""
    tuanzi = base.open(url)
    with tuanzi.database.reading() as session:
        ready = session.scalar(
            select(func.count()).select_from(Order).where(Order.state == OrderState.READY)
        )
        entries = session.scalar(select(func.count()).select_from(LedgerEntry))
        wrong = unbalanced_entries(session)
    tuanzi.close()
    many = len(base.buyers)
    if (ready, entries, wrong) != (many, many * _ENTRIES, []):
        raise RuntimeError(f"{ready} of {many} ready, {entries} entries, unbalanced: {wrong}")


async def _sold(tuanzi: Tuanzi, buyers: Sequence[Buyer], clients: int) -> Load:
    loops = [asyncio.create_task(run) for run in (tuanzi.worker.run(), tuanzi.cashier.run())]
    await _all_buy(tuanzi, buyers[:WARM], clients)
    load = await _all_buy(tuanzi, buyers[WARM:], clients)
    for loop in loops:
        loop.cancel()
    await asyncio.gather(*loops, return_exceptions=True)
    return load


async def _all_buy(tuanzi: Tuanzi, buyers: Sequence[Buyer], clients: int) -> Load:
    load = Load()
    begun = time.perf_counter()
    async with asyncio.TaskGroup() as group:
        for nth in range(clients):
            group.create_task(_buy_in_turn(tuanzi, buyers[nth::clients], load))
    await asyncio.to_thread(_wait_until_quiet, tuanzi)
    load.seconds = time.perf_counter() - begun
    return load


async def _buy_in_turn(tuanzi: Tuanzi, buyers: Sequence[Buyer], load: Load) -> None:
    for buyer in buyers:
        begun = time.perf_counter()
        await buy(tuanzi, buyer)
        load.taken.append(time.perf_counter() - begun)


def _wait_until_quiet(tuanzi: Tuanzi) -> None:
    while _is_busy(tuanzi):
        time.sleep(_GLANCE)


def _is_busy(tuanzi: Tuanzi) -> bool:
    now = tuanzi.clock.now()
    with tuanzi.database.reading() as session:
        return bool(jobs.pending(session, now=now) or calls_due(session, now=now))


def _place(tuanzi: Tuanzi, buyer: Buyer) -> str:
    """What the turn that confirms an order writes for it."""
    now = tuanzi.clock.now()
    details = OrderDetails(
        ship_to=_HOME, chat_id=buyer.chat_id, conversation_id=buyer.conversation_id
    )
    with tuanzi.database.transaction() as session:
        order = place_order(
            session,
            merchant_id=buyer.merchant_id,
            person_id=buyer.person_id,
            lines=[NewLine(buyer.variant_id)],
            details=details,
            hold_until=now + _TO_PAY,
            now=now,
        )
        return create_link(session, order_id=order.id, now=now)


def _greet(tuanzi: Tuanzi, many: int) -> None:
    with tuanzi.database.reading() as session:
        account = session.scalars(
            select(ChannelAccount).where(ChannelAccount.channel == REST)
        ).one()
    for nth in range(many):
        body = RestMessage(
            sender=f"buyer-{nth}", message="你好", metadata=RestMetadata(locale="zh-Hans")
        )
        tuanzi.turns.answer(Received(account, parse(body), body.model_dump(mode="json")))


def _filled_shelf(session: Session, many: int) -> list[str]:
    """Goods enough that every buyer gets theirs."""
    goods = session.scalars(
        select(Variant.id).where(Variant.state == Shown.ACTIVE).order_by(Variant.id)
    ).all()
    now = SystemClock().now()
    for variant_id in goods:
        restock(
            session, variant_id=variant_id, quantity=many, reason="bench", ref=variant_id, now=now
        )
    return list(goods)


def _buyers(session: Session, goods: Sequence[str]) -> list[Buyer]:
    talks = session.scalars(select(Conversation).order_by(Conversation.id))
    return [
        Buyer(talk.merchant_id, talk.person_id, talk.chat_id, talk.id, variant_id)
        for talk, variant_id in zip(talks, itertools.cycle(goods), strict=False)
    ]
