"""After the load: the shop comes to rest, and its books are held against the bank's own."""

import asyncio
from collections import Counter, defaultdict
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime, timedelta

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session, aliased

from bot.app import Tuanzi, build
from bot.cli import main as tuanzi_command
from bot.demo.clock import clock_of, settle
from data.catalogue import Variant
from data.kernel.clock import TurnableClock
from data.ledger import cash_in_transit, trial_balance
from data.orders import Order, OrderLine, OrderState
from data.payments import PaymentAttempt, Refund, RefundState, refund_order, retry_refund
from data.payments.gateway import PaymentStatus, RefundStatus
from data.payments.refunds import DIFFERENCE
from data.payments.sandbox_bank import SANDBOX, look, look_refund
from data.payments.sandbox_models import SandboxPayment, SandboxRefund
from tests.crash.hurried_shop import Shop

_STEP, _HOUR, _REST = timedelta(minutes=5), timedelta(hours=2), timedelta(days=2)
Chore = tuple[
    Callable[[Session], list[str]], Callable[[Session, str, datetime], object]
]  # what is to be done something about, and what
_UNSETTLED = (OrderState.AWAITING_PAYMENT, OrderState.PAID, OrderState.WAITING_GROUP)


@dataclass(frozen=True, slots=True)
class Reckoning:
    """`states` of orders and refunds; what the bank took, and what of it went back."""

    now: datetime
    states: Counter[str]
    charges: int
    refunds: int


def come_to_rest(shop: Shop, *chores: Chore) -> Reckoning:
    """All work is done in one process that nobody kills, before a bank that works; somebody of the
    shop tries failed refunds again, and does these chores."""
    clock = TurnableClock(shop.clock.now())
    with closing(build(shop.settings, clock=clock)) as tuanzi:
        _let_time_pass(tuanzi)
        while sum(_each(tuanzi, *chore) for chore in (*chores, (_failed, _retry))):
            _let_time_pass(tuanzi)
        with tuanzi.database.transaction() as session:
            _bank_looks(session, clock.now())
            return _reckon(session, shop, clock.now())


def _bank_looks(session: Session, now: datetime) -> None:
    """It makes its mind up when it looks: what the shop never asked about counts too."""
    for payment in session.scalars(select(SandboxPayment.key)).all():
        look(session, payment, now=now)
    for refund in session.scalars(select(SandboxRefund.key)).all():
        look_refund(session, refund, now=now)


def _let_time_pass(tuanzi: Tuanzi) -> None:
    begun = tuanzi.clock.now()
    while tuanzi.clock.now() < begun + _HOUR:
        asyncio.run(settle(tuanzi))
        clock_of(tuanzi).advance(_STEP)
    for _ in range(2):
        asyncio.run(settle(tuanzi))
        clock_of(tuanzi).advance(_REST)
    asyncio.run(settle(tuanzi))


def _each(
    tuanzi: Tuanzi,
    find: Callable[[Session], list[str]],
    act: Callable[[Session, str, datetime], object],
) -> int:
    with tuanzi.database.reading() as session:
        found = find(session)
    for one in found:
        with tuanzi.database.transaction() as session:
            act(session, one, tuanzi.clock.now())
    return len(found)


def _waiting(session: Session) -> list[str]:
    return list(session.scalars(select(Order.id).where(Order.state == OrderState.WAITING_GROUP)))


def _give_up(session: Session, order_id: str, now: datetime) -> None:
    refund_order(session, order_id=order_id, cause_ref="group_failed", now=now)


GIVE_UP_GROUPS: Chore = (_waiting, _give_up)  # that never came together


def _failed(session: Session) -> list[str]:
    again = aliased(Refund)
    tried = select(again.id).where(again.retry_of == Refund.id).exists()
    return list(
        session.scalars(select(Refund.id).where(Refund.state == RefundState.FAILED, ~tried))
    )


def _retry(session: Session, refund_id: str, now: datetime) -> None:
    retry_refund(session, refund_id=refund_id, now=now)


def _reckon(session: Session, shop: Shop, now: datetime) -> Reckoning:
    taken = _taken(session)
    given = _given(session)
    _hold_against_ours(session, taken, given)
    _hold_against_orders(session)
    _hold_against_books(session, shop, taken, given)
    states = Counter(f"order {state}" for state in session.scalars(select(Order.state)))
    states.update(f"refund {state}" for state in session.scalars(select(Refund.state)))
    states.update(session.scalars(select(func.substr(Refund.cause_ref, 1, 4))))
    return Reckoning(now, states, len(taken), sum(map(len, given.values())))


def _taken(session: Session) -> dict[str, SandboxPayment]:
    """What the bank took, by our key."""
    found = select(SandboxPayment).where(SandboxPayment.status == PaymentStatus.CAPTURED)
    return {payment.key: payment for payment in session.scalars(found)}


def _given(session: Session) -> dict[str, list[SandboxRefund]]:
    """What it gave back, by the payment's key: beside the difference to a lower price once."""
    found = session.scalars(
        select(SandboxRefund).where(SandboxRefund.status == RefundStatus.SUCCEEDED)
    ).all()
    differences = _differences(session)
    by_payment: dict[str, list[SandboxRefund]] = defaultdict(list)
    for refund in found:
        by_payment[refund.payment_key].append(refund)
    kinds = Counter((refund.payment_key, refund.key in differences) for refund in found)
    assert set(kinds.values()) <= {1}, "a charge was given back twice"
    return by_payment


def _differences(session: Session) -> set[str]:
    """The keys of refunds whose cause is that more people came, also when they were tried again."""
    refunds = {refund.id: refund for refund in session.scalars(select(Refund))}

    def cause(refund: Refund) -> str:
        return cause(refunds[refund.retry_of]) if refund.retry_of else refund.cause_ref

    return {one.idempotency_key for one in refunds.values() if cause(one) == DIFFERENCE}


def _hold_against_ours(
    session: Session, taken: dict[str, SandboxPayment], given: dict[str, list[SandboxRefund]]
) -> None:
    ours = session.execute(
        select(PaymentAttempt.idempotency_key, PaymentAttempt.captured_minor).where(
            PaymentAttempt.captured_minor > 0
        )
    ).all()
    assert dict(map(tuple, ours)) == {key: one.amount_minor for key, one in taken.items()}
    back = session.execute(
        select(Refund.idempotency_key, Refund.amount_minor).where(
            Refund.state == RefundState.SUCCEEDED
        )
    ).all()
    there = {one.key: one.amount_minor for refunds in given.values() for one in refunds}
    assert dict(map(tuple, back)) == there


def kept(session: Session) -> dict[str, list[int]]:
    """What the bank took for each order and has not given back, in minor units: a charge whose
    money is all back again counts for nothing, of another only a difference may be back."""
    given, differences = _given(session), _differences(session)
    found: dict[str, list[int]] = defaultdict(list)
    for key, payment in _taken(session).items():
        left = payment.amount_minor - sum(one.amount_minor for one in given[key])
        assert left == 0 or {one.key for one in given[key]} <= differences
        if left:
            found[payment.order_id].append(left)
    return found


def _hold_against_orders(session: Session) -> None:
    """Every charge has goods or exactly one refund; whoever has goods has paid for them once."""
    paid = kept(session)
    for order in session.scalars(select(Order)):
        assert order.state not in _UNSETTLED, (order.id, order.state)
        has_goods = order.state == OrderState.READY
        assert paid[order.id] == ([order.total_minor] if has_goods else []), (order.id, order.state)


def _hold_against_books(
    session: Session,
    shop: Shop,
    taken: dict[str, SandboxPayment],
    given: dict[str, list[SandboxRefund]],
) -> None:
    in_bank = sum(one.amount_minor for one in taken.values())
    in_bank -= sum(one.amount_minor for refunds in given.values() for one in refunds)
    balance = trial_balance(session, merchant_id=shop.merchant)
    told = {account: money.minor for account, money in balance.items() if money.minor}
    assert told == {cash_in_transit(SANDBOX): -in_bank, "revenue": in_bank}
    ready = session.scalar(
        select(func.sum(OrderLine.quantity))
        .join(Order, Order.id == OrderLine.order_id)
        .where(Order.state == OrderState.READY)
    )
    on_hand, held = session.execute(select(func.sum(Variant.on_hand), func.sum(Variant.held))).one()
    assert (int(on_hand) + int(ready or 0), int(held)) == (shop.goods, 0)


def is_sound(shop: Shop, now: datetime, monkeypatch: pytest.MonkeyPatch) -> bool:
    """`tuanzi audit`, which asks the bank too, an hour and more after the last thing happened."""
    monkeypatch.setenv("TUANZI_DATABASE_URL", shop.url)
    monkeypatch.setenv("TUANZI_FIELD_KEYS", shop.key)
    monkeypatch.setenv("TUANZI_SANDBOX_SECRET", shop.key)
    monkeypatch.setenv("TUANZI_NOW", (now + _HOUR).isoformat())
    return tuanzi_command(["audit", "--ask-providers", "30"]) == 0
