"""Coupons: made by the shop, used on one unpaid order each, given back with an order that fails.

A code is looked up in capitals without spaces and hyphens. Everything that can run out is counted
by one conditional UPDATE (T35).
"""

import re
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import ColumnElement, or_, select, update
from sqlalchemy.orm import Session

from data.kernel.database import changed
from data.kernel.errors import Invalid, NotFound, Refused, WrongState
from data.kernel.ids import new_id
from data.kernel.money import Money
from data.kernel.once import insert_once
from data.orders.coupon_models import Coupon, CouponUse
from data.orders.goods import lines_of
from data.orders.models import Order
from data.orders.price_models import PriceDeed, PriceThing
from data.orders.price_moves import Change, note_move
from data.orders.states import lock_order
from data.orders.sums import add_up, goods_of

_CODE = re.compile(r"[A-Z0-9]{3,40}", re.ASCII)
_MOST_EACH = 100
_MOST_PERCENT = 100


@dataclass(frozen=True, slots=True)
class CouponTerms:
    """What a shop sets: `percent_off` or `off`, and what bounds it."""

    code: str
    percent_off: int | None = None
    off: Money | None = None
    name: dict[str, str] = field(default_factory=dict)
    goods_from: Money | None = None
    most_off: Money | None = None
    each_person: int = 1
    most_uses: int | None = None
    budget: Money | None = None
    starts_at: datetime | None = None
    ends_at: datetime | None = None


def make_coupon(
    session: Session, *, merchant_id: str, currency: str, terms: CouponTerms, by: str, now: datetime
) -> Coupon:
    """Invalid: terms that make no sense. Refused("coupon_code"): the shop has that code already."""
    _refuse_odd(terms, currency)
    coupon_id = new_id("cpn")
    made = insert_once(
        session,
        Coupon,
        id=coupon_id,
        merchant_id=merchant_id,
        code=code_of(terms.code),
        name=terms.name,
        percent_off=terms.percent_off,
        off_minor=_minor(terms.off),
        currency=currency,
        from_minor=_minor(terms.goods_from) or 0,
        most_off_minor=_minor(terms.most_off),
        each_person=terms.each_person,
        most_uses=terms.most_uses,
        uses=0,
        budget_minor=_minor(terms.budget),
        spent_minor=0,
        starts_at=terms.starts_at,
        ends_at=terms.ends_at,
        enabled=True,
        created_at=now,
    )
    if made is None:
        raise Refused("coupon_code")
    change = Change(PriceThing.COUPON, coupon_id, PriceDeed.MADE)
    note_move(session, merchant_id=merchant_id, change=change, by=by, now=now)
    return session.get_one(Coupon, coupon_id)


def find_coupon(session: Session, *, merchant_id: str, code: str) -> Coupon | None:
    return session.scalar(select(Coupon).filter_by(merchant_id=merchant_id, code=code_of(code)))


def use_coupon(session: Session, *, order_id: str, coupon: Coupon, now: datetime) -> Money:
    """Take it off an unpaid order; gives what it takes off. The same coupon again: the same.

    Refused: "coupon_too_little", "coupon_over", "coupon_used", "coupon_other" (one for an order).
    """
    order = lock_order(session, order_id=order_id)
    if not order.can_be_paid(now):
        raise WrongState(order.state)
    if coupon.merchant_id != order.merchant_id or coupon.currency != order.currency:
        raise NotFound("coupon")
    known = _use_of(session, order)
    if known is not None:  # of an order that can be paid it is never given back
        if known.coupon_id != coupon.id:
            raise Refused("coupon_other")
        return Money(known.amount_minor, order.currency)
    off = _worth(coupon, goods_of(lines_of(session, order)))
    if not off.minor:
        raise Refused("coupon_too_little")
    _count(session, coupon, off, now)
    _note_use(session, order, coupon, off, now)
    add_up(session, order, off, coupon.name or {"en": coupon.code})
    return off


def coupon_anew(session: Session, order: Order) -> None:
    """Write an unpaid order's sums anew after its goods have changed, with what its coupon takes
    off them now. One that asks for more goods, or has too little left for these, is let go."""
    use = _use_of(session, order)
    if use is None or use.nth is None:
        add_up(session, order)
        return
    coupon = session.get_one(Coupon, use.coupon_id, populate_existing=True, with_for_update=True)
    off = _worth(coupon, goods_of(lines_of(session, order)))
    spent = coupon.spent_minor - use.amount_minor + off.minor
    if not off.minor or (coupon.budget_minor is not None and spent > coupon.budget_minor):
        give_coupon_back(session, order)
        session.delete(use)
        add_up(session, order)
        return
    coupon.spent_minor, use.amount_minor = spent, off.minor
    add_up(session, order, off, coupon.name or {"en": coupon.code})


def give_coupon_back(session: Session, order: Order) -> None:
    """Its order failed: somebody else may use it, or the same person again."""
    use = _use_of(session, order)
    if use is None or use.nth is None:
        return
    use.nth = None
    session.flush()
    session.execute(
        update(Coupon)
        .where(Coupon.id == use.coupon_id)
        .values(uses=Coupon.uses - 1, spent_minor=Coupon.spent_minor - use.amount_minor)
        .execution_options(synchronize_session=False)
    )


def take_coupon_again(session: Session, order: Order, *, now: datetime) -> bool:
    """Money came late for an order whose coupon was given back: is it still to be had?"""
    use = _use_of(session, order)
    if use is None or use.nth is not None:
        return True
    coupon = session.get_one(Coupon, use.coupon_id, populate_existing=True)
    off = Money(use.amount_minor, order.currency)
    try:
        with session.begin_nested():
            _count(session, coupon, off, now=None)  # it was used in time; only limits bind
            use.nth = _free(session, coupon, use.person_id)
            session.flush()
    except Refused:
        return False
    return True


def code_of(text: str) -> str:
    """As it is kept."""
    return re.sub(r"[\s\-]+", "", text).upper()


def _worth(coupon: Coupon, goods: int) -> Money:
    if goods < coupon.from_minor:
        return Money(0, coupon.currency)
    off = coupon.off_minor or 0
    if coupon.percent_off is not None:
        off = goods * coupon.percent_off // _MOST_PERCENT  # never more than was promised
    bounds = [goods, off]
    if coupon.most_off_minor is not None:
        bounds.append(coupon.most_off_minor)
    return Money(min(bounds), coupon.currency)


def _count(session: Session, coupon: Coupon, off: Money, now: datetime | None) -> None:
    """One more use, if none of its limits is passed. `now` None: its time does not matter."""
    spent = Coupon.spent_minor + off.minor
    bounds = [
        or_(Coupon.most_uses.is_(None), Coupon.uses < Coupon.most_uses),
        or_(Coupon.budget_minor.is_(None), spent <= Coupon.budget_minor),
        *(_in_time(now) if now else ()),
    ]
    won = session.execute(
        update(Coupon)
        .where(Coupon.id == coupon.id, *bounds)
        .values(uses=Coupon.uses + 1, spent_minor=spent)
        .execution_options(synchronize_session=False)
    )
    if not changed(won):
        raise Refused("coupon_over")


def _in_time(now: datetime) -> tuple[ColumnElement[bool], ...]:
    return (
        Coupon.enabled.is_(True),
        or_(Coupon.starts_at.is_(None), Coupon.starts_at <= now),
        or_(Coupon.ends_at.is_(None), Coupon.ends_at > now),
    )


def _note_use(session: Session, order: Order, coupon: Coupon, off: Money, now: datetime) -> None:
    """The coupon's row is ours until we commit, so nobody takes the same number."""
    session.add(
        CouponUse(
            merchant_id=order.merchant_id,
            coupon_id=coupon.id,
            person_id=order.person_id,
            nth=_free(session, coupon, order.person_id),
            order_id=order.id,
            amount_minor=off.minor,
            used_at=now,
        )
    )
    session.flush()


def _free(session: Session, coupon: Coupon, person_id: str) -> int:
    """The lowest number that this person has left."""
    mine = select(CouponUse.nth).filter_by(coupon_id=coupon.id, person_id=person_id)
    taken = set(session.scalars(mine))
    free = next((nth for nth in range(1, coupon.each_person + 1) if nth not in taken), None)
    if free is None:
        raise Refused("coupon_used")
    return free


def _use_of(session: Session, order: Order) -> CouponUse | None:
    mine = select(CouponUse).where(CouponUse.order_id == order.id)
    return session.scalar(mine.execution_options(populate_existing=True))


def _minor(money: Money | None) -> int | None:
    return None if money is None else money.minor


def _refuse_odd(terms: CouponTerms, currency: str) -> None:
    sums = [terms.off, terms.goods_from, terms.most_off, terms.budget]
    told = [one for one in sums if one is not None]
    problems = {
        "code": not _CODE.fullmatch(code_of(terms.code)),
        "worth": (terms.percent_off is None) == (terms.off is None),
        "percent_off": not 0 < (terms.percent_off or 1) <= _MOST_PERCENT,
        "currency": any(one.currency != currency for one in told),
        "amount": any(one.minor <= 0 for one in told),
        "each_person": not 0 < terms.each_person <= _MOST_EACH,
        "most_uses": terms.most_uses is not None and terms.most_uses < 1,
        "time": bool(terms.starts_at and terms.ends_at and terms.starts_at >= terms.ends_at),
    }
    wrong = next((name for name, is_wrong in problems.items() if is_wrong), None)
    if wrong is not None:
        raise Invalid(f"coupon_{wrong}")
