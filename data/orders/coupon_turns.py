"""What a shop does with a coupon after it was made: pause, resume, end; those of open orders stand.

upcoming ▶ running ⇄ paused;   any of them ▶ over (ended, or its time is);   running ▶ used_up
"""

from datetime import datetime
from enum import StrEnum

from sqlalchemy.orm import Session

from data.kernel.errors import NotFound, WrongState
from data.orders.coupon_models import Coupon
from data.orders.price_models import PriceDeed, PriceThing
from data.orders.price_moves import Change, note_move


class CouponState(StrEnum):
    UPCOMING = "upcoming"
    RUNNING = "running"
    PAUSED = "paused"
    USED_UP = "used_up"
    OVER = "over"


def state_of(coupon: Coupon, now: datetime) -> CouponState:
    if coupon.ends_at is not None and coupon.ends_at <= now:
        return CouponState.OVER
    if not coupon.enabled:
        return CouponState.PAUSED
    if coupon.starts_at is not None and coupon.starts_at > now:
        return CouponState.UPCOMING
    if _is_used_up(coupon):
        return CouponState.USED_UP
    return CouponState.RUNNING


def get_coupon(session: Session, *, merchant_id: str, coupon_id: str) -> Coupon:
    found = session.get(Coupon, coupon_id)
    if found is None or found.merchant_id != merchant_id:
        raise NotFound("coupon")
    return found


def pause_coupon(
    session: Session, *, merchant_id: str, coupon_id: str, by: str, now: datetime
) -> None:
    coupon = _still_there(session, merchant_id, coupon_id, now)
    coupon.enabled = False
    _note(session, coupon, PriceDeed.PAUSED, by, now)


def resume_coupon(
    session: Session, *, merchant_id: str, coupon_id: str, by: str, now: datetime
) -> None:
    coupon = _still_there(session, merchant_id, coupon_id, now)
    coupon.enabled = True
    _note(session, coupon, PriceDeed.RESUMED, by, now)


def end_coupon(
    session: Session, *, merchant_id: str, coupon_id: str, by: str, now: datetime
) -> None:
    """For good."""
    coupon = _still_there(session, merchant_id, coupon_id, now)
    coupon.enabled, coupon.ends_at = False, now
    _note(session, coupon, PriceDeed.ENDED, by, now)


def _still_there(session: Session, merchant_id: str, coupon_id: str, now: datetime) -> Coupon:
    get_coupon(session, merchant_id=merchant_id, coupon_id=coupon_id)
    coupon = session.get_one(Coupon, coupon_id, populate_existing=True, with_for_update=True)
    if state_of(coupon, now) == CouponState.OVER:
        raise WrongState(CouponState.OVER)
    return coupon


def _note(session: Session, coupon: Coupon, deed: PriceDeed, by: str, now: datetime) -> None:
    change = Change(PriceThing.COUPON, coupon.id, deed)
    note_move(session, merchant_id=coupon.merchant_id, change=change, by=by, now=now)


def _is_used_up(coupon: Coupon) -> bool:
    """Whether somebody has taken the last one, or the budget's last cent."""
    by_count = coupon.most_uses is not None and coupon.uses >= coupon.most_uses
    return by_count or (
        coupon.budget_minor is not None and coupon.spent_minor >= coupon.budget_minor
    )
