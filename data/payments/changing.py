"""Another variant of the same product, before the order is sent.

Unpaid           the order is summed anew.
Paid, same price swapped at once.
Paid, cheaper    swapped at once; the difference goes back, with the line's share of discount, tax.
Paid, dearer     the difference is an order of its own (kind `change`) that holds the new goods; its
                 payment swaps them. Until then, and if it is not paid in time, nothing changes.

Locks: the order, then the order of its difference. The difference's payment knows only the latter,
so the swap is a job of its own lane, which begins with the former (docs/adr/0030).
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from data.catalogue import Variant, get_variant, price_of
from data.catalogue.models import Shown
from data.delivery.jobs import JobRunner, NewJob, enqueue
from data.delivery.models import Job
from data.kernel.errors import NotFound, Refused
from data.kernel.facts import Fact
from data.kernel.money import Money
from data.merchants import Merchant
from data.orders import (
    ChangeKind,
    ChangeLapsed,
    ChangeState,
    NewLine,
    Order,
    OrderCancelled,
    OrderChange,
    OrderChanged,
    OrderDetails,
    OrderExpired,
    OrderKind,
    OrderLine,
    OrderReady,
    OrderShipped,
    OrderState,
    changes_of,
    lines_of,
    lock_order,
    place_order,
)
from data.orders.change_models import BUYER
from data.orders.changes import move_change, new_change
from data.orders.coupons import coupon_anew
from data.orders.goods import hold_other, put_back, sell_other
from data.orders.service import close_unpaid
from data.orders.states import tell
from data.orders.sums import shipping_for
from data.orders.worth import worths
from data.payments.attempts import open_attempt
from data.payments.credit import lay_down, pay_with_card
from data.payments.deciding import refund_money, refund_order
from data.payments.prices_now import cheaper_by, price_now
from data.payments.returning import give_back

APPLY = "change_apply"
_TO_PAY = timedelta(minutes=30)  # as any order in a chat
_LATE = "change_late"


@dataclass(frozen=True, slots=True)
class Difference:
    """What another variant would mean: `more` is to be paid, `back` goes back. Of an unpaid order
    only the prices of its goods are told: its sum is made anew."""

    line: OrderLine
    variant: Variant
    was: Money  # one of them
    becomes: Money
    more: Money
    back: Money
    is_paid: bool


def changeable(session: Session, order: Order, *, now: datetime) -> str:
    """Why nothing about its goods can be changed, or "": "change_group" (a team's goods are the
    team's), "change_sent", "change_over"."""
    if order.kind == OrderKind.EXCHANGE:
        return "change_over"
    if order.kind != OrderKind.NORMAL:
        return "change_group"
    if order.state in (OrderState.SHIPPED, OrderState.DELIVERED):
        return "change_sent"
    is_open = order.can_be_paid(now) or order.state == OrderState.READY
    return "" if is_open else "change_over"


def difference(
    session: Session, order: Order, *, line_id: int, variant_id: str, now: datetime
) -> Difference:
    """Changes nothing; under the order's lock it is what `change_variant` decides by.

    Refused: as `changeable` says, "change_same" (it is that already), "change_other_line" (there is
    a line of it in the order). NotFound: not of this product, or not on the shelf any more.
    """
    why_not = changeable(session, order, now=now)
    if why_not:
        raise Refused(why_not)
    line, variant = _line_and_variant(session, order, line_id, variant_id)
    was, becomes = price_now(session, order, line), price_of(variant)
    none = Money(0, order.currency)
    if order.state == OrderState.AWAITING_PAYMENT:
        return Difference(line, variant, was, becomes, none, none, is_paid=False)
    more = (becomes - was) * line.quantity
    back = _back(session, order, line, was, becomes) if more.minor < 0 else none
    return Difference(line, variant, was, becomes, max(more, none), back, is_paid=True)


def change_variant(
    session: Session,
    *,
    order_id: str,
    person_id: str,
    line_id: int,
    variant_id: str,
    now: datetime,
) -> OrderChange:
    """Swap it, or begin to: one that awaits its payment has an `extra_order_id`. The same again
    gives the same. OutOfStock; Refused: see `difference`, and "change_paying" (a provider is asked
    for the old sum), "change_awaits" (another change waits for its payment)."""
    order = lock_order(session, order_id=order_id, person_id=person_id)
    waiting = next(iter(changes_of(session, order, ChangeState.AWAITING)), None)
    if waiting is not None:
        if (waiting.line_id, waiting.new_variant_id) == (line_id, variant_id):
            return waiting
        raise Refused("change_awaits")
    found = difference(session, order, line_id=line_id, variant_id=variant_id, now=now)
    change = _noted(session, order, found, now)
    if not found.is_paid:
        _sum_anew(session, order, found, now)
    elif found.more.minor:
        return _ask_for_more(session, order, found, change, now)
    else:
        sell_other(session, found.line, found.variant.id, change.id, now)
        _swap(found.line, found.variant)
        cause = f"change:{change.id}"
        change.back_minor = give_back(session, order, found.back, cause_ref=cause, now=now).minor
    session.add(change)
    session.flush()
    tell(session, OrderChanged, order, now=now, change_id=change.id)
    return change


def listen(session: Session, fact: Fact, now: datetime) -> None:
    """A difference was paid or was not; or the order that it is for has left or is over."""
    if isinstance(fact, OrderReady):
        _apply_later(session, fact, now)
    elif isinstance(fact, OrderExpired | OrderCancelled):
        _lapse(session, fact, now)
    if isinstance(fact, OrderCancelled | OrderShipped):
        _end_extras(session, session.get_one(Order, fact.order_id), fact, now)


def _line_and_variant(
    session: Session, order: Order, line_id: int, variant_id: str
) -> tuple[OrderLine, Variant]:
    lines = lines_of(session, order)
    line = next((one for one in lines if one.id == line_id), None)
    if line is None:
        raise NotFound("line")
    variant = get_variant(session, merchant_id=order.merchant_id, variant_id=variant_id)
    is_shown = variant.state == Shown.ACTIVE
    if variant.product_id != line.product_id or not is_shown:
        raise NotFound("variant")
    if variant.id == line.variant_id:
        raise Refused("change_same")
    if any(one.variant_id == variant.id for one in lines):
        raise Refused("change_other_line")
    return line, variant


def _back(session: Session, order: Order, line: OrderLine, was: Money, becomes: Money) -> Money:
    paid = next(worth.left for worth in worths(session, order) if worth.line.id == line.id)
    return cheaper_by(paid, was, becomes)


def _noted(session: Session, order: Order, found: Difference, now: datetime) -> OrderChange:
    change = new_change(session, order, ChangeKind.VARIANT, BUYER, now)
    change.line_id = found.line.id
    change.was_variant_id, change.new_variant_id = found.line.variant_id, found.variant.id
    change.was, change.becomes = found.line.attributes, found.variant.attributes
    change.unit_minor = found.becomes.minor
    return change


def _sum_anew(session: Session, order: Order, found: Difference, now: datetime) -> None:
    if open_attempt(session, order) is not None:
        raise Refused("change_paying")
    hold_other(session, order, found.line, found.variant.id, now)
    cards = lay_down(session, order)
    _swap(found.line, found.variant)
    found.line.unit_minor = found.becomes.minor
    session.flush()
    merchant = session.get_one(Merchant, order.merchant_id)
    goods = sum(line.total.minor for line in lines_of(session, order))
    shipping = shipping_for(merchant, Money(goods, order.currency)).minor
    order.shipping_minor, order.total_minor = shipping, order.items_minor + shipping
    coupon_anew(session, order)
    for card in cards:
        if order.due.minor:
            pay_with_card(session, order_id=order.id, card=card, now=now)


def _swap(line: OrderLine, variant: Variant) -> None:
    """What a paid line cost stays written: the change says what came on top, or went back."""
    line.variant_id, line.attributes = variant.id, variant.attributes
    line.image = variant.image or line.image


def _ask_for_more(
    session: Session, order: Order, found: Difference, change: OrderChange, now: datetime
) -> OrderChange:
    extra = place_order(
        session,
        merchant_id=order.merchant_id,
        person_id=order.person_id,
        lines=[NewLine(found.variant.id, found.line.quantity, found.becomes - found.was)],
        details=OrderDetails(
            kind=OrderKind.CHANGE,
            chat_id=order.chat_id,
            conversation_id=order.conversation_id,
        ),
        hold_until=now + _TO_PAY,
        now=now,
    )
    change.state, change.extra_order_id = ChangeState.AWAITING, extra.id
    session.add(change)
    session.flush()
    return change


def _change_behind(session: Session, extra_order_id: str) -> OrderChange | None:
    behind = select(OrderChange).where(OrderChange.extra_order_id == extra_order_id)
    return session.scalar(behind.execution_options(populate_existing=True))


def _apply_later(session: Session, fact: OrderReady, now: datetime) -> None:
    change = _change_behind(session, fact.order_id)
    if change is not None:
        job = NewJob(
            lane=f"change:{change.id}",
            kind=APPLY,
            key=f"{APPLY}:{change.id}",
            run_at=now,
            args={"change_id": change.id},
            merchant_id=change.merchant_id,
        )
        enqueue(session, job, now=now)


def _run_apply(session: Session, job: Job, now: datetime) -> None:
    """The difference is paid: swap, if the order still stands as it was; else it goes back."""
    change = session.get_one(OrderChange, job.args["change_id"])
    order = lock_order(session, order_id=change.order_id)
    extra = lock_order(session, order_id=change.extra_order_id or "")
    if extra.state != OrderState.READY:
        return
    line = session.get_one(OrderLine, change.line_id, populate_existing=True)
    variant = session.get_one(Variant, change.new_variant_id)
    stands = order.state == OrderState.READY and line.variant_id == change.was_variant_id
    if stands and move_change(session, change, ChangeState.DONE, now=now):
        put_back(session, line, change.id, now)
        _swap(line, variant)
        session.flush()
        tell(session, OrderChanged, order, now=now, change_id=change.id)
        return
    refund_order(session, order_id=extra.id, cause_ref=_LATE, now=now)
    _note_lapse(session, order, change, now)


def _lapse(session: Session, fact: OrderExpired | OrderCancelled, now: datetime) -> None:
    change = _change_behind(session, fact.order_id)
    if change is not None:
        _note_lapse(session, session.get_one(Order, change.order_id), change, now)


def _note_lapse(session: Session, order: Order, change: OrderChange, now: datetime) -> None:
    if move_change(session, change, ChangeState.LAPSED, now=now):
        tell(session, ChangeLapsed, order, now=now, change_id=change.id)


def _end_extras(session: Session, order: Order, fact: Fact, now: datetime) -> None:
    """Nothing more is to be paid for it; and if it is called off, what was paid goes back too. Its
    goods went to the order: they come back with that."""
    for change in changes_of(session, order):
        if change.extra_order_id is None:
            continue
        extra = lock_order(session, order_id=change.extra_order_id)
        if extra.state == OrderState.AWAITING_PAYMENT:
            close_unpaid(session, extra, OrderState.CANCELLED, now=now)
        elif isinstance(fact, OrderCancelled) and change.state == ChangeState.DONE:
            refund_money(session, extra, cause_ref="cancelled", now=now)


JOBS: dict[str, JobRunner] = {APPLY: _run_apply}
