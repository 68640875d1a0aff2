"""What gift cards pay of an order: held while it can be paid, taken with the rest, given back with
the rest. A provider is asked for what is left.
"""

from datetime import datetime

from sqlalchemy import ColumnElement, select, update
from sqlalchemy.orm import Session

from data.kernel.database import changed
from data.kernel.errors import Refused, WrongState
from data.kernel.facts import Fact
from data.kernel.money import Money
from data.orders import Order, OrderCancelled, OrderExpired, OrderState, lock_order
from data.payments.attempts import open_attempt
from data.payments.books import (
    book_credit_earned,
    book_credit_lowered,
    book_credit_redeemed,
    book_credit_returned,
)
from data.payments.credit_models import USE_TRANSITIONS, GiftCard, GiftCardUse, UseState


def pay_with_card(session: Session, *, order_id: str, card: GiftCard, now: datetime) -> Money:
    """Hold what this card can pay of what is still due; gives how much. Again: what it holds now.

    Refused: "gift_card_empty" (nothing left, over, blocked), "nothing_due". WrongState while a
    provider is asked for another sum.
    """
    order = lock_order(session, order_id=order_id)
    if not order.can_be_paid(now):
        raise WrongState(order.state)
    if open_attempt(session, order) is not None:
        raise WrongState("attempt_open")
    known = _use(session, order, card)
    if known is not None and known.state == UseState.HELD:
        return known.amount
    if not order.due.minor:
        raise Refused("nothing_due")
    amount = _hold(session, card, order.due, now)
    if known is None:
        session.add(_new_use(order, card, amount, now))
    else:
        known.amount_minor = amount.minor
        _turn(known, UseState.HELD, now)
    order.credit_minor += amount.minor
    session.flush()
    return amount


def uses_of(session: Session, order: Order, *states: UseState) -> list[GiftCardUse]:
    """By card, so that two orders lock two cards in the same order. Most orders have none, and
    know it: what their uses come to is `credit_minor` (the audit holds them to it)."""
    if not order.credit_minor:
        return []
    mine = select(GiftCardUse).where(GiftCardUse.order_id == order.id)
    if states:
        mine = mine.where(GiftCardUse.state.in_(states))
    in_order = mine.order_by(GiftCardUse.card_id)
    return list(session.scalars(in_order.execution_options(populate_existing=True)))


def lay_down(session: Session, order: Order) -> list[GiftCard]:
    """An unpaid order's cards hold nothing for it any more; gives them, to be held anew."""
    held = uses_of(session, order, UseState.HELD)
    cards = [session.get_one(GiftCard, use.card_id) for use in held]
    for use in held:
        _change(session, use, balance=0, held=-use.amount_minor)
        order.credit_minor -= use.amount_minor
        session.delete(use)
    session.flush()
    return cards


def redeem(session: Session, order: Order, *, now: datetime) -> None:
    """The rest is paid: what was held is taken."""
    for use in uses_of(session, order, UseState.HELD):
        amount = use.amount_minor
        _change(session, use, balance=-amount, held=-amount)
        _turn(use, UseState.REDEEMED, now)
        book_credit_redeemed(session, use, now=now)
    session.flush()


def earn_credit(session: Session, order: Order, *, now: datetime) -> None:
    """Goods are owed: what cards have paid is the shop's."""
    for use in uses_of(session, order, UseState.REDEEMED):
        book_credit_earned(session, use, now=now)


def return_credit(session: Session, order: Order, *, now: datetime) -> None:
    """The money goes back: a card's to the card, at once and whole, though it be over by now."""
    for use in uses_of(session, order, UseState.REDEEMED):
        if use.left.minor:
            _change(session, use, balance=use.left.minor, held=0)
            book_credit_returned(session, use, use.left, now=now)
        _turn(use, UseState.RETURNED, now)
    session.flush()


def return_part(
    session: Session, order: Order, wanted: Money, *, cause_ref: str, now: datetime
) -> Money:
    """Some of its goods came back or became cheaper: so much of what cards have paid, or all that
    is left of it, goes back to them. Gives how much."""
    left = wanted.minor
    for use in uses_of(session, order, UseState.REDEEMED):
        part = Money(min(left, use.left.minor), order.currency)
        if part.minor > 0:
            _change(session, use, balance=part.minor, held=0)
            book_credit_returned(session, use, part, cause_ref=cause_ref, now=now)
            use.returned_minor += part.minor
            left -= part.minor
    session.flush()
    return Money(wanted.minor - left, order.currency)


def lower_credit(session: Session, order: Order, less: Money, due: Money, *, now: datetime) -> None:
    """A paid order costs so much less after all, `due` of it having been a provider's part: each
    card gets its share back, by largest remainder."""
    uses = uses_of(session, order, UseState.REDEEMED)
    if not uses:
        return
    shares = less.split([*(use.amount_minor for use in uses), due.minor])
    for use, share in zip(uses, shares, strict=False):  # the last share is the provider's
        if not share.minor:
            continue
        _change(session, use, balance=share.minor, held=0)
        book_credit_lowered(session, use, share, now=now)
        order.credit_minor -= share.minor
        if share == use.amount:
            session.delete(use)
        else:
            use.amount_minor -= share.minor
            use.updated_at = now
    session.flush()


def hold_again(session: Session, order: Order, *, now: datetime) -> bool:
    """Late money for an order that had closed: do its cards still have their part of it?"""
    released = uses_of(session, order, UseState.RELEASED)
    try:
        with session.begin_nested():
            for use in released:
                _change(session, use, balance=0, held=use.amount_minor, bound=_has(use.amount))
                _turn(use, UseState.HELD, now)
            session.flush()
    except Refused:
        return False
    return True


def release(session: Session, order: Order, *, now: datetime) -> None:
    """What was held for it is free again."""
    for use in uses_of(session, order, UseState.HELD):
        _change(session, use, balance=0, held=-use.amount_minor)
        _turn(use, UseState.RELEASED, now)
    session.flush()


def listen(session: Session, fact: Fact, now: datetime) -> None:
    """An order that closed lets go what cards held for it. One whose provider let its hold run out
    had taken from them already."""
    if isinstance(fact, OrderExpired | OrderCancelled):
        order = session.get_one(Order, fact.order_id)
        if order.state in (OrderState.EXPIRED, OrderState.CANCELLED):
            release(session, order, now=now)
            return_credit(session, order, now=now)


def _hold(session: Session, card: GiftCard, due: Money, now: datetime) -> Money:
    """As much as there is. The card is locked, so that what we read is what we hold."""
    if card.currency != due.currency:
        raise Refused("gift_card_currency")
    locked = session.get_one(GiftCard, card.id, populate_existing=True, with_for_update=True)
    is_good = locked.enabled and (locked.expires_at is None or locked.expires_at > now)
    amount = min(due.minor, locked.balance_minor - locked.held_minor) if is_good else 0
    if amount <= 0:
        raise Refused("gift_card_empty")
    money = Money(amount, due.currency)
    won = session.execute(
        update(GiftCard)
        .where(GiftCard.id == card.id, *_has(money))
        .values(held_minor=GiftCard.held_minor + amount)
        .execution_options(synchronize_session=False)
    )
    if not changed(won):
        raise Refused("gift_card_empty")
    return money


def _has(amount: Money) -> tuple[ColumnElement[bool], ...]:
    return (
        GiftCard.enabled.is_(True),
        GiftCard.balance_minor - GiftCard.held_minor >= amount.minor,
    )


def _change(
    session: Session,
    use: GiftCardUse,
    *,
    balance: int,
    held: int,
    bound: tuple[ColumnElement[bool], ...] = (),
) -> None:
    won = session.execute(
        update(GiftCard)
        .where(GiftCard.id == use.card_id, *bound)
        .values(
            balance_minor=GiftCard.balance_minor + balance, held_minor=GiftCard.held_minor + held
        )
        .execution_options(synchronize_session=False)
    )
    if not changed(won):
        raise Refused("gift_card_empty")


def _turn(use: GiftCardUse, to: UseState, now: datetime) -> None:
    if to not in USE_TRANSITIONS[UseState(use.state)]:
        raise WrongState(f"{use.state}->{to}")
    use.state, use.updated_at = to, now


def _use(session: Session, order: Order, card: GiftCard) -> GiftCardUse | None:
    return next((use for use in uses_of(session, order) if use.card_id == card.id), None)


def _new_use(order: Order, card: GiftCard, amount: Money, now: datetime) -> GiftCardUse:
    return GiftCardUse(
        merchant_id=order.merchant_id,
        card_id=card.id,
        order_id=order.id,
        amount_minor=amount.minor,
        currency=amount.currency,
        state=UseState.HELD,
        created_at=now,
        updated_at=now,
    )
