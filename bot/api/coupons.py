"""/api/v1/coupons: made, counted, paused, ended."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Annotated, Literal

from fastapi import APIRouter
from pydantic import AwareDatetime, BaseModel, Field

from bot.api.access import Client, Known
from bot.api.paging import DEFAULT_LIMIT, After, Limit, Where
from bot.api.reads import prices as reads
from bot.api.shapes import Listed, MoneyIn, MoneyOut, Names, listed, names_in
from bot.web.scope import changing, looking
from bot.web.shop import Shop
from data.kernel.money import Money
from data.merchants import Merchant
from data.orders.coupon_models import Coupon
from data.orders.coupon_turns import (
    CouponState,
    end_coupon,
    get_coupon,
    pause_coupon,
    resume_coupon,
    state_of,
)
from data.orders.coupons import CouponTerms, make_coupon

router = APIRouter(prefix="/coupons", tags=["coupons"])
_TURNS: Mapping[str, Callable[..., None]] = {
    "pause": pause_coupon,
    "resume": resume_coupon,
    "end": end_coupon,
}
_MOST = 10**9
_Uses = Annotated[int | None, Field(ge=1, le=_MOST)]


class CouponOut(BaseModel):
    """`percent_off` or `off`; limits that are null do not bind. `spent`: taken off so far."""

    id: str
    code: str
    name: dict[str, str]
    percent_off: int | None
    off: MoneyOut | None
    goods_from: MoneyOut | None
    most_off: MoneyOut | None
    each_person: int
    most_uses: int | None
    uses: int
    budget: MoneyOut | None
    spent: MoneyOut
    starts_at: datetime | None
    ends_at: datetime | None
    state: CouponState
    created_at: datetime

    @classmethod
    def of(cls, coupon: Coupon, now: datetime) -> "CouponOut":
        return cls(
            id=coupon.id,
            code=coupon.code,
            name=coupon.name,
            percent_off=coupon.percent_off,
            off=_out(coupon.off),
            goods_from=_out(coupon.goods_from),
            most_off=_out(coupon.most_off),
            each_person=coupon.each_person,
            most_uses=coupon.most_uses,
            uses=coupon.uses,
            budget=_out(coupon.budget),
            spent=MoneyOut.of(coupon.spent),
            starts_at=coupon.starts_at,
            ends_at=coupon.ends_at,
            state=state_of(coupon, now),
            created_at=coupon.created_at,
        )


class NewCoupon(BaseModel):
    """Either `percent_off` or `off`, in the shop's currency."""

    code: str = Field(max_length=60)
    name: Names = Field(default_factory=dict)
    percent_off: int | None = Field(default=None, ge=1, le=100)
    off: MoneyIn | None = None
    goods_from: MoneyIn | None = None
    most_off: MoneyIn | None = None
    each_person: int = Field(default=1, ge=1, le=100)
    most_uses: _Uses = None
    budget: MoneyIn | None = None
    starts_at: AwareDatetime | None = None
    ends_at: AwareDatetime | None = None

    def terms(self) -> CouponTerms:
        return CouponTerms(
            code=self.code,
            name=names_in(self.name),
            percent_off=self.percent_off,
            off=_in(self.off),
            goods_from=_in(self.goods_from),
            most_off=_in(self.most_off),
            each_person=self.each_person,
            most_uses=self.most_uses,
            budget=_in(self.budget),
            starts_at=self.starts_at,
            ends_at=self.ends_at,
        )


@router.get("")
def list_coupons(
    client: Known, shop: Shop, after: After = None, limit: Limit = DEFAULT_LIMIT
) -> Listed[CouponOut]:
    with looking(shop.database, client.merchant_id) as session:
        where = Where(after, limit)
        page = reads.list_coupons(session, merchant_id=client.merchant_id, where=where)
        return listed(page, lambda coupon: CouponOut.of(coupon, client.now))


@router.get("/{coupon_id}")
def show_coupon(coupon_id: str, client: Known, shop: Shop) -> CouponOut:
    with looking(shop.database, client.merchant_id) as session:
        coupon = get_coupon(session, merchant_id=client.merchant_id, coupon_id=coupon_id)
        return CouponOut.of(coupon, client.now)


@router.post("", status_code=201)
def create_coupon(body: NewCoupon, client: Known, shop: Shop) -> CouponOut:
    with changing(shop.database, client.merchant_id) as session:
        coupon = make_coupon(
            session,
            merchant_id=client.merchant_id,
            currency=session.get_one(Merchant, client.merchant_id).currency,
            terms=body.terms(),
            by=client.name,
            now=client.now,
        )
        return CouponOut.of(coupon, client.now)


@router.post("/{coupon_id}/{turn}")
def turn_coupon(
    coupon_id: str, turn: Literal["pause", "resume", "end"], client: Known, shop: Shop
) -> CouponOut:
    """No new uses; those of open orders stand."""
    with changing(shop.database, client.merchant_id) as session:
        _TURNS[turn](session, **_of(client, coupon_id))
        coupon = get_coupon(session, merchant_id=client.merchant_id, coupon_id=coupon_id)
        return CouponOut.of(coupon, client.now)


def _of(client: Client, coupon_id: str) -> dict[str, object]:
    return {
        "merchant_id": client.merchant_id,
        "coupon_id": coupon_id,
        "by": client.name,
        "now": client.now,
    }


def _in(given: MoneyIn | None) -> Money | None:
    return given.money() if given else None


def _out(money: Money | None) -> MoneyOut | None:
    return MoneyOut.of(money) if money else None
